"""The end of what several threads are fetching, asked for by another one."""

from __future__ import annotations

import threading
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from hognose.errors import FetchCancelledError
from hognose.net.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from socket import socket

__all__ = ("Cancellation",)

T = TypeVar("T")


class Cancellation:
    """A flag that fetching threads look at, and that wakes those that wait for a server.

    Looking between two blocks is not enough: a slow server takes minutes for a block, and a silent
    one never ends it. So what waits says for which socket it does, and that is shut down. Safe in
    several threads; there is no way back.

    Args:
        *causes: Others that are followed: what cancels one of them cancels this one.
    """

    def __init__(self, *causes: Cancellation | None) -> None:
        """Begin without one, unless a cause is cancelled already."""
        self._event = threading.Event()
        # One that lets its holder in again, because signal handlers like to call `cancel`.
        self._lock = threading.RLock()
        self._sockets: set[socket] = set()
        # What is set to wake those that wait for something else.
        self._waits: set[threading.Event] = set()
        self._followers: weakref.WeakSet[Cancellation] = weakref.WeakSet()
        # Kept, because one between two others may be in nobody else's hands.
        self._causes = tuple(cause for cause in causes if cause is not None)
        for cause in self._causes:
            cause._add_follower(self)

    @property
    def is_cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._event.is_set()

    def cancel(self) -> None:
        """Have everything that is being fetched end now; a second time does no harm."""
        self._event.set()
        with self._lock:
            for each in self._sockets:
                _shut_down(each)
            for wait in self._waits:
                wait.set()
            followers = list(self._followers)
        for follower in followers:
            follower.cancel()

    def check(self, url: str) -> None:
        """Do nothing, unless it is cancelled.

        Raises:
            FetchCancelledError: It is; names the URL.
        """
        if self._event.is_set():
            shown = redact(url)
            raise FetchCancelledError(f"{shown} is not fetched: that was cancelled", url=shown)

    def wait(self, seconds: float) -> None:
        """Wait for a number of seconds, or until it is cancelled."""
        self._event.wait(seconds)

    def watch(self, connection: socket) -> None:
        """Take a socket that somebody is going to wait for."""
        with self._lock:
            self._sockets.add(connection)
            if self._event.is_set():
                _shut_down(connection)

    def forget(self, connection: socket) -> None:
        """Give a socket up; to be called before it is closed or used for something else."""
        with self._lock:
            self._sockets.discard(connection)

    @contextmanager
    def waking(self, event: threading.Event) -> Iterator[None]:
        """Have an event set when this is cancelled, as long as the block lasts."""
        with self._lock:
            self._waits.add(event)
            if self._event.is_set():
                event.set()
        try:
            yield
        finally:
            with self._lock:
                self._waits.discard(event)

    def run(
        self,
        work: Callable[[], T],
        url: str,
        *,
        discard: Callable[[T], object] = lambda _: None,
        grace: float = 0.0,
    ) -> T:
        """Return what `work` returns, or end without it although nothing can interrupt it.

        It runs in a daemon thread of its own, which takes 0.05 ms, and is left to itself when this
        is cancelled or the calling thread is interrupted: the system's resolver, for one, cannot
        be told to stop.

        Args:
            work: What to do, in another thread, and perhaps after this has ended.
            url: What it is for.
            discard: Gets what comes of it when nobody waits for that any more.
            grace: For how many seconds it is waited for after this was cancelled.

        Raises:
            FetchCancelledError: It was cancelled.
        """
        lock = threading.Lock()
        # Set by the end of the work; the other one by that, or because this is cancelled.
        is_done, is_over = threading.Event(), threading.Event()
        results: list[T] = []
        errors: list[BaseException] = []
        is_wanted = True

        def carry_out() -> None:
            try:
                result = work()
            except BaseException as error:  # raised by the thread that waits
                errors.append(error)
            else:
                with lock:
                    if is_wanted:
                        results.append(result)
                if not results:
                    discard(result)
            is_done.set()
            is_over.set()

        try:
            self.check(url)
            threading.Thread(target=carry_out, name="hognose-wait", daemon=True).start()
            with self.waking(is_over):
                is_over.wait()
            if self.is_cancelled:
                is_done.wait(grace)
            self.check(url)
        except BaseException:
            with lock:
                is_wanted = False
            for result in results:
                discard(result)
            raise
        if errors:
            raise errors[0]
        return results[0]

    def _add_follower(self, follower: Cancellation) -> None:
        with self._lock:
            self._followers.add(follower)
            is_cancelled = self._event.is_set()
        if is_cancelled:
            follower.cancel()


def _shut_down(connection: socket) -> None:
    import socket

    # Not what a TLS socket makes of it, which would have the other thread read what is encrypted.
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
