"""Byte-code for the packages of a transaction: linked from the package cache, or made and kept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from hognose.install.byte_code import (
    byte_code_path,
    compile_sources,
    find_dialect,
    keep,
    kept_byte_code,
    link_kept,
)
from hognose.install.package_linker import LinkedPackage
from hognose.install.placing import make_parents
from hognose.types import PrefixPathsEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hognose.install.byte_code import CompileFailure, Dialect
    from hognose.install.journal import Journal
    from hognose.install.noarch_python import PythonInfo

__all__ = ("add_byte_code",)


class _Job(msgspec.Struct, frozen=True):
    """One module to compile.

    Attributes:
        package: Whose it is.
        source: The module, relative to the prefix.
        target: Its byte-code, relative to the prefix.
        kept: Where the package cache keeps the byte-code, or empty where the module is not the one
            in the package because a prefix was replaced.
    """

    package: LinkedPackage
    source: str
    target: str
    kept: str


def add_byte_code(
    packages: Sequence[LinkedPackage],
    prefix: str,
    python: PythonInfo,
    journal: Journal,
    *,
    python_directory: str | None,
    hard_links: bool,
    shown_prefix: str | None = None,
) -> tuple[CompileFailure, ...] | None:
    """Give packages whose files are at their places byte-code, which their entries then list.

    Args:
        packages: The `noarch: python` packages.
        prefix: The environment.
        python: The environment's Python.
        journal: Where to announce files before they are made.
        python_directory: Where the package of the interpreter was extracted, if known.
        hard_links: Whether byte-code may be shared with the package cache.
        shown_prefix: The prefix that tracebacks shall show, by default `prefix`.

    Returns:
        The modules that have none now; None if the interpreter does not run here.
    """
    root = f"{prefix}/"
    interpreter = root + python.executable
    dialect = find_dialect(interpreter, package_directory=python_directory)
    if dialect is None:
        return None
    jobs = [job for package in packages for job in _plan(package, python, dialect)]
    if not jobs:
        return ()
    journal.move(
        (job.target, journal.trash_path()) for job in jobs if os.path.lexists(root + job.target)
    )
    make_parents(root, journal, (job.target for job in jobs))
    journal.note_creation(files=[job.target for job in jobs])
    missing = [
        job
        for job in jobs
        if not (job.kept and link_kept(job.kept, root + job.target, hard_links=hard_links))
    ]
    failures = compile_sources(
        interpreter,
        prefix,
        [(job.source, job.target) for job in missing],
        shown_prefix=shown_prefix,
    )
    failed = {failure.path for failure in failures}
    for job in missing:
        if job.kept and job.source not in failed:
            keep(root + job.target, job.kept, hard_links=hard_links)
    for job in jobs:
        if job.source not in failed:
            entry = PrefixPathsEntry(relative_path=job.target, path_type="pyc_file")
            job.package.entries.append(entry)
            job.package.places.append(job.target)
    return failures


def _plan(package: LinkedPackage, python: PythonInfo, dialect: Dialect) -> Iterator[_Job]:
    """Yield the modules of a `noarch: python` package that come without byte-code."""
    modules = f"{python.site_packages}/"
    paths = {entry.relative_path for entry in package.entries}
    for entry in list(package.entries):
        path = entry.relative_path
        if not (path.endswith(".py") and path.startswith(modules)):
            continue
        target = byte_code_path(path, dialect.tag)
        if target in paths:
            continue
        kept = ""
        if entry.path_type == "hardlink" and not entry.prefix_placeholder:
            inside = f"site-packages/{path.removeprefix(modules)}"
            kept = kept_byte_code(package.directory, dialect, inside)
        yield _Job(package, path, target, kept)
