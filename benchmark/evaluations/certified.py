"""Certified radii of transcripts, after "(Certified!!) Adversarial Robustness for Free!" (Carlini et al., 2023)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field
from pydantic.dataclasses import dataclass

from benchmark.corpora.manifest import Utterance
from benchmark.evaluations.contract import Column, Common, Evaluation, FinishedRun
from benchmark.scoring.trn import Transcripts
from benchmark.smoothing.certificates import (
    Certificate,
    abstention,
    average_radius,
    certified_accuracy,
    certified_radius,
    mcnemar,
    mean_ratio_in_db,
    require_certifiable,
)
from benchmark.smoothing.votes import Sampling, Votes, within
from benchmark.system.errors import UserError
from benchmark.system.typed_yaml import KEYS, Above0, Distinct, Probability

if TYPE_CHECKING:
    from benchmark.models.checkpoints import SpeechModel

DECISIONS = ("same", "near")  # every word, or most words, as in the chosen transcript
MAIN = "near_denoised"  # decision and arm of most columns, of the figure and of the comparison with dense
STEP = 5  # of the curve, in per cent of the largest radius that can be certified
COMPARED = 50  # where on the curve a row is compared with dense

INTRODUCTION = """\
**What a radius says.** Noise is added to a recording many times. A small denoiser takes out what it can, the model
transcribes every copy, and the copies vote. No change of the recording can turn this vote if the change's l2 norm is
below the certified radius. This statement is wrong for an utterance with a probability of at most `alpha`. Speech is
scaled to unit RMS first, so a second of it has a norm of 126.

**What it does not say.** Certified changes are tiny: the ratio below is that of speech to change. The noise of the
votes has a far larger norm than any radius, and a change beyond the radius may well turn the vote. The radius belongs
to the vote behind the denoiser, not to the model alone. So these numbers rank how stable models are. They are no
practical defence.

