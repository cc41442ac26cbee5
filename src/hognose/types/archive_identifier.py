"""What the file name of a package archive says: name, version, build, and format (CEP 26)."""

from __future__ import annotations

from typing import Final, Literal, Self

import msgspec

from hognose.errors import InvalidTextError

__all__ = ("ArchiveIdentifier",)

ArchiveType = Literal["conda", "tar.bz2"]
_SUFFIXES: Final[tuple[tuple[str, ArchiveType], ...]] = (
    (".conda", "conda"),
    (".tar.bz2", "tar.bz2"),
)


class ArchiveIdentifier(msgspec.Struct, frozen=True, order=True, gc=False):
    """The parts of a file name `<name>-<version>-<build>.<conda or tar.bz2>`.

    They are plain text: nothing but the split itself is checked.
    """

    name: str
    version: str
    build: str
    archive_type: ArchiveType

    @classmethod
    def parse(cls, file_name: str) -> Self:
        """Split a file name, from the right: names hold dashes, versions and builds do not.

        Raises:
            InvalidTextError: If the name does not have the form above.
        """
        for suffix, archive_type in _SUFFIXES:
            if file_name.endswith(suffix):
                stem, _, build = file_name.removesuffix(suffix).rpartition("-")
                name, _, version = stem.rpartition("-")
                if name and version and build and "/" not in file_name:
                    return cls(name, version, build, archive_type)
                rule = "it is not of the form `<name>-<version>-<build>.<extension>`"
                raise InvalidTextError(file_name, rule)
        raise InvalidTextError(file_name, "it ends in neither `.conda` nor `.tar.bz2`")

    @classmethod
    def try_parse(cls, file_name: str) -> Self | None:
        """Split a file name, or return None where `parse` would raise."""
        try:
            return cls.parse(file_name)
        except InvalidTextError:
            return None

    @property
    def stem(self) -> str:
        """`<name>-<version>-<build>`: CEP 26's distribution string."""
        return f"{self.name}-{self.version}-{self.build}"

    @property
    def file_name(self) -> str:
        """The file name."""
        return f"{self.stem}.{self.archive_type}"

    def __str__(self) -> str:
        return self.file_name
