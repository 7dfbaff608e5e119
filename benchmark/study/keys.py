"""The keys of a study's file: one typed model. config/schema.json and the table in docs/studies.md are made of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from benchmark.corpora.choice import CorpusConfig
from benchmark.scoring.normalizers import NormalizerName
from benchmark.system.devices import Device
from benchmark.system.typed_yaml import KEYS, Above0, Distinct, FilePath, Named, Number, Probability, Share
from benchmark.system.validated import Title
from benchmark.training.allowance import BudgetConfig

EVERY_OTHER = "*"  # a label: all methods that the study does not name


def _share_to_remove(target: float) -> float:
    if not 0 < target < 1:
        raise ValueError(f"target {target} is outside (0, 1): it is the share of weights to remove")
    return target


def _one_setting(tried: dict[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
    if len(tried) != 1:
        raise ValueError(f"expected one setting with two values to try, not {len(tried)} settings")
    return tried


StudyName = Annotated[
    str,
    Named(
        "[a-z0-9][a-z0-9-]{0,63}",
        "a study's name: at most 64 lower-case letters, digits and '-', not beginning with '-'",
    ),
]
Label = Annotated[
    str,
    Named(
        r"([A-Za-z0-9][A-Za-z0-9_]{0,63}|\*)",
        "a label: '*', or at most 64 letters, digits and '_', beginning with a letter or digit",
    ),
]
Target = Annotated[
    Number, AfterValidator(_share_to_remove), Field(json_schema_extra={"exclusiveMinimum": 0, "exclusiveMaximum": 1})
]
Targets = Annotated[tuple[Target, ...], Distinct(), Field(min_length=1)]
Seeds = Annotated[tuple[Annotated[int, Field(ge=0, lt=2**32)], ...], Distinct(), Field(min_length=1)]
Speed = Annotated[Number, Field(ge=0.25, le=4)]
Percent = Annotated[Number, Field(ge=0, le=1000)]  # insertions can exceed the words
TwoValues = Annotated[dict[str, tuple[Any, Any]], AfterValidator(_one_setting)]


@dataclass(frozen=True, config=KEYS)
class FineTuneConfig:
    """Fine-tuning of the dense start on the study's training data."""

    budget: BudgetConfig
    """`kind` and `limit`, as for the study"""
    learning_rate: Above0
    """peak of the linear warm-up and decay"""
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
    """a folder, relative to the project, or a Hugging Face id"""
    revision: FilePath | None = None
    """commit of the Hugging Face model; without it the newest is used, and `work/<name>/dense/dense.json` says which"""
    language: FilePath | None = None
    """language of a multilingual model, such as `en`; a CTC model takes none"""
    fine_tune: FineTuneConfig | None = None
    """fine-tuning on `train` first; a model that is only pre-trained gets a new output head"""
    published_wer: dict[str, Percent] = Field(default_factory=dict)
    """the authors' WER in percent, by split; the study stops if the dense model differs from it by more than \
`tolerance`"""
    tolerance: Annotated[Number, Field(gt=0, le=100)] = 0.3
    """allowed difference from `published_wer`, in points"""


@dataclass(frozen=True, config=KEYS)
class TrainingConfig:
    """What all methods share in training."""

    batch_seconds: Above0 = 32.0
    """seconds of audio per batch, padding included"""
    gradient_accumulation: Annotated[int, Field(ge=1, le=10_000)] = 1
    """batches per step"""
    frozen_frontend: bool = True
    """keep the front-end fixed and cache its output; in Whisper the token embedding stays fixed too"""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """`fp32`, `bf16`, or `auto`: bf16 on GPUs that support it, and on CPUs that are at least 1.2 times as fast \
with it, which a run measures first; each record names its precision"""
    warmup: Share = 0.1
    """share of a training phase in which the learning rate rises"""
    dropout: Probability = 0.0
    """dropout of the Transformer; LayerDrop is always off"""
    spec_augment: bool = False
    """SpecAugment as in the dense model's configuration"""
    orthography: Literal["corpus", "model"] = "corpus"
    """how labels are written: as in the corpus, or with the capitals and punctuation of the dense model's own \
transcripts, where these have the same words"""


@dataclass(frozen=True, config=KEYS)
class HardwareConfig:
    """Where runs are computed. Not part of a run's identity; each record names its device."""

    device: Device = "auto"
    """`cpu`, `cuda`, or `auto`: a GPU if there is one; not part of a run's identity"""
    spin: bool = False
    """let threads spin while they wait: up to a tenth faster on an idle machine without a GPU, slower beside other \
work. A job that finds the machine busy says so in one line and lets them sleep; not part of a run's identity"""


