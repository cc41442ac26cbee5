"""What a change means to packages that pip or another installer put there, told before it."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

from hognose.console import counted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hognose.console import Console
    from hognose.install import ForeignLosses, ForeignPackage

__all__ = ("foreign_document", "pip_command", "tell_of_foreign_losses")


def tell_of_foreign_losses(console: Console, losses: ForeignLosses | None, prefix: Path) -> None:
    """Say which foreign packages stay, lose files or are not found afterwards; also when quiet."""
    if losses is None:
        return
    for item in losses.staying:
        console.warn(
            f"`{item.package}`: {item.foreign} is in its place by now, and stays with its "
            f"files: `pip uninstall {item.foreign.name}` removes them"
        )
    for item in losses.overwritten:
        console.warn(
            f"`{item.package}`: {item.foreign} is in its place by now, and loses "
            f"{counted(len(item.paths), 'file')} to this change"
        )
    if losses.stranded:
        names = ", ".join(map(str, losses.stranded))
        reader = f"by Python {losses.python}" if losses.python else "without Python"
        console.warn(f"left where they are, and not found {reader}: {names}")
    again = losses.to_install_again
    if again and (losses.python or not losses.stranded):
        console.hint(f"afterwards `{pip_command(prefix, again)}` brings back what is lost")


def pip_command(prefix: str | os.PathLike[str], packages: Iterable[ForeignPackage]) -> str:
    """Return what installs packages again with the pip of an environment, for a shell."""
    python = os.path.join(prefix, "python.exe" if os.name == "nt" else "bin/python")
    words = [python, "-m", "pip", "install", "--force-reinstall", "--no-deps"]
    for package in packages:
        text = package.requirement
        words += text.split(" ", 1) if text.startswith("-e ") else [text]
    return shlex.join(words)


def foreign_document(losses: ForeignLosses | None) -> list[dict[str, Any]]:
    """Return what `--json` tells of it: a row for each package, with what happens to it."""
    if losses is None:
        return []
    rows: list[dict[str, Any]] = []
    for happens, items in (("stays", losses.staying), ("overwritten", losses.overwritten)):
        rows += [
            {**_identity(item.foreign), "happens": happens, "in_place_of": item.package}
            for item in items
        ]
    rows += [
        {**_identity(package), "happens": "left behind", "in_place_of": None}
        for package in losses.stranded
    ]
    return rows


def _identity(package: ForeignPackage) -> dict[str, str]:
    return {
        "name": package.name,
        "version": package.version,
        "installer": package.installer,
        "requirement": package.requirement,
    }
