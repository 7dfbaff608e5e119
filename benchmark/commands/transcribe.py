"""Transcribe audio files with a dense or compressed model folder, from pinchbench or plain Hugging Face."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.models.checkpoints import SpeechModel

AUDIO = (".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".au", ".caf", ".w64", ".sph")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `transcribe`."""
    parser.add_argument(
        "model",
        type=Path,
        metavar="MODEL",
        help="the folder of a Hugging Face model, of a pinchbench model or of a run",
    )
    parser.add_argument(
        "audio", type=Path, nargs="+", metavar="AUDIO", help="audio files, or folders of them, sampled at 4 to 192 kHz"
    )
    parser.add_argument(
        "--runtime",
        choices=("dense", "sparse"),
        help="sparse: skip the zeros of pruned matrices where that is faster (default: as the folder says)",
    )
    trn = "also write a NIST .trn; its ids are the files' names without folder and extension"
    parser.add_argument("--trn", type=Path, metavar="OUT.trn", help=trn)


def run(args: argparse.Namespace) -> int:
    """Print one line per file, and the time on standard error; return 1 if some file could not be read."""
    import sys

    from benchmark.export.finished import model_of
    from benchmark.inference.sparse_model import sparse_for_recordings
    from benchmark.models.checkpoints import load
    from benchmark.models.folder_state import runtime_of
    from benchmark.scoring.trn import write_trn
    from benchmark.training.precision import pick_device

    files = files_of(args.audio)
    if args.trn:
        check_ids(files, args.trn)
    speech_model = load(model_of(args.model))
    speech_model.to(pick_device())
    sparse = 0
    if (args.runtime or runtime_of(speech_model.model)) == "sparse":
        speech_model, sparse = sparse_for_recordings(speech_model)
    heard = list(transcribed(speech_model, files))
    if args.trn and heard:
        write_trn(args.trn, {one.path.stem: one.text for one in heard})
    failed = len(files) - len(heard)
    done = f"{len(heard)} of {len(files)} files" if failed else f"{len(files)} files"
    if heard:
        audio, took = sum(one.audio_seconds for one in heard), sum(one.seconds for one in heard)
        done += f", {audio:.1f} s of audio in {took:.2f} s, real-time factor {took / audio:.4f}"
    if sparse:
        done += f", {sparse} matrices held sparse"
    print(done, file=sys.stderr)
    return 1 if failed else 0


@dataclass(frozen=True)
class Heard:
    """The transcript of a file, the seconds of its audio, and the seconds that the model took."""

    path: Path
    text: str
    audio_seconds: float
    seconds: float


def transcribed(speech_model: SpeechModel, files: list[Path]) -> Iterator[Heard]:
    """Transcribe and print one line per file; for an unusable file, print the reason on standard error."""
    import sys

    from tqdm import tqdm

    from benchmark.corpora.audio import UnusableError, decode
    from benchmark.corpora.manifest import SAMPLE_RATE
    from benchmark.inference.transcription import transcribe_one

    for path in tqdm(files, desc="transcribe", unit="file", leave=False, disable=None):
        try:
            samples = decode(path, str(path), resample=True)
            text, seconds = transcribe_one(speech_model, samples)
        except UnusableError as error:
            tqdm.write(f"{path}: {error}", file=sys.stderr)
            continue
        tqdm.write(f"{path}\t{text}")
        sys.stdout.flush()
        yield Heard(path, text, len(samples) / SAMPLE_RATE, seconds)


def check_ids(files: list[Path], trn: Path) -> None:
    """Check before transcribing that the files' names can be ids in a .trn file, and that `trn` is not a folder.

    Raises:
        UserError: a name is not a valid id, two files have the same id, or `trn` is a folder.
    """
    from benchmark.scoring.trn import is_id
    from benchmark.system.errors import UserError

    if trn.is_dir():
        raise UserError(f"--trn {trn} is a folder: give the name of a file")
    seen: dict[str, Path] = {}
    for path in files:
        if not is_id(path.stem):
            raise UserError(
                f"{path}: {path.stem!r} cannot be an id in a .trn file: rename the file without parentheses and spaces"
            )
        if (other := seen.setdefault(path.stem, path)) is not path:
            raise UserError(f"{other} and {path} would have the same id in {trn}: rename one, or leave one out")


def files_of(paths: list[Path]) -> list[Path]:
    """Return the files, and the audio files in the folders, sorted by name.

    Raises:
        UserError: a path does not exist, or a folder contains no audio.
    """
    from benchmark.system.errors import UserError

    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UserError(f"{path} does not exist")
        inside = [path] if path.is_file() else sorted(p for p in path.rglob("*") if _is_audio(p))
        if not inside:
            raise UserError(f"{path} contains no audio files: supported are {', '.join(AUDIO)}")
        files += inside
    return files


def _is_audio(path: Path) -> bool:
    return path.suffix.lower() in AUDIO and path.is_file()