@dataclass(frozen=True, config=KEYS)
class EvaluationConfig:
    """Decoding: the batches are fixed, since with padding the output depends on them."""

    batch_seconds: Above0 = 32.0
    """seconds of audio per decoding batch"""
    precision: Literal["fp32", "bf16"] = "fp32"
    """what models compute in when they transcribe; bf16 only pays on processors that have it"""
    normalizer: NormalizerName = "none"
    """`whisper-english` normalises transcripts and references before words are counted, as Whisper's authors do"""


@dataclass(frozen=True, config=KEYS)
class TuningConfig:
    """The same small search for every trained method, on the dev set: see benchmark/runs/search.py."""

    budget: BudgetConfig
    """`kind` and `limit` of each trial"""
    learning_rates: Annotated[tuple[Above0, ...], Distinct(), Field(min_length=2)]
    """the rates to try, in this order"""
    tunable: dict[str, TwoValues] = Field(default_factory=dict)
    """by method: a setting and two values to try, instead of those that the method names"""

    def tried_of(self, method: str) -> tuple[str, Any, Any] | None:
        """The setting of a method that the study has searched, and two values of it; None leaves that to the method."""
        for setting, (first, second) in self.tunable.get(method, {}).items():
            return setting, first, second
        return None


@dataclass(frozen=True, config=KEYS)
class MethodOptions:
    """What a label stands for."""

    method: FilePath | None = None
    """a file in `methods/`, or a path; needed if the label is not the method's name"""
    title: Title | None = None
    """name of its rows in tables and figures; otherwise the method's title and the rest of the label"""
    settings: dict[str, Any] = Field(default_factory=dict)
    """settings of the method; `python -m benchmark methods` lists them"""
    budget_share: Share = 1  # no float: a whole number's share stays whole, and so do identities
    """share of the study's budget, to see how much is needed; searches do not depend on it"""
    targets: Targets | None = None
    """instead of the study's targets"""
    seeds: Seeds | None = None
    """instead of the study's seeds"""
    leave_out: tuple[FilePath, ...] = Field(default=(), alias="except")
    """methods to leave out; only for `"*"`"""


def _every_other(methods: dict[str, MethodOptions | None]) -> dict[str, MethodOptions | None]:
    """`"*"` stands for many methods, and only it leaves some out."""
    for label, options in methods.items():
        options = options or MethodOptions()
        if label != EVERY_OTHER and options.leave_out:
            raise ValueError(f'"{label}" takes no `except`: only "{EVERY_OTHER}" does')
        if label == EVERY_OTHER and (options.method or options.title or options.settings or options.budget_share != 1):
            raise ValueError(f'"{EVERY_OTHER}" takes only `targets`, `seeds` and `except`')
    return methods


Evaluations = dict[Label, dict[str, Any] | None]
Methods = Annotated[dict[Label, MethodOptions | None], AfterValidator(_every_other), Field(min_length=1)]


@dataclass(frozen=True, config=KEYS)
class StudyKeys:
    """A pinchbench study."""

    name: StudyName
    """names `work/<name>` and `results/<name>`: lower-case letters, digits and `-`"""
    corpus: CorpusConfig
    """the speech: which corpus, which splits"""
    dense: DenseConfig
    """the model that is compressed"""
    budget: BudgetConfig
    """for every run; see `docs/budgets-and-sizes.md`"""
    targets: Targets
    """shares of the encoder matrices' weights to remove, each in (0, 1), all different in six digits"""
    seeds: Seeds
    """each method runs once per seed; below 2^32"""
    methods: Methods
    """labels (letters, digits and `_`), each with its options, or with nothing for the defaults. `"*"` stands for all \
other methods"""
    reference: Label = "self_pinching"
    """the label that all others are tested against"""
    training: TrainingConfig = TrainingConfig()
    """what all methods share in training"""
    evaluation: EvaluationConfig = EvaluationConfig()
    """how models are decoded"""
    hardware: HardwareConfig = HardwareConfig()
    """where runs are computed"""
    tuning: TuningConfig | None = None
    """a search on `dev` before the runs, with the same number of trials for every trained method; see below"""
    settings_from: StudyName | None = None
    """instead of `tuning`: a study whose published searches choose the settings, by label and target"""
    evaluations: Evaluations = Field(default_factory=dict)
    """what is measured of each run besides the WER: files in `benchmark/evaluations/`, each with its settings, or \
with nothing for the defaults; see `docs/evaluations.md`"""
