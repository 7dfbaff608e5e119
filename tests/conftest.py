"""A tiny model and a tiny corpus, made from seeds, and jobs over them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import settings
from made_study import configuration, use_methods
from small_study import SmallStudy
from transformers import PreTrainedModel

from benchmark.corpora.manifest import AUDIO, Dataset, Utterance, write_manifest
from benchmark.models.checkpoints import SpeechModel, load, save_dense
from benchmark.models.fresh import Architecture, fresh_model
from benchmark.models.vocabulary import Vocabulary
from benchmark.runs.dense_stage import prepare_dense
from benchmark.study.file import parse_study
from benchmark.study.registry import load_method
from benchmark.toolbox.job import Job
from benchmark.training.allowance import BudgetKind
from benchmark.training.budget import Budget, Clock
from benchmark.training.options import Options
from benchmark.training.speech import Speech

TINY = Architecture(channels=8, layers=3, width=32, ffn_width=128, heads=2, positional_kernel=8, dropout=0.1)
SMALL: dict[
    str, Any
] = {  # of a Wav2Vec2Config or HubertConfig, for both architectures and both places of the layer norm
    "vocab_size": len(Vocabulary.of_letters().tokens),
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "conv_dim": (8,) * 7,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 4,
}
settings.register_profile("suite", deadline=None)  # a busy machine is no failure
settings.load_profile("suite")
torch.set_num_threads(1)  # tiny tensors: more threads only wait for each other


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--method`, for the contract test of a method outside `methods/`."""
    parser.addoption(
        "--method",
        action="append",
        default=[],
        metavar="NAME|PATH",
        help="check the contract of this method only: a name, or a file anywhere; may be repeated",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what takes longest first, so that several workers finish at about the same time."""
    first = ("workflow", "test_contract.py", "pipeline", "faults")
    items.sort(
        key=lambda item: next((place for place, part in enumerate(first) if part in item.path.parts), len(first))
    )


def write_tiny_corpus(folder: Path) -> None:
    """Thirty-three utterances of half a second to one and a half, for train, test and dev: each letter is a tone."""
    rng = np.random.default_rng(0)
    position = 0
    utterances = []
    with (folder / AUDIO).open("wb") as audio:
        for index in range(33):
            text = "".join(rng.choice(list("abcdefgh ")) for _ in range(int(rng.integers(4, 10)))).strip() or "a"
            tones = [np.sin(np.arange(2400) * 0.05 * (ord(c) - 80)) if c != " " else np.zeros(2400) for c in text]
            samples = (8000 * np.concatenate(tones) + rng.normal(0, 100, 2400 * len(text))).astype("<i2")
            samples.tofile(audio)
            speaker, text = f"s{index % 3}", " ".join(text.split())
            split = "train" if index < 24 else "test" if index < 30 else "dev"
            utterances.append(Utterance(f"{speaker}-{index}", speaker, split, text, position, len(samples)))
            position += len(samples)
    write_manifest(folder, utterances, problems=[], hash="tiny", splits={})


@pytest.fixture(scope="session", autouse=True)
def own_leases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests do not wait for the devices that studies hold on this machine, nor studies for theirs.

    What they start does not spin: other tests run beside it.
    """
    folder = str(tmp_path_factory.mktemp("leases"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", folder)
        patch.setenv("OMP_WAIT_POLICY", "passive")
        patch.setattr("tempfile.tempdir", folder)
        yield


@pytest.fixture(scope="session", autouse=True)
def in_a_hurry() -> Iterator[None]:
    """No file has to outlive a power cut, and a speed-up is measured in one round."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        patch.setattr("benchmark.inference.speed.ROUNDS", 1)
        yield


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared corpus folder."""
    folder = tmp_path_factory.mktemp("corpus")
    write_tiny_corpus(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dense model folder, as plain transformers writes it."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_dense(fresh_model(TINY, seed=0), folder)
    return folder


@pytest.fixture
def tiny() -> SpeechModel:
    """A fresh tiny model."""
    return fresh_model(TINY, seed=0)


@pytest.fixture(scope="session")
def prepared_folder(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """The folder of a small study with its dense stage done, to be copied."""
    with pytest.MonkeyPatch.context() as patch:
        study = SmallStudy.create(tmp_path_factory.mktemp("prepared") / "copy", tiny_model, patch)
        write_tiny_corpus(study.work / "data")
        assert study.call("dense") == 0
    return study.root


@pytest.fixture(scope="session")
def published_folder(tmp_path_factory: pytest.TempPathFactory, prepared_folder: Path) -> Path:
    """The folder of a small study, both of whose runs are finished and published, to be copied."""
    with pytest.MonkeyPatch.context() as patch:
        study = SmallStudy.copy(prepared_folder, tmp_path_factory.mktemp("published") / "copy", patch)
        study.make_runs()
        assert study.call("publish") == 0
    return study.root


@pytest.fixture(scope="session")
def made_work(tmp_path_factory: pytest.TempPathFactory, tiny_corpus: Path, tiny_model: Path) -> Path:
    """The working folder of `made_study.configuration` on the tiny model, with its dense stage done, to be copied."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("made")
        use_methods(patch, root / "methods", {})
        patch.setattr("benchmark.system.project.ROOT", root)
        study = parse_study(configuration(dense={"model": str(tiny_model)}), root / "made.yaml")
        shutil.copytree(tiny_corpus, study.work.data)
        prepare_dense(study, study.work)
        return study.work.path


@pytest.fixture
def small_study(prepared_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
    """A study with its dense stage done."""
    return SmallStudy.copy(prepared_folder, tmp_path / "copy", monkeypatch)


@pytest.fixture
def published(published_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
    """A study, both of whose runs are finished and published."""
    return SmallStudy.copy(published_folder, tmp_path / "copy", monkeypatch)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of four megabytes; skipped where it cannot be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]).returncode:
        pytest.skip("mounting a file system needs root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


MakeJob = Callable[..., Job]


@pytest.fixture(scope="session")
def make_job(tiny_corpus: Path, tiny_model: Path) -> MakeJob:
    """Make a job: `make_job(checkpoints, model=..., sparsity=..., seed=..., limit=..., kind=..., device=...)`."""

    def make(
        checkpoints: Path,
        *,
        model: Path = tiny_model,
        sparsity: float | None = 0.65,
        seed: int = 0,
        limit: float = 400.0,
        kind: BudgetKind = "work",
        checkpoint_seconds: float = 1e9,
        device: str = "cpu",
    ) -> Job:
        speech_model = load(model)
        speech_model.to(torch.device(device))
        return Job(
            speech_model,
            Speech(speech_model, Dataset.open(tiny_corpus), "train", training=True),
            Budget(kind, limit, Clock()),
            Options(learning_rate=0.0, batch_seconds=4.0, checkpoint_seconds=checkpoint_seconds),
            sparsity=sparsity,
            seed=seed,
            frozen_frontend=True,
            checkpoints=checkpoints,
        )

    return make


def run_method(name: str, job: Job) -> PreTrainedModel:
    """The model that a method returns, with little calibration."""
    method = load_method(name)
    short: dict[str, object] = {"calibration_seconds": 8.0} if hasattr(method.Settings, "calibration_seconds") else {}
    return method(short).compress(job)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports without figures, for tests that look at their text: drawing takes most of a report's time."""
    monkeypatch.setattr("benchmark.report.study_report.draw", lambda *_: [])
