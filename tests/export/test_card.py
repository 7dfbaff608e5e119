"""The model card: metadata that the hub reads, and only numbers of the record."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import ModelCard, ModelCardData
from made_run import RECORD, make_run

from benchmark.export.folder import export
from benchmark.models.checkpoints import hash_model
from benchmark.system.files import read_json, write_json
from benchmark.system.project import ROOT

EMBEDDED = {
    "data_hash": read_json(ROOT / "data/mini/model/training.json")["data"],
    "dense_hash": hash_model(ROOT / "data/mini/model"),
}


def card_of(run: Path) -> ModelCard:
    export(run, run.parent / "out", onnx=False)
    card: ModelCard = ModelCard.load(run.parent / "out" / "README.md")
    return card


def metadata(card: ModelCard) -> ModelCardData:
    assert isinstance(card.data, ModelCardData)
    return card.data


def test_the_hub_reads_licence_language_and_error_rates(tmp_path: Path) -> None:
    data = metadata(card_of(make_run(tmp_path / "run", "pruned", **EMBEDDED)))
    assert (data.license, data.language, data.library_name) == ("apache-2.0", "en", "transformers")
    assert data.pipeline_tag == "automatic-speech-recognition"
    assert data.model_name == "made-pruned-0.5-seed3"
    assert data.eval_results is not None
    (result,) = data.eval_results
    assert (result.task_type, result.dataset_type) == ("automatic-speech-recognition", "pinchbench-mini")
    assert (result.dataset_split, result.metric_type, result.metric_value) == ("test-clean", "wer", 26.31)


@pytest.mark.parametrize(
    ("split", "utterances", "dataset"),
    [
        ("test-other", 2939, ("librispeech_asr", "other", "test")),
        ("dev-clean", 2703, ("librispeech_asr", "clean", "validation")),
        ("test-clean", 600, ("pinchbench-made", None, "test-clean")),  # not the whole set
        ("official-test", 130, ("an4", None, "official-test")),
    ],
)
def test_leaderboards_find_every_test_set(
    tmp_path: Path, split: str, utterances: int, dataset: tuple[str, str | None, str]
) -> None:
    score = RECORD["scores"]["test-clean"] | {"utterances": utterances}
    scores = {split: score, "mine": RECORD["scores"]["test-clean"]}
    results = metadata(card_of(make_run(tmp_path / "run", "pruned", scores=scores))).eval_results
    assert results is not None
    assert [(r.dataset_type, r.dataset_config, r.dataset_split) for r in results] == [
        dataset,
        ("pinchbench-made", None, "mine"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "# Uniform magnitude, 50 % of the encoder's weights removed",
        "| test-clean | 26.31 | 1,399 | 1,188 | 162 | 49 | 5,318 | 600 |",
        "| no_regression: share on test-clean | 0.875 |",
        "| parameters of the dense model | 2,000,003 |",
        "| parameters left | 1,250,007 (ratio 1.60) |",
        "| encoder matrices | 50.00 % of 1,499,992 weights removed |",
        "| multiply-accumulates per second of audio | 123,456,789 |",
        "| bytes, packed | 5,300,123 |",
        "| learning_rate | 0.00025 |",
        "| budget | 17,991.5 of 18,000 units of work (one is a dense forward over one second) |",
        "| compression time | 412.2 s |",
        "| of which train | 400.0 s |",
        "Note: thresholds scaled by 1.0035.",
        "0123456789abcdef0123456789abcdef01234567",
        "d" * 64,
        "e" * 64,
        "AutoModelForCTC.from_pretrained(",
    ],
)
def test_the_record_s_numbers_stand_in_it(pruned_card: str, text: str) -> None:
    assert text in pruned_card


@pytest.fixture(scope="module")
def pruned_card(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The card of a pruned model with single spaces in its tables."""
    metrics = {"no_regression": {"test-clean": {"share": 0.875}}}
    card = card_of(make_run(tmp_path_factory.mktemp("card") / "run", "pruned", metrics=metrics))
    return "\n".join(" ".join(line.split()) for line in card.text.splitlines())


