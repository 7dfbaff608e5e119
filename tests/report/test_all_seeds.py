"""Rows with all their seeds: intervals, differences, and the file that stands in for missing references."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from synthetic_study import build_study

from benchmark.report.rows.all_seeds import AllSeeds, compare_all_seeds
from benchmark.report.rows.rows import Row, table_rows
from benchmark.report.tables.pairs_table import kept_pairs, pairs_frame
from benchmark.runs.collection import Collection, read_collection
from benchmark.scoring.multiple import holm
from benchmark.system.errors import UserError

TEST_SET = "test-clean"


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    folder = build_study(tmp_path_factory.mktemp("seeds") / "demo", utterances=40)
    return read_collection(folder / "runs")


@pytest.fixture(scope="module")
def rows(collection: Collection) -> list[Row]:
    return table_rows(collection)


@pytest.fixture(scope="module")
def found(collection: Collection, rows: list[Row]) -> AllSeeds:
    return compare_all_seeds(collection, rows, [])


def test_every_row_has_an_interval_around_its_mean(rows: list[Row], found: AllSeeds) -> None:
    for row in rows:
        interval, wer = found.interval(row, TEST_SET), row.wer(TEST_SET)
        assert interval is not None
        assert wer is not None
        assert interval[0] < wer.mean < interval[1]


def test_differences_change_sign_with_the_order(rows: list[Row], found: AllSeeds) -> None:
    dense, worst = rows[0], rows[-1]
    there, back = found.difference(worst, dense, TEST_SET), found.difference(dense, worst, TEST_SET)
    assert there is not None
    assert back is not None
    assert 0 < there.low < there.delta < there.high
    assert (back.delta, back.low, back.high, back.p) == (-there.delta, -there.high, -there.low, there.p)
    assert there.p is not None
    assert there.p < 1e-6
    assert found.difference(dense, dense, TEST_SET) is None


def test_p_is_corrected_over_the_pairs_of_a_test_set(rows: list[Row], found: AllSeeds) -> None:
    frame = pairs_frame(found)
    assert len(frame) == 2 * (len(rows) - 1 + 2 * 4 * 3 // 2)  # dense with all; four rows at each of two targets
    own = frame[frame["test_set"] == TEST_SET]
    assert list(own["p_holm"]) == holm(list(own["p"]))
    assert set(own["resampled"]) == {"speakers"}


def test_kept_pairs_stand_in_for_missing_references(
    collection: Collection, rows: list[Row], found: AllSeeds, tmp_path: Path
) -> None:
    path, bare = tmp_path / "pairs.csv", Collection("demo", tmp_path, collection.runs, collection.test_sets, {})
    assert compare_all_seeds(bare, rows, kept_pairs(path, rows)).pairs == []
    frame = pairs_frame(found)
    frame.to_csv(path, index=False)
    again = compare_all_seeds(bare, rows, kept_pairs(path, rows))
    pd.testing.assert_frame_equal(pairs_frame(again), frame)
    assert again.interval(rows[1], TEST_SET) == found.interval(rows[1], TEST_SET)


@pytest.mark.parametrize(
    ("column", "value"), [("wer_a", 0.5), ("seeds_b", "0 9"), ("label_a", "gone"), ("delta", "x"), ("resampled", "x")]
)
def test_lines_that_no_longer_hold_are_left_out(
    column: str, value: float | str, rows: list[Row], found: AllSeeds, tmp_path: Path
) -> None:
    frame = pairs_frame(found).astype(object)
    frame.loc[0, column] = value
    frame.to_csv(tmp_path / "pairs.csv", index=False)
    assert len(kept_pairs(tmp_path / "pairs.csv", rows)) == len(frame) - 1


def test_kept_pairs_are_corrected_again_when_a_row_is_gone(
    collection: Collection, rows: list[Row], found: AllSeeds, tmp_path: Path
) -> None:
    pairs_frame(found).to_csv(tmp_path / "pairs.csv", index=False)
    bare = Collection("demo", tmp_path, collection.runs, collection.test_sets, {})
    pairs = compare_all_seeds(bare, rows[:-2], kept_pairs(tmp_path / "pairs.csv", rows[:-2])).pairs
    for test_set in (TEST_SET, "test-other"):
        left = [pair for pair in pairs if pair.test_set == test_set]
        assert len(left) < len(found.pairs) / 2
        assert [pair.p_holm for pair in left] == holm([pair.difference.p for pair in left])


def test_a_damaged_file_is_named(rows: list[Row], tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_bytes(b"test_set,label_a\n\xff\xfe,dense\n")
    with pytest.raises(UserError, match=r"pairs\.csv cannot be read .* delete it and make the tables again"):
        kept_pairs(tmp_path / "pairs.csv", rows)
