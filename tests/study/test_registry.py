"""Finding methods in `methods/`, by a path and in installed packages; one line says what is wrong with one."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

import pytest
from made_study import METHOD

from benchmark.study import registry
from benchmark.study.settings import check_settings
from benchmark.system.errors import UserError
from benchmark.toolbox.references import Reference

GOOD = METHOD.format(body="return job.model", takes_target=True, seeded=True)


@pytest.fixture
def methods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `methods/` folder with one good method, `good`."""
    folder = tmp_path / "methods"
    folder.mkdir()
    (folder / "good.py").write_text(GOOD)
    monkeypatch.setattr(registry, "METHODS", folder)
    return folder


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages: `pruners` has one module, `pruners.mine`, a method."""
    folder = tmp_path / "outside"
    (folder / "pruners").mkdir(parents=True)
    (folder / "pruners" / "__init__.py").write_text("")
    (folder / "pruners" / "mine.py").write_text(GOOD.replace('"Made"', '"Mine"'))
    monkeypatch.syspath_prepend(str(folder))
    return folder


def offer(outside: Path, package: str, **modules: str) -> None:
    """Make an installed package offer modules as methods."""
    information = outside / f"{package}-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [f"{name} = {module}" for name, module in modules.items()]
    (information / "entry_points.txt").write_text("\n".join(["[pinchbench.methods]", *lines]))


def test_a_method_may_lie_anywhere(methods: Path, outside: Path) -> None:
    assert registry.method_names() == ["good"]
    assert registry.load_method(str(outside / "pruners" / "mine.py")).title == "Mine"


def test_an_installed_package_offers_methods(methods: Path, outside: Path) -> None:
    offer(outside, "pruners", mine="pruners.mine")
    assert registry.method_names() == ["good", "mine"]
    assert registry.load_method("mine").title == "Mine"


def test_two_methods_of_one_name_are_refused(methods: Path, outside: Path) -> None:
    offer(outside, "pruners", good="pruners.mine", mine="pruners.mine")
    offer(outside, "rivals", mine="pruners.mine")
    with pytest.raises(UserError, match=r'2 methods are named "good": methods.good.py, .*mine.py; rename or uninstall'):
        registry.load_method("good")
    with pytest.raises(UserError, match='2 methods are named "mine"'):
        registry.load_method("mine")


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("pruners.gone", 'pruners offers the method "mine", but has no module pruners.gone'),
        ("purners.mine", "pruners offers the method \"mine\", but: No module named 'purners'"),
    ],
)
def test_a_package_without_the_module_that_it_offers(methods: Path, outside: Path, module: str, message: str) -> None:
    offer(outside, "pruners", mine=module)
    with pytest.raises(UserError, match=message):
        registry.load_method("mine")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("class Bad(Method)\n    pass\n", "bad.py, line 1: expected ':'"),
        ("class Bad:\n    pass\n", "bad.py has no class that derives from Method"),
        ("", "bad.py has no class that derives from Method"),
        ("x = 'größe'\n", "bad.py.*'utf-8' codec"),
        ("x = '\0'\n", "bad.py.*source code string cannot contain null bytes"),
        ("raise SystemExit(3)\n", "bad.py cannot be imported: SystemExit: 3"),
    ],
)
def test_a_file_that_holds_no_method(methods: Path, text: str, message: str) -> None:
    (methods / "bad.py").write_text(text, encoding="latin-1")
    with pytest.raises(registry.BrokenMethod, match=message):
        registry.load_method("bad")
    assert registry.load_method("good").takes_target


def test_a_file_that_holds_two(methods: Path) -> None:
    (methods / "bad.py").write_text(GOOD + "\n\nclass Another(Made):\n    title = 'Another'\n")
    with pytest.raises(UserError, match=r"bad\.py defines 2 Method classes; exactly one is needed"):
        registry.load_method("bad")


@pytest.mark.parametrize("name", ["my method", "a;b", "-x", "x" * 65])
def test_a_file_whose_name_no_run_can_have(methods: Path, name: str) -> None:
    (methods / f"{name}.py").write_text(GOOD)
    with pytest.raises(UserError, match="cannot be a method's name: use at most 64 letters, digits and _"):
        registry.method_names()


def test_a_misspelt_name_is_answered_with_the_nearest(methods: Path) -> None:
    with pytest.raises(UserError, match='unknown method "goood": did you mean "good"'):
        registry.method_path("goood")


def test_a_file_is_imported_once_and_again_when_it_has_changed(methods: Path) -> None:
    first = registry.load_method("good")
    assert registry.load_method("good") is registry.load_method(str(methods / "good.py")) is first
    (methods / "good.py").write_text(GOOD.replace('"Made"', '"Changed"'))
    os.utime(methods / "good.py", ns=(1, 1))
    assert registry.load_method("good").title == "Changed"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("takes_target = True", "takes_target, seeded = False, False"), None),
        (("takes_target = True", "takes_target: ClassVar[bool] = False"), None),
        (("takes_target = True", "takes_target = 'no'"), "class Made has `takes_target = 'no'`, which must be True or"),
        (('family = "control"', 'family = "control"\n    needs = "audio"'), "needs a `needs`, one of labels, calib"),
        (('source = "a test"', "references = ('Sun',)"), r"class Made has `references = \('Sun',\)`, which must be"),
        (
            ('source = "a test"', 'source, phases = "a test", 0'),
            "class Made has `phases = 0`, which must be a whole number",
        ),
        (('source = "a test"', 'source, requirements = "a test", ("a b",)'), "has 'a b' in `requirements`, which pip"),
        (
            ('source = "a test"', 'source, drawn = "a test", {"curves": {}}'),
            r"needs `drawn = Drawn\(.*: matrices: field req",
        ),
        (('source = "a test"', 'source, drawn = "a test", ["loss"]'), r"needs `drawn = Drawn\(.*: the whole: "),
        (("def compress", "def compres"), r"bad.py: class Made needs a method `compress\(self, job\)`"),
        (('source = "a test"', 'source = " "'), 'class Made needs a line `source = "..."`'),
        (("@dataclass(frozen=True)", "@dataclass"), r"class Made needs `@dataclass\(frozen=True\)` on its `Settings`"),
        (("fine_tune: bool = True", "fine_tune = True"), "needs a type for its setting: `fine_tune: bool = True`"),
        (
            ("fine_tune: bool = True", "block: int"),
            "cannot be imported: TypeError: non-default argument|needs a default",
        ),
        (("fine_tune: bool = True", "block: int = 1.5"), "the default 1.5 for its setting `block`, which takes int"),
        (("fine_tune: bool = True", "block: 'Gone' = 1"), "has a setting whose type cannot be found: name 'Gone'"),
        (
            ('source = "a test"', 'source, tunable = "a test", ("rate", 1, 2)'),
            "needs one of its settings and two",
        ),
        (
            ('source = "a test"', 'source, tunable = "a test", ("fine_tune", 1, 2)'),
            "has 1 in `tunable`",
        ),
    ],
)
def test_what_a_class_declares_is_checked(methods: Path, change: tuple[str, str], message: str | None) -> None:
    text = GOOD.replace("seeded = True", "").replace(
        "from dataclasses", "from typing import ClassVar\nfrom dataclasses"
    )
    (methods / "bad.py").write_text(text.replace(*change))
    if message is None:
        assert registry.load_method("bad").takes_target is False
        return
    with pytest.raises(registry.BrokenMethod, match=message) as error:
        registry.load_method("bad")
    assert "\n" not in str(error.value)


def test_a_base_for_methods_needs_no_title(methods: Path) -> None:
    base = "class Base(Method):\n    takes_target = False\n\n\nclass Made(Base)"
    (methods / "good.py").write_text(GOOD.replace("takes_target = True", "").replace("class Made(Method)", base))
    assert registry.load_method("good").takes_target is False


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("even", None),
        ("odd", r"setting \"layers\" takes Literal\['even', 'bottom'\], not 'odd'"),
    ],
)
def test_a_setting_may_be_typed_by_an_alias(methods: Path, value: str, message: str | None) -> None:
    alias = "from typing import Literal\n\nChoice = Literal['even', 'bottom']\n\nfrom dataclasses"
    text = GOOD.replace("from dataclasses", alias).replace("fine_tune: bool = True", "layers: 'Choice' = 'even'")
    (methods / "good.py").write_text(text)
    with pytest.raises(UserError, match=message) if message else nullcontext():
        check_settings("good", registry.load_method("good"), {"layers": value})


@pytest.mark.parametrize(("value", "fits"), [(1, True), (0.5, True), (True, False), ("2", False), (None, False)])
def test_an_integer_is_a_float_and_a_truth_is_none(methods: Path, value: object, fits: bool) -> None:
    with nullcontext() if fits else pytest.raises(UserError, match='setting "learning_rate" takes float, not'):
        check_settings("good", registry.load_method("good"), {"learning_rate": value})


def test_a_reference_is_cited_in_a_line() -> None:
    sun = Reference("Sun et al.", 2024, "ICLR", arxiv="2306.11695", note="equation 1")
    assert str(sun) == "Sun et al., ICLR 2024, arXiv 2306.11695 (equation 1)"
    assert str(Reference("Hinton et al.", 2015)) == "Hinton et al., 2015"
