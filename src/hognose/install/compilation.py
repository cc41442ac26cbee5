"""Byte-code for the packages of a transaction: linked from the package cache, or made and kept.

As soon as the environment's interpreter can run, packages that have arrived are compiled into the
cache while others are still on their way. What is not in the cache at the end, because it cannot
be written to or a prefix was replaced in the module, is compiled in the environment.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from hognose.install.byte_code import (
    byte_code_path,
    find_dialect,
    keep,
    kept_byte_code,
    link_kept,
)
from hognose.install.compile_workers import CompileWorkers, SourceFile, compile_sources
from hognose.install.package_linker import LinkedPackage
from hognose.install.placing import make_parents
from hognose.types import PrefixPathsEntry, package_name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hognose.install.byte_code import Dialect
    from hognose.install.compile_workers import CompileFailure
    from hognose.install.journal import Journal
    from hognose.install.noarch_python import PythonInfo
    from hognose.types import PackageRecord

__all__ = ("Compilation",)

_PYTHON = "python"


class _Job(msgspec.Struct, frozen=True):
    """One module to compile.

    Attributes:
        package: Whose it is.
        source: The module, relative to the prefix.
        target: Its byte-code, relative to the prefix.
        inside: The module, relative to the package; empty where the module is not the one in the
            package because a prefix was replaced.
        kept: Where the package cache keeps the byte-code, or empty as well.
    """

    package: LinkedPackage
    source: str
    target: str
    inside: str
    kept: str


class Compilation:
    """The byte-code of one transaction; for the thread that links."""

    def __init__(
        self,
        prefix: str,
        python: PythonInfo,
        journal: Journal,
        *,
        coming: Iterable[PackageRecord],
        python_directory: str | None,
        hard_links: bool,
        shown_prefix: str | None = None,
    ) -> None:
        """Prepare; nothing is started yet.

        Args:
            prefix: The environment.
            python: The environment's Python.
            journal: Where to announce files before they are made, and what starts programs.
            coming: The packages that are going to be linked.
            python_directory: Where the package of the interpreter was extracted, if it is in the
                environment already and that is known.
            hard_links: Whether byte-code may be shared with the package cache.
            shown_prefix: The prefix that tracebacks shall show, by default `prefix`.
        """
        self._prefix = prefix
        self._python = python
        self._journal = journal
        self._python_directory = python_directory
        self._hard_links = hard_links
        self._shown_prefix = shown_prefix
        self._interpreter = f"{prefix}/{python.executable}"
        # What the interpreter may not start without.
        self._awaited = needed_by(_PYTHON, {str(record.name): record for record in coming})
        self._waiting: list[LinkedPackage] = []
        self._is_python_in_place = True
        self._dialect: Dialect | None = None
        self._workers: CompileWorkers | None = None

    @property
    def awaited(self) -> frozenset[str]:
        """The names of the packages without which nothing can be compiled, less those linked."""
        return frozenset(self._awaited)

    def add(self, package: LinkedPackage) -> None:
        """Take note that a package was linked, and have what can be compiled compiled."""
        name = str(package.record.name)
        self._awaited.discard(name)
        if name == _PYTHON:
            self._python_directory = package.directory
            paths = [entry.relative_path for entry in package.entries]
            self._is_python_in_place = package.places == paths
        if package.record.noarch.is_python:
            self._waiting.append(package)
        if self._waiting and not self._awaited and self._is_python_in_place:
            dialect = self._find_dialect()
            if dialect is not None:
                for waiting in self._waiting:
                    self._compile_into_cache(waiting, dialect)
            self._waiting.clear()

    def stop(self) -> None:
        """End what is running."""
        if self._workers is not None:
            self._workers.stop()

    def finish(self, packages: Sequence[LinkedPackage]) -> tuple[CompileFailure, ...] | None:
        """Give packages whose files are at their places byte-code, which their entries then list.

        Args:
            packages: The `noarch: python` packages.

        Returns:
            The modules that have none now; None if the interpreter does not run here.
        """
        if self._workers is not None:
            # Who failed there gets another chance here: it may have been the cache's fault.
            self._workers.finish()
        dialect = self._find_dialect()
        if dialect is None:
            return None
        jobs = [job for package in packages for job in _plan(package, self._python, dialect)]
        if not jobs:
            return ()
        self._make_room(jobs)
        root, hard_links = f"{self._prefix}/", self._hard_links
        missing = [
            job
            for job in jobs
            if not (job.kept and link_kept(job.kept, root + job.target, hard_links=hard_links))
        ]
        failures = compile_sources(
            self._interpreter,
            self._prefix,
            [(job.source, job.target) for job in missing],
            shown_prefix=self._shown_prefix,
            popen=self._journal.popen,
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

    def _find_dialect(self) -> Dialect | None:
        if self._dialect is None:
            self._dialect = find_dialect(
                self._interpreter, package_directory=self._python_directory
            )
        return self._dialect

    def _compile_into_cache(self, package: LinkedPackage, dialect: Dialect) -> None:
        directory = package.directory
        shown = self._prefix if self._shown_prefix is None else self._shown_prefix
        sources = [
            SourceFile(job.source, f"{directory}/{job.inside}", job.kept, f"{shown}/{job.source}")
            for job in _plan(package, self._python, dialect)
            if job.kept and not os.access(job.kept, os.F_OK)
        ]
        if sources and os.access(directory, os.W_OK):
            if self._workers is None:
                self._workers = CompileWorkers(self._interpreter, popen=self._journal.popen)
            self._workers.submit(sources)

    def _make_room(self, jobs: Sequence[_Job]) -> None:
        """Move away what is at the places of byte-code, and make the folders for it."""
        root, journal = f"{self._prefix}/", self._journal
        journal.move(
            (job.target, journal.trash_path()) for job in jobs if os.path.lexists(root + job.target)
        )
        make_parents(root, journal, (job.target for job in jobs))
        journal.note_creation(files=[job.target for job in jobs])


def needed_by(name: str, records: Mapping[str, PackageRecord]) -> set[str]:
    """Return a package's name and those of all that it depends on, as far as they are given."""
    needed: set[str] = set()
    pending = [name]
    while pending:
        name = pending.pop()
        if name in records and name not in needed:
            needed.add(name)
            pending += [package_name_of(text) for text in records[name].depends]
    return needed


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
        inside = kept = ""
        if entry.path_type == "hardlink" and not entry.prefix_placeholder:
            inside = f"site-packages/{path.removeprefix(modules)}"
            kept = kept_byte_code(package.directory, dialect, inside)
        yield _Job(package, path, target, inside, kept)
