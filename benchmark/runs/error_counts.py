"""The last step of a run: count errors, complete the record. Does not import torch."""

from __future__ import annotations

from pathlib import Path

from benchmark.corpora.manifest import Dataset
from benchmark.runs.reading import read_record, read_transcription
from benchmark.runs.records import RunRecord, Score
from benchmark.scoring.trn import read_trn
from benchmark.scoring.wer import word_errors
from benchmark.study.plan import RunPlan, Study
from benchmark.system.errors import UserError
from benchmark.system.files import write_json


def references(dataset: Dataset, split: str) -> dict[str, str]:
    """What was said, by utterance id, as it is scored: lower case."""
    return {utterance.id: utterance.text.lower() for utterance in dataset.split(split)}


def all_references(study: Study, dataset: Dataset) -> dict[str, dict[str, str]]:
    """The references of all test sets of a study, by test set."""
    return {split: references(dataset, split) for split in study.corpus.tests}


def score_run(study: Study, plan: RunPlan, work: Path) -> RunRecord:
    """Join a run's `compress.json`, `transcribe.json` and hypotheses into `run.json`.

    A run without a model has no scores; one that was taken over brings its own.

    Raises:
        UserError: one of the files is missing or damaged.
    """
    folder = work / "runs" / plan.run
    record, timed = read_record(folder / "compress.json", scored=False), read_transcription(folder)
    if record["status"] == "ok" and "scores" not in record:
        dataset = Dataset.open(work / "data")
        if "speedup" not in timed or not set(study.corpus.tests) <= timed.get("sets", {}).keys():
            raise UserError(f"{folder / 'transcribe.json'} does not have the times of all test sets; transcribe again")
        record["scores"], record["speedup"] = {}, timed["speedup"]
        for split in study.corpus.tests:
            hypotheses = {key: text.lower() for key, text in read_trn(folder / "hyp" / f"{split}.trn").items()}
            counts = word_errors(references(dataset, split), hypotheses)
            record["scores"][split] = Score(
                utterances=counts.utterances,
                words=counts.words,
                errors=counts.errors,
                substitutions=counts.substitutions,
                deletions=counts.deletions,
                insertions=counts.insertions,
                wer=counts.wer,
                real_time_factor=timed["sets"][split]["real_time_factor"],
                seconds=timed["sets"][split]["seconds"],
            )
    write_json(folder / "run.json", record)
    return record
