"""What other programs changed in an environment without a word in its log (CEP 32).

py-rattler and pixi leave the log empty, people delete it, and packages come and go by hand. Before
a change is logged, a block of its own catches the log up with what is really installed, so that
each revision is a state that the environment had. conda does the same, within its next block.
"""

from __future__ import annotations

import math
import os
import time
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import HognoseError
from hognose.install.history import (
    CATCH_UP,
    HistoryBlock,
    format_block,
    format_history_block,
    iter_revisions,
    package_in_history,
    read_history,
)
from hognose.install.revisions import PackageReference
from hognose.install.user_requests import requests_to_note
from hognose.types import PackageName, PrefixRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from hognose.install.history import Revision
    from hognose.install.transaction import Transaction

__all__ = (
    "UnloggedChange",
    "find_unlogged_change",
    "find_unlogged_packages",
    "format_change",
    "names_from_others",
    "read_whole_history",
)


class UnloggedChange(msgspec.Struct, frozen=True, kw_only=True):
    """How an environment differs from the last state in its log.

    Attributes:
        came: The packages that are there, and not in the log.
        gone: What the log says of packages that are not there any more.
    """

    came: tuple[PrefixRecord, ...] = ()
    gone: tuple[str, ...] = ()


def find_unlogged_change(
    blocks: Iterable[HistoryBlock], installed: Iterable[PrefixRecord]
) -> UnloggedChange | None:
    """Compare the end of a log with what is installed; None where they agree.

    The same channel written in another way is no difference.
    """
    state = set(_last_packages(blocks))
    others = []
    for record in installed:
        text = package_in_history(record)
        if text in state:
            state.remove(text)
        else:
            others.append(record)
    by_stem = {text.rpartition("::")[2]: text for text in state} if others else {}
    came = []
    for record in others:
        text = by_stem.get(package_in_history(record).rpartition("::")[2], "")
        if text in state and PackageReference.parse(text).names(record):
            state.remove(text)
        else:
            came.append(record)
    if not (came or state):
        return None
    return UnloggedChange(came=tuple(came), gone=tuple(sorted(state)))


def _last_packages(blocks: Iterable[HistoryBlock]) -> tuple[str, ...]:
    packages: tuple[str, ...] = ()
    for revision in iter_revisions(blocks):
        packages = revision.packages
    return packages


def format_change(
    blocks: Iterable[HistoryBlock],
    transaction: Transaction,
    *,
    time: datetime,
    command: str = "",
    tool: str = "hognose",
    tool_version: str = "",
    update_specs: Sequence[str] = (),
    remove_specs: Sequence[str] = (),
) -> str:
    """Return what a change adds to a log: the block that the log lacks, if any, and its own.

    Args:
        blocks: The log so far.
        transaction: The change.
        time: The time to write, local.
        command: The command line.
        tool: The program that makes the change.
        tool_version: Its version.
        update_specs: What was asked for.
        remove_specs: What was asked to be removed.
    """
    known = list(blocks)
    installed = (*transaction.unchanged, *transaction.removed)
    lacking = ""
    change = find_unlogged_change(known, installed)
    if change is not None:
        lacking = format_block(
            time=f"{time:%Y-%m-%d %H:%M:%S}",
            command=CATCH_UP,
            tool=tool,
            tool_version=tool_version,
            linked=map(package_in_history, change.came),
            unlinked=change.gone,
            update_specs=_requests(change, installed),
        )
    came = () if change is None else map(package_in_history, change.came)
    return lacking + format_history_block(
        transaction,
        time=time,
        command=command,
        tool=tool,
        tool_version=tool_version,
        update_specs=update_specs,
        remove_specs=remove_specs,
        logged=(*_last_packages(known), *came),
    )


def read_whole_history(
    prefix: str | os.PathLike[str], installed: Sequence[PrefixRecord]
) -> tuple[HistoryBlock, ...]:
    """Read the log of an environment, with the block that it lacks at the end.

    That block has no time, because nobody noted one. The next change writes it, under the number
    that it has here.

    Raises:
        OSError: The log is there and cannot be read.
    """
    blocks = read_history(prefix)
    change = find_unlogged_change(blocks, installed)
    if change is None:
        return blocks
    missing = HistoryBlock(
        time="",
        command=CATCH_UP,
        linked=tuple(sorted(map(package_in_history, change.came))),
        unlinked=change.gone,
        update_specs=tuple(_requests(change, installed)),
    )
    return (*blocks, missing)


def _requests(change: UnloggedChange, installed: Iterable[PrefixRecord]) -> list[str]:
    """Return what the packages that came were asked for by, as far as that can be known."""
    names = {str(record.name) for record in change.came}
    try:
        found = requests_to_note(installed, names)
    except HognoseError:
        # A note in another program's notation is no reason not to log what came.
        return []
    return [str(spec) for name, spec in sorted(found.items()) if name in names]


def names_from_others(blocks: Iterable[HistoryBlock]) -> set[str]:
    """Return the names of packages that, by a log, another program was the last to bring."""
    found: dict[str, bool] = {}
    for block in blocks:
        found.update((_name(text), block.is_catch_up) for text in block.linked)
    return {name for name, is_unlogged in found.items() if is_unlogged}


def find_unlogged_packages(
    prefix: str | os.PathLike[str],
    blocks: Sequence[HistoryBlock],
    revision: Revision,
    installed: Iterable[PrefixRecord],
) -> tuple[list[PrefixRecord], list[PrefixRecord]]:
    """Return installed packages that a revision lacks, and that only another program can explain.

    Where a later block of the log catches up with them, they came after the revision. Where the log
    does not have them yet, it does not say whether a package was there at the time of the revision
    or came afterwards; the time of its record does.

    Args:
        prefix: The environment.
        blocks: Its log, as `read_whole_history` returns it.
        revision: One of its revisions.
        installed: All packages in the environment.

    Returns:
        Those that were there already at the time of the revision, and those that came later.
    """
    came: dict[str, HistoryBlock] = {}
    for block in blocks[revision.number + 1 :]:
        for text in block.linked:
            came.setdefault(_name(text), block)
    names = set(map(_name, revision.packages))
    limit = _seconds(revision.block.time)
    earlier: list[PrefixRecord] = []
    later: list[PrefixRecord] = []
    for record in installed:
        by = came.get(str(record.name))
        if record.name not in names and by is not None and by.is_catch_up:
            path = os.path.join(prefix, "conda-meta", record.record_file_name)
            # Only the block that is not written yet has no time. Within a second, a program that
            # logs its changes catches up before it does, so that what it left out came later.
            is_open = not (by.time or revision.block.is_catch_up)
            (earlier if is_open and _seconds_of_file(path) < limit else later).append(record)
    return earlier, later


def _name(text: str) -> str:
    try:
        return str(PackageName(PackageReference.parse(text).name))
    except HognoseError:
        return ""


def _seconds_of_file(path: str) -> float:
    """Return the time of a record in whole seconds, as the log counts."""
    try:
        return int(os.stat(path).st_mtime)
    except FileNotFoundError:
        # Other programs may name a file in another way; then its time is not known.
        return math.inf


def _seconds(text: str) -> float:
    """Return the time of a block as seconds since the epoch; zero where it has none."""
    try:
        return time.mktime(time.strptime(text, "%Y-%m-%d %H:%M:%S"))
    except (ValueError, OverflowError):
        return 0.0
