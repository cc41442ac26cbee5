"""What one call of a gateway works with: threads of its own, and a client that ends with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from hognose.net import Cancellation

if TYPE_CHECKING:
    from types import TracebackType

    from hognose.net import Client

__all__ = ("GatewayCall",)


class GatewayCall:
    """A context manager; when its block ends no thread of it is left.

    After an error, of which an interrupt is one, everything that is still being fetched ends at
    once: a server that is silent must not hold up who has nothing to gain from its answer.

    Attributes:
        client: What fetches; it ends with the gateway's client, and when it is told to.
        executor: Whose threads do it.
        width: How many of them there are.
    """

    __slots__ = ("_cancellation", "client", "executor", "width")

    def __init__(self, client: Client, *, width: int, cancel: Cancellation | None = None) -> None:
        """Begin; no thread is started before there is work for it.

        Args:
            client: The gateway's.
            width: The most threads at once.
            cancel: What ends the call from outside.
        """
        self._cancellation = Cancellation(cancel)
        self.client = client.cancelled_by(self._cancellation)
        self.executor = ThreadPoolExecutor(width, "hognose-repodata")
        self.width = width

    @property
    def is_cancelled(self) -> bool:
        """Whether the call, or the gateway's client, was told to end."""
        return self.client.cancellation.is_cancelled

    def check(self, url: str) -> None:
        """Do nothing, unless it was.

        Raises:
            FetchCancelledError: It was; names what was asked for.
        """
        self.client.cancellation.check(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._cancellation.cancel()
        self.executor.shutdown(wait=True, cancel_futures=kind is not None)
