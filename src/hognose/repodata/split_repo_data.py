r"""A repodata file cut into pieces by names, on disk.

Made once from a download, while it arrives, then opened by every later run, which reads the index
and the pieces of the names that it needs. The layout, with everything in it as a reader meets it
from the end::

    piece | piece | ... | index | offset of the index | magic

A piece is the JSON text `[[FILE NAME, ...], [RECORD, ...]]` of neighbours in the download that have
one name, so a name can have several; the index is MessagePack. What was withdrawn, and what is
there in both archive formats, is left out when a name is read.
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec
from msgspec import field

from hognose.errors import InvalidPackageFileError
from hognose.repodata.decompression import iter_pieces
from hognose.repodata.format_selection import is_hidden
from hognose.repodata.placement import Placement, WireRecord
from hognose.repodata.record_scan import RecordScan
from hognose.repodata.removed_package import RemovedPackage
from hognose.types import ChannelInfo, wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hognose.repodata.decompression import Compression, Reader
    from hognose.repodata.sparse_repo_data import RepoDataPieces
    from hognose.types import Channel, RepoDataRecord

__all__ = ("SplitSubdir", "split_stream", "write_split")

_MAGIC = b"hogsplt2"
_TAIL = 8 + len(_MAGIC)


class _Index(msgspec.Struct, gc=False):
    info: ChannelInfo
    removed: tuple[str, ...]
    # For each name offset and length of its first piece, then of the next one, and so on.
    names: dict[str, tuple[int, ...]]


class _Said(msgspec.Struct, gc=False):
    """What a repodata file says besides its records."""

    info: ChannelInfo = field(default_factory=ChannelInfo)
    removed: tuple[str, ...] = ()


def split_stream(
    source: Reader,
    compression: Compression | None,
    file: BinaryIO,
    *,
    max_size: int,
    what: str,
) -> None:
    """Cut a repodata file while it arrives; little of it is in memory at any time.

    Args:
        source: Where the bytes come from.
        compression: How they are compressed, None if they are not.
        file: Takes the pieces.
        max_size: The largest acceptable repodata in bytes, decompressed.
        what: The file or the URL, for errors.

    Raises:
        record_scan.UNFORESEEN: It is broken, or has to be read as a whole to know.
        FetchRepoDataError: It is too large, or compressed wrongly.
    """
    writer = _Writer(file)
    pieces = iter_pieces(source, compression, max_size=max_size, what=what)

    def keep(_suffix: str, records: dict[str, msgspec.Raw], _start: int, _length: int) -> None:
        writer.add(records.items())

    scan = RecordScan(_Arriving(pieces), keep)
    writer.finish(wire.convert(scan.run(), _Said, what=what))


def write_split(pieces: RepoDataPieces, file: BinaryIO) -> None:
    """Cut a repodata file that is in memory."""
    writer = _Writer(file)
    writer.add((*pieces.packages.items(), *pieces.conda_packages.items()))
    writer.finish(_Said(pieces.info or ChannelInfo(), pieces.removed))


class _Arriving:
    """A stream as the text of a walk."""

    __slots__ = ("_data", "_pieces", "_start")

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._data = b""
        self._start = 0

    def read(self, start: int, length: int) -> tuple[bytes, bool]:
        parts = [self._data[start - self._start :]]
        size = len(parts[0])
        is_at_end = False
        while size < length:
            piece = next(self._pieces, None)
            if piece is None:
                is_at_end = True
                break
            parts.append(piece)
            size += len(piece)
        self._data, self._start = b"".join(parts), start
        return self._data, is_at_end


class _Writer:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._offset = 0
        self._names: dict[str, tuple[int, ...]] = {}

    def add(self, records: Iterable[tuple[str, msgspec.Raw]]) -> None:
        """Write some records, a piece for each name."""
        groups: dict[str, tuple[list[str], list[msgspec.Raw]]] = {}
        for file_name, raw in records:
            name = file_name.rsplit("-", 2)[0].lower()
            group = groups.get(name)
            if group is None:
                group = groups[name] = ([], [])
            group[0].append(file_name)
            group[1].append(raw)
        for name, (file_names, raws) in groups.items():
            piece = b"[%b,[%b]]" % (msgspec.json.encode(file_names), b",".join(raws))
            self._file.write(piece)
            self._names[name] = (*self._names.get(name, ()), self._offset, len(piece))
            self._offset += len(piece)

    def finish(self, said: _Said) -> None:
        """Write what comes after the pieces."""
        self._file.write(wire.encode_msgpack(_Index(said.info, said.removed, self._names)))
        self._file.write(self._offset.to_bytes(8, "little") + _MAGIC)


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
        wanted = text.encode()
        return [
            name
            for name in self._names
            if any(wanted in piece.lower() for piece in self._pieces_of(name))
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

    def _pieces_of(self, name: str) -> Iterator[bytes]:
        places = iter(self._names.get(name, ()))
        for offset, length in zip(places, places, strict=True):
            yield self._data[offset : offset + length]

    def _decode(self, name: str) -> list[RepoDataRecord]:
        what = f"the records of `{name}` in {self._path}"
        chosen: dict[str, WireRecord] = {}
        for text in self._pieces_of(name):
            piece: tuple[list[str], list[Any]] = wire.decode_json(text, _Piece, what=what)
            chosen.update(zip(*piece, strict=True))
        older = [each for each in chosen if each.endswith(".tar.bz2")]
        for file_name in [each for each in older if is_hidden(each, chosen)]:
            del chosen[file_name]
        if self._removed_files:
            for package in self.removed(name):
                chosen.pop(package.file_name, None)
        return self._placement.place(name, chosen, chosen.values())

    def _broken(self) -> InvalidPackageFileError:
        message = f"{self._path} cannot be used: it is not a whole repodata cache file"
        return InvalidPackageFileError(message, path=self._path)


_Piece: Any = tuple[list[str], list[WireRecord]]
