"""Print the word error rate of a hypothesis against a reference, both in NIST .trn format."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `wer`."""
    parser.add_argument("reference", type=Path, metavar="REF.trn", help="one `words (utterance-id)` per line")
    parser.add_argument(
        "hypothesis", type=Path, metavar="HYP.trn", help="the recogniser's output for the same utterances"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    """Count and print."""
    print_wer(args.reference, args.hypothesis, as_json=args.json)


def print_wer(reference: Path, hypothesis: Path, *, as_json: bool) -> None:
    """Print the word error rate of a system and its interval.

    Raises:
        UserError: a file cannot be read, or the files do not have the same utterances.
    """
    from dataclasses import asdict

    from benchmark.scoring.bootstrap import interval, remarks, resample
    from benchmark.scoring.trn import read_trn
    from benchmark.scoring.wer import total, utterance_errors

    references = read_trn(reference)
    utterances = utterance_errors(references, read_trn(hypothesis), str(hypothesis))
    counts = total(utterances)
    unit, samples = resample(list(references), [utterances])
    low, high = interval(samples[:, 0])
    if as_json:
        derived = {"errors": counts.errors, "wer": counts.wer, "interval": [low, high], "resampled": unit}
        print(json.dumps(asdict(counts) | derived))
        return
    print(f"WER            {100 * counts.wer:>9.2f} %")
    print(f"  95 % interval {100 * low:.2f} to {100 * high:.2f} %, bootstrap over {unit}")
    print(f"words          {counts.words:>9,}  in {counts.utterances:,} utterances")
    print(f"errors         {counts.errors:>9,}")
    print(f"  substitutions{counts.substitutions:>9,}")
    print(f"  deletions    {counts.deletions:>9,}")
    print(f"  insertions   {counts.insertions:>9,}")
    for remark in remarks(unit):
        print(f"\n{remark}")
