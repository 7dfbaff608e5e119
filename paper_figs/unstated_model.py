"""The abstract's number without a model: 7.05 % WER at 4.26x, and why it stands under neither of the paper's models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paper_figs.published import CTC, Published
from paper_figs.rows import percent

NOT_STATED = "not stated"  # as the base model in published.csv
REMOVED = {"wav2vec2-base": 0.65, "HuBERT-large": 0.60}  # without a significant increase; arXiv 2505.22608, abstract


@dataclass(frozen=True)
class Size:
    """Parameters of a whole model, and those in the matrices of its encoder."""

    total: int
    matrices: int

    def ratio(self, share: float) -> float:
        """Compression ratio if `share` of the matrices' weights is removed."""
        return self.total / (self.total - share * self.matrices)

    def share(self, ratio: float) -> float:
        """Share of the matrices' weights to remove for a compression ratio; above 1 it cannot be reached."""
        return (1 - 1 / ratio) * self.total / self.matrices


SIZES = {"wav2vec2-base": Size(94_396_320, 84_934_656), "HuBERT-large": Size(315_471_520, 301_989_888)}


def unstated(published: Sequence[Published]) -> Published:
    """The row of published.csv whose source does not say which model it is about."""
    return next(row for row in published if row.protocol == CTC and row.base_model == NOT_STATED)


def reckoning(published: Sequence[Published]) -> str:
    """The arithmetic in words: at which shares each model has the published ratio."""
    ratio = unstated(published).ratio
    stated = [
        f"{model} with {percent(share)} of its matrices removed comes to {SIZES[model].ratio(share):.2f}x (with "
        f"{percent(share)} of all its parameters, to {1 / (1 - share):.2f}x)"
        for model, share in REMOVED.items()
    ]
    needed = [
        f"{model} ({size.total:,} parameters, {size.matrices:,} of them in the encoder's matrices) with "
        f"{percent(size.share(ratio))} of the matrices removed"
        for model, size in SIZES.items()
    ]
    return (
        f"The abstract does not say which model has this WER. The shares that it gives do not lead to {ratio:.2f}x: "
        f"{', and '.join(stated)}. Both models can have this ratio: {', and '.join(needed)}. So the number stands "
        "under neither model."
    )
