"""Summarises a record as readable names and values."""

from __future__ import annotations

import json

from benchmark.runs.records import RunRecord

Facts = list[tuple[str, str]]

UNITS = {"work": "units of work (one is a dense forward over one second)", "device_seconds": "s on the device"}


def budget(record: RunRecord) -> Facts:
    """The compute spent, and the time of each phase."""
    spent, limit, unit = record["budget"]["spent"], record["budget"]["limit"], UNITS[record["budget"]["kind"]]
    return [
        ("budget", f"{spent:,.1f} of {limit:,g} {unit}"),
        ("compression time", f"{record['compression_seconds']:.1f} s"),
        *((f"of which {phase}", f"{seconds:.1f} s") for phase, seconds in record["phases"].items()),
    ]


def sizes(record: RunRecord) -> Facts:
    """Sizes of the exported model; empty without a model."""
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
        ("multiply-accumulates per second of audio", f"{size['macs_per_second']:,.0f}"),
        ("bytes, packed", f"{size['bytes_on_disk']:,}"),
    ]


def metrics(record: RunRecord) -> Facts:
    """What the study's evaluations measured, by evaluation, metric and test set; empty without any."""
    return [
        (f"{evaluation}: {name} on {test_set}", f"{value:g}")
        for evaluation, by_test_set in record.get("metrics", {}).items()
        for test_set, found in by_test_set.items()
        for name, value in found.items()
    ]


def settings(record: RunRecord) -> Facts:
    """Method, target, seed, and the method's settings as written in a study's file."""
    target = record["target_sparsity"]
    return [
        ("method", record["method"]),
        ("family", record["family"]),
        ("target sparsity of the encoder matrices", "none" if target is None else f"{100 * target:g} %"),
        ("seed", str(record["seed"])),
        *([("precision of the training", record["precision"])] if "precision" in record else []),
        *((name, json.dumps(value)) for name, value in record["settings"].items()),
    ]


def machine(record: RunRecord) -> str:
    """The device, processor and number of cores that the run had."""
    origin = record["provenance"]
    return f"{origin['device']}; {origin['cpu']}, {origin['cores']} cores"


def provenance(record: RunRecord) -> Facts:
    """The machine, the software and the inputs of the run."""
    origin = record["provenance"]
    return [
        ("run", record["run"]),
        ("started", origin["started"]),
        ("commit", origin["git_commit"]),
        ("machine", machine(record)),
        ("Python", origin["python"]),
        ("packages", ", ".join(f"{name} {version}" for name, version in origin["packages"].items())),
        ("identity", record["identity"]),
        ("corpus, SHA-256 of ids, texts and audio", record["data_hash"]),
        ("dense model, SHA-256 of its weights", record["dense_hash"]),
    ]
