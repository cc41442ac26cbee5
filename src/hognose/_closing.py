"""What is closed at the end of a `with` block, whatever happens in it."""

from __future__ import annotations

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

__all__ = ("Closing",)


class Closing:
    """A context manager for a class that has a `close`; entering gives the object itself."""

    __slots__ = ()

    if TYPE_CHECKING:

        def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
