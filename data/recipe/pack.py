"""Pack a folder of FLAC files into the committed corpus: one Parquet file per split, with Ogg/Opus audio.

    python data/recipe/pack.py --audio DIR --out data/mini [--split train --split dev]

Needs `pip install soundfile pyarrow`. The files can be read with `datasets.load_dataset("parquet", ...)`, which finds
an Audio column. The same FLAC files give the same bytes. Packing all splits also brings the numbers in the data card
up to date.
"""

from __future__ import annotations

import argparse
import io
import json
import zlib
from pathlib import Path

import card
import numpy as np
import ogg
import plan
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile
from corpus_audio import SAMPLE_RATE, read_flac
from rooms import ROOMS

OPUS_LEVEL = 0.96  # libsndfile's compression level: about 18 kbit/s
FEATURES = {
    "id": {"dtype": "string", "_type": "Value"},
    "speaker": {"dtype": "string", "_type": "Value"},
    "text": {"dtype": "string", "_type": "Value"},
    "seconds": {"dtype": "float64", "_type": "Value"},
    "audio": {"sampling_rate": SAMPLE_RATE, "_type": "Audio"},
}
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("speaker", pa.string()),
        ("text", pa.string()),
        ("seconds", pa.float64()),
        ("audio", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
    ],
    metadata={"huggingface": json.dumps({"info": {"features": FEATURES}})},
)


def encode(audio: np.ndarray, stream: int) -> bytes:
    """Ogg/Opus bytes of 16 kHz audio. `stream` is the Ogg stream's serial number, which is random otherwise."""
    buffer = io.BytesIO()
    soundfile.write(buffer, audio, SAMPLE_RATE, format="OGG", subtype="OPUS", compression_level=OPUS_LEVEL)
    return ogg.with_serial(buffer.getvalue(), stream)


def recording(utterance: plan.Utterance, audio: Path) -> Path:
    """The FLAC file of an utterance, as synthesised or as heard in its room."""
    return (audio / ROOMS if utterance.room else audio) / utterance.split / f"{utterance.id}.flac"


def row(utterance: plan.Utterance, audio: Path) -> dict[str, object]:
    """One utterance as the Parquet file holds it."""
    samples = read_flac(recording(utterance, audio))
    return {
        "id": utterance.id,
        "speaker": utterance.id.split("-")[0],
        "text": utterance.text,
        "seconds": round(len(samples) / SAMPLE_RATE, 4),
        "audio": {"bytes": encode(samples, zlib.crc32(utterance.id.encode())), "path": f"{utterance.id}.ogg"},
    }


def pack(split: str, audio: Path, out: Path) -> Path:
    """Write `<out>/<split>.parquet` whole."""
    utterances = [u for u in plan.plan() if u.split == split]
    missing = [u.id for u in utterances if not recording(u, audio).exists()]
    if missing:
        raise SystemExit(f"{audio} lacks {len(missing)} utterances, such as {missing[0]}: synthesise them first")
    table = pa.Table.from_pylist([row(u, audio) for u in utterances], SCHEMA)
    target = out / f"{split}.parquet"
    partial = target.with_suffix(".part")
    pq.write_table(table, partial, compression="zstd", row_group_size=200)
    partial.rename(target)
    return target


def main() -> None:
    """Pack."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--audio", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--split", action="append", choices=plan.SPLITS, help="default: all of them")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for split in args.split or plan.SPLITS:
        target = pack(split, args.audio, args.out)
        print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
    if not args.split:
        card.write_numbers(args.out)


if __name__ == "__main__":
    main()
