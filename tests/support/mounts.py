"""File systems of a test's own, where the system lets it mount them."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ("bound", "case_insensitive", "in_memory", "remount")


@contextmanager
def bound(folder: Path, place: Path) -> Iterator[Path]:
    """Mount a folder at another place; skips the test where that is not allowed."""
    place.mkdir(exist_ok=True)
    with _mounted(["mount", "--bind", str(folder), str(place)], place):
        yield place


@contextmanager
def in_memory(place: Path, options: str) -> Iterator[Path]:
    """Mount a `tmpfs`; skips the test where that is not allowed.

    Args:
        place: Where; made if it is missing.
        options: Its options, such as `size=4m,noexec`.
    """
    place.mkdir(exist_ok=True)
    with _mounted(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], place):
        yield place


@contextmanager
def case_insensitive(place: Path) -> Iterator[Path]:
    """Mount a file system on which `A` and `a` are one file; skips the test where there is none."""
    if shutil.which("mkntfs") is None or shutil.which("lowntfs-3g") is None:
        pytest.skip("needs ntfs-3g")
    image = place.with_name(f"{place.name}.img")
    with open(image, "wb") as file:
        file.truncate(40_000_000)
    subprocess.run(["mkntfs", "-q", "-F", str(image)], check=True, capture_output=True)
    place.mkdir(exist_ok=True)
    with _mounted(["lowntfs-3g", "-o", "ignore_case", str(image), str(place)], place):
        yield place


def remount(place: Path, options: str) -> None:
    """Change the options of a mounted file system."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)


@contextmanager
def _mounted(command: list[str], place: Path) -> Iterator[None]:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root may mount file systems")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"cannot mount: {done.stderr.strip()}")
    try:
        yield
    finally:
        left = subprocess.run(["umount", str(place)], capture_output=True, check=False)
        if left.returncode:
            # Something in it is still open; it must not stay mounted for that.
            subprocess.run(["umount", "--lazy", str(place)], check=False)
            pytest.fail(f"files in {place} were left open")
