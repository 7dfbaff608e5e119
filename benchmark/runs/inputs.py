"""What a run starts from: hashes of what the earlier steps of its study made."""

from __future__ import annotations

from benchmark.corpora.manifest import Dataset
from benchmark.runs.dense_stage import dense_hash
from benchmark.study.paths import WorkFolder
from benchmark.study.plan import RunPlan, Study
from benchmark.system.files import hash_file


def input_hashes(study: Study, plan: RunPlan, work: WorkFolder) -> dict[str, str]:
    """Hashes of the corpus and the dense model, and of the labels if the dense model wrote them.

    The run of the dense model itself needs no labels.

    Raises:
        UserError: the corpus or the dense model is missing, or has changed since it was made.
    """
    hashes = {"data": Dataset.open(work.data).hash, "dense": dense_hash(work)}
    if study.training.orthography == "model" and plan.family != "dense":
        hashes["labels"] = hash_file(work.labels)
    return hashes
