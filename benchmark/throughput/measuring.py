"""Measured rows: the plain step, methods' steps and Hugging Face's Trainer compared with it, and transcription."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tqdm import tqdm

from benchmark.models.counting import count_parameters
from benchmark.runs.failures import Failed, failures_as_reasons
from benchmark.system.errors import CannotCompress, TrainingDiverged, UserError
from benchmark.throughput.bench import Bench
from benchmark.throughput.figures import TRANSCRIBE, Figures, Row
from benchmark.throughput.phases import PLAIN
from benchmark.throughput.timing import Contestant, Step, in_turns, quartiles, speed
from benchmark.throughput.trainer import VARIANTS
from benchmark.training.budget import OverBudget

TRAINER_ROUNDS = 4  # each round takes some steps of the loop, then of the Trainer
FROM_AUDIO = "dense_finetuned, from audio"
COMPILED = "dense_finetuned, compiled"


def figures(steps: list[Step], ratios: list[float] | None, peak_bytes: int | None) -> Figures:
    """Figures of some steps, and of their time ratios to the plain step."""
    return Figures(
        steps=len(steps),
        speech_per_second=quartiles([speed([step]) for step in steps]),
        work_per_second=sum(step.work for step in steps) / sum(step.seconds for step in steps),
        time_of_plain=quartiles(ratios) if ratios else None,
        peak_bytes=peak_bytes,
    )


class Turns:
    """The plain loop of a bench with all its steps so far, and measurements in turns with it."""

    def __init__(self, bench: Bench, steps: int) -> None:
        self.bench, self.steps = bench, steps
        self.plain = bench.loop(PLAIN)
        self.taken = self.plain.take(steps)

    def figures(self) -> Figures:
        """Figures of the plain step."""
        return figures(self.taken, None, self.plain.peak_bytes)

    def method(self, name: str) -> Figures:
        """Figures of a method's step, alternating with plain steps on the same batches."""
        return self._beside(self.bench.loop(name), self.steps, 1)

    def from_audio(self) -> Figures:
        """Figures of the plain step that computes the frozen front-end instead of reading its cached output."""
        return self._beside(self.bench.loop(PLAIN, from_audio=True), self.steps, 1)

    def compiled(self) -> Figures:
        """Figures of the plain step with compiled Transformer layers."""
        return self._beside(self.bench.loop(PLAIN, compiled=True), self.steps, 1)

    def trainer(self, variant: str) -> Figures:
        """Figures of the Trainer's step, with several steps per turn."""
        return self._beside(self.bench.trainer(variant), TRAINER_ROUNDS, max(1, self.steps // TRAINER_ROUNDS))

    def _beside(self, other: Contestant, rounds: int, steps: int) -> Figures:
        ours, theirs = in_turns(self.plain, other, rounds, steps)
        self.taken += [step for turn in ours for step in turn]
        ratios = [speed(a) / speed(b) for a, b in zip(ours, theirs, strict=True)]
        return figures([step for turn in theirs for step in turn], ratios, other.peak_bytes)


def rows_at(bench: Bench, methods: list[str], steps: int, *, compiled: bool, trainer: bool) -> Iterator[list[Row]]:
    """Yields all rows of a bench so far, after each new row; the plain step comes first.

    A row that fails, for example out of memory, records its reason, and the others continue.
    """
    turns: list[Turns] = []

    def begin() -> Figures:
        turns.append(Turns(bench, steps))
        return turns[0].figures()

    rows = [row(bench, PLAIN, begin)]
    yield rows
    measures: list[tuple[str, Callable[[], Figures]]] = [(TRANSCRIBE, partial(transcription, bench))]
    for plain in turns:
        measures.append((FROM_AUDIO, plain.from_audio))
        measures += [(COMPILED, plain.compiled)] if compiled else []
        measures += [(name, partial(plain.method, name)) for name in methods if name != PLAIN]
        measures += [(name, partial(plain.trainer, name)) for name in VARIANTS if trainer]
    for name, measure in tqdm(measures, desc=f"{bench.name}, {bench.precision}", unit="row"):
        rows.append(row(bench, name, measure))
        for plain in turns:
            rows[0]["figures"] = plain.figures()  # including the plain steps of the latest comparison
        yield rows


def transcription(bench: Bench) -> Figures:
    """Figures of the dense model's transcription of all the speech, counted as one step."""
    seconds = 1 / bench.transcription_speed()
    return figures([Step(seconds, 1.0, 0.0)], None, None)


def row(bench: Bench, name: str, measure: Callable[[], Figures]) -> Row:
    """The row of a measurement, with its figures or the reason of its failure."""
    found, reason = None, None
    try:
        with failures_as_reasons():
            found = measure()
    except (Failed, OverBudget, CannotCompress, TrainingDiverged, UserError) as error:
        reason = str(error)
    return Row(
        model=bench.name,
        parameters=count_parameters(bench.speech_model.model),
        name=name,
        precision=bench.precision,
        reason=reason,
        figures=found,
    )
