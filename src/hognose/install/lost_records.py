"""What of an environment's own books cannot be read any more, and how it is had back.

A record says by the name of its file which package it was of. The package is looked for in the
cache, then in the channel that the environment's log names, and is linked again. Of several records
of one package (`doubled_records`) all but one count as lost.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from hognose.archive import delete, rename
from hognose.errors import HognoseError, InstallerError, TransactionError
from hognose.install.doubled_records import find_doubles, remove_leftovers
from hognose.install.history import format_history_block, iter_revisions, read_history
from hognose.install.prefix_lock import PrefixLock
from hognose.install.recorded_paths import require_recorded_inside
from hognose.install.revisions import PackageReference, find_record, specs_of_revision
from hognose.install.transaction import Operation, Transaction
from hognose.types import MatchSpec, Platform, PrefixRecord, RepoDataRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hognose.cache import PackageCache

__all__ = (
    "LostRecord",
    "begin_history",
    "find_lost_records",
    "lost_specs",
    "put_aside",
    "read_records",
)

# What a record is called while its package is linked again, so that nobody reads it.
_ASIDE = ".unreadable"


class LostRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that cannot be read.

    Attributes:
        path: Its file, relative to the prefix.
        message: Why.
        package: The package that it was of, where that was found.
        double: The record, where it can be read, and its package has another one that stays.
        kept: The file of that other one, relative to the prefix, or empty.
    """

    path: str
    message: str
    package: RepoDataRecord | None = None
    double: PrefixRecord | None = None
    kept: str = ""


def read_records(
    prefix: str | os.PathLike[str],
) -> tuple[list[PrefixRecord], list[LostRecord]]:
    """Read each record by itself, so that a broken one does not hide the others.

    Returns:
        One record of each package, sorted by their files' names, and those that do not count.

    Raises:
        OSError: There is no `conda-meta`.
    """
    root = os.path.join(prefix, "conda-meta")
    found: dict[str, PrefixRecord] = {}
    aside: list[str] = []
    lost = []
    for name in sorted(os.listdir(root)):
        path = f"conda-meta/{name}"
        if name.endswith(f".json{_ASIDE}"):
            aside.append(name)
        elif name.endswith(".json"):
            try:
                found[name] = PrefixRecord.from_path(os.path.join(prefix, path))
            except HognoseError as error:
                lost.append(LostRecord(path=path, message=error.message))
            except OSError as error:
                message = f"{path} cannot be read: {error.strerror or error}"
                lost.append(LostRecord(path=path, message=message))
    doubles = find_doubles(root, found)
    for name, kept in doubles.items():
        lost.append(_double(f"conda-meta/{name}", found[name], kept))
    records = {name: record for name, record in found.items() if name not in doubles}
    lost += [_left_aside(prefix, name, records) for name in aside]
    lost.sort(key=lambda item: item.path)
    return list(records.values()), lost


def _double(path: str, record: PrefixRecord, kept: str) -> LostRecord:
    message = f"{path}: package `{record.name}` is recorded twice, here and in conda-meta/{kept}"
    return LostRecord(path=path, message=message, double=record, kept=f"conda-meta/{kept}")


def _left_aside(
    prefix: str | os.PathLike[str], name: str, records: Mapping[str, PrefixRecord]
) -> LostRecord:
    """Return what a repair has put aside that came to no end."""
    path = f"conda-meta/{name}"
    try:
        record = PrefixRecord.from_path(os.path.join(prefix, path))
    except (HognoseError, OSError):
        pass
    else:
        for kept, other in records.items():
            if other.name == record.name:
                return _double(path, record, kept)
    return LostRecord(path=path, message=f"{path} is left of a repair that was interrupted")


def find_lost_records(
    prefix: str | os.PathLike[str],
    lost: Iterable[LostRecord],
    *,
    cache: PackageCache,
    query: Callable[[PackageReference], Sequence[RepoDataRecord]] | None = None,
) -> list[LostRecord]:
    """Find the packages of records that cannot be read.

    Args:
        prefix: The environment.
        lost: The records.
        cache: Where to look first.
        query: Asks the channel of a package that the environment's log names.

    Returns:
        The same records, with their packages; doubles as they are, because theirs is there.

    Raises:
        InstallerError: A package is not to be had; has `path`, its record's.
        HognoseError: Whatever `query` raises.
    """
    logged = {reference.file_stem: reference for reference in _logged(prefix)}
    found = []
    for item in lost:
        if item.double is not None:
            found.append(item)
            continue
        stem = os.path.basename(item.path).removesuffix(_ASIDE).removesuffix(".json")
        package = None
        try:
            reference = logged.get(stem) or PackageReference.parse(stem)
        except TransactionError:
            # The file is not named as records are.
            reference = None
        if reference is not None:
            asked = query if reference.channel not in {"", "unknown", "<unknown>"} else None
            package = find_record(reference, cache=cache, query=asked)
        if package is None:
            message = f"{item.message}; its package is neither in the cache nor in a known channel"
            hint = f"delete {os.path.join(prefix, item.path)}, and install the package again"
            raise InstallerError(message, path=item.path, hint=hint)
        found.append(msgspec.structs.replace(item, package=package))
    return found