def test_what_is_not_known_is_said_to_be_unknown(tmp_path: Path) -> None:
    card = card_of(make_run(tmp_path / "run"))
    data = metadata(card)
    assert (data.license, data.language, data.base_model) == ("unknown", None, None)
    assert "Licence: unknown." in card.text
    assert "Dense model: unknown:" in card.text


@pytest.mark.parametrize(
    ("dense", "base_model", "text"),
    [
        ({"hash": "e" * 64, "source": "facebook/hubert-base-ls960"}, "facebook/hubert-base-ls960", "`facebook/hubert"),
        ({"hash": "0" * 64, "source": "facebook/hubert-base-ls960"}, None, "Dense model: unknown:"),
        ({"hash": "e" * 64, "source": "/somebody/models/mine"}, None, "Dense model: `mine`"),
    ],
)
def test_the_dense_model_is_named_if_it_is_still_the_run_s(
    tmp_path: Path, dense: dict[str, str], base_model: str | None, text: str
) -> None:
    (tmp_path / "dense").mkdir()
    write_json(
        tmp_path / "dense" / "dense.json", dense | {"identity": "f" * 64, "revision": None, "dev_wer": 0.1, "files": {}}
    )
    (tmp_path / "runs").mkdir()
    card = card_of(make_run(tmp_path / "runs" / "run"))
    assert metadata(card).base_model == base_model
    assert text in card.text
    assert "somebody" not in card.text


def test_a_run_that_is_not_scored_yet_claims_nothing(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    (run / "run.json").unlink()
    write_json(run / "compress.json", {key: value for key, value in RECORD.items() if key != "scores"})
    card = card_of(run)
    assert metadata(card).eval_results is None
    assert metadata(card).metrics is None
    assert "Not measured: the run was not scored" in card.text


@pytest.mark.parametrize(("kind", "measured"), [("int8 weights", True), ("int8", False)])
def test_error_rates_of_integer_activations_are_not_claimed_for_floats(
    tmp_path: Path, kind: str, measured: bool
) -> None:
    card = card_of(make_run(tmp_path / "run", kind))
    assert "in 8-bit integers" in card.text
    assert ("its word error rate was not measured" in card.text) is not measured
    assert bool(metadata(card).eval_results) is measured


def test_a_file_that_a_record_names_as_its_method_is_not_run(tmp_path: Path) -> None:
    """A record is data: it may come from anywhere, and name any file."""
    (tmp_path / "theirs.py").write_text(
        f"from pathlib import Path\n\nPath({str(tmp_path / 'ran')!r}).touch()\n\n\n"
        'class Theirs(Method):\n    title, family, source = "Theirs", "unstructured", "Them, 2026"\n'
    )
    card = card_of(make_run(tmp_path / "run", method=str(tmp_path / "theirs.py")))
    assert not (tmp_path / "ran").exists()
    assert "unknown: the method is not installed here" in card.text


def test_a_model_that_needs_our_loader_says_so(tmp_path: Path) -> None:
    card = card_of(make_run(tmp_path / "run", "sliced", target_sparsity=None, run="pruned-seed3", method="gone"))
    assert metadata(card).library_name == "pinchbench"
    assert "from benchmark.models.checkpoints import load" in card.text
    assert "unknown: the method is not installed here" in card.text


@pytest.mark.parametrize("kind", ["shared", "dense"])
def test_the_card_says_that_shared_weights_are_copied(tmp_path: Path, kind: str) -> None:
    export(make_run(tmp_path / "run", kind), tmp_path / "out", onnx=False)
    card = (tmp_path / "out" / "README.md").read_text()
    assert ("Weights that layers share are stored once for each layer." in card) == (kind == "shared")
