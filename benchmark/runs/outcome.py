"""Checks the model that a method returned: its kind, and its size after it is exported and read back."""

from __future__ import annotations

from pathlib import Path

from transformers import PreTrainedModel

from benchmark.models.checkpoints import SpeechModel, load, save
from benchmark.models.counting import count_parameters, remaining_parameters
from benchmark.runs.footprint import encoder_sparsity, plain_bytes
from benchmark.system.errors import CannotCompress, CannotReachTarget, UserError
from benchmark.toolbox.families import Family
from benchmark.toolbox.target import Target

# Largest deviation from the target per family, in either direction, as a share of the dense model's parameters. Single
# weights can be counted exactly: no committed record is off by more than 0.0002 %, and 0.05 % leaves room for rounding
# in every row. Heads, neurons, ranks and layers come in larger units: the committed records are within 0.013 %, but the
# units of a small model are larger shares of it. The tables' sizes are too coarse to show 0.5 % of a model.
WEIGHTS, PIECES = 0.0005, 0.005
TOLERANCE: dict[Family, float] = {
    "dense": WEIGHTS,
    "unstructured": WEIGHTS,
    "control": PIECES,
    "structured": PIECES,
    "low-rank": PIECES,
    "distilled": PIECES,
    "quantised": PIECES,
    "shared": PIECES,
    "communication": WEIGHTS,
}
KEEPS_ALL: tuple[Family, ...] = ("dense", "control", "quantised", "communication")  # all parameters, without a target


def returned_model(result: object, dense: PreTrainedModel) -> PreTrainedModel:
    """Return the result of `compress`, after checking that it is a model of the dense one's class.

    Raises:
        CannotCompress: the result is something else.
    """
    wanted = type(dense)
    if isinstance(result, wanted):
        return result
    got = "None" if result is None else f"a {type(result).__name__}"
    raise CannotCompress(f"compress returned {got}: it has to return the compressed {wanted.__name__}")


def read_back(speech_model: SpeechModel, folder: Path) -> tuple[SpeechModel, int]:
    """Export a model to `folder` and read it back; return that model and the bytes of its weights.

    Raises:
        CannotCompress: the model has a shape that cannot be saved, or weights that are not finite.
        UserError: the disk is full.
    """
    size = save(speech_model, folder)
    try:
        exported = load(folder)
    except UserError as error:  # the method returned a wrong model, which the user cannot mend
        raise CannotCompress(f"the exported model cannot be read back: {error}") from None
    return exported, size


def require_size(
    family: Family, target: Target | None, dense: PreTrainedModel, model: PreTrainedModel, bytes_on_disk: int
) -> None:
    """Refuse a model that is larger or smaller than its row would claim.

    If there is a target, the remaining parameters are compared with it; for unstructured methods, so is the encoder's
    sparsity. If there is none, dense, control, quantised and communication models must keep all parameters, quantised
    ones must take fewer bytes than in floats, and all others must have fewer parameters than the dense model.

    Args:
        family: the method's family.
        target: the run's target; None for a method without one.
        dense: the model that the run started from.
        model: the model that was read back.
        bytes_on_disk: size of the exported weights.

    Raises:
        CannotReachTarget: the size is wrong; the message gives the measured value, the expected one and the tolerance.
    """
    total, left = count_parameters(dense), remaining_parameters(model)
    if target is None and family not in KEEPS_ALL:
        if left >= total:
            raise CannotReachTarget(f"nothing was removed: {left:,} parameters remain of the dense model's {total:,}")
        return
    if left > total:
        raise CannotReachTarget(f"parameters were added: {left:,} remain of the dense model's {total:,}")
    wanted = total if target is None else target.remaining
    goal = "all should stay" if target is None else f"misses its target of {_percent(target.sparsity)}"
    allowed = f"the tolerance of the family {family} is {_percent(TOLERANCE[family])}"
    if abs(left - wanted) > TOLERANCE[family] * total:
        off = f"{_percent(abs(left - wanted) / total)} of the dense model too {'many' if left > wanted else 'few'}"
        raise CannotReachTarget(
            f"{goal}: {left:,} parameters remain in the exported model, not {wanted:,}: {off}; {allowed}"
        )
    if target is not None and family == "unstructured":
        sparsity = encoder_sparsity(dense, model)
        if abs(sparsity - target.sparsity) > TOLERANCE[family]:
            raise CannotReachTarget(f"{goal}: {_percent(sparsity)} of the exported encoder is zero; {allowed}")
    if family == "quantised" and bytes_on_disk >= (floats := plain_bytes(dense)):
        raise CannotReachTarget(f"nothing was quantised: {bytes_on_disk:,} bytes are exported, floats take {floats:,}")


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
