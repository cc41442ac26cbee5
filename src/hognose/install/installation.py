"""The verb `install`: make an environment contain exactly the given packages.

It locks the prefix, cleans up after an interrupted predecessor, plans, and has `execution` carry
the plan out, with packages coming from the cache.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from hognose._several import require_several
from hognose.errors import EnvironmentChangedError, LinkError
from hognose.install.arguments import (
    require_all,
    require_callable,
    require_kind,
    require_means,
)
from hognose.install.execution import Execution
from hognose.install.execution_options import ExecutionOptions, ExecutionOutcome
from hognose.install.failures import explain_failure
from hognose.install.frozen import require_not_frozen
from hognose.install.installed_record import altered_record
from hognose.install.journal import RecoveredTransaction, recover_transaction
from hognose.install.link_method import LinkOptions
from hognose.install.package_supply import PackageSupply
from hognose.install.prefix_lock import LOCK_FILE, PrefixLock
from hognose.install.prefix_path import (
    final_path,
    normal_path,
    not_a_directory,
    require_short,
    require_usable,
)
from hognose.install.recorded_paths import require_own_folders, require_recorded_inside
from hognose.install.reporter import ReporterCalls
from hognose.install.transaction import Transaction, plan_transaction
from hognose.install.unfinished import has_unfinished_transaction
from hognose.install.unlink import empty_trash, remove_directory
from hognose.types import MatchSpec, Platform, PrefixRecord, RepoDataRecord
from hognose.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from hognose.cache import PackageCache
    from hognose.net import Client

__all__ = ("InstallationResult", "execute_transaction", "install", "recover")

# What the history calls whoever installs, unless told otherwise.
_THIS_TOOL = ("hognose", __version__)


class InstallationResult(Transaction, frozen=True, kw_only=True):
    """The transaction that was carried out, and what else happened.

    Attributes:
        outcome: Clobbered paths, skipped link scripts, warnings.
        recovered: What was done about an interrupted predecessor, or None.
    """

    outcome: ExecutionOutcome = ExecutionOutcome()
    recovered: RecoveredTransaction | None = None


def install(
    records: Iterable[RepoDataRecord],
    target_prefix: str | os.PathLike[str],
    *,
    cache: PackageCache,
    client: Client,
    installed: Sequence[PrefixRecord] | None = None,
    reinstall: Collection[str] = (),
    ignored: Collection[str] = (),
    platform: Platform | str | None = None,
    execute_link_scripts: bool | Collection[str] = False,
    requested_specs: Iterable[MatchSpec | str] | None = None,
    reporter: object | None = None,
    link_options: LinkOptions | None = None,
    target_prefix_override: str | os.PathLike[str] | None = None,
    compile_byte_code: bool = False,
    override_frozen: bool = False,
    command: str = "",
    tool: tuple[str, str] | None = None,
    root_prefix: str | os.PathLike[str] = "",
    workers: int | None = None,
    lock_timeout: float = 60.0,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> InstallationResult:
    """Make an environment contain exactly the given packages, or leave it as it was.

    Packages are fetched into the cache by several threads, and linked as they arrive. Nothing is
    solved. When the call returns, the records in `conda-meta` and the files agree; when it raises,
    or the process dies, the environment is as it was before, at the latest after the next call.

    Args:
        records: All packages that the environment shall contain.
        target_prefix: The environment; made if it is missing.
        cache: Where packages are kept.
        client: What fetches those that are not there yet.
        installed: What was in the environment when `records` were found. If something else is
            there once the environment is locked, nothing is changed. None takes it as it is.
        reinstall: Names of packages to link again although they are the same.
        ignored: Names of packages to leave as they are.
        platform: The platform to install for; by default the one that runs.
        execute_link_scripts: Whether packages may run scripts: all, none, or those named.
        requested_specs: The specs of the user, recorded with the packages that they name, and
            taken out of all other records. None leaves the records of unchanged packages alone.
        reporter: An object with methods of `Reporter`.
        link_options: What ways of linking may be used.
        target_prefix_override: The absolute path to write into files, where it is not the prefix.
        compile_byte_code: Whether to compile the modules of `noarch: python` packages.
        override_frozen: Change the environment although it is marked as frozen (CEP 22).
        command: The command line, for the environment's history.
        tool: The program's name and version, for the history; by default hognose's.
        root_prefix: The prefix that the tool's environments lie below, which link scripts are told
            as `ROOT_PREFIX` (CEP 34).
        workers: How many packages are fetched at a time.
        lock_timeout: Seconds to wait while another process changes the environment.
        is_cancelled: Asked several times a second while others are waited for (another process
            that holds the lock, packages, their scripts), between packages, and last before the
            change takes effect; if it answers true, everything is undone.

    Returns:
        What was done.

    Raises:
        TypeError: An argument is of another kind than it takes, such as a str where several names
            are meant; nothing is touched then.
        ParseSubdirError: There is no such platform.
        ValueError: There cannot be as many workers.
        FrozenEnvironmentError: The environment is frozen.
        EnvironmentChangedError: It is not as `installed` says, because somebody else changed it.
        TransactionError: The packages cannot be in one environment, or do not fit on the disk; or
            a record of the environment names a path outside it.
        LinkError: A file cannot be linked.
        InstallerError: The environment cannot be changed; has `path`.
        NetworkError, ArchiveError, PackageCacheError: A package cannot be had.
    """
    require_means(cache, client)
    require_callable("is_cancelled", is_cancelled)
    wanted = require_all("records", records, RepoDataRecord)
    before = None if installed is None else require_all("installed", installed, PrefixRecord)
    again, left = require_all("reinstall", reinstall, str), require_all("ignored", ignored, str)
    target_platform = Platform.current() if platform is None else Platform(platform)
    calls = ReporterCalls(reporter)
    specs = None
    if requested_specs is not None:
        specs = [_spec(spec) for spec in require_several("requested_specs", requested_specs)]
    if link_options is not None:
        require_kind("link_options", link_options, LinkOptions)
    options = ExecutionOptions(
        link_options=link_options or LinkOptions(),
        link_scripts=(
            execute_link_scripts
            if isinstance(execute_link_scripts, bool)
            else frozenset(require_all("execute_link_scripts", execute_link_scripts, str))
        ),
        compile_byte_code=compile_byte_code,
        target_prefix=None
        if target_prefix_override is None
        else final_path(target_prefix_override),
        requested_specs=None if specs is None else _by_name(specs),
        command=command,
        tool=tool or _THIS_TOOL,
        update_specs=tuple(map(str, specs or ())),
        root_prefix=os.fspath(root_prefix),
        workers=workers,
    )
    if workers is not None:
        require_kind("workers", workers, int)
    if workers is not None and workers < 1:
        raise ValueError(f"`workers` is at least 1, not {workers}")
    prefix = normal_path(target_prefix)
    if not override_frozen:
        require_not_frozen(prefix)
    require_usable(prefix)
    require_short(options.target_prefix or prefix, wanted, target_platform)

    def plan() -> Transaction:
        current = PrefixRecord.collect(prefix)
        if before is not None and set(map(_facts, current)) != set(map(_facts, before)):
            raise _changed(prefix)
        return plan_transaction(
            current, wanted, reinstall=again, ignored=left, platform=target_platform
        )

    def carry_out() -> InstallationResult:
        with PackageSupply(
            cache, client, prefix, options=options, report=calls, reporter=reporter
        ) as supply:
            return _run(
                prefix,
                plan,
                supply.fetch,
                supply.locate,
                options,
                calls,
                lock_timeout=lock_timeout,
                cancel=is_cancelled,
                stop_fetching=supply.stop,
            )

    try:
        return carry_out()
    except LinkError as error:
        damaged = _discard_damaged(cache, wanted, error)
        if not damaged:
            raise
        calls("warning", f"{damaged} was damaged: the package is fetched anew")
    return carry_out()


def execute_transaction(
    transaction: Transaction,
    target_prefix: str | os.PathLike[str],
    fetch: Callable[[RepoDataRecord], str | os.PathLike[str]],
    *,
    options: ExecutionOptions | None = None,
    reporter: object | None = None,
    override_frozen: bool = False,
    lock_timeout: float = 60.0,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> InstallationResult:
    """Carry out a transaction that was planned before.

    Args:
        transaction: The plan, made from what is in the environment now.
        target_prefix: The environment; made if it is missing.
        fetch: Returns the folder of an extracted package; called from several threads.
        options: How to go about it.
        reporter: An object with methods of `Reporter`.
        override_frozen: Change the environment although it is marked as frozen (CEP 22).
        lock_timeout: Seconds to wait while another process changes the environment.
        is_cancelled: As in `install`.

    Raises:
        TypeError: An argument is of another kind than it takes.
        EnvironmentChangedError: The environment is not the one that the plan was made for.
        HognoseError: As `install`.
    """
    require_kind("transaction", transaction, Transaction)
    require_callable("fetch", fetch)
    require_callable("is_cancelled", is_cancelled)
    if options is not None:
        require_kind("options", options, ExecutionOptions)
    calls = ReporterCalls(reporter)
    prefix = normal_path(target_prefix)
    if not override_frozen:
        require_not_frozen(prefix)

    def plan() -> Transaction:
        present = {record.file_stem for record in PrefixRecord.collect(prefix)}
        expected = {record.file_stem for record in (*transaction.unchanged, *transaction.removed)}
        if present != expected:
            raise _changed(prefix)
        return transaction

    return _run(
        prefix,
        plan,
        lambda record, _: os.fspath(fetch(record)),
        lambda _: {},
        options or ExecutionOptions(tool=_THIS_TOOL),
        calls,
        lock_timeout=lock_timeout,
        cancel=is_cancelled,
    )


def recover(
    target_prefix: str | os.PathLike[str],
    *,
    lock_timeout: float = 60.0,
    abandon_damaged: bool = False,
) -> RecoveredTransaction | None:
    """Undo or finish an interrupted change of an environment; None where there is none.

    Where there is no environment any more, its interrupted removal is finished.

    Args:
        target_prefix: The environment.
        lock_timeout: Seconds to wait while another process changes it.
        abandon_damaged: Put a journal aside that cannot be used, so that `repair` can mend what
            the change did; else it is an error.

    Raises:
        InstallerError: Another process is changing the environment right now, or a file can be
            neither moved nor removed.
        TransactionError: The journal is damaged, of a newer program, or leads out of the
            environment.
    """
    prefix = normal_path(target_prefix)
    if not os.path.lexists(prefix):
        from hognose.install.removal import finish_removals

        finish_removals(prefix)
        return None
    is_unfinished = has_unfinished_transaction(prefix)
    if not is_unfinished and not os.path.exists(f"{prefix}/{LOCK_FILE}"):
        return None
    require_own_folders(prefix)
    with PrefixLock(prefix, timeout=lock_timeout):
        recovered = recover_transaction(
            prefix, timeout=lock_timeout, abandon_damaged=abandon_damaged
        )
    # A process that was killed before it wrote a journal may have made these.
    made = recovered.made_directories if recovered else (prefix, f"{prefix}/conda-meta")
    for directory in reversed(made):
        remove_directory(directory)
    return recovered


def _run(
    prefix: str,
    plan: Callable[[], Transaction],
    fetch: Callable[[RepoDataRecord, int], str],
    locate: Callable[[Transaction], dict[int, str]],
    options: ExecutionOptions,
    calls: ReporterCalls,
    *,
    lock_timeout: float,
    cancel: Callable[[], bool],
    stop_fetching: Callable[[], object] = lambda: None,
) -> InstallationResult:
    made: list[str] = []
    try:
        _make_prefix(prefix, made)
        require_own_folders(prefix)
        with PrefixLock(prefix, timeout=lock_timeout, is_cancelled=cancel):
            recovered = recover_transaction(prefix, timeout=lock_timeout)
            if recovered is not None:
                calls("warning", f"{prefix}: {recovered}")
                made[:0] = recovered.made_directories
            empty_trash(prefix)
            transaction = plan()
            outcome = ExecutionOutcome()
            if not _is_done(prefix, transaction, options):
                require_recorded_inside(prefix, (*transaction.removed, *transaction.unchanged))
                outcome = Execution(
                    transaction,
                    prefix,
                    fetch,
                    options=options,
                    report=calls,
                    present=locate(transaction),
                    made_directories=made,
                    is_cancelled=cancel,
                    stop_fetching=stop_fetching,
                ).run()
    except BaseException as error:
        for directory in reversed(made):
            remove_directory(directory)
        if isinstance(error, OSError):
            raise explain_failure(error, prefix) from error
        raise
    facts = {name: getattr(transaction, name) for name in Transaction.__struct_fields__}
    return InstallationResult(**facts, outcome=outcome, recovered=recovered)


def _discard_damaged(
    cache: PackageCache, records: Iterable[RepoDataRecord], error: LinkError
) -> str | None:
    """Take a package that lacks a file out of the cache; return where it was, or None.

    Packages in the cache are not looked through before they are linked: that would cost as much as
    linking them. Everything has been undone when the error is raised.
    """
    if getattr(error, "errno", None) != errno.ENOENT:
        return None
    from hognose.install.doctor import discard_damaged_entries

    name = getattr(error, "package", None)
    gone = discard_damaged_entries(cache, [each for each in records if each.file_stem == name])
    return gone[0] if gone else None


def _is_done(prefix: str, transaction: Transaction, options: ExecutionOptions) -> bool:
    """Tell whether there is nothing to write: no operation, no record to alter, a history."""
    return (
        transaction.is_empty
        and os.path.exists(f"{prefix}/conda-meta/history")
        and all(
            altered_record(record, options.requested_specs) is None
            for record in transaction.unchanged
        )
    )


def _make_prefix(prefix: str, made: list[str]) -> None:
    path = f"{prefix}/conda-meta"
    missing = []
    while not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for path in reversed(missing):
        try:
            os.mkdir(path)
        except FileExistsError:
            if not os.path.isdir(path):
                raise not_a_directory(path) from None
        except NotADirectoryError:
            raise not_a_directory(os.path.dirname(path)) from None
        else:
            made.append(path)


def _facts(record: PrefixRecord) -> tuple[str, str | None, str | None, tuple[str, ...]]:
    """Return what may not have changed since a plan was made: the package, and who asked for it."""
    return record.record_file_name, record.sha256_hex, record.md5_hex, record.asked_by


def _changed(prefix: str) -> EnvironmentChangedError:
    message = f"the environment has changed since the plan was made: {prefix}"
    return EnvironmentChangedError(message, path=prefix, hint="plan again")


def _spec(spec: MatchSpec | str) -> MatchSpec:
    if not isinstance(spec, str):
        require_kind("requested_specs", spec, MatchSpec)
        return spec
    return MatchSpec(spec)


def _by_name(specs: Iterable[MatchSpec]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for spec in specs:
        name = spec.name.exact
        if name is not None:
            found[str(name)] = (*found.get(str(name), ()), str(spec))
    return found
