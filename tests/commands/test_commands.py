"""Commands for people: transcribe any audio with any model, measure its size, begin a new method."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from conftest import MakeJob
from safetensors.torch import load_file, save_file
from small_study import RUN, SmallStudy
from tiny_whisper import WINDOW_SECONDS, write_tiny_whisper

from benchmark.__main__ import main
from benchmark.models.architectures.architecture import Transcript
from benchmark.models.architectures.lookup import ARCHITECTURES
from benchmark.models.architectures.wav2vec2 import Wav2Vec2
from benchmark.models.batch import Batch
from benchmark.models.counting import remaining_parameters
from benchmark.scoring.trn import read_trn
from benchmark.study import registry
from benchmark.system.files import write_json
from benchmark.system.lock import exclusive
from benchmark.system.project import ROOT
from benchmark.training.windows import cuts


def write_tone(path: Path, rate: int, channels: int = 1) -> None:
    tone = 0.3 * np.sin(np.arange(rate) * 2 * np.pi * 440 / rate)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.stack([tone] * channels, axis=1), rate)


def test_transcribes_files_and_folders_at_any_rate(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tone(tmp_path / "folder" / "b.wav", 16_000)
    write_tone(tmp_path / "folder" / "a.flac", 44_100, channels=2)
    write_tone(tmp_path / "folder" / "below" / "d.mp3", 22_050)
    (tmp_path / "folder" / "notes.txt").write_text("not audio")
    (tmp_path / "folder" / "e.wav").mkdir()
    write_tone(tmp_path / "c.wav", 8_000)
    (tmp_path / "cut.wav").write_bytes((tmp_path / "c.wav").read_bytes()[:1000])
    arguments = [str(tmp_path / name) for name in ("cut.wav", "folder", "c.wav")]
    assert main(["transcribe", str(tiny_model), *arguments]) == 1
    output = capsys.readouterr()
    assert [line.split("\t")[0] for line in output.out.splitlines()] == [
        str(tmp_path / name) for name in ("folder/a.flac", "folder/b.wav", "folder/below/d.mp3", "c.wav")
    ]
    unreadable, timing = output.err.splitlines()
    assert unreadable.startswith(f"{tmp_path / 'cut.wav'}: truncated")
    assert re.fullmatch(r"4 of 5 files, 4\.\d s of audio in [\d.]+ s, real-time factor [\d.]+", timing)


def test_a_file_too_long_for_the_gpu_stops_no_other(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class SmallGpu(Wav2Vec2):
        def transcribe(self, model: Any, batch: Batch, tokenizer: Any) -> list[Transcript]:
            if batch.seconds > 2:
                raise torch.cuda.OutOfMemoryError("tried to allocate 20 GiB")
            return super().transcribe(model, batch, tokenizer)

    monkeypatch.setitem(ARCHITECTURES, "wav2vec2", SmallGpu())
    write_tone(tmp_path / "a.wav", 16_000)
    soundfile.write(tmp_path / "long.wav", np.zeros(48_000), 16_000)
    assert main(["transcribe", str(tiny_model), *(str(tmp_path / f"{name}.wav") for name in ("long", "a"))]) == 1
    heard, told = capsys.readouterr()
    assert heard.startswith(f"{tmp_path / 'a.wav'}\t")
    reason, _ = told.splitlines()
    assert reason == f"{tmp_path / 'long.wav'}: too long for the GPU's memory: cut it into shorter files"


def test_a_file_longer_than_a_model_s_window_is_cut_at_its_pauses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, rng = write_tiny_whisper(tmp_path / "model"), np.random.default_rng(0)
    long = rng.uniform(-0.3, 0.3, 50_000).astype(np.float32)
    long[20_000:26_000] = 0
    parts = cuts(long, WINDOW_SECONDS * 16_000)
    assert [20_000 <= part.stop <= 26_000 for part in parts] == [True, False]
    soundfile.write(tmp_path / "long.wav", long, 16_000)
    for number, part in enumerate(parts):
        soundfile.write(tmp_path / f"{number}.wav", long[part], 16_000)
    assert main(["transcribe", str(model), *(str(tmp_path / f"{name}.wav") for name in ("0", "1", "long"))]) == 0
    printed = capsys.readouterr()
    *alone, both = (line.partition("\t")[2] for line in printed.out.splitlines())
    assert both == " ".join(filter(None, alone)) != ""
    assert "6.2 s of audio" in printed.err


@pytest.mark.parametrize(
    ("multilingual", "without", "message"),
    [
        (True, None, "the model is multilingual and has no language: name one in the study, as"),
        (False, "tokenizer.json", "has no tokenizer (tokenizer.json or vocab.json): copy it from the published model"),
    ],
)
def test_a_whisper_that_cannot_write_is_one_line(
    multilingual: bool, without: str | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_tiny_whisper(tmp_path / "model", multilingual=multilingual)
    if without:
        (model / without).unlink()
    write_tone(tmp_path / "a.wav", 16_000)
    assert main(["transcribe", str(model), str(tmp_path / "a.wav")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert message in line


@pytest.mark.parametrize(("audio", "message"), [("absent.wav", "does not exist"), ("", "contains no audio files")])
def test_says_what_is_wrong_with_a_path(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], audio: str, message: str
) -> None:
    assert main(["transcribe", str(tiny_model), str(tmp_path / audio)]) == 2
    assert message in capsys.readouterr().err


def test_transcripts_are_kept_as_trn(tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("b.wav", "folder/a-1.flac"):
        write_tone(tmp_path / name, 16_000)
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    out = tmp_path / "new/out.trn"
    audio = [str(tmp_path / name) for name in ("b.wav", "broken.wav", "folder")]
    assert main(["transcribe", str(tiny_model), *audio, "--trn", str(out)]) == 1
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert read_trn(out) == {Path(path).stem: text for path, text in lines}
    assert list(read_trn(out)) == ["b", "a-1"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a.wav", "b/a.flac"], "the same id"),
        (["two words.wav"], "cannot be an id"),
        (["a (1).wav"], "cannot be an id"),
    ],
)
def test_names_that_cannot_be_ids_are_refused_before_anything_is_transcribed(
    names: list[str], message: str, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in names:
        write_tone(tmp_path / name, 16_000)
    out = tmp_path / "out.trn"
    assert main(["transcribe", str(tiny_model), *(str(tmp_path / name) for name in names), "--trn", str(out)]) == 2
    output = capsys.readouterr()
    assert message in output.err
    assert output.out == ""
    assert not out.exists()


def test_bytes_are_those_of_the_weights_that_are_read(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other files may lie beside them, weights may be split, and a model without letters has a size too."""
    model, split = tmp_path / "model", tmp_path / "split"
    weights = load_file(tiny_model / "model.safetensors")
    for folder in (model, split):
        folder.mkdir()
        (folder / "config.json").write_bytes((tiny_model / "config.json").read_bytes())
        torch.save({"learning_rate": torch.zeros(1000)}, folder / "training_args.bin")
        (folder / "adapter.eng.safetensors").write_bytes(bytes(1000))
    (model / "model.safetensors").write_bytes((tiny_model / "model.safetensors").read_bytes())
    names = sorted(weights)
    files = {"first.safetensors": names[:9], "second.safetensors": names[9:]}
    for file, kept in files.items():
        save_file({name: weights[name] for name in kept}, split / file, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": {name: file for file, kept in files.items() for name in kept}}
    write_json(split / "model.safetensors.index.json", index)
    sizes = {}
    for folder in (model, split):
        assert main(["footprint", str(folder), "--json"]) == 0
        sizes[folder] = json.loads(capsys.readouterr().out)
    assert sizes[model]["bytes_on_disk"] == (model / "model.safetensors").stat().st_size
    assert sizes[split]["bytes_on_disk"] == sum((split / file).stat().st_size for file in files)
    assert sizes[split]["total_parameters"] == sizes[model]["total_parameters"]


@pytest.mark.parametrize(("kind", "kept"), [("ctc", ()), ("whisper", ("generation_config.json",))])
def test_counting_needs_no_vocabulary(
    kind: str, kept: tuple[str, ...], tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, bare = tmp_path / "whole", tmp_path / "bare"
    if kind == "whisper":
        write_tiny_whisper(whole)
    else:
        shutil.copytree(tiny_model, whole)
    bare.mkdir()
    for name in ("config.json", "model.safetensors", *kept):
        shutil.copy(whole / name, bare)
    shown = []
    for folder in (whole, bare):
        assert main(["footprint", str(folder), "--json"]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]


def test_a_new_method_keeps_the_contract_from_the_start(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(registry, "METHODS", tmp_path)
    assert main(["new-method", "my_pruning"]) == 0
    method = registry.load_method("my_pruning")
    assert (method.__name__, method.title) == ("MyPruning", "My pruning")
    job = make_job(tmp_path / "checkpoints")
    assert remaining_parameters(method().compress(job)) == pytest.approx(job.target.remaining, rel=0.005)
    assert main(["new-method", "my_pruning"]) == 2
    assert main(["new-method", "My-Pruning"]) == 2
    assert main(["new-method", "größe"]) == 2
    errors = capsys.readouterr().err
    assert "already exists" in errors
    assert "lower-case letters" in errors


def test_a_reader_that_has_seen_enough_breaks_nothing() -> None:
    command = [sys.executable, "-m", "benchmark", "methods"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_run_is_not_scored_while_it_is_made(published: SmallStudy, capsys: pytest.CaptureFixture[str]) -> None:
    with exclusive(published.run() / "lock", "another job"):
        assert published.call("score", RUN) == 2
    assert f"run {RUN} of study small is at work in another process" in capsys.readouterr().err
    assert published.call("score", RUN) == 0
