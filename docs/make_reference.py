"""Write the reference pages out of the program itself: `python docs/make_reference.py`.

`reference/commands.md` is made of `--help`, `reference/api.md` of signatures and docstrings. A test
compares what is committed with what this would write.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import os
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
LAYERS = (
    "types",
    "archive",
    "config",
    "net",
    "virtual_packages",
    "repodata",
    "cache",
    "solve",
    "lock",
    "shell",
    "install",
    "channel",
    "configured",
    "aio",
)


def main() -> None:
    """Write every page."""
    for name, text in make_pages().items():
        (HERE / "reference" / name).write_text(text, encoding="utf-8")


def make_pages() -> dict[str, str]:
    """Return the text of every page by file name."""
    return {"commands.md": _commands(), "api.md": _api()}


def _commands() -> str:
    from hognose.cli.app import COMMANDS

    # The width of a terminal and a version's argparse must not show in the pages.
    os.environ["COLUMNS"] = "90"
    os.environ["NO_COLOR"] = "1"
    parts = ["# Commands", "", "Made from `--help` by `docs/make_reference.py`.", ""]
    parts += ["## hognose", "", "```text", _help("hognose.cli", "--help"), "```", ""]
    for name in COMMANDS:
        parts += [f"### hognose {name}", "", "```text", _help("hognose.cli", name, "--help")]
        parts += ["```", ""]
    actions = {
        "channel": ("build", "index", "serve", "info"),
        "env": ("list", "remove", "rename", "clone", "vars list", "vars set", "vars unset"),
        "repoquery": ("search", "depends", "whoneeds"),
        "auth": ("login", "logout", "status", "token"),
        "config": ("list", "get", "set", "unset"),
    }
    for name, names in actions.items():
        for action in names:
            text = _help("hognose.cli", name, *action.split(), "--help")
            parts += [f"### hognose {name} {action}", "", "```text", text, "```", ""]
    parts += ["## cx", "", "```text", _help("hognose.express", "--help"), "```", ""]
    for name in ("bootstrap", "status", "shell", "uninstall"):
        parts += [f"### cx {name}", "", "```text", _help("hognose.express", "help", name)]
        parts += ["```", ""]
    return "\n".join(parts)


def _help(module: str, *words: str) -> str:
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream), contextlib.suppress(SystemExit):
        importlib.import_module(module).main(list(words))
    return stream.getvalue().strip()


def _api() -> str:
    parts = ["# Library", "", "Made from docstrings by `docs/make_reference.py`.", ""]
    for layer in LAYERS:
        package = importlib.import_module(f"hognose.{layer}")
        parts += [f"## hognose.{layer}", "", _summary(package), ""]
        for name in package.__all__:
            parts += _entry(name, getattr(package, name))
        parts.append("")
    errors = importlib.import_module("hognose.errors")
    parts += ["## hognose.errors", "", "```text"]
    parts += [inspect.getdoc(errors) or "", "```", ""]
    return "\n".join(parts)


def _entry(name: str, value: object) -> list[str]:
    if not (inspect.isclass(value) or inspect.isroutine(value)):
        return [f"- `{name}`"]
    lines = [f"- `{name}{_signature(value)}`: {_summary(value)}"]
    if inspect.isclass(value):
        members = _members(value)
        public = sorted(key for key in members if not key.startswith("_"))
        methods = [key for key in public if callable(getattr(value, key, None))]
        properties = [key for key in public if isinstance(members[key], property)]
        if methods:
            lines.append(f"  - methods: {', '.join(f'`{key}`' for key in methods)}")
        if properties:
            lines.append(f"  - properties: {', '.join(f'`{key}`' for key in properties)}")
    return lines


def _members(value: type) -> dict[str, object]:
    """What a class has of its own, and of bases of ours that have no entry of their own."""
    found: dict[str, object] = {}
    for base in reversed(value.__mro__):
        layer = ".".join(base.__module__.split(".")[:2])
        is_ours = layer.startswith("hognose.")
        if base is value or (
            is_ours and base.__name__ not in importlib.import_module(layer).__all__
        ):
            found.update(vars(base))
    return found


def _signature(value: object) -> str:
    if fields := getattr(value, "__struct_fields__", None):
        return f"(*, {', '.join(fields)})"
    try:
        signature = inspect.signature(value)  # type: ignore[arg-type]  # classes and functions
    except (TypeError, ValueError):
        return ""
    names = []
    keyword_only = False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            names.append("*")
            keyword_only = True
        prefix = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}
        names.append(f"{prefix.get(parameter.kind, '')}{parameter.name}")
        keyword_only = keyword_only or parameter.kind is parameter.VAR_POSITIONAL
    return f"({', '.join(names)})"


def _summary(value: object) -> str:
    text = (inspect.getdoc(value) or "").split("\n\n", 1)[0]
    return re.sub(r"\s+", " ", text)


if __name__ == "__main__":
    main()
