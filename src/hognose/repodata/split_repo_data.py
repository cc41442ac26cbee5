r"""A repodata file cut into one piece for each name, on disk.

Made once from a download, then opened by every later run, which reads the index and the pieces of
the names that it needs. The layout, with everything in it as a reader meets it from the end::

    piece of the 1st name | piece of the 2nd name | ... | index | offset of the index | magic

A piece is the JSON text `[[FILE NAME, ...], [RECORD, ...]]`; the index is MessagePack. Where a
package is there in both formats only the `.conda` is kept.
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from hognose.errors import InvalidPackageFileError
from hognose.repodata.format_selection import PackageFormatSelection, select
from hognose.repodata.placement import Placement, WireRecord
from hognose.repodata.removed_package import RemovedPackage
from hognose.types import ChannelInfo, wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hognose.repodata.sparse_repo_data import RepoDataPieces
    from hognose.types import Channel, RepoDataRecord

__all__ = ("SplitSubdir", "write_split")

_MAGIC = b"hogsplt1"
_TAIL = 8 + len(_MAGIC)


class _Index(msgspec.Struct, gc=False):
    info: ChannelInfo
    removed: tuple[str, ...]
    # Offset and length of each name's piece.
    names: dict[str, tuple[int, int]]


def write_split(pieces: RepoDataPieces, file: BinaryIO) -> None:
    """Write the records of a repodata file, grouped by name."""
    groups: dict[str, tuple[list[str], list[msgspec.Raw]]] = {}
    chosen = select(pieces.packages, pieces.conda_packages, PackageFormatSelection.PREFER_CONDA)
    for file_name, raw in chosen:
        name = file_name.rsplit("-", 2)[0].lower()
        group = groups.get(name)
        if group is None:
            group = groups[name] = ([], [])
        group[0].append(file_name)
        group[1].append(raw)
    names: dict[str, tuple[int, int]] = {}
    offset = 0
    for name, (file_names, raws) in groups.items():
        piece = b"[%b,[%b]]" % (msgspec.json.encode(file_names), b",".join(raws))
        file.write(piece)
        names[name] = (offset, len(piece))
        offset += len(piece)
    index = _Index(pieces.info or ChannelInfo(), tuple(pieces.removed), names)
    file.write(wire.encode_msgpack(index))
    file.write(offset.to_bytes(8, "little") + _MAGIC)


class SplitSubdir:
    """A subdir whose repodata was cut into names before; safe in several threads."""

    def __init__(self, channel: Channel, subdir: str, path: str | os.PathLike[str]) -> None:
        """Map the file and read its index.

        Raises:
            OSError: The file cannot be read.
            InvalidPackageFileError: It is not a whole file of this layout.
        """
        self._path = os.fspath(path)
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size < _TAIL:
                raise self._broken()
            # Never written to after it has its name, so it cannot shrink under the map.
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        start = len(self._data) - _TAIL
        offset = int.from_bytes(self._data[start : start + 8], "little")
        if self._data[start + 8 :] != _MAGIC or offset > start:
            raise self._broken()
        index = wire.decode_msgpack(self._data[offset:start], _Index, what=self._path)
        self._names = index.names
        self.info = index.info
        self._removed_files = index.removed
        self._removed: dict[str, list[RemovedPackage]] | None = None
        self._placement = Placement.make(channel, subdir, index.info.base_url)
        self._known: dict[str, list[RepoDataRecord]] = {}

    def package_names(self) -> Sequence[str]:
        """Return all names."""
        return list(self._names)

    def mentioning(self, text: str, /) -> Sequence[str]:
        """Return the names whose records hold a text."""
        wanted, data = text.encode(), self._data
        return [
            name
            for name, (offset, length) in self._names.items()
            if wanted in data[offset : offset + length].lower()
        ]

    def removed(self, name: str, /) -> list[RemovedPackage]:
        """Return what was withdrawn of a name."""
        if self._removed is None:
            removed: dict[str, list[RemovedPackage]] = {}
            for file_name in self._removed_files:
                package = RemovedPackage.of(file_name, self._placement)
                if package is not None:
                    removed.setdefault(package.name, []).append(package)
            self._removed = removed
        return self._removed.get(name, [])

    def load_at_hand(self, name: str, /) -> list[RepoDataRecord]:
        """Return a name's records.

        Raises:
            InvalidPackageFileError: A record is malformed.
        """
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._decode(name)
        return known

    load_records = load_at_hand

    def flush(self) -> None:
        """Do nothing: everything is on the disk already."""

    def _decode(self, name: str) -> list[RepoDataRecord]:
        place = self._names.get(name)
        if place is None:
            return []
        offset, length = place
        what = f"the records of `{name}` in {self._path}"
        piece: tuple[list[str], list[Any]] = wire.decode_json(
            self._data[offset : offset + length], _Piece, what=what
        )
        return self._placement.place(name, *piece)

    def _broken(self) -> InvalidPackageFileError:
        message = f"{self._path} cannot be used: it is not a whole repodata cache file"
        return InvalidPackageFileError(message, path=self._path)


_Piece: Any = tuple[list[str], list[WireRecord]]
