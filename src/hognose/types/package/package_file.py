"""What the metadata files of a package have in common: where they lie and how they are read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar, Self

import msgspec

from hognose.types import wire

if TYPE_CHECKING:
    from pathlib import Path


class PackageFile(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """A JSON file under `info/` of a package (CEP 34).

    Keys that a type does not have are ignored. Subclasses say where the file lies.
    """

    PATH: ClassVar[str] = ""

    @classmethod
    def package_path(cls) -> Path:
        """Return the file's path from the root of the package."""
        from pathlib import Path

        return Path(cls.PATH)

    @classmethod
    def decode(cls, data: bytes | str, *, what: str = "") -> Self:
        """Decode the file's content.

        Args:
            data: The content.
            what: The path or URL it came from, for errors; default is the file's path.

        Raises:
            InvalidPackageFileError: It is no JSON, or not of this file's shape.
        """
        return wire.decode_json(data, cls, what=what or cls.PATH)

    @classmethod
    def from_str(cls, string: str) -> Self:
        """Decode the file's text; like `decode`."""
        return cls.decode(string)

    @classmethod
    def from_path(cls, path: str | os.PathLike[str]) -> Self:
        """Read the file itself, wherever it lies.

        Raises:
            InvalidPackageFileError: Its content cannot be used.
            OSError: It cannot be read.
        """
        with open(path, "rb") as stream:
            return cls.decode(stream.read(), what=os.fspath(path))

    @classmethod
    def from_package_directory(cls, path: str | os.PathLike[str]) -> Self:
        """Read the file from an extracted package; raises like `from_path`."""
        return cls.from_path(os.path.join(path, cls.PATH))

    def encode(self) -> bytes:
        """Encode to JSON with sorted keys, two spaces per level and a final newline."""
        return wire.encode_json(self, pretty=True, sort_keys=True) + b"\n"
