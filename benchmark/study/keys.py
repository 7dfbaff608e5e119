"""The keys of a study's file: one typed model. config/schema.json and the table in docs/studies.md are made of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from benchmark.corpora.choice import CorpusConfig
from benchmark.system.devices import Device
from benchmark.system.typed_yaml import KEYS, Above0, Distinct, FilePath, Named, Number, Probability, Share
from benchmark.training.allowance import BudgetConfig

EVERY_OTHER = "*"  # a label: all methods that the study does not name


def _share_to_remove(target: float) -> float:
    if not 0 < target < 1:
        raise ValueError(f"target {target} is outside (0, 1): it is the share of weights to remove")
    return target


def _one_setting(tried: dict[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
    if len(tried) != 1:
        raise ValueError(f"one setting with two values to try is expected, not {len(tried)}")
    return tried


StudyName = Annotated[
    str, Named("[a-z0-9][a-z0-9-]{0,63}", "a study's name: at most 64 small letters, digits and '-', the first no '-'")
]
Label = Annotated[
    str,
    Named(
        r"([A-Za-z0-9][A-Za-z0-9_]{0,63}|\*)",
        "a label: at most 64 letters, digits and '_', the first a letter or digit; or '*'",
    ),
]
Target = Annotated[
    Number, AfterValidator(_share_to_remove), Field(json_schema_extra={"exclusiveMinimum": 0, "exclusiveMaximum": 1})
]
Targets = Annotated[tuple[Target, ...], Distinct(), Field(min_length=1)]
Seeds = Annotated[tuple[Annotated[int, Field(ge=0, lt=2**32)], ...], Distinct(), Field(min_length=1)]
Evaluations = Annotated[tuple[Label, ...], Distinct()]
Speed = Annotated[Number, Field(ge=0.25, le=4)]
Percent = Annotated[Number, Field(ge=0, le=1000)]  # insertions can exceed the words
TwoValues = Annotated[dict[str, tuple[Any, Any]], AfterValidator(_one_setting)]


@dataclass(frozen=True, config=KEYS)
class FineTuneConfig:
    """Fine-tuning of the dense start on the study's training data."""

    budget: BudgetConfig
    """`kind` and `limit`, as the study's"""
    learning_rate: Above0
    """peak of linear warm-up and decay"""
    speeds: Annotated[tuple[Speed, ...], Field(min_length=1)] = (0.9, 1.0, 1.1)
    """factors of speed perturbation, drawn anew for every batch"""
    dropout: Probability = 0.1
    """dropout of the Transformer"""
    spec_augment: bool = True
    """SpecAugment as in the dense model's configuration"""


@dataclass(frozen=True, config=KEYS)
class DenseConfig:
    """The starting point: a local folder or a Hugging Face id with a pinned revision."""

    model: FilePath
    """folder relative to the project, or Hugging Face id"""
    revision: FilePath | None = None
    """commit of the Hugging Face model, else the newest; which it was is kept in `work/<name>/dense/dense.json`"""
    fine_tune: FineTuneConfig | None = None
    """fine-tuning on `train` first; a model that is only pre-trained gets a CTC head"""
    published_wer: dict[str, Percent] = Field(default_factory=dict)
    """WER in percent by split, as the model's authors give it; a dense model that differs by more than `tolerance` \
stops the study"""
    tolerance: Annotated[Number, Field(gt=0, le=100)] = 0.3
    """in points of WER"""


@dataclass(frozen=True, config=KEYS)
class TrainingConfig:
    """What all methods share in training."""

    batch_seconds: Above0 = 32.0
    """seconds of audio in a batch, padding included"""
    gradient_accumulation: Annotated[int, Field(ge=1, le=10_000)] = 1
    """batches per step"""
    frozen_frontend: bool = True
    """keep the CNN fixed and cache its output"""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """`fp32`, `bf16`, or `auto`: bf16 on GPUs that have it"""
    warmup: Share = 0.1
    """share of a phase with rising learning rate"""
    dropout: Probability = 0.0
    """dropout of the Transformer; LayerDrop is always off"""
    spec_augment: bool = False
    """SpecAugment as in the dense model's configuration"""


