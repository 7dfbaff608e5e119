"""The numbers of the data card: statistics and checksums of the Parquet files, written into its README."""

from __future__ import annotations

import hashlib
from pathlib import Path

import plan
import pyarrow.parquet as pq

BEGIN, END = "<!-- numbers: written by pack.py -->\n", "<!-- end of numbers -->"


def write_numbers(folder: Path) -> None:
    """Replace the part of `folder/README.md` between the two marks."""
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    card.write_text(f"{before}{BEGIN}\n{statistics(folder)}\n{checksums(folder)}\n{END}{after}", encoding="utf-8")


def statistics(folder: Path) -> str:
    """A Markdown table with one row per split."""
    columns = {s: pq.read_table(folder / f"{s}.parquet", columns=["text", "speaker", "seconds"]) for s in plan.SPLITS}
    words = {split: " ".join(table["text"].to_pylist()).split() for split, table in columns.items()}
    known = set(words["train"])
    lines = [
        "| split | utterances | words | minutes | voices | vocabulary | words not in train |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for split, table in columns.items():
        minutes = sum(table["seconds"].to_pylist()) / 60
        voices = len(set(table["speaker"].to_pylist()))
        unknown = sum(word not in known for word in words[split])
        lines.append(
            f"| `{split}` | {len(table)} | {len(words[split])} | {minutes:.1f} | {voices} | {len(set(words[split]))} "
            f"| {unknown} |"
        )
    return "\n".join(lines) + "\n"


def checksums(folder: Path) -> str:
    """SHA-256 of the files, as `sha256sum -c` reads them."""
    files = [folder / f"{split}.parquet" for split in plan.SPLITS]
    return "```\n" + "".join(f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in files) + "```\n"
