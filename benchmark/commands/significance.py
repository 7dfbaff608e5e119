"""Compare systems on one test set: WER, its difference with an interval, and NIST SCTK's MAPSSWE test."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.scoring.mapsswe import MatchedPairs
    from benchmark.scoring.significance import Comparison
    from benchmark.scoring.wer import WordErrors

LIMITS = (
    "The test covers only the chance in this choice of utterances. It cannot tell how much training runs differ from "
    "seed to seed."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `significance`."""
    parser.add_argument("reference", type=Path, metavar="REF.trn", help="one `words (utterance-id)` per line")
    parser.add_argument(
        "a", type=Path, metavar="A.trn", help="a system's hypotheses; if it is the only one, print its WER"
    )
    others = "other systems: a single one is tested against A, several in all pairs with Holm's correction"
    parser.add_argument("others", type=Path, nargs="*", default=[], metavar="B.trn", help=others)
    parser.add_argument("--json", action="store_true", help="print JSON: a list for more than two systems")


def run(args: argparse.Namespace) -> None:
    """Compare the systems and print the result; for a single system, print its word error rate."""
    from benchmark.commands.wer import print_wer
    from benchmark.scoring.significance import compare_all
    from benchmark.scoring.trn import read_trn

    if not args.others:
        print_wer(args.reference, args.a, as_json=args.json)
        return
    references = read_trn(args.reference)
    paths = [args.a, *args.others]
    comparisons = compare_all(references, dict(zip(_names(paths), map(read_trn, paths), strict=True)))
    many = len(paths) > 2
    if args.json:
        found = [comparison.as_json() for comparison in comparisons]
        print(json.dumps(found if many else found[0]))
    else:
        print(_table(comparisons) if many else _page(comparisons[0]))


def _names(paths: list[Path]) -> list[str]:
    """Names of the systems: the paths as given. A file given twice counts as two systems."""
    texts = [str(path) for path in paths]
    return [f"{text} ({texts[:i].count(text) + 1})" if text in texts[:i] else text for i, text in enumerate(texts)]


def _page(c: Comparison) -> str:
    from benchmark.scoring.bootstrap import remarks

    return "\n".join(
        [
            f"A  {c.a}: {_rate(c.errors_a)}",
            f"B  {c.b}: {_rate(c.errors_b)}",
            "",
            f"A - B    {_difference(c)} (95 % interval, paired bootstrap over {c.resampled})",
            f"MAPSSWE  {_test(c.test)}",
            "",
            _sentence(c),
            *remarks(c.resampled),
            LIMITS,
        ]
    )


def _rate(errors: WordErrors) -> str:
    return (
        f"WER {100 * errors.wer:.2f} %, {errors.errors} errors in {errors.words} words "
        f"({errors.substitutions} sub, {errors.deletions} del, {errors.insertions} ins)"
    )


def _difference(c: Comparison) -> str:
    low, high = c.interval
    return f"{100 * c.delta_wer:+.2f} points [{100 * low:+.2f}, {100 * high:+.2f}]"


def _test(test: MatchedPairs) -> str:
    if test.degenerate is not None:
        return f"no test possible, {test.segments} segments"
    return (
        f"{test.segments} segments, mean difference {test.mean:+.4f} errors, sd {test.std:.4f}, Z = {test.z:+.3f}, "
        f"p {_p(test.p)} (in SCTK's table {_p(test.p_sctk_table)})"
    )


def _p(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else f"= {p:.4f}"


def _sentence(c: Comparison) -> str:
    if c.test.degenerate is not None:
        return f"No test possible: {c.test.degenerate}. This does not show that A and B are equal."
    if c.test.better is None:
        return (
            "No significant difference between A and B at the 5 % level. This does not show that they are equal: "
            "every difference within the interval remains plausible."
        )
    better, worse = ("A", "B") if c.test.better == "A" else ("B", "A")
    return f"{better} makes significantly fewer errors than {worse} (MAPSSWE, two-tailed, 5 % level)."


def _table(comparisons: list[Comparison]) -> str:
    from tabulate import tabulate

    from benchmark.scoring.bootstrap import remarks

    rates = {c.a: c.errors_a for c in comparisons} | {c.b: c.errors_b for c in comparisons}
    letters = dict(zip(rates, _letters(len(rates)), strict=True))
    lines = [[f"{letters[c.a]} - {letters[c.b]}", _difference(c), *_outcome(c, letters)] for c in comparisons]
    tested = [c for c in comparisons if c.test.degenerate is None]
    return "\n".join(
        [
            *(f"{letters[name]}  {name}: {_rate(errors)}" for name, errors in rates.items()),
            "",
            tabulate(
                lines,
                headers=["pair", "difference [95 % interval]", "Z", "p", "p (Holm)", "at the 5 % level"],
                disable_numparse=True,
            ),
            "",
            f"MAPSSWE, two-tailed; Holm's correction over {len(tested)} pairs; intervals by paired bootstrap over "
            f"{comparisons[0].resampled}, not corrected.",
            "No significant difference does not mean equality: every difference within the interval remains plausible.",
            *remarks(comparisons[0].resampled),
            LIMITS,
        ]
    )


def _letters(n: int) -> list[str]:
    """A, B, C, ...; or S1, S2, ... if there are more systems than letters."""
    return [chr(ord("A") + i) for i in range(n)] if n <= 26 else [f"S{i + 1}" for i in range(n)]


def _outcome(c: Comparison, letters: dict[str, str]) -> list[str]:
    from benchmark.scoring.multiple import significant

    if c.test.degenerate is not None or c.p_holm is None:
        return ["", "", "", f"no test possible: {c.test.degenerate}"]
    figures = [f"{c.test.z:+.3f}", _p(c.test.p).removeprefix("= "), _p(c.p_holm).removeprefix("= ")]
    if c.better is None:
        return [*figures, "no significant difference"]
    return [*figures, f"{letters[c.better]} better" + ("" if significant(c.p_holm) else ", but not after Holm")]
