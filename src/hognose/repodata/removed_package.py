"""Packages that a channel has withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import msgspec

from hognose.types import ArchiveIdentifier

if TYPE_CHECKING:
    from hognose.repodata.placement import Placement

__all__ = ("RemovedPackage",)


class RemovedPackage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An entry of `removed` in repodata (CEP 36): a package that was there and must not be used.

    Attributes:
        url: Where the archive lay.
        file_name: The archive's file name.
        name: The package.
        version: Its version, as text.
        build: Its build string.
        channel: The channel's base URL.
    """

    url: str
    file_name: str
    name: str
    version: str
    build: str
    channel: str | None = None

    @classmethod
    def of(cls, file_name: str, placement: Placement) -> Self | None:
        """Take a file name apart; None for one that is no package's."""
        parts = ArchiveIdentifier.try_parse(file_name)
        if parts is None:
            return None
        return cls(
            url=placement.folder + file_name,
            file_name=file_name,
            name=parts.name.lower(),
            version=parts.version,
            build=parts.build,
            channel=placement.channel,
        )
