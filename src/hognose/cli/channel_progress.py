"""Progress of making a channel: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from hognose.channel import ChannelReporter
from hognose.display import make_progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.progress import Progress, TaskID

    from hognose.channel import BuiltPackage
    from hognose.console import Console

__all__ = ("ChannelProgress", "channel_progress")


class ChannelProgress(ChannelReporter):
    """A channel builder's reporter that draws a bar, or writes a line for each package made.

    Made by `channel_progress`. Its methods are called from several threads.
    """

    def __init__(self, console: Console, progress: Progress | None) -> None:
        """Draw on `progress`, or write to `console` if there is none."""
        self._console = console
        self._progress = progress
        self._task: TaskID | None = None

    def on_resolve_start(self, requirements: Sequence[str]) -> None:
        """Say what pip is looking for."""
        self._begin(f"pip finds {' '.join(requirements)}", None)

    def on_build_start(self, packages: int) -> None:
        """Begin the bar of packages."""
        self._begin(f"make {packages} packages", packages)

    def on_package_complete(self, name: str, package: BuiltPackage) -> None:  # noqa: ARG002  # the seam's signature
        """Move the bar of packages."""
        if self._progress is None:
            self._console.detail(name)
        elif self._task is not None:
            self._progress.advance(self._task)

    def on_index_start(self, subdir: str, packages: int) -> None:
        """Say what is indexed."""
        self._begin(f"index {packages} packages for {subdir}", None)

    def _begin(self, description: str, total: int | None) -> None:
        if self._progress is None:
            self._console.step(description)
            return
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(description, total=total)


@contextmanager
def channel_progress(console: Console) -> Iterator[ChannelProgress]:
    """Yield a reporter for the making of a channel."""
    if console.quiet or not console.is_interactive:
        yield ChannelProgress(console, None)
        return
    progress = make_progress(console)
    with progress:
        yield ChannelProgress(console, progress)
