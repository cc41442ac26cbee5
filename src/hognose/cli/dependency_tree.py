"""Draws which packages need which as a tree, as text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ("draw_tree",)


def draw_tree(
    root: str, branches: Callable[[str], Sequence[tuple[str, str | None]]]
) -> Iterator[str]:
    """Yield the lines below a node; what hangs below a package is drawn once.

    Args:
        root: The key of the node whose branches are drawn.
        branches: Gives for a key what hangs below it: for each branch its text, and its key if
            something may hang below that. It is asked once for each key.
    """
    branches = cache(branches)
    drawn = {root}
    # Not by recursion: chains of dependencies may be longer than Python's stack.
    pending = list(_below(root, "", branches))
    while pending:
        indent, is_last, text, key = pending.pop()
        has_more = key is not None and bool(branches(key))
        above = " (see above)" if has_more and key in drawn else ""
        yield f"{indent}{'└─ ' if is_last else '├─ '}{text}{above}"
        if key is not None and has_more and not above:
            drawn.add(key)
            pending += _below(key, indent + ("   " if is_last else "│  "), branches)


def _below(
    key: str, indent: str, branches: Callable[[str], Sequence[tuple[str, str | None]]]
) -> Iterator[tuple[str, bool, str, str | None]]:
    """Yield what hangs below a node, the last branch first."""
    is_last = True
    for text, child in reversed(branches(key)):
        yield indent, is_last, text, child
        is_last = False
