"""Progress of long work: bars on a terminal, plain lines elsewhere.

The library draws nothing; what is here listens to its reporters and is used by the commands.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress, TaskID

    from hognose.console import Console

__all__ = ("InstallProgress", "install_progress", "spinner")


class InstallProgress:
    """An installer's reporter that draws three bars, or writes a line for each package fetched.

    Made by `install_progress`. Its methods are called from several threads.

    Attributes:
        downloaded: The bytes that were fetched.
        fetched: How many packages were fetched.
        warnings: What the installer wanted a person to know.
    """

    def __init__(self, console: Console, progress: Progress | None) -> None:
        """Draw on `progress`, or write to `console` if there is none."""
        self.downloaded = 0
        self.fetched = 0
        self.warnings: list[str] = []
        self._console = console
        self._progress = progress
        self._lock = threading.Lock()
        self._bars: dict[str, TaskID] = {}
        self._names: list[str] = []
        self._bytes: list[tuple[int, int]] = []
        self._entries: list[int] = []

    def on_transaction_start(self, total_operations: int) -> None:
        """Draw the bars at zero."""
        if self._progress is not None and total_operations:
            for name in ("fetch", "link"):
                self._bars[name] = self._progress.add_task(name, total=total_operations)
            self._bars["download"] = self._progress.add_task("download", total=None, visible=False)

    def on_populate_cache_start(self, operation: int, package_name: str) -> int:  # noqa: ARG002  # the seam's signature
        """Remember whose download is about to start."""
        with self._lock:
            self._names.append(package_name)
            return len(self._names) - 1

    def on_populate_cache_complete(self, cache_entry: int) -> None:  # noqa: ARG002  # as above
        """Move the bar of packages that are at hand."""
        self._advance("fetch")

    def on_download_start(self, cache_entry: int) -> int:
        """Note a download."""
        with self._lock:
            self.fetched += 1
            self._bytes.append((0, 0))
            self._entries.append(cache_entry)
            return len(self._bytes) - 1

    def on_download_progress(self, download_idx: int, progress: int, total: int | None) -> None:
        """Move the bar of bytes."""
        with self._lock:
            before, _ = self._bytes[download_idx]
            self._bytes[download_idx] = progress, max(total or 0, progress)
            self.downloaded += progress - before
            if self._progress is None:
                return
            expected = sum(total for _, total in self._bytes)
        self._progress.update(
            self._bars["download"], completed=self.downloaded, total=expected, visible=True
        )

    def on_download_completed(self, download_idx: int) -> None:
        """Say that a package has come, where there are no bars."""
        if self._progress is None and self._console.verbose:
            name = self._names[self._entries[download_idx]]
            self._console.detail(f"fetched {name}")

    def on_transaction_operation_complete(self, operation: int) -> None:  # noqa: ARG002  # as above
        """Move the bar of packages that are in place."""
        self._advance("link")

    def on_post_link_complete(self, index: int, success: bool) -> None:  # noqa: ARG002, FBT001  # as above
        """Keep that a script failed."""
        if not success:
            self.warnings.append("a post-link script failed")

    def on_warning(self, message: str) -> None:
        """Keep a warning, to be said when the bars are gone."""
        with self._lock:
            self.warnings.append(message)

    def _advance(self, bar: str) -> None:
        if self._progress is not None and bar in self._bars:
            self._progress.advance(self._bars[bar])


@contextmanager
def install_progress(console: Console) -> Iterator[InstallProgress]:
    """Yield a reporter for an installation; say its warnings at the end, whatever happens."""
    progress = None if console.quiet or not console.is_interactive else make_progress(console)
    reporter = InstallProgress(console, progress)
    try:
        if progress is None:
            yield reporter
        else:
            with progress:
                yield reporter
    finally:
        for warning in reporter.warnings:
            console.warn(warning)


def make_progress(console: Console) -> Progress:
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.progress import TimeElapsedColumn as Elapsed

    return Progress(
        TextColumn("   {task.description:<10}"),
        BarColumn(bar_width=32),
        TaskProgressColumn(),
        Elapsed(),
        console=RichConsole(file=console.err),
        transient=True,
        refresh_per_second=12,
    )


@contextmanager
def spinner(console: Console, text: str) -> Iterator[None]:
    """Show that something is going on which has no measure, on a terminal."""
    if console.quiet or not console.is_interactive:
        yield
        return
    from rich.console import Console as RichConsole

    with RichConsole(file=console.err).status(text, spinner="dots"):
        yield
