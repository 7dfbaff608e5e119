"""Settings that a study gives to a method: refused where the method has no such setting, or one of another type."""

from __future__ import annotations

from benchmark.system.errors import UserError, suggestion
from benchmark.toolbox.contract import Method
from benchmark.toolbox.setting_types import fits, shown


def check_settings(name: str, method: type[Method], settings: dict[str, object]) -> None:
    """Refuse settings that the method does not have, values of another type than theirs, and rates of zero or less.

    Args:
        name: of the method, for the message.
        method: its class.
        settings: by name, as they stand in the study.

    Raises:
        UserError: a setting is misspelt (names the nearest one), or its value is not what the method declares.
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