def _logged(prefix: str | os.PathLike[str]) -> Iterator[PackageReference]:
    """Yield the packages that the environment has by its log."""
    revisions = list(iter_revisions(read_history(prefix)))
    for text in revisions[-1].packages if revisions else ():
        try:
            yield PackageReference.parse(text)
        except TransactionError:
            continue


def lost_specs(prefix: str | os.PathLike[str], lost: Iterable[LostRecord]) -> list[MatchSpec]:
    """Return the specs that lost packages were asked for by, as far as the log knows them."""
    names = {str(item.package.name) for item in lost if item.package is not None}
    blocks = read_history(prefix)
    revisions = list(iter_revisions(blocks))
    if not names or not revisions:
        return []
    try:
        specs = specs_of_revision(blocks, revisions[-1])
    except TransactionError:
        return []
    return [spec for spec in specs if str(spec.name.exact) in names]


@contextmanager
def put_aside(
    prefix: str | os.PathLike[str], lost: Sequence[LostRecord], *, lock_timeout: float = 60.0
) -> Iterator[None]:
    """Keep records that do not count out of the way while their packages are linked again.

    Those whose package then has a new record are deleted at the end, doubles with the files that
    only they list; the others come back. If the process dies, `read_records` finds them, so that
    the next repair goes on.
    """
    root = os.path.join(prefix, "conda-meta")
    doubles = [item.double for item in lost if item.double is not None]
    require_recorded_inside(os.path.abspath(prefix), doubles)
    before = {item.kept: _changed(prefix, item.kept) for item in lost if item.double is not None}
    names = [os.path.basename(item.path).removesuffix(_ASIDE) for item in lost]
    with PrefixLock(prefix, timeout=lock_timeout):
        for item, name in zip(lost, names, strict=True):
            if not item.path.endswith(_ASIDE):
                rename(f"{root}/{name}", f"{root}/{name}{_ASIDE}")
    try:
        yield
    finally:
        with PrefixLock(prefix, timeout=lock_timeout):
            for item, name in zip(lost, names, strict=True):
                if item.double is not None:
                    is_settled = _changed(prefix, item.kept) != before[item.kept]
                    if is_settled:
                        records, _ = read_records(prefix)
                        remove_leftovers(os.path.abspath(prefix), item.double, records)
                else:
                    is_settled = item.package is not None and os.path.exists(
                        f"{root}/{item.package.file_stem}.json"
                    )
                if is_settled:
                    delete(f"{root}/{name}{_ASIDE}")
                else:
                    rename(f"{root}/{name}{_ASIDE}", f"{root}/{name}")


def _changed(prefix: str | os.PathLike[str], path: str) -> tuple[int, int]:
    """Return what tells a record from the one that is renamed into its place."""
    found = os.stat(os.path.join(prefix, path))
    return found.st_ino, found.st_mtime_ns


def begin_history(
    prefix: str | os.PathLike[str],
    *,
    command: str = "",
    lock_timeout: float = 60.0,
    now: Callable[[], datetime] = datetime.now,
) -> bool:
    """Write a log for an environment that has lost its own: one block with all that is there.

    Args:
        prefix: The environment.
        command: The command line to note.
        lock_timeout: Seconds to wait while another process changes it.
        now: The clock.

    Returns:
        Whether there was none.

    Raises:
        InstallerError: Another process is changing the environment.
        OSError: The log cannot be written.
    """
    path = os.path.join(prefix, "conda-meta", "history")
    with PrefixLock(prefix, timeout=lock_timeout):
        if os.path.lexists(path):
            return False
        records, _ = read_records(prefix)
        everything = Transaction(
            operations=tuple(Operation(kind="install", new=record) for record in records),
            unchanged=(),
            platform=Platform.current(),
        )
        specs = [spec for record in records for spec in record.asked_by]
        block = format_history_block(everything, time=now(), command=command, update_specs=specs)
        part = f"{path}.{os.getpid()}.part"
        with open(part, "w", encoding="utf-8", newline="") as file:
            file.write(block)
        rename(part, path)
    return True
