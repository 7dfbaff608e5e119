"""A check that a model's width can be divided into the parts that its config names."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.system.errors import UserError


def require_divisible(width: int, key: str, parts: Mapping[str, int], where: str) -> None:
    """Refuse a width that is no multiple of the number of heads or groups.

    Args:
        width: the width.
        key: its key in the config.
        parts: numbers of parts by their keys.
        where: the config's file, for the message.

    Raises:
        UserError: names the first number that does not divide the width.
    """
    for name, number in parts.items():
        if width % number:
            raise UserError(f"{where}: {key} {width} cannot be divided by {name}")
