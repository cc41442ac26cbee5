"""The journal that lets an interrupted transaction be undone or finished.

Everything that a transaction needs besides the environment's own files is in one folder::

    conda-meta/.transaction/
        journal        one JSON line per step, written before the step is taken
        new/N          files that wait until the file in their place has been moved away
        old/N          files moved away
        records/*.json the package records to be
        commit.json    written by rename when all of the above is complete

Until `commit.json` exists the transaction can be undone, by reading the journal backwards. From
then on it can only be finished, and every step of finishing may be repeated. Either way the
outcome is the state before or the state after, whenever the process dies. The folder is removed
last, so its existence says that somebody has to clean up: `recover_transaction` does.

A line that breaks off in the middle belongs to a step that was never taken.
"""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import msgspec

from hognose.errors import TransactionError
from hognose.install.unlink import remove_empty_directories, remove_file, replace_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

__all__ = (
    "JOURNAL_DIRECTORY",
    "Commit",
    "Journal",
    "RecoveredTransaction",
    "has_unfinished_transaction",
    "recover_transaction",
)

JOURNAL_DIRECTORY = "conda-meta/.transaction"

_logger = logging.getLogger("hognose.install")
_NEW = f"{JOURNAL_DIRECTORY}/new"
_OLD = f"{JOURNAL_DIRECTORY}/old"
_RECORDS = f"{JOURNAL_DIRECTORY}/records"


class Started(msgspec.Struct, frozen=True, kw_only=True, tag="started", tag_field="step"):
    """The first line.

    Attributes:
        process: The process that writes the journal.
        made_directories: Absolute paths of the folders made for the prefix, outermost first.
        journal_version: The version of the journal's format.
    """

    process: int
    made_directories: tuple[str, ...] = ()
    journal_version: int = 1


class Creating(msgspec.Struct, frozen=True, kw_only=True, tag="creating", tag_field="step"):
    """Files and folders that are about to be made; none of them exists yet.

    Attributes:
        directories: Folders relative to the prefix, parents first.
        files: Files and links relative to the prefix.
    """

    directories: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class Moving(msgspec.Struct, frozen=True, kw_only=True, tag="moving", tag_field="step"):
    """Files that are about to be renamed, in order.

    Attributes:
        moves: Pairs of paths relative to the prefix, from and to.
    """

    moves: tuple[tuple[str, str], ...]


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """All that is left to do once a transaction cannot fail any more.

    Attributes:
        replacements: From and to of the files that take the places of old ones.
        obsolete_files: Files of packages that go, relative to the prefix.
        obsolete_directories: The folders of these files, removed if they are empty.
        byte_code_directories: Those among them that may hold nothing but `__pycache__`.
        kept_directories: Folders that a package asks for, and that stay although they are empty.
        records: File names of the records that wait to be moved into `conda-meta`.
        obsolete_records: File names in `conda-meta` to delete; none of `records`.
        history: The block to append to `conda-meta/history`.
        history_size: The size of that file before.
    """

    replacements: tuple[tuple[str, str], ...] = ()
    obsolete_files: tuple[str, ...] = ()
    obsolete_directories: tuple[str, ...] = ()
    byte_code_directories: tuple[str, ...] = ()
    kept_directories: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    obsolete_records: tuple[str, ...] = ()
    history: str = ""
    history_size: int = 0


class RecoveredTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """What `recover_transaction` did.

    Attributes:
        outcome: `undone`: the environment is as it was before the interrupted change;
            `finished`: it is as that change wanted it.
        process: The process that was interrupted, or None where it left no trace of itself.
        made_directories: After `undone`, the folders that were made for the prefix, outermost
            first. They are still there, because the lock is in them.
    """

    outcome: Literal["undone", "finished"]
    process: int | None = None
    made_directories: tuple[str, ...] = ()

    def __str__(self) -> str:
        state = "before it" if self.outcome == "undone" else "it was to make"
        return f"an interrupted change was {self.outcome}: the environment is in the state {state}"


