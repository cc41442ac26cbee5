"""A prefix while `cx` works on it.

A marker in the prefix says that it is not complete. It goes when everything is there; whoever finds
it later takes the work up. What a forced bootstrap replaces is put aside until its successor is
there, and comes back if there is none.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hognose.express.prefix import LOCK, MARKER, OLD, named_environments, state_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hognose.console import Console

# How long to wait for another process that bootstraps the same prefix.
_PATIENCE = 1800.0


class UnfinishedPrefix:
    """The prefix of one bootstrap.

    Args:
        prefix: Its directory; made when needed, and removed again if nothing comes of it.
        is_forced: Whether what is in it is to be replaced.
    """

    def __init__(self, prefix: str, *, is_forced: bool) -> None:
        """Keep both."""
        self.prefix = prefix
        self.is_forced = is_forced

    @contextmanager
    def hold(self) -> Iterator[bool]:
        """Keep other processes out, and mark the prefix as not complete.

        Yields:
            True if there is something to do, False if another process has done it meanwhile.

        Raises:
            LockTimeoutError: Another process was at it for too long.
        """
        from hognose.cache import file_lock

        made = not os.path.isdir(self.prefix)
        os.makedirs(self.prefix, exist_ok=True)
        marker = os.path.join(self.prefix, MARKER)
        try:
            with file_lock(os.path.join(self.prefix, LOCK), timeout=_PATIENCE):
                if not self.is_forced and state_of(self.prefix) == "complete":
                    yield False
                    return
                was_interrupted = os.path.lexists(marker)
                with open(marker, "w", encoding="utf-8") as file:
                    file.write("A bootstrap is under way, or was interrupted.\n")
                try:
                    yield True
                except BaseException:
                    # The disk is as it was, unless there is something that we have begun.
                    has_packages = os.path.isdir(os.path.join(self.prefix, "conda-meta"))
                    if not was_interrupted and (self.is_forced or not has_packages):
                        os.unlink(marker)
                    raise
                os.unlink(marker)
        finally:
            if made:
                _remove_if_empty(self.prefix)

    @contextmanager
    def replace(self, console: Console) -> Iterator[None]:
        """Put aside what is to be replaced; delete it when its successor is there."""
        aside = os.path.join(self.prefix, OLD)
        if not self.is_forced:
            yield
            # Left by a forced bootstrap that was interrupted and has been finished now.
            shutil.rmtree(aside, ignore_errors=True)
            return
        names = named_environments(self.prefix)
        kept = {MARKER, LOCK, OLD} | ({"envs"} if names else set())
        if os.path.isdir(aside):
            # An interrupted predecessor: the old things are aside, the new ones not complete.
            _clear(self.prefix, kept)
        elif set(os.listdir(self.prefix)) - kept:
            console.step(f"Removing existing prefix at {self.prefix}")
            if names:
                console.detail(f"Keeping {len(names)} named environments ({', '.join(names)})")
            _move_all(self.prefix, aside, kept)
        try:
            yield
        except BaseException:
            _clear(self.prefix, kept)
            if os.path.isdir(aside):
                _move_all(aside, self.prefix, set())
                os.rmdir(aside)
            raise
        shutil.rmtree(aside, ignore_errors=True)


def _clear(directory: str, kept: Collection[str]) -> None:
    with os.scandir(directory) as entries:
        found = [entry for entry in entries if entry.name not in kept]
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def _move_all(source: str, target: str, kept: Collection[str]) -> None:
    os.makedirs(target, exist_ok=True)
    for name in os.listdir(source):
        if name not in kept:
            os.rename(os.path.join(source, name), os.path.join(target, name))


def _remove_if_empty(directory: str) -> None:
    try:
        os.rmdir(directory)
    except OSError:
        return
