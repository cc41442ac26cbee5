"""What is left to do at the end of a transaction, listed before it is final. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.install.journal import Commit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from hognose.install.foreign_losses import ForeignPaths
    from hognose.install.package_linker import LinkedPackage
    from hognose.install.transaction import Transaction
    from hognose.types import PrefixRecord

__all__ = ("plan_commit",)


def plan_commit(
    transaction: Transaction,
    linked: Sequence[LinkedPackage],
    *,
    foreign: ForeignPaths,
    places: Iterable[str],
    displaced: Collection[str],
    left_places: Iterable[str],
    replacements: Sequence[tuple[str, str]],
    records: Sequence[str],
    misnamed: Mapping[str, str],
    history: str,
    history_size: int,
) -> Commit:
    """List what has to be removed, replaced, recorded and logged.

    Args:
        transaction: The transaction.
        linked: The packages that came.
        foreign: The files of another installer that stay, and those that go.
        places: The paths that files were or will be moved to.
        displaced: The old files that are out of the way already.
        left_places: The paths that files of staying packages were moved from.
        replacements: The files that wait to take the place of old ones.
        records: The file names of the records that wait.
        misnamed: From `find_misnamed_records`.
        history: The block for the history.
        history_size: The size of the history before.
    """
    removed = transaction.removed
    obsolete: list[str] = []
    if removed or foreign.going:
        kept = {entry.relative_path for package in linked for entry in package.entries}
        kept.update(places, foreign.staying)
        for record in transaction.unchanged:
            kept.update(record.files)
        obsolete = [
            entry.relative_path
            for record in removed
            for entry in record.paths_data.paths
            if entry.path_type != "directory"
            and entry.relative_path not in displaced
            and entry.relative_path not in kept
        ]
        obsolete += sorted(foreign.going.difference(kept, displaced, obsolete))
    folders, byte_code = _folders_of(removed)
    folders.update(path.rpartition("/")[0] for path in foreign.going)
    folders.update(path.rpartition("/")[0] for path in left_places)
    folders.discard("")
    asked_for = [entry.relative_path for package in linked for entry in package.folders]
    if folders:
        asked_for += [
            entry.relative_path
            for record in transaction.unchanged
            for entry in record.paths_data.paths
            if entry.path_type == "directory"
        ]
    return Commit(
        replacements=tuple(replacements),
        obsolete_files=tuple(obsolete),
        obsolete_directories=tuple(sorted(folders)),
        byte_code_directories=tuple(sorted(byte_code)),
        kept_directories=tuple(asked_for),
        records=tuple(records),
        obsolete_records=_obsolete_records(transaction, records, misnamed),
        history=history,
        history_size=history_size,
    )


def _obsolete_records(
    transaction: Transaction, waiting: Sequence[str], misnamed: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the files of records that go, or that one of another name takes the place of."""
    going = {record.record_file_name for record in transaction.removed}
    names = going.union(record.record_file_name for record in transaction.unchanged)
    written = names.intersection(waiting)
    found = [misnamed[name] for name in sorted(going | written) if name in misnamed]
    return tuple(sorted(going - written - misnamed.keys())) + tuple(found)


def _folders_of(removed: Iterable[PrefixRecord]) -> tuple[set[str], set[str]]:
    """Return the folders of removed files, and those of them that may hold byte-code."""
    folders: set[str] = set()
    byte_code: set[str] = set()
    for record in removed:
        found = {path.rpartition("/")[0] for path in record.files}
        found.update(
            entry.relative_path
            for entry in record.paths_data.paths
            if entry.path_type == "directory"
        )
        folders |= found
        if record.noarch.is_python:
            byte_code |= found
    return folders, byte_code
