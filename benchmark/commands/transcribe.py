"""Transcribe audio files with a model folder: dense or compressed, ours or plain Hugging Face."""

from __future__ import annotations

import argparse
from pathlib import Path

AUDIO = (".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".au", ".caf", ".w64", ".sph")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `transcribe`."""
    parser.add_argument("model", type=Path, metavar="MODEL_DIR", help="a Hugging Face folder, or one that we exported")
    parser.add_argument("audio", type=Path, nargs="+", metavar="AUDIO", help="files, or folders of them; 4 to 192 kHz")


def run(args: argparse.Namespace) -> int:
    """Print a line a file, and the time on standard error; 1 where some file could not be read."""
    import sys

    from tqdm import tqdm

    from benchmark.corpora.audio import UnusableError, decode
    from benchmark.corpora.manifest import SAMPLE_RATE
    from benchmark.decoding import transcribe_one
    from benchmark.models.checkpoints import load
    from benchmark.training.precision import pick_device

    files = files_of(args.audio)
    ctc = load(args.model)
    ctc.to(pick_device())
    heard = took = 0.0
    failed = 0
    for path in tqdm(files, desc="transcribe", unit="file", leave=False, disable=None):
        try:
            samples = decode(path, str(path), resample=True)
            text, seconds = transcribe_one(ctc, samples)
        except UnusableError as error:
            tqdm.write(f"{path}: {error}", file=sys.stderr)
            failed += 1
            continue
        tqdm.write(f"{path}\t{text}")
        sys.stdout.flush()
        heard, took = heard + len(samples) / SAMPLE_RATE, took + seconds
    done = f"{len(files) - failed} of {len(files)} files" if failed else f"{len(files)} files"
    if heard:
        done += f", {heard:.1f} s of audio in {took:.2f} s, real-time factor {took / heard:.4f}"
    print(done, file=sys.stderr)
    return 1 if failed else 0


def files_of(paths: list[Path]) -> list[Path]:
    """The files, and the audio files in the folders, sorted by name.

    Raises:
        UserError: a path does not exist, or a folder holds no audio.
    """
    from benchmark.errors import UserError

    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UserError(f"{path} does not exist")
        inside = [path] if path.is_file() else sorted(p for p in path.rglob("*") if _is_audio(p))
        if not inside:
            raise UserError(f"{path} holds no audio: {', '.join(AUDIO)} are known")
        files += inside
    return files


def _is_audio(path: Path) -> bool:
    return path.suffix.lower() in AUDIO and path.is_file()
