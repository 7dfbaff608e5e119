"""The last step of a run: counts errors, evaluates, completes the record. Does not import torch."""

from __future__ import annotations

from benchmark.corpora.manifest import Dataset
from benchmark.evaluations.contract import FinishedRun
from benchmark.evaluations.wer import WordErrorRate
from benchmark.runs.evaluated import add_metrics, common, dense_plan, transcriber, transcripts
from benchmark.runs.reading import read_record, read_transcription
from benchmark.runs.records import RunRecord, Score, TimedSet
from benchmark.scoring.normalizers import normalised
from benchmark.study.paths import RunFolder, WorkFolder
from benchmark.study.plan import RunPlan, Study
from benchmark.system.errors import UserError
from benchmark.system.files import write_json
from benchmark.system.validated import checked


def references(dataset: Dataset, split: str) -> dict[str, str]:
    """The reference transcripts of a split by utterance id, in lower case."""
    return {utterance.id: utterance.text.lower() for utterance in dataset.split(split)}


def all_references(study: Study, dataset: Dataset) -> dict[str, dict[str, str]]:
    """The references of all test sets of a study by test set, normalised as for scoring."""
    name = study.evaluation.normalizer
    return {split: normalised(references(dataset, split), name) for split in study.corpus.tests}


def score_run(study: Study, plan: RunPlan, work: WorkFolder) -> RunRecord:
    """Join a run's `compress.json`, `transcribe.json` and hypotheses into `run.json`.

    A run without a model has no scores; a run copied from published results keeps its own. An evaluation that fails
    leaves a note.

    Raises:
        UserError: one of the files is missing or damaged.
    """
    folder = work.run(plan.run)
    record, timed = read_record(folder.compressed, scored=False), read_transcription(folder)
    if record["status"] == "ok":
        run = _finished(study, folder, work, record)
        if "scores" not in record:
            if "speedup" not in timed or not set(study.corpus.tests) <= timed.get("sets", {}).keys():
                lacking = f"{folder.transcribed} does not have the times of all test sets"
                raise UserError(f"{lacking}; transcribe again")
            record["scores"] = {split: _score(run, split, timed["sets"][split]) for split in study.corpus.tests}
            record["speedup"] = timed["speedup"]
            if "sparse" in timed:
                record["sparse"] = timed["sparse"]
            record["notes"] += _cut(record["scores"])
            if study.evaluation.normalizer != "none":
                record["normalizer"] = study.evaluation.normalizer
        add_metrics(record, study.evaluations, run)
    write_json(folder.record, record)
    return record


def _cut(scores: dict[str, Score]) -> list[str]:
    """In words, how many transcripts decoding had to stop."""
    return [
        f"{split}: {score['cut']} of {score['utterances']} transcripts were cut at their limit of tokens"
        for split, score in scores.items()
        if "cut" in score
    ]


def _finished(study: Study, folder: RunFolder, work: WorkFolder, record: RunRecord) -> FinishedRun:
    dense, tests = dense_plan(study) if study.evaluations else None, study.corpus.tests
    hypotheses = transcripts(folder, tests)
    if missing := [split for split in tests if split not in hypotheses]:
        raise UserError(f"{folder} has no transcripts of {', '.join(missing)}; transcribe again")
    dataset = Dataset.open(work.data)
    return FinishedRun(
        references=all_references(study, dataset),
        hypotheses=hypotheses,
        dense_hypotheses=transcripts(work.run(dense.run), tests) if dense else {},
        model_folder=folder.model,
        common=common(study, dataset, work),
        settings=record["settings"],
        log=record["log"],
        transcribe=transcriber(study, dataset),
    )


def _score(run: FinishedRun, split: str, timed: TimedSet) -> Score:
    return checked({**WordErrorRate().measure(run, split), **timed}, Score, f"the scores on {split}")
