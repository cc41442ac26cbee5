"""Progress of long work: bars on a terminal, plain lines elsewhere.

The library draws nothing; what is here listens to its reporters and is used by the commands. All
that one command draws is drawn in one place, its console's `Display`, however many parts of it are
at work at the same time.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hognose._closing import Closing
from hognose.display import Display

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hognose.console import Console
    from hognose.display import Bar

__all__ = ("InstallProgress", "RepodataProgress", "install_progress", "spinner")


class RepodataProgress(Closing):
    """A gateway's reporter that draws two bars, or writes a line for each part of a channel.

    The bars are for the bytes of the documents that are under way, and for single names of large
    channels; they are there while there is something to wait for. A context manager that takes
    them away. Its methods are called from several threads.
    """

    def __init__(self, console: Console) -> None:
        """Draw on a console's display, or write to the console if there is none."""
        self._console = console
        self._display = Display.of(console)
        self._lock = threading.Lock()
        self._bars: dict[str, Bar] = {}
        self._opening = 0
        # What has come of each document, and how much that will be.
        self._bytes: list[tuple[int, int]] = []

    def on_subdir_start(self, channel: str, subdir: str) -> str:
        """Show that there is something to wait for."""
        with self._lock:
            self._opening += 1
            self._show("repodata", 0, None)
        return f"{channel.rstrip('/')}/{subdir}"

    def on_subdir_complete(self, subdir: str, origin: str) -> None:
        """Take the bar away after the last one; say where it is from, where there are no bars."""
        self.on_subdir_failed(subdir)
        said = {"server": "fetched", "cache": "from the cache", "directory": "read"}
        self._say(f"{subdir}: {said.get(origin, 'not there')}")

    def on_subdir_failed(self, subdir: str) -> None:  # noqa: ARG002  # the seam's signature
        """Take the bar away after the last one."""
        with self._lock:
            self._opening = max(0, self._opening - 1)
            if not self._opening:
                self._bytes.clear()
                self._hide("repodata")

    def on_repodata_download_start(self, subdir: object, url: str, total: int | None) -> int:  # noqa: ARG002  # the seam's signature
        """Note a document."""
        with self._lock:
            self._bytes.append((0, total or 0))
            return len(self._bytes) - 1

    def on_repodata_download_progress(
        self, download: int, received: int, total: int | None
    ) -> None:
        """Move the bar of bytes."""
        with self._lock:
            if download < len(self._bytes):
                self._bytes[download] = received, max(total or 0, received)
                if "repodata" in self._bars:
                    completed, expected = map(sum, zip(*self._bytes, strict=True))
                    self._bars["repodata"].update(completed, expected)

    def on_shards_progress(self, fetched: int, wanted: int) -> None:
        """Move the bar of names; threads may overtake each other."""
        with self._lock:
            bar = self._bars.get("names")
            self._show("names", fetched if bar is None else max(fetched, bar.completed), wanted)

    def on_shards_complete(self, fetched: int, cached: int) -> None:
        """Take the bar away."""
        with self._lock:
            self._hide("names")
        if fetched:
            self._say(f"{fetched} names fetched, {cached} from the cache")

    def close(self) -> None:
        """Take all bars away, whatever was under way."""
        with self._lock:
            self._opening = 0
            self._bytes.clear()
            for name in list(self._bars):
                self._hide(name)

    def _show(self, name: str, completed: int, total: int | None) -> None:
        if self._display is None:
            return
        if name not in self._bars:
            self._bars[name] = self._display.add(name, total)
        if total is not None:
            self._bars[name].update(completed, total)

    def _hide(self, name: str) -> None:
        bar = self._bars.pop(name, None)
        if bar is not None:
            bar.remove()

    def _say(self, text: str) -> None:
        if self._display is None and self._console.verbose:
            self._console.detail(text)


class InstallProgress:
    """An installer's reporter that draws three bars, or writes a line for each package fetched.

    Made by `install_progress`. Its methods are called from several threads.

    Attributes:
        downloaded: The bytes that were fetched.
        fetched: How many packages were fetched.
        warnings: What the installer wanted a person to know.
    """

    def __init__(self, console: Console) -> None:
        """Draw on a console's display, or write to the console if there is none."""
        self.downloaded = 0
        self.fetched = 0
        self.warnings: list[str] = []
        self._console = console
        self._display = Display.of(console)
        self._lock = threading.Lock()
        self._bars: dict[str, Bar] = {}
        self._names: list[str] = []
        self._bytes: list[tuple[int, int]] = []
        self._entries: list[int] = []

    def on_transaction_start(self, total_operations: int) -> None:
        """Draw the bars at zero."""
        if self._display is not None and total_operations:
            for name in ("fetch", "link"):
                self._bars[name] = self._display.add(name, total_operations)

    def on_populate_cache_start(self, operation: int, package_name: str) -> int:  # noqa: ARG002  # the seam's signature
        """Remember whose download is about to start."""
        with self._lock:
            self._names.append(package_name)
            return len(self._names) - 1

    def on_populate_cache_complete(self, cache_entry: int) -> None:
        """Move the bar of packages that are at hand; say which were already, without bars."""
        self._advance("fetch")
        if self._display is None and self._console.verbose and cache_entry not in self._entries:
            self._console.detail(f"{self._names[cache_entry]}: from the cache")

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
            expected = sum(total for _, total in self._bytes)
            if "download" not in self._bars and self._display is not None:
                self._bars["download"] = self._display.add("download", expected)
        if "download" in self._bars:
            self._bars["download"].update(self.downloaded, expected)

    def on_download_completed(self, download_idx: int) -> None:
        """Say that a package has come, where there are no bars."""
        if self._display is None and self._console.verbose:
            name = self._names[self._entries[download_idx]]
            self._console.detail(f"{name}: fetched")

    def on_transaction_operation_complete(self, operation: int) -> None:  # noqa: ARG002  # as above
        """Move the bar of packages that are in place."""
        self._advance("link")

    def on_warning(self, message: str) -> None:
        """Keep a warning, to be said when the bars are gone."""
        with self._lock:
            self.warnings.append(message)

    def close(self) -> None:
        """Take the bars away."""
        for bar in self._bars.values():
            bar.remove()

    def _advance(self, bar: str) -> None:
        if bar in self._bars:
            self._bars[bar].advance()


@contextmanager
def install_progress(console: Console) -> Iterator[InstallProgress]:
    """Yield a reporter for an installation; say its warnings at the end, whatever happens."""
    reporter = InstallProgress(console)
    try:
        yield reporter
    finally:
        reporter.close()
        for warning in reporter.warnings:
            console.warn(warning)


@contextmanager
def spinner(console: Console, text: str) -> Iterator[None]:
    """Show that something is going on which has no measure, on a terminal."""
    display = Display.of(console)
    bar = None if display is None else display.add(text, spins=True)
    try:
        yield
    finally:
        if bar is not None:
            bar.remove()
