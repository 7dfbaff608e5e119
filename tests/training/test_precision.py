"""A study gets the device that it asks for, or one line says why not."""

from __future__ import annotations

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from small_study import RUN, SmallStudy

from benchmark.runs.identity import identity
from benchmark.study.file import load_study
from benchmark.study.keys import HardwareConfig
from benchmark.system.errors import UserError
from benchmark.system.files import read_json
from benchmark.training.bf16_gain import bf16_gain
from benchmark.training.precision import chosen_precision, pick_device, uses_bf16


@pytest.fixture
def _no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_the_cpu_is_taken_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [pick_device(asked).type for asked in ("auto", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]


@pytest.mark.parametrize(("major", "there"), [(7, False), (8, True)])
def test_auto_takes_bf16_where_a_gpu_computes_in_it(monkeypatch: pytest.MonkeyPatch, major: int, there: bool) -> None:
    """A T4 or V100 has bf16 tensors, but emulates their products, slower than in fp32."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _device: SimpleNamespace(major=major))
    monkeypatch.setattr(torch.cuda, "_check_bf16_tensor_supported", lambda _device: True)
    assert uses_bf16("auto", torch.device("cuda")) == there


@pytest.mark.parametrize(("gain", "chosen"), [(0.1, "fp32"), (1.19, "fp32"), (1.2, "bf16"), (2.4, "bf16")])
def test_auto_takes_bf16_where_a_cpu_is_measured_to_gain_by_it(
    monkeypatch: pytest.MonkeyPatch, gain: float, chosen: str
) -> None:
    monkeypatch.setattr("benchmark.training.precision.bf16_gain", lambda: gain)
    cpu = torch.device("cpu")
    assert chosen_precision("auto", cpu) == chosen
    assert (chosen_precision("fp32", cpu), chosen_precision("bf16", cpu)) == ("fp32", "bf16")


def test_the_gain_is_measured_once_and_leaves_no_trace() -> None:
    bf16_gain.cache_clear()
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    first = bf16_gain()
    assert 0.001 < first < 1000
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    began = time.perf_counter()
    assert bf16_gain() == first
    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize(("gain", "chosen"), [(1.0, "fp32"), (2.0, "bf16")])
def test_a_record_names_the_precision_of_its_training(
    small_study: SmallStudy, monkeypatch: pytest.MonkeyPatch, gain: float, chosen: str
) -> None:
    monkeypatch.setattr("benchmark.training.precision.bf16_gain", lambda: gain)
    text = (
        small_study.config.read_text().replace("precision: fp32", "precision: auto").replace("limit: 400", "limit: 60")
    )
    small_study.config.write_text(text + "hardware: {device: cpu}\n")
    assert small_study.call("compress", "dense") == 0
    assert small_study.call("compress", RUN) == 0
    assert "precision" not in read_json(small_study.run("dense") / "compress.json")  # it does not train
    assert read_json(small_study.run() / "compress.json")["precision"] == chosen


@pytest.mark.usefixtures("_no_gpu")
def test_auto_says_when_a_leased_gpu_is_of_no_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-aaaa")
    with pytest.warns(UserWarning, match="finds no GPU though CUDA_VISIBLE_DEVICES is GPU-aaaa: computing on the CPU"):
        assert pick_device("auto").type == "cpu"


@pytest.mark.usefixtures("_no_gpu")
def test_a_gpu_that_is_asked_for_in_vain_is_one_line(
    small_study: SmallStudy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    small_study.config.write_text(small_study.config.read_text() + "hardware: {device: cuda}\n")
    capsys.readouterr()
    assert small_study.call("compress", RUN) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: hardware.device is cuda, but torch ")
    assert line.endswith(" finds no GPU: use auto or cpu")
    assert [path.name for path in small_study.run().iterdir()] == ["lock"]


@pytest.mark.usefixtures("_no_gpu")
def test_where_a_run_is_computed_is_not_what_it_is(small_study: SmallStudy) -> None:
    study = load_study(small_study.config)
    elsewhere = replace(study, hardware=HardwareConfig("cpu"))
    plan = study.run(RUN)
    assert identity(study, plan, {}, {}) == identity(elsewhere, plan, {}, {})
    small_study.config.write_text(small_study.config.read_text() + "hardware: {device: gpu}\n")
    with pytest.raises(UserError, match=r"hardware\.device: input should be 'auto', 'cpu' or 'cuda', not 'gpu'"):
        load_study(small_study.config)
