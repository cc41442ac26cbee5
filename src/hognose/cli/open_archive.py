"""Opening a package archive that a command line names by path or URL."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hognose.archive import PackageArchive
    from hognose.console import Console

__all__ = ("is_url", "open_archive")


def is_url(text: str) -> bool:
    """Whether a word of a command line is a URL; a path with a drive letter is none."""
    return "://" in text


@contextmanager
def open_archive(place: str, console: Console, *, offline: bool) -> Iterator[PackageArchive]:
    """Open an archive for reading single members; say on a console why that takes long.

    Raises:
        ArchiveError: It is no package, or is damaged.
        NetworkError: It cannot be fetched.
    """
    if not is_url(place):
        from hognose.archive import PackageArchive

        with PackageArchive.open(place) as archive:
            yield archive
        return
    from hognose.cache import open_remote_archive
    from hognose.cli.console_log import show_pauses
    from hognose.cli.settings import load_config
    from hognose.configured import client_from_config

    show_pauses(console)
    with (
        client_from_config(load_config(), offline=offline) as client,
        open_remote_archive(place, client) as archive,
    ):
        yield archive
