"""Transcribe audio files with a model folder: dense or compressed, ours or plain Hugging Face."""

from __future__ import annotations

import argparse
from pathlib import Path

AUDIO = (".wav", ".flac", ".ogg", ".opus", ".sph")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `transcribe`."""
    parser.add_argument("model", type=Path, metavar="MODEL_DIR", help="a Hugging Face folder, or one that we exported")
    parser.add_argument("audio", type=Path, nargs="+", metavar="AUDIO", help="files, or folders of them; any rate")


def run(args: argparse.Namespace) -> int:
    """Print a line a file, and the time on standard error; 1 where some file could not be read."""
    import sys

    from benchmark.corpora.audio import UnusableError, decode
    from benchmark.corpora.manifest import SAMPLE_RATE
    from benchmark.decoding import transcribe_one
    from benchmark.models.checkpoints import load
    from benchmark.training.precision import pick_device

    ctc = load(args.model)
    ctc.to(pick_device())
    heard = took = 0.0
    failed = 0
    for path in files_of(args.audio):
        try:
            samples = decode(path, str(path), resample=True)
            text, seconds = transcribe_one(ctc, samples)
        except UnusableError as error:
            print(f"{path}: {error}", file=sys.stderr)
            failed += 1
            continue
        print(f"{path}\t{text}", flush=True)
        heard, took = heard + len(samples) / SAMPLE_RATE, took + seconds
    if heard:
        print(f"{heard:.1f} s of audio in {took:.2f} s, real-time factor {took / heard:.4f}", file=sys.stderr)
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
        inside = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.suffix.lower() in AUDIO)
        if not inside:
            raise UserError(f"{path} holds no audio: {', '.join(AUDIO)} are known")
        files += inside
    return files