@dataclass(frozen=True, config=KEYS)
class HardwareConfig:
    """Where runs are computed. In no identity: it says where, not what, and each record names its device."""

    device: Device = "auto"
    """`cpu`, `cuda`, or `auto`: a GPU if there is one; says where, so no identity holds it"""
    spin: bool = False
    """only for an idle machine without a GPU: threads spin while they wait, up to a tenth faster there, slower beside \
other work. A job that finds the machine busy says so in a line and lets them sleep; in no identity"""


@dataclass(frozen=True, config=KEYS)
class EvaluationConfig:
    """Decoding: the batches are fixed, since with padding the output depends on them."""

    batch_seconds: Above0 = 32.0
    """seconds of audio in a decoding batch"""


@dataclass(frozen=True, config=KEYS)
class TuningConfig:
    """The same small search for every trained method, on the dev set: see benchmark/runs/search.py."""

    budget: BudgetConfig
    """`kind` and `limit` of each trial"""
    learning_rates: Annotated[tuple[Above0, ...], Distinct(), Field(min_length=2)]
    """the rates to try, in this order"""
    tunable: dict[str, TwoValues] = Field(default_factory=dict)
    """by method, a setting and the two values of it to try instead of the method's own"""

    def tried_of(self, method: str) -> tuple[str, Any, Any] | None:
        """The setting of a method that the study has searched, and two values of it; None leaves that to the method."""
        for setting, (first, second) in self.tunable.get(method, {}).items():
            return setting, first, second
        return None


@dataclass(frozen=True, config=KEYS)
class MethodOptions:
    """What a label stands for."""

    method: FilePath | None = None
    """the file in `methods/`, or a path, when the label is another name"""
    settings: dict[str, Any] = Field(default_factory=dict)
    """settings of the method; `python -m benchmark methods` lists them"""
    budget_share: Share = 1  # no float: a whole number's share stays whole, and so do identities
    """share of the study's budget, to see how little would do; its settings are searched as the others'"""
    targets: Targets | None = None
    """instead of the study's"""
    seeds: Seeds | None = None
    """instead of the study's"""
    leave_out: tuple[FilePath, ...] = Field(default=(), alias="except")
    """of `"*"` only: methods to leave out"""


def _every_other(methods: dict[str, MethodOptions | None]) -> dict[str, MethodOptions | None]:
    """`"*"` stands for many methods, and only it leaves some out."""
    for label, options in methods.items():
        options = options or MethodOptions()
        if label != EVERY_OTHER and options.leave_out:
            raise ValueError(f'"{label}" takes no `except`: only "{EVERY_OTHER}" does')
        if label == EVERY_OTHER and (options.method or options.settings or options.budget_share != 1):
            raise ValueError(f'"{EVERY_OTHER}" takes only `targets`, `seeds` and `except`')
    return methods


Methods = Annotated[dict[Label, MethodOptions | None], AfterValidator(_every_other), Field(min_length=1)]


@dataclass(frozen=True, config=KEYS)
class StudyKeys:
    """A pinchbench study."""

    name: StudyName
    """names `work/<name>` and `results/<name>`: small letters, digits and `-`"""
    corpus: CorpusConfig
    """the speech: which corpus, which splits"""
    dense: DenseConfig
    """the model that is compressed"""
    budget: BudgetConfig
    """of every run; see `docs/budgets-and-sizes.md`"""
    targets: Targets
    """shares of the encoder matrices' weights to remove, each in (0, 1), no two alike in six digits"""
    seeds: Seeds
    """one run of each method for each; below 2^32"""
    methods: Methods
    """label: options, or nothing for the defaults; letters, digits and `_`. `"*"` stands for every other method that \
there is"""
    reference: Label = "self_pinching"
    """the label that all others are tested against"""
    training: TrainingConfig = TrainingConfig()
    """what all methods share in training"""
    evaluation: EvaluationConfig = EvaluationConfig()
    """how models are decoded"""
    hardware: HardwareConfig = HardwareConfig()
    """where runs are computed"""
    tuning: TuningConfig | None = None
    """a search on `dev` before the runs, the same number of trials for every trained method; below"""
    settings_from: StudyName | None = None
    """instead: a study whose published searches choose the settings, by label and target"""
    evaluations: Evaluations = ()
    """what is measured of each run beside the WER: files in `benchmark/evaluations/`, such as `no_regression`"""
