"""A study gets the device that it asks for, or one line says why not."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from small_study import RUN, SmallStudy

from benchmark.runs.identity import identity
from benchmark.study.file import load_study
from benchmark.study.keys import HardwareConfig
from benchmark.system.errors import UserError
from benchmark.training.precision import pick_device, uses_bf16


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
    assert not uses_bf16("auto", torch.device("cpu"))
    assert uses_bf16("bf16", torch.device("cpu"))


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
    assert identity(study, plan, {}, "data", "dense") == identity(elsewhere, plan, {}, "data", "dense")
    small_study.config.write_text(small_study.config.read_text() + "hardware: {device: gpu}\n")
    with pytest.raises(UserError, match=r"hardware\.device: input should be 'auto', 'cpu' or 'cuda', not 'gpu'"):
        load_study(small_study.config)
