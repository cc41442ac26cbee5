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
last, so its existence says that somebody has to clean up: `recover_transaction` does. What is done
then is in `tidying_up`.

A line that breaks off in the middle belongs to a step that was never taken.

The journal is locked by whoever may still write to the prefix: the process that began it, and the
interpreters that it starts, which live on for a moment when it is killed. Tidying up waits for all
of them.
"""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from hognose.archive import rename
from hognose.errors import InstallerError, TransactionError
from hognose.install.failures import explain_failure
from hognose.install.journal_steps import Commit, Creating, Moving, Scripting, Started, Step
from hognose.install.prefix_lock import lock_descriptor, wait_for
from hognose.install.recorded_paths import find_unsafe_path
from hognose.install.script_traces import iter_paths
from hognose.install.tidying_up import finish, undo
from hognose.install.unfinished import JOURNAL_DIRECTORY, has_unfinished_transaction

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Self, TypeVar

    T = TypeVar("T")

__all__ = (
    "Commit",
    "Journal",
    "RecoveredTransaction",
    "recover_transaction",
)

_logger = logging.getLogger("hognose.install")
_NEW = f"{JOURNAL_DIRECTORY}/new"
_OLD = f"{JOURNAL_DIRECTORY}/old"
_RECORDS = f"{JOURNAL_DIRECTORY}/records"
# A list of files that somebody could not remove is no reason to fill the screen.
_SHOWN = 5


class RecoveredTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """What `recover_transaction` did.

    Attributes:
        outcome: `undone`: the environment is as it was before the interrupted change;
            `finished`: it is as that change wanted it; `abandoned`: it is somewhere in between,
            because the journal is damaged.
        process: The process that was interrupted, or None where it left no trace of itself.
        made_directories: After `undone`, the folders that were made for the prefix, outermost
            first. They are still there, because the lock is in them.
        left: Files that should be gone and cannot be removed, relative to the prefix; after
            `abandoned`, the folder with what the change left to do it with.
    """

    outcome: Literal["undone", "finished", "abandoned"]
    process: int | None = None
    made_directories: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.outcome == "abandoned":
            return (
                "an interrupted change can be neither undone nor finished, so that the environment "
                f"may be half changed: what it left is in {self.left[0]}"
            )
        state = "before it" if self.outcome == "undone" else "it was to make"
        return f"an interrupted change was {self.outcome}: the environment is in the state {state}"


_STEP = msgspec.json.Decoder(Step)
_COMMIT = msgspec.json.Decoder(Commit)


class Journal:
    """The journal of one running transaction; the prefix must be locked by the caller."""

    __slots__ = ("_count", "_descriptor", "_is_new", "_root")

    def __init__(self, prefix: str, descriptor: int) -> None:
        """Use `begin`."""
        self._root = f"{prefix}/"
        self._descriptor = descriptor
        self._count = 0
        self._is_new = False

    @classmethod
    def begin(cls, prefix: str, *, made_directories: Iterable[str] = ()) -> Self:
        """Start a journal in a prefix whose `conda-meta` exists.

        Raises:
            OSError: It cannot be written; nothing of it is left.
        """
        journal = cls(prefix, -1)
        made = tuple(made_directories)
        journal._is_new = prefix in made
        try:
            for directory in (JOURNAL_DIRECTORY, _NEW, _OLD, _RECORDS):
                os.mkdir(f"{prefix}/{directory}")
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL
            journal._descriptor = os.open(f"{prefix}/{JOURNAL_DIRECTORY}/journal", flags, 0o644)
            # Where the file system knows no locks, nobody waits for programs that live on.
            with suppress(OSError):
                lock_descriptor(journal._descriptor)
            journal._append(
                Started(process=os.getpid(), made_directories=made),
            )
        except BaseException:
            with suppress(OSError):
                journal.undo()
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
                rename(root + source, root + target, operation=os.rename)

    def note_scripts(self) -> None:
        """Announce link scripts; what they make in an environment made for them goes with it."""
        if self._is_new:
            self._is_new = False
            self._append(Scripting(present=tuple(iter_paths(self._root))))

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

    @property
    def descriptor(self) -> int:
        """The journal's file, locked: whoever tidies up waits until nobody has it open."""
        return self._descriptor

    def popen(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a program that writes to the prefix; it is waited for if this process dies.

        On Windows it is not, because locks are not inherited there.
        """
        import subprocess

        if os.name != "nt":
            options["pass_fds"] = (self._descriptor,)
        return subprocess.Popen(command, **options)

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
        rename(f"{path}.part", path, operation=os.rename)

    @property
    def is_committed(self) -> bool:
        """Whether the transaction can only be finished now."""
        return os.path.exists(f"{self._root}{JOURNAL_DIRECTORY}/commit.json")

    def finish(self, commit: Commit) -> list[str]:
        """Do what is left after `commit`; may be repeated.

        Returns:
            Files that should be gone and cannot be removed, relative to the prefix.
        """
        self.close()
        return finish(self._root, commit)

    def close(self) -> None:
        """Close the journal's file; what it says stays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def undo(self) -> None:
        """Bring back the state before `begin`."""
        self.close()
        _warn_of(self._root, undo(self._root, _read_steps(self._root)))


def _warn_of(root: str, left: Sequence[str]) -> None:
    if left:
        message = "%s: these files should be gone, and cannot be removed: %s"
        _logger.warning(message, root.rstrip("/"), shortened(left))


def shortened(paths: Sequence[str]) -> str:
    """Return the first few of some paths, and how many more there are."""
    more = f", and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more


def recover_transaction(
    prefix: str | os.PathLike[str], *, timeout: float = 60.0, abandon_damaged: bool = False
) -> RecoveredTransaction | None:
    """Undo or finish the transaction that somebody was interrupted in; None if there is none.

    The caller holds the prefix's lock, so that nobody is still at it.

    Args:
        prefix: The environment.
        timeout: Seconds to wait for programs that the interrupted process had started.
        abandon_damaged: Put a journal aside that cannot be used, whatever state that leaves.

    Raises:
        InstallerError: One of them is still at it; or a file cannot be moved or removed, and what
            is left is for the next attempt.
        TransactionError: The journal is damaged, of a version that this program does not know, or
            names a path outside the prefix.
    """
    if not has_unfinished_transaction(prefix):
        return None
    root = f"{os.fspath(prefix)}/"
    try:
        with _alone(root, timeout):
            try:
                recovered = _recover(root)
            except TransactionError as error:
                if not abandon_damaged or getattr(error, "journal", None) is None:
                    raise
                recovered = RecoveredTransaction(outcome="abandoned", left=(_put_aside(root),))
    except OSError as error:
        raise explain_failure(error, os.fspath(prefix)) from error
    _logger.warning("%s: %s", root.rstrip("/"), recovered)
    return recovered


def _put_aside(root: str) -> str:
    """Take a journal that cannot be used out of the way, with the files that it keeps."""
    aside = f"{root}conda-meta/damaged-transaction-{os.urandom(6).hex()}"
    rename(f"{root}{JOURNAL_DIRECTORY}", aside, operation=os.rename)
    return aside


@contextmanager
def _alone(root: str, timeout: float) -> Iterator[None]:
    """Hold the lock of the journal, which others hold while they may write to the prefix."""
    path = f"{root}{JOURNAL_DIRECTORY}/journal"
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        yield
        return
    try:
        message = f"a program that an interrupted change started still runs in {root}"
        with suppress(OSError):
            if not wait_for(
                lambda: lock_descriptor(descriptor),
                timeout=timeout,
                tell=lambda: f"{message}: waiting for it",
            ):
                raise InstallerError(message, path=root, hint="wait until it has ended, or end it")
        if os.name == "nt":
            # An open file cannot be removed there.
            os.close(descriptor)
            descriptor = -1
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _recover(root: str) -> RecoveredTransaction:
    path = f"{root}{JOURNAL_DIRECTORY}/commit.json"
    try:
        with open(path, "rb") as file:
            commit = _decode(root, _COMMIT, file.read())
    except FileNotFoundError:
        steps = _read_steps(root)
        _require_inside(root, _paths_of_steps(steps))
        started = _started(steps)
        left = undo(root, steps)
        recovered = RecoveredTransaction(
            outcome="undone",
            process=started.process if started else None,
            made_directories=_above(root, started.made_directories) if started else (),
            left=tuple(left),
        )
    else:
        _require_inside(root, _paths_of_commit(commit))
        # Who it was is good to know; what is to be done says the commit alone.
        started = None
        with suppress(TransactionError):
            started = _started(_read_steps(root))
        left = finish(root, commit)
        recovered = RecoveredTransaction(
            outcome="finished", process=started.process if started else None, left=tuple(left)
        )
    _warn_of(root, recovered.left)
    return recovered


def _started(steps: Sequence[Step]) -> Started | None:
    return steps[0] if steps and isinstance(steps[0], Started) else None


def _require_inside(root: str, paths: list[str]) -> None:
    """Refuse a journal that names paths outside the prefix: ours never do."""
    unsafe = find_unsafe_path(root.rstrip("/"), paths)
    if unsafe is not None:
        raise _unusable(root, f"names {unsafe.path!a}, which {unsafe.rule}", path=unsafe.path)


def _unusable(root: str, reason: str, *, path: str | None = None) -> TransactionError:
    folder = f"{root}{JOURNAL_DIRECTORY}"
    hint = (
        f"`hognose doctor --repair -p {root.rstrip('/')}` puts it aside, and links again what is "
        "not as it should be"
    )
    message = f"the journal of an interrupted change {reason}: {folder}"
    return TransactionError(message, path=path or folder, hint=hint, journal=folder)


def _decode(root: str, decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _unusable(root, f"cannot be read ({error})") from error


def _paths_of_steps(steps: Iterable[Step]) -> list[str]:
    paths: list[str] = []
    for step in steps:
        if isinstance(step, Moving):
            paths += [path for move in step.moves for path in move]
        elif isinstance(step, Creating):
            paths += (*step.files, *step.directories)
    return paths


def _paths_of_commit(commit: Commit) -> list[str]:
    names = (*commit.records, *commit.obsolete_records)
    return [
        *[path for pair in commit.replacements for path in pair],
        *commit.obsolete_files,
        *commit.obsolete_directories,
        *[f"conda-meta/{name}" for name in names],
    ]


def _above(root: str, directories: Iterable[str]) -> tuple[str, ...]:
    """Return those folders that can have been made for the prefix: it, and what it is in."""
    last = f"{root}conda-meta/"
    return tuple(path for path in directories if last.startswith(f"{path.rstrip('/')}/"))


def _read_steps(root: str) -> list[Step]:
    try:
        with open(f"{root}{JOURNAL_DIRECTORY}/journal", "rb") as file:
            lines = file.read().split(b"\n")
    except FileNotFoundError:
        return []
    steps: list[Step] = []
    # What follows the last line break is empty, or a line that was cut off.
    for line in lines[:-1]:
        step = _decode(root, _STEP, line)
        if isinstance(step, Started) and step.journal_version != 1:
            message = (
                f"an interrupted change was left by a newer program: {root}{JOURNAL_DIRECTORY}"
            )
            raise TransactionError(
                message, path=root, hint="use the program that started it to finish it"
            )
        steps.append(step)
    return steps
