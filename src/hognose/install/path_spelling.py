"""How paths are written where a file system takes several spellings for one name. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ("PathSpelling", "find_fold")

_SAMPLE = "hognose-\u00e9-\u00df"
# The same name for a file system that does not look at case, at how an accent is written, or that
# looks at case as Unicode does.
_OTHER_CASE = "HOGNOSE-\u00e9-\u00df"
_DECOMPOSED = "hognose-e\u0301-\u00df"
_LONG_FORM = "hognose-\u00e9-ss"


def find_fold(makes_one: Callable[[str, str], bool]) -> Callable[[str], str] | None:
    """Return what makes paths equal that are one on a file system, or None if none are.

    APFS and HFS+ do not look at how an accent is written, APFS takes `ss` for a sharp s, which NTFS
    does not.

    Args:
        makes_one: Tells whether the file system takes two names for one.
    """
    folds: list[Callable[[str], str]] = []
    if makes_one(_SAMPLE, _DECOMPOSED):
        folds.append(_decomposed)
    if makes_one(_SAMPLE, _OTHER_CASE):
        folds.append(str.casefold if makes_one(_SAMPLE, _LONG_FORM) else _in_capitals)
    if not folds:
        return None

    def fold(path: str) -> str:
        if path.isascii():
            return first(path)
        for function in folds:
            path = function(path)
        return path

    first = folds[-1]
    return fold


def _decomposed(path: str) -> str:
    from unicodedata import normalize

    return normalize("NFD", path)


def _in_capitals(path: str) -> str:
    """Return a path with each letter in the case that takes one letter."""
    return "".join(capital if len(capital := letter.upper()) == 1 else letter for letter in path)


class PathSpelling:
    """Gives every path one spelling, so that paths can be compared as text.

    Packages write `Lib/a` and `lib/b` into one folder, and `README` over the `Readme` of another.
    Who comes first decides; what the records of installed packages say stays as it is.
    """

    __slots__ = ("_fold", "_known")

    def __init__(
        self, recorded: Iterable[str] = (), *, fold: Callable[[str], str] = str.casefold
    ) -> None:
        """Learn the paths of installed packages, relative to the prefix.

        Args:
            recorded: These paths.
            fold: Makes two paths equal that are one.
        """
        self._fold = fold
        self._known = {"": ""}
        paths = sorted(recorded)
        for path in paths:
            self._known.setdefault(fold(path), path)
        for path in paths:
            self.settle(path.rpartition("/")[0])

    def settle(self, path: str) -> str:
        """Return the spelling of a path, which is its own if nothing like it was seen before."""
        key = self._fold(path)
        found = self._known.get(key)
        if found is None:
            parent, slash, name = path.rpartition("/")
            found = self._known[key] = f"{self.settle(parent)}{slash}{name}"
        return found
