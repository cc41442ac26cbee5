"""Own sources of records whose answers are coroutines, for a gateway that works in threads."""

from __future__ import annotations

import asyncio
import inspect
import threading
from typing import TYPE_CHECKING, Any, Protocol

from hognose.repodata import MultiSource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.net import Cancellation
    from hognose.types import PackageName, Platform, RepoDataRecord

__all__ = ("AsyncRepoDataSource", "in_loop")


class AsyncRepoDataSource(Protocol):
    """Records from anywhere, in py-rattler's shape; given to a gateway in place of a channel.

    The coroutines run in the loop of the query, and are cancelled with it. The names are asked for
    in another thread. Nothing that is returned is kept.
    """

    async def fetch_package_records(
        self, platform: Platform, name: PackageName, /
    ) -> Iterable[RepoDataRecord]:
        """Return the records of a name for a platform."""
        ...

    def package_names(self, platform: Platform, /) -> Iterable[str]:
        """Return the names that there are for a platform."""
        ...


def in_loop(
    sources: Iterable[Any], loop: asyncio.AbstractEventLoop, cancellation: Cancellation
) -> list[Any]:
    """Return sources of which each can be asked in any thread, in place of the given ones."""
    found: list[Any] = []
    for source in sources:
        if isinstance(source, MultiSource):
            inner = in_loop(source.sources, loop, cancellation)
            found.append(_LoopMultiSource(source, inner) if inner != source.sources else source)
        elif inspect.iscoroutinefunction(getattr(source, "fetch_package_records", None)):
            found.append(_LoopSource(source, loop, cancellation))
        else:
            found.append(source)
    return found


class _LoopMultiSource(MultiSource):
    """Several sources in the place of those of another one."""

    __slots__ = ("__wrapped__",)

    def __init__(self, wrapped: MultiSource, sources: list[Any]) -> None:
        super().__init__(wrapped.name, sources)
        self.__wrapped__ = wrapped


class _LoopSource:
    """A source whose coroutines a loop runs while threads wait for them."""

    def __init__(
        self,
        wrapped: AsyncRepoDataSource,
        loop: asyncio.AbstractEventLoop,
        cancellation: Cancellation,
    ) -> None:
        self.__wrapped__ = wrapped
        self._loop = loop
        self._cancellation = cancellation

    def fetch_package_records(
        self, platform: Platform, name: PackageName, /
    ) -> Iterable[RepoDataRecord]:
        coroutine: Any = self.__wrapped__.fetch_package_records(platform, name)
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        is_over = threading.Event()
        future.add_done_callback(lambda _: is_over.set())
        with self._cancellation.waking(is_over):
            is_over.wait()
        if not future.done():
            future.cancel()
            self._cancellation.check(str(name))
        found: Iterable[RepoDataRecord] = future.result()
        return found

    def package_names(self, platform: Platform, /) -> Iterable[str]:
        return self.__wrapped__.package_names(platform)
