"""How paths are written where a file system does not tell upper from lower case. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("PathSpelling",)


class PathSpelling:
    """Gives every path one spelling, so that paths can be compared as text.

    Packages write `Lib/a` and `lib/b` into one folder, and `README` over the `Readme` of another.
    Who comes first decides; what the records of installed packages say stays as it is.
    """

    __slots__ = ("_known",)

    def __init__(self, recorded: Iterable[str] = ()) -> None:
        """Learn the paths of installed packages, relative to the prefix."""
        self._known = {"": ""}
        paths = sorted(recorded)
        for path in paths:
            self._known.setdefault(path.casefold(), path)
        for path in paths:
            self.settle(path.rpartition("/")[0])

    def settle(self, path: str) -> str:
        """Return the spelling of a path, which is its own if nothing like it was seen before."""
        key = path.casefold()
        found = self._known.get(key)
        if found is None:
            parent, slash, name = path.rpartition("/")
            found = self._known[key] = f"{self.settle(parent)}{slash}{name}"
        return found
