"""The folder of this project: `config/`, `methods/`, `results/` and `work/` lie in it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
