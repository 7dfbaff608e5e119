"""Checks the settings that a study gives to a method: their names and types must be the method's."""

from __future__ import annotations

from benchmark.system.errors import UserError, suggestion
from benchmark.toolbox.contract import Method
from benchmark.toolbox.setting_types import fits, shown


def check_settings(name: str, method: type[Method], settings: dict[str, object]) -> None:
    """Refuse unknown settings, values of the wrong type, and rates of zero or less.

    Args:
        name: name of the method, for the message.
        method: its class.
        settings: values by name, as in the study's file.

    Raises:
        UserError: a setting is misspelt (the message names the nearest one), or its value has the wrong type.
    """
    known = method.setting_types
    for setting, value in settings.items():
        if setting not in known:
            raise UserError(f'method "{name}" has no setting "{setting}"{suggestion(setting, list(known))}')
        if not fits(value, known[setting]):
            wanted = shown(known[setting])
            hint = " (YAML reads 2e-4 as text: write 2.0e-4)" if isinstance(value, str) and "float" in wanted else ""
            raise UserError(f'method "{name}": setting "{setting}" takes {wanted}, not {value!r}{hint}')
        if setting.endswith("_rate") and isinstance(value, float | int) and value <= 0:
            raise UserError(f'method "{name}": setting "{setting}" is a rate, which must be above 0, not {value!r}')
