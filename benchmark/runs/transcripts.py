"""The transcription step: writes a run's transcripts of the test sets. Imports torch only if there is work for it."""

from __future__ import annotations

from benchmark.runs import run_folder
from benchmark.runs.kept import keep
from benchmark.runs.reading import read_record
from benchmark.study.paths import WorkFolder
from benchmark.study.plan import RunPlan, Study
from benchmark.system.files import write_json


def transcribe_run(study: Study, plan: RunPlan, work: WorkFolder) -> None:
    """Transcribe every test set with a run's exported model; write the transcripts and `transcribe.json`.

    Existing transcripts are kept: they belong to this model, since the compression step clears the folder.
    """
    folder = work.run(plan.run)
    output = folder.transcribed
    if (kept := run_folder.kept_transcripts(folder, study.corpus.tests)) is not None:
        keep(output, kept)
        print(f"{plan.run}: transcripts already finished, kept")
        return
    record = read_record(folder.compressed, scored=False)
    if record["status"] != "ok" or "scores" in record:  # no model, or copied with its results
        write_json(output, {})
        return
    from benchmark.runs.set_transcription import transcribe_tests

    keep(output, transcribe_tests(study, folder, work))
