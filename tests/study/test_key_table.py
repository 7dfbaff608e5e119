"""The schema and the key table are up to date with the typed model of a study's file."""

from __future__ import annotations

import json

from benchmark.study import key_table
from benchmark.study.keys import StudyKeys
from benchmark.system.project import ROOT


def test_the_schema_is_current() -> None:
    assert key_table.SCHEMA_FILE.read_text(encoding="utf-8") == key_table.schema_text(), "python -m benchmark schema"


def test_the_table_of_keys_is_current() -> None:
    text = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8")
    table = text.partition("<!-- begin study-keys -->\n")[2].partition("\n<!-- end study-keys -->")[0]
    assert table == key_table.markdown(), "python -m benchmark readme"


def test_the_schema_holds_what_is_checked() -> None:
    schema = json.loads(key_table.schema_text())
    assert set(schema["properties"]) == set(StudyKeys.__dataclass_fields__)
    assert schema["additionalProperties"] is False
    assert schema["properties"]["targets"]["items"]["exclusiveMaximum"] == 1
    assert schema["properties"]["seeds"]["uniqueItems"] is True
    assert schema["properties"]["name"]["pattern"] == "^[a-z0-9][a-z0-9-]{0,63}$"


def test_every_key_is_described() -> None:
    schema = json.loads(key_table.schema_text())
    parts = {"study": schema, **schema["$defs"]}
    lacking = [
        f"{name}.{key}"
        for name, part in parts.items()
        for key, content in part["properties"].items()
        if not content.get("description")
    ]
    assert lacking == []