Step = Started | Creating | Moving
_STEP = msgspec.json.Decoder(Step)
_COMMIT = msgspec.json.Decoder(Commit)


class Journal:
    """The journal of one running transaction; the prefix must be locked by the caller."""

    __slots__ = ("_count", "_descriptor", "_root")

    def __init__(self, prefix: str, descriptor: int) -> None:
        """Use `begin`."""
        self._root = f"{prefix}/"
        self._descriptor = descriptor
        self._count = 0

    @classmethod
    def begin(cls, prefix: str, *, made_directories: Iterable[str] = ()) -> Self:
        """Start a journal in a prefix whose `conda-meta` exists.

        Raises:
            OSError: It cannot be written; nothing of it is left.
        """
        try:
            for directory in (JOURNAL_DIRECTORY, _NEW, _OLD, _RECORDS):
                os.mkdir(f"{prefix}/{directory}")
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL
            journal = cls(prefix, os.open(f"{prefix}/{JOURNAL_DIRECTORY}/journal", flags, 0o644))
            journal._append(
                Started(process=os.getpid(), made_directories=tuple(made_directories)),
            )
        except BaseException:
            with suppress(OSError):
                _undo(f"{prefix}/")
            raise
        return journal

    def _append(self, step: Step) -> None:
        line = memoryview(msgspec.json.encode(step) + b"\n")
        while line:
            line = line[os.write(self._descriptor, line) :]

    def note_creation(self, *, directories: Iterable[str] = (), files: Iterable[str] = ()) -> None:
        """Announce files and folders that are going to be made and do not exist yet."""
        self._append(Creating(directories=tuple(directories), files=tuple(files)))

    def make_directories(self, directories: Iterable[str]) -> None:
        """Announce and make folders, parents first."""
        wanted = tuple(directories)
        if wanted:
            self.note_creation(directories=wanted)
            for directory in wanted:
                os.mkdir(self._root + directory)

    def move(self, moves: Iterable[tuple[str, str]]) -> None:
        """Announce and carry out renames; no target may exist when its turn comes."""
        wanted = tuple(moves)
        if wanted:
            root = self._root
            self._append(Moving(moves=wanted))
            for source, target in wanted:
                os.rename(root + source, root + target)

    def staging_path(self) -> str:
        """Return a fresh path for a file whose place is taken, relative to the prefix."""
        self._count += 1
        return f"{_NEW}/{self._count}"

    def trash_path(self) -> str:
        """Return a fresh path to move a file away to, relative to the prefix."""
        self._count += 1
        return f"{_OLD}/{self._count}"

    def record_path(self, file_name: str) -> str:
        """Return the absolute path at which a package record waits for the end."""
        return f"{self._root}{_RECORDS}/{file_name}"

    def commit(self, commit: Commit) -> None:
        """Make the transaction final; `finish` does what is left.

        The commit is on the disk before it takes effect; the environment's files are left to the
        operating system, as every installer does.
        """
        path = f"{self._root}{JOURNAL_DIRECTORY}/commit.json"
        descriptor = os.open(f"{path}.part", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            data = memoryview(msgspec.json.encode(commit))
            while data:
                data = data[os.write(descriptor, data) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(f"{path}.part", path)

    @property
    def is_committed(self) -> bool:
        """Whether the transaction can only be finished now."""
        return os.path.exists(f"{self._root}{JOURNAL_DIRECTORY}/commit.json")

    def finish(self, commit: Commit) -> None:
        """Do what is left after `commit`; may be repeated."""
        self.close()
        _finish(self._root, commit)

    def close(self) -> None:
        """Close the journal's file; what it says stays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def undo(self) -> None:
        """Bring back the state before `begin`."""
        self.close()
        _undo(self._root)


def has_unfinished_transaction(prefix: str | os.PathLike[str]) -> bool:
    """Tell whether a transaction in this prefix was interrupted, or is running."""
    return os.path.isdir(os.path.join(prefix, JOURNAL_DIRECTORY))


def recover_transaction(prefix: str | os.PathLike[str]) -> RecoveredTransaction | None:
    """Undo or finish the transaction that somebody was interrupted in; None if there is none.

    The caller holds the prefix's lock, so that nobody is still at it.

    Raises:
        TransactionError: The journal is of a version that this program does not know.
        OSError: A file cannot be moved or removed; what is left is for the next attempt.
    """
    if not has_unfinished_transaction(prefix):
        return None
    root = f"{os.fspath(prefix)}/"
    try:
        with open(f"{root}{JOURNAL_DIRECTORY}/commit.json", "rb") as file:
            commit = _COMMIT.decode(file.read())
    except FileNotFoundError:
        started = _undo(root)
        recovered = RecoveredTransaction(
            outcome="undone",
            process=started.process if started else None,
            made_directories=started.made_directories if started else (),
        )
    else:
        steps = _read_steps(root)
        process = steps[0].process if steps and isinstance(steps[0], Started) else None
        _finish(root, commit)
        recovered = RecoveredTransaction(outcome="finished", process=process)
    _logger.warning("%s: %s", os.fspath(prefix), recovered)
    return recovered


def _read_steps(root: str) -> list[Step]:
    try:
        with open(f"{root}{JOURNAL_DIRECTORY}/journal", "rb") as file:
            lines = file.read().split(b"\n")
    except FileNotFoundError:
        return []
    steps: list[Step] = []
    # What follows the last line break is empty, or a line that was cut off.
    for line in lines[:-1]:
        step = _STEP.decode(line)
        if isinstance(step, Started) and step.journal_version != 1:
            message = (
                f"an interrupted change was left by a newer program: {root}{JOURNAL_DIRECTORY}"
            )
            raise TransactionError(
                message, path=root, hint="use the program that started it to finish it"
            )
        steps.append(step)
    return steps


def _undo(root: str) -> Started | None:
    steps = _read_steps(root)
    started: Started | None = None
    for step in reversed(steps):
        if isinstance(step, Moving):
            for source, target in reversed(step.moves):
                # A source that is there was never moved, or has been moved back already.
                if not os.path.lexists(root + source) and os.path.lexists(root + target):
                    os.rename(root + target, root + source)
        elif isinstance(step, Creating):
            for path in step.files:
                remove_file(root, path)
            for path in reversed(step.directories):
                remove_directory(root + path)
        else:
            started = step
    _remove_journal(root, last="journal")
    return started


def _finish(root: str, commit: Commit) -> None:
    for source, target in commit.replacements:
        replace_file(root, source, target)
    for path in commit.obsolete_files:
        remove_file(root, path)
    remove_empty_directories(
        root,
        commit.obsolete_directories,
        kept=frozenset(commit.kept_directories),
        byte_code_only=frozenset(commit.byte_code_directories),
    )
    for name in commit.records:
        try:
            os.replace(f"{root}{_RECORDS}/{name}", f"{root}conda-meta/{name}")
        except FileNotFoundError:
            _logger.debug("moved by an earlier attempt: %s", name)
    for name in commit.obsolete_records:
        remove_file(root, f"conda-meta/{name}")
    with open(f"{root}conda-meta/history", "ab") as history:
        # A second attempt to finish must not write the block twice.
        history.truncate(commit.history_size)
        history.write(commit.history.encode())
    _remove_journal(root, last="commit.json")


def _remove_journal(root: str, *, last: str) -> None:
    """Remove the journal's folder; the file that says what to do goes after all others."""
    folder = f"{root}{JOURNAL_DIRECTORY}"
    if not os.path.isdir(folder):
        return
    for entry in os.scandir(folder):
        if entry.name == last:
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)
    remove_file(root, f"{JOURNAL_DIRECTORY}/{last}")
    os.rmdir(folder)


def remove_directory(path: str) -> None:
    """Remove a folder if it is there and empty."""
    try:
        os.rmdir(path)
    except OSError:
        # Somebody else has put something into it, or it was never made.
        _logger.debug("left in place: %s", path)
