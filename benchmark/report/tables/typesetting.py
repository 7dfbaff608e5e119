"""Tables of text cells as Markdown and LaTeX."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

SYMBOLS = str.maketrans({"±": r"$\pm$", "Δ": r"$\Delta$", "°": r"$^\circ$", "|": r"\textbar{}", "<": "$<$", ">": "$>$"})
SPECIAL = str.maketrans({character: "\\" + character for character in "&%$#_{}"})
NOTHING = "-"  # in a cell without a value


class Markdown(str):
    """Text in Markdown in which nothing from a record acts as HTML or a link."""


def markdown(frame: pd.DataFrame, left: Sequence[int] | None = None) -> Markdown:
    """A GitHub table, padded to be readable as plain text; two-level columns are joined.

    Args:
        frame: text cells.
        left: the columns of words, which are aligned left; the first and the last by default.
    """
    headers = [_joined(column) for column in frame.columns]
    lines = [[_markdown_cell(cell) for cell in line] for line in [headers, *frame.astype(str).to_numpy().tolist()]]
    widths = [max(3, *(len(line[i]) for line in lines)) for i in range(len(headers))]
    if left is None:
        left = (0, len(headers) - 1)  # names and reasons; numbers are aligned right
    if len(headers) - 1 in left:
        widths[-1] = 3  # reasons can be long
    rule = ["-" * (width - 1) + ("-" if i in left else ":") for i, width in enumerate(widths)]
    padded = [[c.ljust(widths[i]) if i in left else c.rjust(widths[i]) for i, c in enumerate(x)] for x in lines]
    return Markdown(inert("".join(f"| {' | '.join(line)} |\n" for line in [padded[0], rule, *padded[1:]])))


def _joined(column: Any) -> str:
    return column if isinstance(column, str) else " ".join(part for part in column if part)


def _markdown_cell(text: str) -> str:
    """Escape a cell's text, since pipes and line breaks would end the cell."""
    return " ".join(text.split()).replace("|", "\\|")


def inert(text: str) -> str:
    """Escape Markdown text so that nothing from a record acts as HTML or a link."""
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text).replace("](", "]\\(")


def latex(frame: pd.DataFrame, caption: str, note: str, columns: str | None = None) -> str:
    """A booktabs table, scaled to the text width.

    Args:
        frame: text cells; one or two levels of columns.
        caption: text above the table.
        note: small text below the table.
        columns: LaTeX's column format, with `text_column` for running text; by default, the first column is aligned
            left and the others right.
    """
    styler = frame.style.hide(axis="index").format(escape="latex").format_index(escape="latex", axis="columns")
    tabular = styler.to_latex(hrules=True, multicol_align="c", column_format="COLUMNS").translate(SYMBOLS)
    tabular = tabular.replace("COLUMNS", columns or "l" + "r" * (len(frame.columns) - 1), 1)  # may contain a >
    packages = "array,booktabs,graphicx" if columns else "booktabs,graphicx"
    return (
        f"% needs \\usepackage{{{packages}}}\n\\begin{{table*}}\n\\centering\n"
        f"\\caption{{{_escape(caption)}}}\n\\resizebox{{\\textwidth}}{{!}}{{%\n{tabular}}}\n\n"
        f"{{\\footnotesize {_escape(note)}\\par}}\n\\end{{table*}}\n"
    )


def text_column(width: float) -> str:
    """LaTeX's column format for running text; `width` is a share of the text width."""
    return f">{{\\raggedright\\arraybackslash}}p{{{width:g}\\textwidth}}"


def _escape(text: str) -> str:
    return text.replace("`", "").translate(SPECIAL).translate(SYMBOLS)
