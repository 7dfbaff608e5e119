"""Damaged files: wrong values, missing parts, bytes that are not text; and what must follow."""

from __future__ import annotations

import copy
import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from snapshot import contents

from benchmark.__main__ import main

Place = tuple[str | int, ...]
MISFITS: list[Any] = [
    None, True, -1, 0, 5, 2**70, -0.5, 1e308, float("nan"), float("inf"), "", "../x", "a b", "x\ny", "--help",
    "é" * 300, "(", [], [[]], {}, {"": None}, [1, "a"],
]  # fmt: skip


def places(value: Any, here: Place = ()) -> list[Place]:
    """The way to every part of a JSON value, the whole included."""
    inside: list[Place] = [here]
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        inside += places(part, (*here, key))
    return inside


@st.composite
def damaged_value(draw: st.DrawFn, value: Any) -> Any:
    """The JSON value with one part replaced or removed, or with an extra key."""
    place = draw(st.sampled_from(places(value)))
    if not place:
        return draw(st.sampled_from(MISFITS))
    damaged = copy.deepcopy(value)
    parent = damaged
    for key in place[:-1]:
        parent = parent[key]
    match draw(st.sampled_from(["replace", "replace", "remove", "add"])):
        case "replace":
            parent[place[-1]] = draw(st.sampled_from(MISFITS))
        case "remove":
            del parent[place[-1]]
        case "add" if isinstance(parent, dict):
            parent["unheard_of"] = 1
        case _:
            parent.append(draw(st.sampled_from(MISFITS)))
    return damaged


@st.composite
def damaged_bytes(draw: st.DrawFn, data: bytes) -> bytes:
    """The file cut off, in another encoding, with bytes replaced, doubled, or nothing at all."""
    match draw(st.sampled_from(["cut", "utf-16", "bytes", "twice", "nothing", "latin-1"])):
        case "cut":
            return data[: draw(st.integers(0, max(0, len(data) - 2)))]
        case "utf-16":
            return data.decode().encode("utf-16")
        case "bytes":
            at = draw(st.integers(0, max(0, len(data) - 1)))
            return data[:at] + draw(st.binary(min_size=1, max_size=8)) + data[at + 1 :]
        case "twice":
            return data + data
        case "latin-1":
            return data + "é".encode("latin-1")
        case _:
            return b""


@st.composite
def damaged_file(draw: st.DrawFn, data: bytes) -> bytes:
    """A JSON file with one value damaged, or any file with its bytes damaged."""
    try:
        value = json.loads(data)
    except ValueError:
        return draw(damaged_bytes(data))
    if draw(st.integers(0, 3)):
        return json.dumps(draw(damaged_value(value))).encode()
    return draw(damaged_bytes(data))


def call(*arguments: str | Path) -> tuple[int, str]:
    """`python -m benchmark ...` in this process: its exit status and what it says on standard error."""
    errors = io.StringIO()
    with redirect_stderr(errors), redirect_stdout(io.StringIO()):
        status = main([str(argument) for argument in arguments])
    return status, errors.getvalue()


def assert_taken_or_refused(folder: Path, *arguments: str | Path) -> int:
    """The command succeeds; or it says in one line what is wrong, and leaves every file in `folder` as it was."""
    before = contents(folder)
    status, errors = call(*arguments)
    assert status in (0, 2), errors
    if status == 2:
        *_, last = errors.splitlines()
        assert last.startswith("error: "), errors
        assert sum(line.startswith("error: ") for line in errors.splitlines()) == 1, errors
        assert contents(folder) == before
    return status
