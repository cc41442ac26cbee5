"""What each layer exports is there, is documented, and is listed where type checkers look."""

import ast
import importlib
import inspect
import os
from pathlib import Path

import pytest

import hognose

ROOT = Path(hognose.__file__).parent
LAYERS = sorted(
    ".".join(("hognose", *path.parent.relative_to(ROOT).parts))
    for path in ROOT.rglob("__init__.py")
)


@pytest.mark.parametrize("name", LAYERS)
def test_every_exported_name_can_be_imported(name):
    package = importlib.import_module(name)

    for exported in package.__all__:
        assert getattr(package, exported) is not None


@pytest.mark.parametrize("name", LAYERS)
def test_the_exports_for_type_checkers_are_those_at_run_time(name):
    package = importlib.import_module(name)
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    listed = {
        alias.asname
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert set(package.__all__) == listed - {"wire"}


@pytest.mark.parametrize("name", LAYERS)
def test_exports_are_a_sorted_tuple(name):
    package = importlib.import_module(name)

    assert isinstance(package.__all__, tuple)
    assert sorted(package.__all__) == list(package.__all__)


@pytest.mark.parametrize("name", LAYERS)
def test_every_exported_class_and_function_has_a_docstring(name):
    package = importlib.import_module(name)

    documented = [
        exported
        for exported in package.__all__
        if inspect.isclass(getattr(package, exported))
        or inspect.isroutine(getattr(package, exported))
    ]
    undocumented = [name for name in documented if not inspect.getdoc(getattr(package, name))]
    assert undocumented == []


@pytest.mark.parametrize("name", [*LAYERS, "hognose.aio"])
def test_no_signature_shows_the_environment(name):
    package = importlib.import_module(name)
    exported = {each: getattr(package, each) for each in package.__all__}
    methods = {
        f"{each}.{method.__name__}": method
        for each, value in exported.items()
        if inspect.isclass(value)
        for _, method in inspect.getmembers(value, inspect.isroutine)
    }

    shown = [
        f"{each}({parameter.name})"
        for each, value in (exported | methods).items()
        for parameter in _parameters(value)
        if isinstance(parameter.default, type(os.environ))
    ]
    assert shown == []


def _parameters(value):
    try:
        return inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return ()


def test_a_name_that_is_not_exported_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"'hognose\.types' has no attribute 'Nothing'"):
        importlib.import_module("hognose.types").Nothing  # noqa: B018


def test_every_package_lists_its_names_for_completion():
    for name in LAYERS:
        package = importlib.import_module(name)
        assert set(package.__all__) <= set(dir(package))
