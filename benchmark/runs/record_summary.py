"""What a record says, as names and values for people."""

from __future__ import annotations

import json

from benchmark.runs.records import RunRecord

Facts = list[tuple[str, str]]

UNITS = {"work": "units of work (a dense forward of a second)", "device_seconds": "s on the device"}


def budget(record: RunRecord) -> Facts:
    """What was spent, and the time of each phase."""
    spent, limit, unit = record["budget"]["spent"], record["budget"]["limit"], UNITS[record["budget"]["kind"]]
    return [
        ("budget", f"{spent:,.1f} of {limit:,g} {unit}"),
        ("compression time", f"{record['compression_seconds']:.1f} s"),
        *((f"of which {phase}", f"{seconds:.1f} s") for phase, seconds in record["phases"].items()),
    ]


def sizes(record: RunRecord) -> Facts:
    """Of the exported model; none where there is no model."""
    if "footprint" not in record:
        return []
    size = record["footprint"]
    return [
        ("parameters of the dense model", f"{size['total_parameters']:,}"),
        ("parameters left", f"{size['remaining_parameters']:,} (ratio {size['compression_ratio']:.2f})"),
        (
            "encoder matrices",
            f"{100 * size['encoder_sparsity']:.2f} % of {size['encoder_matrix_parameters']:,} weights removed",
        ),
        ("multiply-accumulates a second of audio", f"{size['macs_per_second']:,.0f}"),
        ("bytes, packed", f"{size['bytes_on_disk']:,}"),
    ]


def settings(record: RunRecord) -> Facts:
    """Method, target, seed, and the method's settings as a study's file has them."""
    target = record["target_sparsity"]
    return [
        ("method", record["method"]),
        ("family", record["family"]),
        ("target sparsity of the encoder matrices", "none" if target is None else f"{100 * target:g} %"),
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
        ("corpus, SHA-256 of ids, texts and audio", record["data_hash"]),
        ("dense model, SHA-256 of its weights", record["dense_hash"]),
    ]
