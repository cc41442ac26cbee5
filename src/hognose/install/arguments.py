"""Wrong arguments of the verbs, said at once: what is expected, and what was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hognose._several import require_several

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.cache import PackageCache
    from hognose.net import Client

__all__ = ("require_all", "require_callable", "require_kind", "require_means", "require_object")

T = TypeVar("T")


def require_means(cache: PackageCache, client: Client) -> None:
    """Refuse what is no cache, or no client.

    Raises:
        TypeError: One of them is something else.
    """
    from hognose.cache import PackageCache
    from hognose.net import Client

    require_kind("cache", cache, PackageCache)
    require_kind("client", client, Client)


def require_kind(argument: str, given: object, kind: type) -> None:
    """Refuse a value of another kind.

    Raises:
        TypeError: It is one.
    """
    if not isinstance(given, kind):
        require_object(argument, given)
        raise TypeError(
            f"`{argument}` takes a value of the kind {kind.__name__}, not {_kind_of(given)}"
        )


def require_all(argument: str, given: Iterable[T], kind: type) -> list[T]:
    """Return the values of an argument that takes several, all of one kind.

    Raises:
        TypeError: It is a single value, or one of them is of another kind.
    """
    values = list(require_several(argument, given))
    for value in values:
        if not isinstance(value, kind):
            message = f"`{argument}` has values of the kind {kind.__name__}, not {_kind_of(value)}"
            raise TypeError(message)
    return values


def require_object(argument: str, given: object) -> None:
    """Refuse a class where an object of it is meant.

    Raises:
        TypeError: It is a class.
    """
    if isinstance(given, type):
        name = given.__name__
        raise TypeError(f"`{argument}` is an object, not the class {name}: write `{name}(...)`")


def require_callable(argument: str, given: object) -> None:
    """Refuse what cannot be called.

    Raises:
        TypeError: It cannot.
    """
    if not callable(given):
        raise TypeError(f"`{argument}` is a function, not {_kind_of(given)}")


def _kind_of(given: object) -> str:
    return "None" if given is None else type(given).__name__
