"""A table of the settings that the searches tried and chose before the runs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmark.report.prose.filling import markdown_text
from benchmark.report.tables.typesetting import Markdown, markdown
from benchmark.runs.reading import read_tuning
from benchmark.runs.records import Trial, Tuning

RATE = "learning_rate"


def search_page(folder: Path) -> Markdown:
    """The table of all searches in a folder that had trials, and the text above it; empty if there are none.

    Raises:
        UserError: a file is not the record of a search.
    """
    searches = {path.stem: read_tuning(path) for path in sorted(folder.glob("*.json"))}
    lines = [_line(name, search) for name, search in searches.items() if search["trials"]]
    return markdown_text("searches.md.jinja", table=markdown(pd.DataFrame(lines))) if lines else Markdown()


def _line(name: str, search: Tuning) -> dict[str, str]:
    first, *_ = search["trials"]
    chosen = next((trial for trial in search["trials"] if trial["settings"] == search["chosen"]), None)
    return {
        "search": f"`{name}`",
        "chosen": ", ".join(f"{key} {_value(value)}" for key, value in search["chosen"].items()) or "defaults",
        "dev WER %": _wer(chosen) if chosen else "-",
        "trials": "; ".join(f"{_named(trial, first)}: {_wer(trial)}" for trial in search["trials"]),
    }


def _named(trial: Trial, first: Trial) -> str:
    known = first["settings"]
    changed = {
        key: value
        for key, value in trial["settings"].items()
        if key == RATE or RATE not in known or value != known.get(key)
    }
    return ", ".join(_value(value) if key == RATE else f"{key} {_value(value)}" for key, value in changed.items())


def _wer(trial: Trial) -> str:
    return "failed" if trial["dev_wer"] is None else f"{100 * trial['dev_wer']:.1f}"


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
