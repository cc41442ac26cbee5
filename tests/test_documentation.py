"""The documents tell the truth."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from hognose.cli.app import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def load_generator():
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "docs/make_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="argparse words its help by version")
@pytest.mark.parametrize("name", ["commands.md", "api.md"])
def test_the_reference_is_what_the_program_says(name, monkeypatch):
    for variable in ("COLUMNS", "NO_COLOR"):
        monkeypatch.setenv(variable, "")
    page = load_generator().make_pages()[name]

    committed = (ROOT / "docs/reference" / name).read_text(encoding="utf-8")
    assert page == committed, "run `python docs/make_reference.py`"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)

    missing = [target for target in targets if not (path.parent / target).exists()]
    assert [] == missing


def test_every_command_is_in_the_reference():
    text = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")

    for name in COMMANDS:
        assert f"### hognose {name}\n" in text


def test_commands_in_the_readme_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    used = set(re.findall(r"^ {4}hognose (\w+)", text, re.MULTILINE))

    assert used
    assert used <= set(COMMANDS)