A copy votes for the chosen transcript if its own is *near*: if few of the words differ. Word for word, whole sentences
mostly abstain. An utterance counts as certified only if the chosen transcript is near the reference too. Only short
utterances are put to the vote. All models hear the same noise and share one denoiser of 140,097 parameters, which no
size in this study includes. If the study has several levels of noise, each row is at the level with its largest mean
radius, chosen on these utterances."""

AT = "share of the utterances that are right and certified"
COLUMNS = {
    "utterances": Column("utterances", "Utterances: how many short utterances were put to the vote", digits=0),
    "largest_radius": Column("largest radius", "Largest radius: what an utterance gets if all votes agree", digits=3),
    f"{MAIN}_noise": Column("noise", "Noise: its standard deviation, relative to the speech", digits=3),
    "at_0": Column("certified %", f"Certified: {AT}, at any radius", factor=100, digits=1),
    "at_25": Column("at 1/4 %", f"At 1/4: {AT} at a quarter of the largest radius", factor=100, digits=1),
    "at_50": Column("at 1/2 %", f"At 1/2: {AT} at half of the largest radius", factor=100, digits=1),
    "at_75": Column("at 3/4 %", f"At 3/4: {AT} at three quarters of the largest radius", factor=100, digits=1),
    f"{MAIN}_abstains": Column(
        "abstains %", "Abstains: share of the utterances without a clear majority, right or wrong", factor=100, digits=1
    ),
    f"{MAIN}_radius": Column(
        "mean radius", "Mean radius: over all utterances; 0 for those that abstain or are wrong", digits=4
    ),
    f"{MAIN}_ratio": Column(
        "ratio (dB)", "Ratio: of the speech's norm to the radius, a mean over the certified utterances", digits=1
    ),
    "near_noisy_radius": Column("without denoiser", "Without denoiser: mean radius of the noisy model alone", digits=4),
    "same_denoised_at_0": Column(
        "word for word %",
        "Word for word: share certified if a copy must match every word of the chosen transcript",
        factor=100,
        digits=1,
    ),
    "lost": Column("lost", "Lost: utterances that only dense has certified at half of the largest radius", digits=0),
    "gained": Column("gained", "Gained: those that only this row has", digits=0),
    "p": Column(
        "p",
        "p: McNemar's exact test of lost against gained, not corrected for the number of rows; with several seeds the "
        "mean of their p-values, which is not itself a p-value",
        digits=3,
    ),
}


class Level(NamedTuple):
    """A level of noise, and the certificates of all utterances at it."""

    noise: float
    certificates: list[Certificate]


class Certified(Evaluation):
    """Randomised smoothing of the transcript (Cohen et al., ICML 2019), with a denoiser in front of the model.

    Adaptations to speech: the input is the waveform, scaled to unit RMS. The decision is the transcript of a short
    utterance, or whether a transcript is near the most frequent one. The denoiser is not a pretrained diffusion model,
    but a small one that is trained once for all models of a study. The noise is seeded per utterance, so that all
    models hear the same.
    """

    runs_models = True
    section = "Certified radii"
    introduction = INTRODUCTION
    columns = COLUMNS
    axes = ("radius (l2 norm of the change; speech of unit RMS)", "certified accuracy (%)")

    @dataclass(frozen=True, config=KEYS)
    class Settings:
        """How much noise, how many samples, which utterances."""

        noise: Annotated[tuple[Above0, ...], Distinct(), Field(min_length=1)] = (0.01, 0.025, 0.05, 0.1)
        """standard deviations of the noise, for speech of unit RMS"""
        selection: Annotated[int, Field(ge=1)] = 50
        """noisy copies of an utterance that choose its transcript"""
        samples: Annotated[int, Field(ge=1)] = 200
        """fresh noisy copies that are counted"""
        alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.001
        """probability that the radius of an utterance is too large"""
        tolerance: Probability = 0.25
        """word errors per word of the chosen transcript with which another one is near it"""
        utterances: Annotated[int, Field(ge=1)] = 100
        """the most utterances per test set"""
        max_seconds: Above0 = 4.0
        """longer utterances are left out"""
        without_denoiser: bool = True
        """vote without the denoiser too, for comparison, which doubles the time"""
        denoiser_steps: Annotated[int, Field(ge=1)] = 300
        """steps of training the denoiser"""

        def __post_init__(self) -> None:
            require_certifiable(self.samples, self.alpha)

    settings: Settings

    def points(self, metrics: Mapping[str, float]) -> list[tuple[float, float]]:
        """Certified accuracy in per cent against the radius."""
        largest = metrics["largest_radius"]
        return [(percent / 100 * largest, 100 * metrics[f"at_{percent}"]) for percent in range(0, 101, STEP)]

    def measure(self, run: FinishedRun, split: str) -> dict[str, float]:
        """Numbers by decision and arm, each at the level of noise with the largest mean radius, and a comparison.

        `<decision>_<arm>_noise` is that level; `_radius` the mean radius; `_at_0` the share of utterances that is right
        and certified at any radius; `_abstains` the share that abstains; `_ratio` the mean in dB of norm to radius, if
        there is any radius. Of `MAIN` there are also `at_<percent>`, the share that is right and certified at so many
        per cent of `largest_radius`, and `lost`, `gained` and `p` against dense. `utterances` is their number.

        Raises:
            UserError: no utterance is short enough, or a model is missing.
        """
        from benchmark.models.checkpoints import load

        utterances = self._short(run.common.corpus.split(split))
        if not utterances:
            raise UserError(f"no utterance is at most {self.settings.max_seconds:g} s long")
        spoken = run.references[split]
        own = self._levels(run.model, run.common, utterances, spoken)
        dense = self._levels(load(run.common.dense_model), run.common, utterances, spoken)
        metrics = {
            f"{name}_{metric}": value for name, level in own.items() for metric, value in _summary(level).items()
        }
        main = own[MAIN].certificates
        metrics |= {"utterances": len(main), "largest_radius": self._largest} | self._curve(main)
        return metrics | self._comparison(main, dense[MAIN].certificates)

    def _short(self, utterances: Sequence[Utterance]) -> list[Utterance]:
        """Utterances that are short enough, drawn by a hash of their ids, so that their order does not matter."""
        short = [utterance for utterance in utterances if utterance.seconds <= self.settings.max_seconds]
        short.sort(key=lambda utterance: hashlib.sha256(utterance.id.encode()).digest())
        return short[: self.settings.utterances]

    def _levels(
        self, model: SpeechModel, common: Common, utterances: Sequence[Utterance], spoken: Transcripts
    ) -> dict[str, Level]:
        """By decision and arm, the level of noise with the largest mean radius."""
        from benchmark.smoothing.kept_votes import Voting, kept_denoiser
        from benchmark.training.precision import pick_device

        settings, folder, device = self.settings, common.folder / "certified", pick_device(common.device)
        model.to(device)
        voting = Voting(
            folder,
            common.corpus,
            utterances,
            Sampling(settings.selection, settings.samples, settings.tolerance),
            common.normalizer,
            common.batch_seconds,
        )
        denoiser = kept_denoiser(folder, common.corpus, common.train, settings.noise, settings.denoiser_steps, device)
        arms = {"denoised": denoiser, "noisy": None} if settings.without_denoiser else {"denoised": denoiser}
        best = {}
        for arm, heard in arms.items():
            votes = {noise: voting.votes(model, heard, noise) for noise in settings.noise}
            for decision in DECISIONS:
                levels = [self._level(decision, noise, votes[noise], utterances, spoken) for noise in votes]
                best[f"{decision}_{arm}"] = max(levels, key=lambda level: average_radius(level.certificates))
        return best

    def _level(
        self, decision: str, noise: float, votes: Sequence[Votes], utterances: Sequence[Utterance], spoken: Transcripts
    ) -> Level:
        settings, certificates = self.settings, []
        for utterance, vote in zip(utterances, votes, strict=True):
            reference = spoken[utterance.id]
            correct = bool(within(settings.tolerance if decision == "near" else 0.0, reference, [vote.modal]))
            hits = vote.grouped if decision == "near" else vote.exact
            radius = certified_radius(hits, settings.samples, noise, settings.alpha)
            certificates.append(Certificate(radius, correct, norm=math.sqrt(utterance.samples)))
        return Level(noise, certificates)

    @property
    def _largest(self) -> float:
        """The largest radius that the samples can certify."""
        settings = self.settings
        return certified_radius(settings.samples, settings.samples, max(settings.noise), settings.alpha) or 0.0

    def _curve(self, certificates: Sequence[Certificate]) -> dict[str, float]:
        """Certified accuracy at equally spaced radii, up to the largest."""
        percents = range(0, 101, STEP)
        return {
            f"at_{percent}": certified_accuracy(certificates, percent / 100 * self._largest) for percent in percents
        }

    def _comparison(self, own: Sequence[Certificate], dense: Sequence[Certificate]) -> dict[str, float]:
        """McNemar's test of the utterances that only one of two models has right and certified at `COMPARED`."""
        radius = COMPARED / 100 * self._largest
        pairs = [(one.holds(radius), other.holds(radius)) for one, other in zip(own, dense, strict=True)]
        lost, gained = pairs.count((False, True)), pairs.count((True, False))
        return {"lost": lost, "gained": gained, "p": mcnemar(lost, gained)}


def _summary(level: Level) -> dict[str, float]:
    found = level.certificates
    ratio = mean_ratio_in_db(found)
    return {
        "noise": level.noise,
        "radius": average_radius(found),
        "at_0": certified_accuracy(found, 0.0),
        "abstains": abstention(found),
    } | ({} if ratio is None else {"ratio": ratio})
