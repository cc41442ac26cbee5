"""What making a channel tells about its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hognose.channel.staged_package import BuiltPackage


class ChannelReporter:
    """Is told how making a channel goes on; override what is of interest.

    The methods may be called from any thread and must be quick.
    """

    def on_resolve_start(self, requirements: Sequence[str]) -> None:
        """The wheels begin to be found, fetched and built."""

    def on_resolve_complete(self, wheels: Sequence[str]) -> None:
        """The wheels are there; `wheels` are their file names."""

    def on_build_start(self, packages: int) -> None:
        """It is known how many packages are made; comes before any of them is complete."""

    def on_package_start(self, name: str) -> None:
        """One package begins; `name` is a wheel's file name, or the package's name."""

    def on_package_complete(self, name: str, package: BuiltPackage) -> None:
        """The package that began as `name` is written."""

    def on_index_start(self, subdir: str, packages: int) -> None:
        """The index of a subdir with this many packages begins to be written."""

    def on_index_complete(self, subdir: str) -> None:
        """The index of a subdir is written."""
