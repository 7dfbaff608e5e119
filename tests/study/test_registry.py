"""Finding methods: in `methods/`, by a path, in installed packages; what is wrong with one is said in a line."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_study import METHOD

from benchmark.study import registry
from benchmark.system.errors import UserError

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
    """Let an installed package offer modules as methods."""
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
        registry.method_traits("mine")


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
        ("# größe\n", "bad.py is not Python: 'utf-8' codec"),
        ("x = '\0'\n", "bad.py.*source code string cannot contain null bytes"),
    ],
)
def test_a_file_that_holds_no_method(methods: Path, text: str, message: str) -> None:
    (methods / "bad.py").write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match=message):
        registry.method_traits("bad")
    assert registry.method_traits("good").takes_target


def test_a_file_that_holds_two(methods: Path) -> None:
    (methods / "bad.py").write_text(GOOD + "\n\nclass Another(Made):\n    pass\n")
    with pytest.raises(UserError, match=r"bad\.py holds 2 Method classes; exactly one is needed"):
        registry.load_method("bad")


@pytest.mark.parametrize("name", ["my method", "a;b", "-x", "x" * 65])
def test_a_file_whose_name_no_run_can_have(methods: Path, name: str) -> None:
    (methods / f"{name}.py").write_text(GOOD)
    with pytest.raises(UserError, match="needs another name: at most 64 letters, digits and _"):
        registry.method_names()


def test_a_misspelt_name_is_answered_with_the_nearest(methods: Path) -> None:
    with pytest.raises(UserError, match='unknown method "goood": did you mean "good"'):
        registry.method_path("goood")
