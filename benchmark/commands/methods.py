"""List all methods: title, family, settings with defaults, source."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `methods`: none."""


def run(args: argparse.Namespace) -> None:
    """Print one paragraph a method."""
    from dataclasses import fields

    from benchmark.registry import load_method, method_names

    for name in method_names():
        method = load_method(name)
        print(f"{name}: {method.title} ({method.family})")
        print(f"    {method.source}")
        for setting in fields(method.Settings):
            print(f"    {setting.name} = {setting.default!r}")
