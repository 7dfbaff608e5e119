"""What a method returned: a model of the right kind, and as small, once exported and read back, as its row says."""

from __future__ import annotations

from pathlib import Path

from transformers import PreTrainedModel

from benchmark.models.checkpoints import SpeechModel, load, save
from benchmark.models.counting import count_parameters, remaining_parameters
from benchmark.runs.footprint import encoder_sparsity, plain_bytes
from benchmark.system.errors import CannotCompress, CannotReachTarget, UserError
from benchmark.toolbox.families import Family
from benchmark.toolbox.target import Target

# By how much a family may miss, as a share of the dense model's parameters, in either direction. Single weights can be
# chosen to the weight: no committed record is off by more than 0.0002 %, and 0.05 % leaves room for rounding in every
# row. Heads, neurons, ranks and layers come in pieces: the committed records are within 0.013 %, but the pieces of a
# small model are larger shares of it. 0.5 % of a model is less than the tables show of its size.
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
}
KEEPS_ALL: tuple[Family, ...] = ("dense", "control", "quantised")  # of these families where a method has no target


def returned_model(result: object, dense: PreTrainedModel) -> PreTrainedModel:
    """What `compress` returned, once it is known to be a model of the dense one's class.

    Raises:
        CannotCompress: it is something else.
    """
    wanted = type(dense)
    if isinstance(result, wanted):
        return result
    got = "None" if result is None else f"a {type(result).__name__}"
    raise CannotCompress(f"compress returned {got}: it has to return the compressed {wanted.__name__}")


def read_back(ctc: SpeechModel, folder: Path) -> tuple[SpeechModel, int]:
    """Export a model to `folder` and read that folder, which is all that counts; and the bytes of its weights.

    Raises:
        CannotCompress: the model is of a shape that no folder can hold, or has weights that are not finite.
        UserError: the disk is full.
    """
    size = save(ctc, folder)
    try:
        exported = load(folder)
    except UserError as error:  # not the user's to mend: it is what the method returned
        raise CannotCompress(f"the exported model cannot be read back: {error}") from None
    return exported, size


def require_size(
    family: Family, target: Target | None, dense: PreTrainedModel, model: PreTrainedModel, bytes_on_disk: int
) -> None:
    """Refuse a model that is not as small, or is smaller, than its row would say.

    With a target, the parameters that remain are compared with it, and for unstructured methods the sparsity of the
    encoder too. Without one, a dense, control or quantised model has all its parameters, a quantised one takes fewer
    bytes than in floats, and any other has fewer parameters than the dense model.

    Args:
        family: of the method.
        target: of the run; None for a method without one.
        dense: the model that the run started from.
        model: what was read back.
        bytes_on_disk: of the exported weights.

    Raises:
        CannotReachTarget: says the figure, what it should be, and the tolerance.
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
