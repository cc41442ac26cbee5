"""What a caller can say about carrying out a transaction, and what it is told afterwards."""

from __future__ import annotations

import os

import msgspec

from hognose.install.clobber import ClobberedPath
from hognose.install.compile_workers import CompileFailure
from hognose.install.link_method import LinkOptions
from hognose.install.link_scripts import LinkScript, LinkScriptOutcome

__all__ = ("ExecutionOptions", "ExecutionOutcome")


class ExecutionOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a transaction is carried out.

    Attributes:
        link_options: What ways of linking may be used.
        link_scripts: Whose link scripts are run: all packages', those of the names, or nobody's.
        compile_byte_code: Whether modules of `noarch: python` packages are compiled.
        target_prefix: The path to write into files; by default the prefix.
        requested_specs: By package name, the specs to record; None leaves records as they are.
        command: The command line, for the history.
        tool: The program's name and version, for the history.
        update_specs: The specs to list in the history.
        remove_specs: The removed specs to list in the history.
        workers: How many packages are fetched at a time; None leaves it to `fetch_width`.
        root_prefix: The prefix that the tool's environments lie below, which link scripts are told.
    """

    link_options: LinkOptions = LinkOptions()
    link_scripts: bool | frozenset[str] = False
    compile_byte_code: bool = False
    target_prefix: str | None = None
    requested_specs: dict[str, tuple[str, ...]] | None = None
    command: str = ""
    tool: tuple[str, str] = ("hognose", "")
    update_specs: tuple[str, ...] = ()
    remove_specs: tuple[str, ...] = ()
    workers: int | None = None
    root_prefix: str = ""

    @property
    def fetch_width(self) -> int:
        """How many packages are fetched at a time, if there are as many."""
        return self.workers or min(16, (os.cpu_count() or 1) + 2)


class ExecutionOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What happened besides the plan.

    Attributes:
        clobbered: The paths that several packages ship.
        replaced_files: Files of no package that were in the way and are gone.
        kept_files: Files of packages that went, which another installer had put in their places;
            they are there still, unless a package that came has the same.
        skipped_scripts: Link scripts that were not run.
        scripts: Link scripts that were run, with what they said.
        compile_failures: Modules without byte-code.
        warnings: Everything that was reported as a warning.
    """

    clobbered: tuple[ClobberedPath, ...] = ()
    replaced_files: tuple[str, ...] = ()
    kept_files: tuple[str, ...] = ()
    skipped_scripts: tuple[LinkScript, ...] = ()
    scripts: tuple[LinkScriptOutcome, ...] = ()
    compile_failures: tuple[CompileFailure, ...] = ()
    warnings: tuple[str, ...] = ()
