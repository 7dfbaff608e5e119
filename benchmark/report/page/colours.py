"""The page's colours: every colour of a figure with its counterpart on a dark page."""

from __future__ import annotations

from typing import Any

INK, QUIET, LINE, PAPER = "#1b1f24", "#4d5661", "#d5dae1", "white"
DARK = {  # lighter tones of the same hues
    INK: "#e4e8ed",
    QUIET: "#a7b0bb",
    LINE: "#39414b",
    PAPER: "#14181d",
    "black": "#f2f4f7",
    "#0072B2": "#56b1f0",
    "#B34700": "#f09a5c",
    "#00735C": "#45c9a5",
    "#9C3C80": "#e58fcc",
    "#7A6000": "#d8bc4c",
    "#4D4D4D": "#b5bac0",
    "#1B4F9C": "#96b3f7",
    "#8A1C1C": "#f28b82",
    "#6A6A6A": "#9aa1a9",
}


def themed(colour: str) -> str:
    """The CSS colour that is `colour` on a light page, and its counterpart on a dark one."""
    return f"light-dark({colour}, {DARK[colour]})"


def chart_configuration() -> dict[str, Any]:
    """Vega's `config`: charts on the page's own paper, whose text and axes follow the theme."""
    text = {"labelColor": themed(QUIET), "titleColor": themed(INK), "titleFontWeight": "normal"}
    lines = {"domainColor": themed(LINE), "tickColor": themed(LINE), "gridColor": themed(LINE)}
    return {
        "background": "transparent",
        "axis": text | lines | {"labelFontSize": 11, "titleFontSize": 12},
        "legend": text | {"labelFontSize": 12},
        "text": {"color": themed(INK)},
        "rule": {"color": themed(QUIET)},
        "view": {"stroke": None},
    }
