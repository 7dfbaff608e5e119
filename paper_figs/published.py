"""Reads published.csv: numbers reported by others, each with its protocol and source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark.system.errors import UserError
from paper_figs.csv_files import Format, optional, read_csv

FILE = Path(__file__).with_name("published.csv")
CTC = "CTC fine-tuning greedy no LM"
WHISPER = "Whisper greedy with its normaliser"
SUPERB = "SUPERB ASR frozen upstream"
PROTOCOLS = {
    CTC: "The whole model is fine-tuned with CTC and decoded greedily without a language model, as here.",
    WHISPER: "Decoded greedily; words are counted after the English normaliser of Whisper's authors: "
    "not to be ranked with WERs that are counted without it.",
    SUPERB: "The compressed model is frozen and another network is trained on top of it: not to be ranked with CTC "
    "fine-tuning, and no study here does it.",
}
COMPRESSED_ON = ("LS-960h", "LS-100h", "LS-100h fine-tuning", "")  # the last: nothing, or the source does not say
TEST_SETS = {"test-clean": "wer_test_clean", "test-other": "wer_test_other"}
FORMAT = Format(
    columns=(
        *("system", "base_model", "parameters_millions", "compression_ratio", "compression_data"),
        *(*TEST_SETS.values(), "compression_gpu_hours", "protocol", "source"),
    ),
    filled=("system", "base_model", "compression_ratio", "protocol", "source"),
    numbers="parameters_millions|compression_ratio|wer_.+|compression_gpu_hours",
)


@dataclass(frozen=True)
class Published:
    """One published system; None and "" stand for what its source does not give. WER is in per cent."""

    system: str
    base_model: str
    parameters_millions: float | None
    ratio: float
    data: str
    wer: dict[str, float | None]
    gpu_hours: float | None
    protocol: str
    source: str

    @property
    def is_dense(self) -> bool:
        """Whether nothing was compressed."""
        return self.ratio == 1.0


def read_published(path: Path = FILE) -> list[Published]:
    """Read all rows, in the file's order.

    Raises:
        UserError: the file is missing or malformed, or a row has no source, an unknown protocol or unknown data.
    """
    rows = []
    frame = read_csv(path, FORMAT, "each row needs a system, a ratio, a protocol and a source")
    frame["compression_data"] = frame["compression_data"].fillna("")
    for number, line in enumerate(frame.to_dict("records"), start=2):
        if line["protocol"] not in PROTOCOLS:
            known = "; ".join(PROTOCOLS)
            raise UserError(f'{path}, line {number}: unknown protocol "{line["protocol"]}"; there are: {known}')
        if line["compression_data"] not in COMPRESSED_ON:
            known = ", ".join(filter(None, COMPRESSED_ON))
            raise UserError(f'{path}, line {number}: unknown data "{line["compression_data"]}"; there are: {known}')
        row = Published(
            system=line["system"],
            base_model=line["base_model"],
            parameters_millions=optional(line["parameters_millions"]),
            ratio=float(line["compression_ratio"]),
            data=line["compression_data"],
            wer={test_set: optional(line[column]) for test_set, column in TEST_SETS.items()},
            gpu_hours=optional(line["compression_gpu_hours"]),
            protocol=line["protocol"],
            source=line["source"],
        )
        rows.append(row)
    return rows


def by_protocol(rows: list[Published]) -> dict[str, list[Published]]:
    """The rows of each protocol; no table or figure may mix protocols."""
    return {protocol: [row for row in rows if row.protocol == protocol] for protocol in PROTOCOLS}
