"""Finds the form of a matrix. A new form is one class in this folder and one entry here."""

from __future__ import annotations

from collections.abc import Collection

from torch import nn

from benchmark.models.forms.adapted import Adapted
from benchmark.models.forms.codebook import Codebook
from benchmark.models.forms.factorised import Factorised
from benchmark.models.forms.form import Form
from benchmark.models.forms.int4 import Int4
from benchmark.models.forms.masked import Masked
from benchmark.models.forms.quantised import Quantised

# The first that fits: a quantised one is also a Linear.
FORMS: tuple[type[Form], ...] = (Quantised, Int4, Codebook, Factorised, Adapted, Masked)


def form_of(linear: nn.Module) -> Form:
    """The form of an encoder matrix's module.

    Raises:
        ValueError: no form fits it.
    """
    for form in FORMS:
        if form.fits(linear):
            return form(linear)
    raise ValueError(f"{type(linear).__name__} is not a form of an encoder matrix")


def stored_form(names: Collection[str]) -> type[Form]:
    """The form that stores tensors of these names in a folder; they are relative to the matrix's module.

    Raises:
        ValueError: no form is stored under such names.
    """
    for form in FORMS:
        if form.fits_names(names):
            return form
    raise ValueError(f"no form of an encoder matrix is stored as {', '.join(sorted(names)) or 'nothing'}")
