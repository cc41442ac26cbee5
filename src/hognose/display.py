"""Where bars are drawn on a terminal: one place for all that a command has under way."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import RenderableType
    from rich.progress import Progress, TaskID

    from hognose.console import Console

__all__ = ("Bar", "Display", "make_progress")

# Seconds until bars are drawn.
_MOMENT = 0.2


class Display:
    """The bars of one console; safe in several threads.

    They appear when there has been one for a moment: what is over sooner would only flicker, and
    loading what draws takes a tenth of a second.
    """

    def __init__(self, console: Console) -> None:
        """Draw nothing yet."""
        self._console = console
        self._lock = threading.Lock()
        self._bars: list[Bar] = []
        self._timer: threading.Timer | None = None
        self._progress: Progress | None = None

    @classmethod
    def of(cls, console: Console) -> Display | None:
        """Return the one of a console; None for one that is no terminal, or quiet, or verbose."""
        if console.quiet or console.verbose or not console.is_interactive:
            return None
        if not isinstance(console.display, cls):
            console.display = cls(console)
        return console.display

    def add(self, name: str, total: int | None = None, *, spins: bool = False) -> Bar:
        """Add a bar below the others; one that spins has no measure, and shows only its name."""
        bar = Bar(self, name, total, spins=spins)
        with self._lock:
            self._bars.append(bar)
            if self._progress is not None:
                bar.draw(self._progress)
            elif self._timer is None:
                self._timer = threading.Timer(_MOMENT, self._begin)
                self._timer.daemon = True
                self._timer.start()
        return bar

    def remove(self, bar: Bar) -> None:
        """Take a bar away, and all that was drawn with the last one; once more does nothing."""
        with self._lock:
            if bar not in self._bars:
                return
            self._bars.remove(bar)
            progress, timer = self._progress, self._timer
            if progress is not None:
                bar.erase(progress)
            if self._bars:
                return
            self._progress = self._timer = None
        if timer is not None:
            timer.cancel()
        if progress is not None:
            progress.stop()

    def update(self, bar: Bar, completed: int, total: int | None) -> None:
        """Move a bar."""
        with self._lock:
            bar.completed, bar.total = completed, total
            if self._progress is not None:
                bar.redraw(self._progress)

    def interrupt(self, write: Callable[[], None]) -> None:
        """Have something written where the bars are, and draw them again below it."""
        with self._lock:
            if self._progress is None:
                write()
                return
            self._progress.stop()
            write()
            self._progress.start()

    def _begin(self) -> None:
        progress = make_progress(self._console)
        with self._lock:
            if threading.current_thread() is not self._timer:
                # All of them went meanwhile, and what came since then has a timer of its own.
                return
            self._progress = progress
            progress.start()
            for bar in self._bars:
                bar.draw(progress)


class Bar:
    """One bar of a display.

    Attributes:
        completed: How far it is.
        total: How far it will get, None if nobody knows.
    """

    __slots__ = ("_display", "_name", "_spins", "_task", "completed", "total")

    def __init__(self, display: Display, name: str, total: int | None, *, spins: bool) -> None:
        """Begin at zero."""
        self._display = display
        self._name = name
        self._spins = spins
        self._task: TaskID | None = None
        self.completed = 0
        self.total = total

    def advance(self) -> None:
        """Move it by one."""
        self._display.update(self, self.completed + 1, self.total)

    def update(self, completed: int, total: int | None) -> None:
        """Move it to a place."""
        self._display.update(self, completed, total)

    def remove(self) -> None:
        """Take it away; a second time does nothing."""
        self._display.remove(self)

    def draw(self, progress: Progress) -> None:
        """Begin to show it; for the display."""
        self._task = progress.add_task(self._name, total=self.total, spins=self._spins)
        self.redraw(progress)

    def redraw(self, progress: Progress) -> None:
        """Show where it is; for the display."""
        if self._task is not None:
            progress.update(self._task, completed=self.completed, total=self.total)

    def erase(self, progress: Progress) -> None:
        """Show it no more; for the display."""
        if self._task is not None:
            progress.remove_task(self._task)
            self._task = None


def make_progress(console: Console) -> Progress:
    """Make what draws bars, one below the other, and what spins above them."""
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.progress import TimeElapsedColumn as Elapsed
    from rich.spinner import Spinner

    class Bars(Progress):
        def get_renderables(self) -> Iterable[RenderableType]:
            measured = []
            for task in self.tasks:
                if not task.fields.get("spins"):
                    measured.append(task)
                    continue
                # Kept, because it knows when it began to spin.
                yield task.fields.setdefault("spinner", Spinner("dots", task.description))
            yield self.make_tasks_table(measured)

    return Bars(
        TextColumn("   {task.description:<10}"),
        BarColumn(bar_width=32),
        TaskProgressColumn(),
        Elapsed(),
        console=RichConsole(file=console.err),
        transient=True,
        refresh_per_second=12,
    )
