"""A transaction carried out: fetch, link, arrange, record, commit; or everything undone.

The order of things on disk::

    journal begun -> packages linked as they arrive -> files of contested paths moved
    -> byte-code -> post-link scripts -> records written aside -> commit -> old files removed
    -> records renamed into conda-meta -> journal removed

Byte-code is made in the package cache from the moment that Python is linked; in the environment it
is linked at that point. What comes before `commit` is undone when anything fails, what comes after
is finished by whoever comes next. `install` takes the lock and makes the plan.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import HognoseError, InstallerError
from hognose.install.arrangement import Arrangement, PackagePaths, arrange
from hognose.install.arrivals import link_arrivals
from hognose.install.commit_plan import plan_commit
from hognose.install.compilation import Compilation
from hognose.install.contested_paths import ContestedPaths
from hognose.install.execution_options import ExecutionOptions, ExecutionOutcome
from hognose.install.failures import explain_failure, tell_missing_space
from hognose.install.foreign_losses import find_foreign_paths
from hognose.install.free_space import missing_bytes
from hognose.install.hard_links import HardLinks, worth_a_process
from hognose.install.history import read_history, unreadable_lines
from hognose.install.installed_record import relocate
from hognose.install.interrupts import run_to_its_end
from hognose.install.journal import Commit, Journal, shortened
from hognose.install.misnamed_records import find_misnamed_records
from hognose.install.package_linker import LinkedPackage, PackageLinker
from hognose.install.permissions import require_changeable
from hognose.install.placing import place_files
from hognose.install.script_runs import ScriptRuns
from hognose.install.unfinished import JOURNAL_DIRECTORY
from hognose.install.unlogged_changes import format_change
from hognose.install.waiting_records import WaitingRecords

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hognose.install.compile_workers import CompileFailure
    from hognose.install.reporter import ReporterCalls
    from hognose.install.transaction import Transaction
    from hognose.types import RepoDataRecord

__all__ = ("Execution",)


class Execution:
    """One transaction being carried out in a prefix that the caller has locked."""

    def __init__(
        self,
        transaction: Transaction,
        prefix: str,
        fetch: Callable[[RepoDataRecord, int], str],
        *,
        options: ExecutionOptions,
        report: ReporterCalls,
        present: Mapping[int, str] | None = None,
        made_directories: Sequence[str] = (),
        is_cancelled: Callable[[], bool] = lambda: False,
        stop_fetching: Callable[[], object] = lambda: None,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """Prepare; `run` does it.

        Args:
            transaction: The plan.
            prefix: The environment, absolute; its `conda-meta` exists.
            fetch: Makes a package available: record and index of its operation to the folder it is
                extracted in. Called from several threads.
            options: How to go about it.
            report: Where events go.
            present: The packages that need no fetching: index of the operation to the folder.
            made_directories: The folders that were made for the prefix, removed on failure.
            is_cancelled: Asked between packages, several times a second while they come and while
                their scripts run, and last before the change takes effect.
            stop_fetching: Makes calls of `fetch` that are under way end soon, with an error.
            now: The clock, for the history.
        """
        self._transaction = transaction
        self._prefix = prefix
        self._root = f"{prefix}/"
        self._fetch = fetch
        self._options = options
        self._report = report
        self._present = present or {}
        self._made_directories = tuple(made_directories)
        self._is_cancelled = is_cancelled
        self._stop_fetching = stop_fetching
        self._now = now
        self._warnings: list[str] = []
        self._directories: list[str] = []
        self._has_contests = False
        self._scripts = ScriptRuns(
            prefix,
            allowed=options.link_scripts,
            root_prefix=options.root_prefix,
            platform=transaction.platform,
            report=report,
            is_cancelled=is_cancelled,
        )

    def run(self) -> ExecutionOutcome:
        """Carry out the transaction, or leave everything as it was.

        Raises:
            HognoseError: Anything that went wrong; the prefix is as it was before.
        """
        self._report("transaction_start", len(self._transaction.operations))
        try:
            self._require_writable()
            journal = Journal.begin(self._prefix, made_directories=self._made_directories)
        except OSError as error:
            raise explain_failure(error, self._prefix) from error
        try:
            self._scripts.run_pre_unlink(journal, self._transaction.removed)
            outcome, commit = self._prepare(journal)
            tokens = self._report_unlinking()
            self._require_wanted()
        except BaseException as error:
            self._undo(journal, error)
            failure = explain_failure(error, self._prefix) if isinstance(error, OSError) else error
            tell_missing_space(failure, self._prefix, self._missing_bytes)
            if failure is error:
                raise
            raise failure from error
        try:
            journal.commit(commit)
            left = journal.finish(commit)
        except BaseException as error:
            self._settle(journal, commit, error)
            if isinstance(error, OSError):
                raise explain_failure(error, self._prefix) from error
            raise
        if left:
            self._warn(f"these files should be gone, and cannot be removed: {shortened(left)}")
            outcome = msgspec.structs.replace(outcome, warnings=tuple(self._warnings))
        for index, token in tokens.items():
            self._report("unlink_complete", token)
            if self._transaction.operations[index].new is None:
                self._report("transaction_operation_complete", index)
        self._report("transaction_complete")
        return outcome

    def _missing_bytes(self) -> int:
        """Return how much room is missing for the packages that are known by now."""
        directories = {*self._present.values(), *self._directories}
        return missing_bytes(directories, self._prefix, self._options.link_options)

    def _report_unlinking(self) -> dict[int, int]:
        tokens = {}
        for index, operation in enumerate(self._transaction.operations):
            if operation.old is not None:
                if operation.new is None:
                    self._report("transaction_operation_start", index)
                tokens[index] = self._report("unlink_start", index, operation.name)
        return tokens

    def _settle(self, journal: Journal, commit: Commit, error: BaseException) -> None:
        """Leave one of the two states behind when the end was interrupted."""
        if not journal.is_committed:
            self._undo(journal, error)
            return
        if isinstance(error, KeyboardInterrupt):
            error.add_note("it was too late: the change is made")
        try:
            run_to_its_end(lambda: journal.finish(commit))
        except (OSError, HognoseError) as second:
            error.add_note(
                f"the change is made, but tidying up failed ({second}); the next change of "
                f"{self._prefix} will try again"
            )

    def _undo(self, journal: Journal, error: BaseException) -> None:
        try:
            run_to_its_end(journal.undo)
        except (OSError, HognoseError) as second:
            error.add_note(
                f"undoing it failed as well ({second}); the next change of {self._prefix} "
                "will try again"
            )

    def _warn(self, message: str) -> None:
        self._warnings.append(message)
        self._report("warning", message)

    def _require_writable(self) -> None:
        """Refuse before anything is done where the end could not be reached."""
        records = [record.record_file_name for record in self._transaction.removed]
        require_changeable(
            self._root,
            files=[path for record in self._transaction.removed for path in record.files],
            books=["conda-meta/history", *[f"conda-meta/{name}" for name in records]],
        )

    def _prepare(self, journal: Journal) -> tuple[ExecutionOutcome, Commit]:
        """Do everything that can fail, up to the records that wait for the commit."""
        compilation = self._begin_compilation(journal)
        try:
            return self._prepare_compiling(journal, compilation)
        except BaseException:
            if compilation is not None:
                run_to_its_end(compilation.stop)
            raise

    def _prepare_compiling(
        self, journal: Journal, compilation: Compilation | None
    ) -> tuple[ExecutionOutcome, Commit]:
        foreign = find_foreign_paths(self._prefix, self._transaction)
        records = WaitingRecords(self._prefix, journal, self._options.requested_specs)
        linked = self._link_packages(journal, compilation, records)
        arrangement = self._arrange(linked)
        contested = ContestedPaths(
            self._prefix, linked, policy=self._options.link_options.clobber, warn=self._warn
        )
        contested.judge_clobbers(arrangement)
        placement = place_files(
            self._prefix,
            journal,
            arrangement,
            frozenset(path for record in self._transaction.removed for path in record.files),
            may_wait=not (self._options.link_scripts or self._options.compile_byte_code),
            judge=contested.judge_replaced,
            refuse=contested.refuse_folder,
        )
        for package in linked:
            relocate(package.entries, arrangement.final_places.get(str(package.record.name)))
        failures = self._compile(compilation, linked)
        self._scripts.run_post_link(journal, linked, self._transaction.order)
        file_names = records.complete(
            linked,
            self._transaction.unchanged,
            arrangement,
            altered=[str(package.record.name) for package in linked if self._is_compiled(package)],
        )
        history = self._history_block()
        outcome = ExecutionOutcome(
            clobbered=arrangement.clobbered,
            replaced_files=placement.foreign,
            kept_files=tuple(sorted(foreign.staying)),
            skipped_scripts=tuple(self._scripts.skipped),
            scripts=tuple(self._scripts.ran),
            compile_failures=failures,
            warnings=tuple(self._warnings),
        )
        commit = plan_commit(
            self._transaction,
            linked,
            foreign=foreign,
            places=arrangement.targets,
            displaced=placement.displaced,
            left_places=[
                source
                for source, _ in arrangement.into_place
                if not source.startswith(f"{JOURNAL_DIRECTORY}/")
            ],
            replacements=placement.replacements,
            records=file_names,
            misnamed=find_misnamed_records(
                self._prefix, (*self._transaction.removed, *self._transaction.unchanged)
            ),
            history=history,
            history_size=_size(f"{self._root}conda-meta/history"),
        )
        return outcome, commit

    def _history_block(self) -> str:
        if self._transaction.is_empty:
            return ""
        tool, version = self._options.tool
        blocks = read_history(self._prefix)
        for message in unreadable_lines(blocks):
            self._warn(message)
        return format_change(
            blocks,
            self._transaction,
            time=self._now(),
            command=self._options.command,
            tool=tool,
            tool_version=version,
            update_specs=self._options.update_specs,
            remove_specs=self._options.remove_specs,
        )

    # Fetching and linking

    def _link_packages(
        self, journal: Journal, compilation: Compilation | None, records: WaitingRecords
    ) -> list[LinkedPackage]:
        with self._hard_links(journal) as hard_links:
            linker = self._linker(journal, hard_links)

            def link(record: RepoDataRecord, index: int, directory: str) -> LinkedPackage:
                if index in self._present:
                    token = self._report("populate_cache_start", index, str(record.name))
                    self._report("populate_cache_complete", token)
                package = self._link_package(journal, linker, index, record, directory)
                if compilation is not None:
                    if str(record.name) in compilation.awaited:
                        hard_links.settle()
                    compilation.add(package)
                if not self._is_compiled(package):
                    records.write(package)
                return package

            linked = link_arrivals(
                self._transaction.operations,
                self._fetch,
                link,
                present=self._present,
                width=self._options.fetch_width,
                first=() if compilation is None else compilation.awaited,
                check=self._require_wanted,
                stop=self._stop_fetching,
            )
            hard_links.settle()
            self._has_contests = linker.has_contests
            return linked

    def _hard_links(self, journal: Journal) -> HardLinks:
        """Return what makes hard links: a worker, unless packages run scripts in between."""
        sizes = [record.size for record in self._transaction.installed]
        is_apart = not self._options.link_scripts and worth_a_process(sizes)
        return HardLinks(self._prefix, holding=journal.descriptor if is_apart else None)

    def _require_wanted(self) -> None:
        if self._is_cancelled():
            message = f"the change of {self._prefix} was cancelled"
            raise InstallerError(message, path=self._prefix)

    def _linker(self, journal: Journal, hard_links: HardLinks) -> PackageLinker:
        owned = frozenset(
            path
            for record in (*self._transaction.unchanged, *self._transaction.removed)
            for path in record.files
        )
        return PackageLinker(
            self._prefix,
            journal,
            hard_links=hard_links,
            platform=self._transaction.platform,
            python=self._transaction.python,
            options=self._options.link_options,
            target_prefix=self._options.target_prefix or self._prefix,
            scratch=os.path.dirname(self._root + journal.staging_path()),
            owned=owned,
            warn=self._warn,
        )

    def _link_package(
        self,
        journal: Journal,
        linker: PackageLinker,
        index: int,
        record: RepoDataRecord,
        directory: str,
    ) -> LinkedPackage:
        self._require_wanted()
        self._directories.append(directory)
        self._report("transaction_operation_start", index)
        self._scripts.run_pre_link(journal, record, directory)
        token = self._report("link_start", index, str(record.name))
        package = linker.link(record, directory)
        self._report("link_complete", token)
        self._report("transaction_operation_complete", index)
        return package

    # Contested places

    def _arrange(self, linked: Sequence[LinkedPackage]) -> Arrangement:
        # Where nothing was there before, everything is in its place: nobody need look.
        is_new = not (self._transaction.unchanged or self._transaction.removed)
        if is_new and not self._has_contests:
            return Arrangement()
        return arrange(self._packages(linked))

    def _packages(self, linked: Sequence[LinkedPackage]) -> list[PackagePaths]:
        packages: dict[str, PackagePaths] = {}
        for record in self._transaction.unchanged:
            entries = [item for item in record.paths_data.paths if item.path_type != "directory"]
            packages[record.name] = PackagePaths(
                name=str(record.name),
                paths=[entry.original_path or entry.relative_path for entry in entries],
                places=[entry.relative_path for entry in entries],
            )
        for package in linked:
            packages[package.record.name] = PackagePaths(
                name=str(package.record.name),
                paths=[entry.relative_path for entry in package.entries],
                places=package.places,
            )
        return [packages[name] for name in self._transaction.order if name in packages]

    # Byte-code

    def _begin_compilation(self, journal: Journal) -> Compilation | None:
        python = self._transaction.python
        if not self._options.compile_byte_code or python is None:
            return None
        return Compilation(
            self._prefix,
            python,
            journal,
            coming=self._transaction.installed,
            python_directory=self._python_directory(),
            hard_links=self._options.link_options.allow_hard_links is not False,
            shown_prefix=self._options.target_prefix,
        )

    def _compile(
        self, compilation: Compilation | None, linked: Sequence[LinkedPackage]
    ) -> tuple[CompileFailure, ...]:
        packages = [package for package in linked if self._is_compiled(package)]
        if compilation is None or not packages:
            return ()
        failures = compilation.finish(packages)
        if failures is None:
            self._warn(f"no byte-code is made: the Python of {self._prefix} does not run here")
        return failures or ()

    def _is_compiled(self, package: LinkedPackage) -> bool:
        return self._options.compile_byte_code and package.record.noarch.is_python

    def _python_directory(self) -> str | None:
        """Return where the package of the interpreter was extracted, unless it is coming."""
        for record in self._transaction.unchanged:
            if record.name == "python":
                return record.extracted_package_dir
        return None


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0
