"""The parts of `index.html`: columns, colours, embedded words, and the scripts as one."""

from __future__ import annotations

from pathlib import Path

import pytest
from synthetic_study import reported_study

from benchmark.report.figures.pareto import LOOKS
from benchmark.report.figures.style import COLOURS
from benchmark.report.page.colours import DARK
from benchmark.report.page.scripts.joining import FOLDER, IMPORT, script
from benchmark.report.page.utterances import WORST, embedded
from benchmark.report.page.word_edits import word_edits
from benchmark.report.rows.comparisons import compare_rows
from benchmark.report.rows.rows import table_rows
from benchmark.report.tables.reading_table import FIRST, reading_frame
from benchmark.runs.collection import read_collection
from benchmark.scoring.wer import word_errors

REFERENCES = {f"s-{i}": "one two three" for i in range(WORST + 5)}
RUNS = {
    "right": REFERENCES,
    "wrong": REFERENCES | {"s-3": "one", "s-7": "", "s-9": "one Two tree"},
    "broken": dict.fromkeys(REFERENCES, "one"),
}
ERRORS = {
    run: {name: word_errors({name: REFERENCES[name]}, {name: text}).errors for name, text in hypotheses.items()}
    for run, hypotheses in RUNS.items()
}


def test_the_first_columns_are_columns_of_the_table(tmp_path_factory: pytest.TempPathFactory) -> None:
    collection = read_collection(reported_study(tmp_path_factory.getbasetemp()) / "runs")
    rows = table_rows(collection)
    assert set(FIRST) <= set(reading_frame(rows, compare_rows(collection, rows)).columns.get_level_values(1))


def test_every_colour_of_a_figure_has_a_dark_counterpart() -> None:
    assert {look.colour for look in LOOKS.values()} | set(COLOURS) <= set(DARK)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "edits"),
    [
        ("The cat sat down", "the dog cat Sit", "1+dog 2- 3=Sit"),
        ("one two", "one two", ""),
        ("one two", "", "0- 1-"),
        ("one", "one two three", "1+two 1+three"),
    ],
)
def test_edits_make_the_hypothesis_of_the_reference(reference: str, hypothesis: str, edits: str) -> None:
    assert word_edits(reference, hypothesis) == edits


def test_utterances_whose_errors_differ_most_are_embedded_for_every_run() -> None:
    found = embedded(REFERENCES, RUNS, ERRORS, room=60)
    assert found["names"][:2] == ["s-7", "s-0"]
    assert 1 < found["shared"] < found["erring"] == len(REFERENCES)
    lines = {run: own["shared"].split("\n") for run, own in found["runs"].items()}
    assert lines["wrong"][:2] == ["0- 1- 2-", ""]
    assert lines["broken"][:2] == ["1- 2-"] * 2
    assert set(lines["right"]) == {""}


def test_the_worst_utterances_of_each_run_are_embedded_even_without_room() -> None:
    found = embedded(REFERENCES, RUNS, ERRORS, room=0)
    assert found["shared"] == 0
    worst = {found["names"][i]: edits for i, edits in found["runs"]["wrong"]["worst"].items()}
    assert worst == {"s-7": "0- 1- 2-", "s-3": "1- 2-", "s-9": "2=tree"}
    assert len(found["runs"]["broken"]["worst"]) == WORST
    assert found["runs"]["right"]["worst"] == {}


def test_the_scripts_become_one_in_which_every_module_follows_what_it_imports() -> None:
    joined = script()
    assert "import " not in joined
    assert "export " not in joined
    names = [path.stem for path in FOLDER.glob("*.js")]
    place = {name: joined.index(f"const {name} = (() =>") for name in names}
    for path in FOLDER.glob("*.js"):
        for _, other in IMPORT.findall(path.read_text(encoding="utf-8")):
            assert place[other] < place[path.stem]
    assert all(path.read_text(encoding="utf-8").startswith("// ") for path in map(Path, FOLDER.glob("*.js")))
