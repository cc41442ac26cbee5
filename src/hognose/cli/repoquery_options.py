"""What the questions of `hognose repoquery` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from hognose.types import MatchSpec, Platform

__all__ = ("add_walk_options", "one_name", "platforms")


def add_walk_options(parser: argparse.ArgumentParser, recursive: str) -> None:
    """Add how far to go, and the form of the answer."""
    parser.add_argument("-r", "--recursive", action="store_true", help=recursive)
    parser.add_argument(
        "-t", "--tree", action="store_true", help="as `--recursive`, and draw it as a tree"
    )


def one_name(text: str) -> MatchSpec:
    """Parse a spec that has to be of one package.

    Raises:
        InvalidMatchSpecError: It is no spec.
        UsageError: It stands for several.
    """
    from hognose.types import MatchSpec

    spec = MatchSpec(text, exact_names_only=False)
    if spec.name.exact is None:
        raise UsageError(
            f"`{text}` stands for many packages", hint="`hognose search` shows which; name one"
        )
    return spec


def platforms(arguments: argparse.Namespace) -> list[Platform]:
    """Return the subdirs to look into."""
    from hognose.types import Platform

    wanted = (options.find_platform(arguments.platform), Platform("noarch"))
    return list(dict.fromkeys(wanted))
