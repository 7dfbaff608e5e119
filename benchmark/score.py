"""The last step of a run: count errors, complete the record. Does not import torch."""

from __future__ import annotations

from pathlib import Path

from benchmark.corpora.manifest import Dataset
from benchmark.files import read_json, write_json
from benchmark.records import RunRecord, Score
from benchmark.scoring.trn import read_trn
from benchmark.scoring.wer import word_errors
from benchmark.study import RunPlan, Study


def score_run(study: Study, plan: RunPlan, work: Path) -> RunRecord:
    """Join a run's `compress.json`, `transcribe.json` and hypotheses into `run.json`."""
    folder = work / "runs" / plan.run
    record: RunRecord = read_json(folder / "compress.json")
    timing = read_json(folder / "transcribe.json")
    if record["status"] != "failed" and "scores" not in record:
        dataset = Dataset.open(work / "data")
        record["scores"] = {}
        for split in study.corpus.tests:
            references = {u.id: u.text.lower() for u in dataset.split(split)}
            hypotheses = {key: text.lower() for key, text in read_trn(folder / "hyp" / f"{split}.trn").items()}
            counts = word_errors(references, hypotheses)
            record["scores"][split] = Score(
                utterances=counts.utterances,
                words=counts.words,
                errors=counts.errors,
                substitutions=counts.substitutions,
                deletions=counts.deletions,
                insertions=counts.insertions,
                wer=counts.wer,
                real_time_factor=timing[split]["real_time_factor"],
                seconds=timing[split]["seconds"],
            )
    write_json(folder / "run.json", record)
    return record
