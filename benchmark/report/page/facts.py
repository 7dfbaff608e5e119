"""What a record says, as names and values for people."""

from __future__ import annotations

import json

from benchmark.records import RunRecord
from benchmark.report.rows import percent

Facts = list[tuple[str, str]]

UNITS = {"work": "units of work", "device_seconds": "s on the device"}


def budget(record: RunRecord) -> Facts:
    """What was spent, and the time of each phase."""
    spent, limit, unit = record["budget"]["spent"], record["budget"]["limit"], UNITS[record["budget"]["kind"]]
    return [
        ("spent", f"{spent:.0f} of {limit:g} {unit} ({100 * spent / limit:.1f} %)"),
        ("compression", f"{record['compression_seconds']:.1f} s"),
        *((f"of which {phase}", f"{seconds:.1f} s") for phase, seconds in record["phases"].items()),
    ]


def sizes(record: RunRecord) -> Facts:
    """Of the exported model; none where there is no model."""
    if "footprint" not in record:
        return []
    size = record["footprint"]
    return [
        ("parameters left", f"{size['remaining_parameters']:,} of {size['total_parameters']:,}"),
        ("ratio", f"{size['compression_ratio']:.2f}"),
        (
            "encoder sparsity",
            f"{100 * size['encoder_sparsity']:.2f} % of {size['encoder_matrix_parameters']:,} weights",
        ),
        ("on disk", f"{size['bytes_on_disk'] / 1e6:.2f} MB"),
        ("MACs for a second of audio", f"{size['macs_per_second'] / 1e6:.1f} M"),
    ]


def settings(record: RunRecord) -> Facts:
    """Method, target, seed, and the method's settings as a study's file has them."""
    target = record["target_sparsity"]
    return [
        ("method", record["method"]),
        ("family", record["family"]),
        ("target", "none" if target is None else percent(target)),
        ("seed", str(record["seed"])),
        *((name, json.dumps(value)) for name, value in record["settings"].items()),
    ]


def provenance(record: RunRecord) -> Facts:
    """Where it was computed, with what and from what."""
    origin = record["provenance"]
    return [
        ("run", record["run"]),
        ("started", origin["started"]),
        ("commit", origin["git_commit"]),
        ("machine", f"{origin['device']}; {origin['cpu']}, {origin['cores']} cores"),
        ("Python", origin["python"]),
        ("packages", ", ".join(f"{name} {version}" for name, version in origin["packages"].items())),
        ("identity", record["identity"]),
        ("data", record["data_hash"]),
        ("dense model", record["dense_hash"]),
    ]
