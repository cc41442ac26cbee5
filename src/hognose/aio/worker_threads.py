"""Blocking calls in worker threads, and how a coroutine that is cancelled ends them."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from hognose._several import require_several

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hognose.net import Cancellation, Client

__all__ = ("listed", "run", "run_cancellable", "run_fetching", "run_until_cancelled")

P = ParamSpec("P")
T = TypeVar("T")


async def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a call that cannot be cut short in a thread; a cancellation waits for its end."""
    future = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    return await _until_done(future, lambda: None)


async def run_until_cancelled(function: Callable[[Cancellation], T]) -> T:
    """Run a call that ends when what it is given is cancelled."""
    from hognose.net import Cancellation

    cancellation = Cancellation()
    future = asyncio.ensure_future(asyncio.to_thread(function, cancellation))
    return await _until_done(future, cancellation.cancel)


async def run_fetching(client: Client, function: Callable[[Client], T]) -> T:
    """Run a call with a client that is stopped when the coroutine is cancelled."""
    return await run_until_cancelled(
        lambda cancellation: function(client.cancelled_by(cancellation))
    )


async def run_cancellable(function: Callable[[Callable[[], bool]], T]) -> T:
    """Run a call that asks now and then whether it is cancelled."""
    flag = threading.Event()
    future = asyncio.ensure_future(asyncio.to_thread(function, flag.is_set))
    return await _until_done(future, flag.set)


def listed(argument: str, given: Iterable[T]) -> list[T]:
    """Return what an argument holds that takes several values.

    Raises:
        TypeError: It is a single one.
    """
    return list(require_several(argument, given))


async def _until_done(future: asyncio.Future[T], cancel: Callable[[], None]) -> T:
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        cancel()
        await asyncio.wait([future])
        # What the call raised on its way out is not the caller's business any more.
        future.exception()
        raise
