"""The folder of this project, which holds `config/`, `methods/`, `results/` and `work/`."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
