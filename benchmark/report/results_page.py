"""`README.md` of a results folder: the runs, the table, the figures, what the numbers show and what they do not."""

from __future__ import annotations

from benchmark.report.comparisons import Comparisons
from benchmark.report.findings import control_sentences, dense_sentences, pareto_sentences, reference_sentences
from benchmark.report.pictures import Picture
from benchmark.report.rows import Row
from benchmark.report.typesetting import inert
from benchmark.runs.collection import Collection, Run


def readme(
    collection: Collection,
    rows: list[Row],
    comparisons: Comparisons,
    table: str,
    pictures: list[Picture],
    searches: str,
) -> str:
    """The whole page in Markdown; `table` is the main table with the text above and below it."""
    finished = [run for run in collection.runs if run.ok]
    parts = [
        f"# Results of the study `{collection.study}`",
        f"{len(finished)} of {collection.planned} runs finished. This page, its tables and figures are generated from "
        f"the records in `runs/`; `python -m benchmark tables {collection.study}` makes them again.",
        f"## Main table\n\n{table.rstrip()}",
    ]
    if finished:
        parts += [
            _section("Pareto front", pareto_sentences(rows, comparisons)),
            _section("Against dense", dense_sentences(rows, comparisons)),
            _section("Against the reference method", reference_sentences(rows, comparisons)),
            _section("Controls", control_sentences(rows, comparisons)),
        ]
    else:
        parts.append("No run has finished, so there is nothing to compare; the table says why.")
    parts.append(_section("Caveats", _caveats(collection, rows)))
    parts += [_picture(picture) for picture in pictures]
    if searches:
        parts.append(f"## Searches\n\n{searches}")
    parts.append(_section("Remarks of the runs", _remarks(collection)))
    parts.append(_section("Provenance", _provenance(collection)))
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(title: str, sentences: list[str]) -> str:
    lines = [f"- {inert(' '.join(sentence.split()))}" for sentence in sentences]
    return f"## {title}\n\n" + "\n".join(lines) if lines else ""


def _picture(picture: Picture) -> str:
    title = inert(picture.title)
    return f"## {title}\n\n![{title}](figures/{picture.name}.png)\n\n{inert(picture.caption)}"


def _caveats(collection: Collection, rows: list[Row]) -> list[str]:
    counts = sorted({len(row.finished) for row in rows if row.finished and not row.is_dense})
    seeds = " or ".join(map(str, counts)) or "no"
    caveats = [
        "MAPSSWE and the bootstrap see the noise of the test set only; what another training seed would give they "
        f"cannot see. Trained rows have {seeds} finished seed{'' if counts == [1] else 's'}."
        + (" One seed says nothing about the spread of training." if 1 in counts else ""),
        '"Not significant" is not "equal": the upper end of the interval is the increase that cannot be excluded.',
        "Test and interval rest on different assumptions and can disagree near the border; marks follow the test.",
        *_sizes(collection),
    ]
    budgets = {(run.record["budget"]["kind"], run.record["budget"]["limit"]) for run in collection.runs}
    if len(budgets) > 1:
        listed = ", ".join(f"{limit:g} ({kind})" for kind, limit in sorted(budgets))
        caveats.append(f"The runs did not have the same budget: {listed}.")
    for title, values in (("commits", _commits(collection)), ("devices", _devices(collection))):
        if len(values) > 1:
            caveats.append(f"The records come from {len(values)} {title}; times and results may not be comparable.")
    troubled = [run.record["run"] for run in collection.runs if not run.ok]
    if troubled:
        caveats.append(f"Not finished and left out of every mean, test and figure: {', '.join(troubled)}.")
    if collection.to_come:
        caveats.append(f"The study is under way. Not run yet: {', '.join(collection.to_come)}.")
    return caveats


def _sizes(collection: Collection) -> list[str]:
    sizes = {}
    for run in collection.runs:
        for test_set, score in run.scores.items() if run.ok else ():
            sizes[test_set] = f"{test_set} {score['words']} words in {score['utterances']} utterances"
    return [f"Size of the test sets: {'; '.join(sizes.values())}."] if sizes else []


def _remarks(collection: Collection) -> list[str]:
    return [f"{run.record['run']}: {'; '.join(run.record['notes'])}" for run in collection.runs if run.record["notes"]]


def _commits(collection: Collection) -> list[str]:
    return sorted({run.record["provenance"]["git_commit"] for run in collection.runs})


def _devices(collection: Collection) -> list[str]:
    return sorted({_device(run) for run in collection.runs})


def _device(run: Run) -> str:
    machine = run.record["provenance"]
    return f"{machine['device']}; {machine['cpu']}, {machine['cores']} cores"


def _provenance(collection: Collection) -> list[str]:
    records = [run.record for run in collection.runs]
    days = sorted({record["provenance"]["started"][:10] for record in records})
    packages = sorted({f"{n} {v}" for record in records for n, v in record["provenance"]["packages"].items()})
    pythons = sorted({record["provenance"]["python"] for record in records})
    seeds = sorted({run.record["seed"] for run in collection.runs if run.seeded})
    return [
        f"Run: {days[0]}" + (f" to {days[-1]}" if len(days) > 1 else ""),
        f"Seeds: {', '.join(map(str, seeds)) or 'none'}",
        f"Machine: {' | '.join(_devices(collection))}",
        f"Commit: {', '.join(f'`{commit}`' for commit in _commits(collection))}",
        f"Python {', '.join(pythons)}; {', '.join(packages)}",
        f"Data: `{records[0]['data_hash'][:16]}`; dense model: `{records[0]['dense_hash'][:16]}` (SHA-256, shortened)",
    ]
