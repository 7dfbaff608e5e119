"""Exported Whisper models: the pipeline of transformers writes our texts, and what it cannot build is said to be so."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from made_run import make_run
from transformers import WhisperForConditionalGeneration, pipeline

from benchmark.__main__ import main
from benchmark.export.folder import export
from benchmark.inference.transcription import transcribe_one
from benchmark.models.checkpoints import load

PLAIN = ["whisper", "multilingual whisper", "whisper student"]


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    path = tmp_path / "speech.wav"
    samples = np.random.default_rng(0).normal(0, 3000, 24_000).clip(-32768, 32767).astype(np.int16)
    soundfile.write(path, samples, 16_000)
    return path


def our_text(model: Path, speech: Path) -> str:
    samples, _ = soundfile.read(speech, dtype="int16")
    text, _ = transcribe_one(load(model), samples)
    assert text
    return text


@pytest.mark.parametrize("kind", PLAIN)
def test_the_pipeline_writes_what_we_write(tmp_path: Path, speech: Path, kind: str) -> None:
    run = make_run(tmp_path / "run", kind)
    assert export(run, tmp_path / "out", onnx=False).plain
    recogniser: Any = pipeline("automatic-speech-recognition", str(tmp_path / "out"))
    assert " ".join(recogniser(soundfile.read(speech)[0])["text"].split()) == our_text(run / "model", speech)


@pytest.mark.parametrize("kind", [*PLAIN, "whisper without heads"])
def test_the_card_s_code_writes_it_too(tmp_path: Path, speech: Path, kind: str) -> None:
    run = make_run(tmp_path / "run", kind)
    export(run, tmp_path / "out", onnx=False)
    (code,) = re.findall(r"```python\n(.*?)```", (tmp_path / "out" / "README.md").read_text(), re.DOTALL)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code.replace("FOLDER", str(tmp_path / "out")).replace("speech.wav", str(speech)), {})
    assert " ".join(printed.getvalue().split()) == our_text(run / "model", speech)


def test_the_folder_has_all_that_transformers_needs(tmp_path: Path) -> None:
    export(make_run(tmp_path / "run", "whisper student"), tmp_path / "out", onnx=False)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"generation_config.json", "preprocessor_config.json", "tokenizer.json", "model.safetensors"} < names
    family: Any = WhisperForConditionalGeneration
    model, info = family.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert not any(info.values())
    assert len(model.model.decoder.layers) == model.config.decoder_layers == 1
    assert not hasattr(model.generation_config, "alignment_heads")  # of a layer that is gone
    assert model.generation_config.num_beams == 1  # or a pipeline would search with five


def test_shapes_of_its_own_are_refused_by_transformers(tmp_path: Path) -> None:
    export(make_run(tmp_path / "run", "whisper without heads"), tmp_path / "out", onnx=False)
    with pytest.raises(OSError, match=r"no file named model\.safetensors"):
        WhisperForConditionalGeneration.from_pretrained(tmp_path / "out")


def test_there_is_no_graph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(tmp_path / "run", "whisper")
    assert main(["export", str(run), "--to", str(tmp_path / "out"), "--onnx"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {run} has a whisper model, which writes token after token, so there is no graph")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("changes", [{"normalizer": "whisper-english"}, {}])
def test_the_card_says_whether_texts_were_normalised(tmp_path: Path, changes: dict[str, str]) -> None:
    export(make_run(tmp_path / "run", "whisper", **changes), tmp_path / "out", onnx=False)
    card = (tmp_path / "out" / "README.md").read_text()
    assert ("after the English normaliser of Whisper's authors" in card) == bool(changes)
