"""Everything that can be checked before the first job is checked, with one line per check."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from made_study import METHOD, configuration, use_methods

from benchmark.__main__ import main
from benchmark.study.checks import check, problems
from benchmark.study.file import parse_study
from benchmark.study.plan import Study
from benchmark.system.project import ROOT

MINI = {"name": "mini", "root": "data/mini", "train": "train", "dev": "dev", "tests": ["test-clean"]}
LIBRISPEECH = {"name": "librispeech", "train": "train-clean-100", "dev": "dev-clean", "tests": ["test-clean"]}


@pytest.fixture(autouse=True)
def _methods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_methods(monkeypatch, tmp_path / "methods", {"gates": "pass"})


def made(**changes: Any) -> Study:
    config = configuration(corpus=MINI, methods={"start": None, "gates": None}, targets=[0.65]) | changes
    return parse_study(config, Path("config/made.yaml"))


def model(folder: Path, *without: str, **changes: Any) -> dict[str, str]:
    """A copy of the embedded model's files, with some left out and keys of its config changed."""
    folder.mkdir()
    for path in (ROOT / "data" / "mini" / "model").iterdir():
        if path.name not in without:
            shutil.copy(path, folder)
    config = json.loads((ROOT / "data" / "mini" / "model" / "config.json").read_text()) | changes
    if "config.json" not in without:
        (folder / "config.json").write_text(json.dumps(config))
    return {"model": str(folder)}


def test_a_sound_study_is_described() -> None:
    lines = {finding.about: finding.text for finding in check(made()) if finding.ok}
    assert lines["corpus"].startswith(
        "mini: train 3,000 utterances, dev 120 utterances, test-clean 600 utterances; about"
    )
    assert lines["model"] == "data/mini/model: wav2vec2, 4 layers, 2.3 M parameters"
    assert lines["targets"] == "65 % of 1.8 M weights"
    assert lines["method gates"] == "Made (control)"
    assert {"disk", "memory", "method start"} < lines.keys()
    assert not problems(made())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"corpus": MINI | {"root": "data/nowhere"}}, "corpus: corpus mini has no split 'train' in"),
        ({"corpus": MINI | {"tests": ["test-claen"]}}, "corpus: corpus mini has no split 'test-claen' in"),
        ({"corpus": MINI | {"name": "minni"}}, 'corpus: unknown corpus "minni" (`corpus.name`): did you mean "mini"?'),
        ({"corpus": LIBRISPEECH}, "corpus: corpus librispeech needs `root`"),
        ({"corpus": LIBRISPEECH | {"root": "data"}}, "corpus: LibriSpeech train-clean-100 is not in"),
        (
            {"corpus": LIBRISPEECH | {"root": "data", "dev": "dev-celan"}},
            "corpus: LibriSpeech train-clean-100 is not in",
        ),
        ({"dense": {"model": "data/mini/modle"}}, "model: model folder data/mini/modle does not exist"),
        ({"dense": {"model": "data/mini"}}, "config.json does not exist"),
        ({"targets": [0.9999999]}, "targets: target 0.9999999 leaves less than one weight in each of the encoder's 24"),
    ],
)
def test_what_is_not_there_is_named_in_a_line(changes: dict[str, Any], message: str) -> None:
    (found,) = problems(made(**changes))
    assert message in found
    assert "\n" not in found


