"""What a pipeline measured, beside one process with the same cuts: a table, and numbers for a file."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from benchmark.pipeline.course import Course
from benchmark.pipeline.processes import train_in_stages
from benchmark.pipeline.training import Alone, Stage, train_alone

BANDWIDTHS = {"10 Mbit/s": 1e7, "100 Mbit/s": 1e8, "1 Gbit/s": 1e9, "10 Gbit/s": 1e10}


@dataclass(frozen=True)
class Measured:
    """A course trained twice."""

    course: Course
    stages: list[Stage]
    alone: Alone

    @property
    def largest_difference(self) -> float:
        """Of the loss of a step, relative to that of one process."""
        pairs = zip(self.stages[-1].losses, self.alone.losses, strict=True)
        return max(abs(one - other) / abs(other) for one, other in pairs)

    @property
    def sent(self) -> list[tuple[int, int]]:
        """Bytes on the wire over each cut in all steps: of activations, by the stage before it, and of gradients."""
        pairs = zip(self.stages, self.stages[1:], strict=False)
        return [(before.activation_bytes, behind.gradient_bytes) for before, behind in pairs]

    @property
    def counted(self) -> list[tuple[int, int]]:
        """The same by the formula, as one process counts it."""
        return list(zip(self.alone.activation_bytes, self.alone.gradient_bytes, strict=True))

    def step_seconds(self, bits_per_second: float) -> tuple[float, float]:
        """Seconds of a step at this bandwidth: compressed, and with floats.

        The computing of all stages is measured and the sending is computed; one follows the other. A schedule of many
        micro-batches would hide a part of both.
        """
        computing = sum(stage.computing for stage in self.stages)
        plain = computing - sum(stage.coding for stage in self.stages)
        floats = 2 * self.alone.float_bytes * len(self.sent)
        sent = sum(map(sum, self.sent))
        return (
            computing + 8 * sent / self.course.steps / bits_per_second,
            plain + 8 * floats / self.course.steps / bits_per_second,
        )

    def table(self) -> str:
        """All numbers, for people."""
        steps, frames = self.course.steps, self.alone.frames
        lines = [
            f"{self.course.cuts.stages} stages, {steps} steps of {self.course.micro_batches} micro-batches",
            f"{'':14}{'bits per frame':>16}{'bytes sent':>14}{'by formula':>14}{'as floats':>14}",
        ]
        for number, (sent, counted) in enumerate(zip(self.sent, self.counted, strict=True), 1):
            for name, one, other in zip(("activations", "gradients"), sent, counted, strict=True):
                what = f"{number} {name}"
                lines.append(f"{what:14}{8 * one / frames:16.1f}{one:14,}{other:14,}{self.alone.float_bytes:14,}")
        computing, coding = (sum(getattr(stage, name) for stage in self.stages) for name in ("computing", "coding"))
        lines += [
            f"largest difference of a step's loss to one process: {self.largest_difference:.1e} of it",
            f"computing: {computing:.3f} s a step, of which messages {coding:.3f} s",
            f"{'bandwidth':14}{'s a step':>16}{'with floats':>14}",
        ]
        for name, bandwidth in BANDWIDTHS.items():
            compressed, plain = self.step_seconds(bandwidth)
            lines.append(f"{name:14}{compressed:16.3f}{plain:14.3f}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        """All numbers in a form for `json.dump`."""
        cuts = asdict(self.course.cuts)
        course = {"learning_rate": self.course.learning_rate, "steps": self.course.steps}
        course |= {"micro_batches": self.course.micro_batches, "batch_seconds": self.course.batch_seconds}
        return {
            "cuts": cuts,
            "course": course,
            "stages": [asdict(stage) for stage in self.stages],
            "alone": asdict(self.alone),
            "largest_difference": self.largest_difference,
            "step_seconds": {name: self.step_seconds(bandwidth) for name, bandwidth in BANDWIDTHS.items()},
        }


def measure(course: Course) -> Measured:
    """Train a course by a pipeline, then by one process.

    Raises:
        UserError: see `train_in_stages` and `Course`.
    """
    return Measured(course, train_in_stages(course), train_alone(course))
