"""The link scripts of one transaction: which are run, in what order, and what became of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.install.link_scripts import (
    LinkScript,
    LinkScriptOutcome,
    find_link_scripts,
    run_link_script,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hognose.install.journal import Journal
    from hognose.install.link_scripts import LinkScriptAction
    from hognose.install.package_linker import LinkedPackage
    from hognose.install.reporter import ReporterCalls
    from hognose.types import Platform, PrefixRecord, RepoDataRecord

__all__ = ("ScriptRuns",)


class ScriptRuns:
    """Runs the scripts that are allowed.

    Attributes:
        ran: The scripts that were run, with what they said.
        skipped: Those that were not.
    """

    def __init__(
        self,
        prefix: str,
        *,
        allowed: bool | frozenset[str],
        root_prefix: str,
        platform: Platform,
        report: ReporterCalls,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Prepare for one prefix.

        Args:
            prefix: The environment, absolute.
            allowed: Whose scripts are run: all packages', those of the names, or nobody's.
            root_prefix: The environment of the tool itself, which scripts are told.
            platform: The platform that is installed for.
            report: Where events go.
            is_cancelled: Asked while a script runs; if it answers true, the script is ended.
        """
        self.ran: list[LinkScriptOutcome] = []
        self.skipped: list[LinkScript] = []
        self._prefix = prefix
        self._allowed = allowed
        self._root_prefix = root_prefix
        self._platform = platform
        self._report = report
        self._is_cancelled = is_cancelled

    def run_pre_unlink(self, journal: Journal, records: Iterable[PrefixRecord]) -> None:
        """Run what packages that go want to do before.

        Args:
            journal: The journal of the transaction: if this process dies, the next one waits for
                the scripts before it cleans up.
            records: The packages.

        Raises:
            TransactionError: A script failed.
        """
        packages = [(record, frozenset(record.files), self._prefix) for record in records]
        self._run(journal, "pre-unlink", find_link_scripts(packages, "pre-unlink", self._platform))

    def run_pre_link(self, journal: Journal, record: RepoDataRecord, directory: str) -> None:
        """Run what a package that comes, and lies extracted in a folder, wants to do before.

        Raises:
            TransactionError: A script failed.
        """
        package = (record, _existing_scripts(directory, record.name), directory)
        self._run(journal, "pre-link", find_link_scripts([package], "pre-link", self._platform))

    def run_post_link(
        self, journal: Journal, linked: Iterable[LinkedPackage], order: Iterable[str]
    ) -> None:
        """Run what packages that came want to do, in the order in which they need each other.

        Raises:
            TransactionError: A script failed.
        """
        by_name = {str(package.record.name): package for package in linked}
        packages = [
            (
                by_name[name].record,
                [entry.relative_path for entry in by_name[name].entries],
                self._prefix,
            )
            for name in order
            if name in by_name
        ]
        self._run(journal, "post-link", find_link_scripts(packages, "post-link", self._platform))

    def _run(
        self, journal: Journal, action: LinkScriptAction, scripts: Sequence[LinkScript]
    ) -> None:
        event = action.replace("-", "_")
        allowed = self._allowed
        for script in scripts:
            if allowed is False or (allowed is not True and script.package not in allowed):
                self.skipped.append(script)
                continue
            journal.note_scripts()
            token = self._report(f"{event}_start", script.package, script.path)
            succeeded = False
            try:
                outcome = run_link_script(
                    script,
                    self._prefix,
                    root_prefix=self._root_prefix,
                    is_cancelled=self._is_cancelled,
                    popen=journal.popen,
                )
                succeeded = True
            finally:
                self._report(f"{event}_complete", token, succeeded)
            self.ran.append(outcome)


def _existing_scripts(directory: str, name: str) -> frozenset[str]:
    paths = (f"bin/.{name}-pre-link.sh", f"Scripts/.{name}-pre-link.bat")
    return frozenset(path for path in paths if os.path.isfile(f"{directory}/{path}"))