@pytest.mark.parametrize(
    ("without", "changes", "message"),
    [
        (
            (),
            {"model_type": "bert"},
            "bert models are not supported; supported are wav2vec2, hubert, wavlm, data2vec-audio",
        ),
        ((), {"num_hidden_layers": 0}, "num_hidden_layers: input should be greater than or equal to 1"),
        ((), {"hidden_size": "wide"}, "hidden_size: input should be a valid integer"),
        (("model.safetensors",), {}, "holds no weights"),
        (("vocab.json",), {}, "vocab.json does not exist"),
    ],
)
def test_a_model_that_cannot_be_used(
    without: tuple[str, ...], changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    (found,) = problems(made(dense=model(tmp_path / "model", *without, **changes)))
    assert found.startswith("model: ")
    assert message in found


def test_a_model_that_is_fine_tuned_needs_no_vocabulary(tmp_path: Path) -> None:
    recipe = {"budget": {"kind": "work", "limit": 10}, "learning_rate": 1e-4}
    assert not problems(made(dense=model(tmp_path / "model", "vocab.json") | {"fine_tune": recipe}))


def test_a_study_without_the_dense_model_would_have_no_tables() -> None:
    (found,) = problems(made(methods={"gates": None}))
    assert found.startswith("dense row: `methods` has no `dense:`")


def test_all_problems_are_found_in_one_call() -> None:
    found = problems(made(corpus=MINI | {"dev": "dve"}, dense={"model": "data/mini/modle"}))
    assert [line.split(":")[0] for line in found] == ["corpus", "model"]


def test_a_full_disk_is_seen_before_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=10**8))
    (found,) = problems(made())
    assert found.startswith("disk: ")
    assert "but 0.1 GB are free: make room" in found


def test_memory_is_that_of_the_smallest_gpu_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def memory() -> str:
        return next(finding.text for finding in check(made()) if finding.about == "memory")

    listed = {"-L": "GPU 0: A (UUID: GPU-a)\nGPU 1: B (UUID: GPU-b)", "--query": "GPU-a, 81920\nGPU-b, 2048"}
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!{sys.executable}\nimport sys\nprint({listed!r}[sys.argv[1].partition('-gpu')[0]])\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert "the smallest GPU has 85.9 GB" in memory()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert "the smallest GPU has 2.1 GB" in memory()


def test_what_is_prepared_is_not_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = made(corpus=MINI | {"root": "data/nowhere"}, dense=model(tmp_path / "model"))
    monkeypatch.setattr("benchmark.system.project.ROOT", tmp_path)
    size = {"utterances": 3, "words": 4, "seconds": 5.0, "speakers": 1, "left_out": 0}
    (study.work / "data").mkdir(parents=True)
    summary = study.work / "data" / "data.json"
    summary.write_text(json.dumps({"hash": "x", "splits": dict.fromkeys(["train", "dev", "test-clean"], size)}))
    assert not problems(study)
    summary.write_text(json.dumps({"hash": "x", "splits": {"train": size}}))  # of another study's splits
    assert "has no split 'train'" in problems(study)[0]
    summary.write_text("[]")
    assert problems(study)[0].startswith(f"corpus: {summary}: ")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('title = "Made"', ""), 'class Made needs a line `title = "..."`'),
        (('family = "control"', 'family = "contorl"'), "needs a `family`, one of dense, control"),
        (("import CannotReachTarget", "import CannotReach"), "cannot be imported: ImportError"),
        (
            (
                "fine_tune: bool = True",
                "fine_tune: bool = True\n        def __post_init__(self): raise ValueError('odd')",
            ),
            'the method refuses the settings of "gates": ValueError: odd',
        ),
    ],
)
def test_a_method_that_cannot_be_used(
    change: tuple[str, str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = METHOD.format(body="return job.model", takes_target=True, seeded=True)
    (tmp_path / "methods" / "gates.py").write_text(text.replace(*change))
    config = configuration(corpus=MINI, methods={"start": None, "gates": None})
    (tmp_path / "made.yaml").write_text(yaml.safe_dump(config))
    assert main(["check", str(tmp_path / "made.yaml")]) == 2
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert line.startswith("error: method gates: ")
    assert message in line
    assert "corpus: mini: " in printed.out
    assert not problems(made())  # only its own runs fail, each with the reason in its row


def test_a_study_is_read_without_torch() -> None:
    """Before a device is leased torch must not be imported: it would look for GPUs, and start its threads."""
    code = (
        "import sys; from pathlib import Path; from benchmark.study.file import load_study; "
        "study = load_study(Path('config/mini.yaml')); study.require_name('self_pinching-0.65-seed0'); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
