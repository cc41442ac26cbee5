r"""A repodata file cut into pieces by names, on disk.

Made once from a download, while it arrives, then opened by every later run, which reads the index
and the pieces of the names that it needs. The layout, with everything in it as a reader meets it
from the end::

    piece | piece | ... | index | offset and checksum of the index | magic

A piece is the JSON text `[[FILE NAME, ...], [RECORD, ...]]` of neighbours in the download that have
one name, so a name can have several; if there are `.tar.bz2` in it, they come first. The index is
MessagePack. What was withdrawn, and what is there in both archive formats, is left out when a name
is read.

The index and each piece have a checksum, which is verified when they are read: what a disk made of
a file is not taken for what the channel says. A file that is damaged is fetched anew.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, BinaryIO
from zlib import crc32

import msgspec

from hognose.errors import InvalidPackageFileError
from hognose.repodata.decompression import iter_pieces
from hognose.repodata.format_selection import is_hidden
from hognose.repodata.large_file import LargeFile
from hognose.repodata.placement import Placement, WireRecord
from hognose.repodata.record_scan import RAW_RECORDS, RecordScan, RepoDataFacts
from hognose.repodata.record_texts import decode_records
from hognose.repodata.removed_package import RemovedPackage
from hognose.types import ChannelInfo, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hognose.net import Client
    from hognose.repodata.decompression import Compression, Reader
    from hognose.repodata.repo_data_contents import RepoDataPieces
    from hognose.repodata.source import Subdir
    from hognose.types import Channel, RepoDataRecord

__all__ = ("SplitSubdir", "split_stream", "write_split")

_MAGIC = b"hogsplt3"
_TAIL = 12 + len(_MAGIC)


class _Index(msgspec.Struct, gc=False):
    info: ChannelInfo
    removed: tuple[str, ...]
    # For each name offset, length and CRC-32 of its first piece, then of the next one, and so on.
    names: dict[str, tuple[int, ...]]


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

    writer.finish(RecordScan(_Arriving(pieces), keep, RAW_RECORDS).run())


def write_split(pieces: RepoDataPieces, file: BinaryIO) -> None:
    """Cut a repodata file that is in memory."""
    writer = _Writer(file)
    writer.add((*pieces.packages.items(), *pieces.conda_packages.items()))
    writer.finish(RepoDataFacts(pieces.info or ChannelInfo(), pieces.removed))


class _Arriving:
    """A stream of pieces as the source of a walk."""

    __slots__ = ("_left", "_pieces")

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")

    def readinto(self, buffer: memoryview, /) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


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
            place = (self._offset, len(piece), crc32(piece))
            self._names[name] = (*self._names.get(name, ()), *place)
            self._offset += len(piece)

    def finish(self, facts: RepoDataFacts) -> None:
        """Write what comes after the pieces."""
        index = wire.encode_msgpack(_Index(facts.info, facts.removed, self._names))
        self._file.write(index)
        self._file.write(self._offset.to_bytes(8, "little"))
        self._file.write(crc32(index).to_bytes(4, "little") + _MAGIC)


class DamagedError(InvalidPackageFileError):
    """A file of this layout that is not what was written."""


class SplitSubdir:
    """A subdir whose repodata was cut into names before; safe in several threads.

    Args:
        channel: The channel.
        subdir: The platform folder.
        path: The file.
        what: The URL that the repodata is from, for errors about what the channel says.
        on_bad_record: Is called when the channel has a record that makes no sense.
        replace: Opens the subdir anew when the file turns out to be damaged.
    """

    def __init__(
        self,
        channel: Channel,
        subdir: str,
        path: str | os.PathLike[str],
        *,
        what: str | None = None,
        on_bad_record: Callable[[], object] | None = None,
        replace: Callable[[Client | None], Subdir] | None = None,
    ) -> None:
        """Open the file and read its index.

        Raises:
            OSError: The file cannot be read.
            InvalidPackageFileError: It is not a whole file of this layout.
        """
        self._path = os.fspath(path)
        self._what = what or self._path
        self._on_bad_record = on_bad_record
        self._replace = replace
        self._replacing = threading.Lock()
        self._replacement: Subdir | None = None
        self._file = LargeFile(self._path)
        start = self._file.size - _TAIL
        tail = self._file.read(max(0, start), _TAIL)
        offset = int.from_bytes(tail[:8], "little")
        if tail[12:] != _MAGIC or offset > start:
            raise self._damaged()
        packed = self._file.read(offset, start - offset)
        if crc32(packed) != int.from_bytes(tail[8:12], "little"):
            raise self._damaged()
        index = wire.decode_msgpack(packed, _Index, what=self._path)
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
        """Return the names whose records hold a text, or cannot be read."""
        wanted = text.encode()
        return [name for name in self._names if self._may_mention(name, wanted)]

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

    def load_at_hand(self, name: str, /) -> list[RepoDataRecord] | None:
        """Return a name's records; None where the file is damaged and can be replaced.

        Raises:
            InvalidPackageFileError: A record is malformed.
        """
        if self._replacement is not None:
            return self._replacement.load_at_hand(name)
        known = self._known.get(name)
        if known is None:
            try:
                known = self._known[name] = self._decode(name)
            except DamagedError:
                if self._replace is None:
                    raise
        return known

    def load_records(self, name: str, /, client: Client | None = None) -> list[RepoDataRecord]:
        """Return a name's records, fetching the repodata anew if the file is damaged.

        Raises:
            InvalidPackageFileError: A record is malformed.
            FetchRepoDataError: The file is damaged, and the network must not be used.
            NetworkError: The repodata cannot be fetched.
        """
        known = self.load_at_hand(name)
        if known is not None:
            return known
        assert self._replace is not None
        with self._replacing:
            if self._replacement is None:
                self._replacement = self._replace(client)
        return self._replacement.load_records(name, client)

    def flush(self) -> None:
        """Do nothing: everything is on the disk already, unless it had to be replaced."""
        if self._replacement is not None:
            self._replacement.flush()

    def _pieces_of(self, name: str) -> Iterator[bytes]:
        """Read the pieces of a name.

        Raises:
            DamagedError: They are not what was written, or cannot be read.
        """
        places = iter(self._names.get(name, ()))
        for offset, length, checksum in zip(places, places, places, strict=True):
            try:
                piece = self._file.read(offset, length)
            except OSError as error:
                raise self._damaged() from error
            if crc32(piece) != checksum:
                raise self._damaged()
            yield piece

    def _may_mention(self, name: str, wanted: bytes) -> bool:
        try:
            return any(wanted in piece.lower() for piece in self._pieces_of(name))
        except DamagedError:
            return True

    def _decode_piece(self, text: bytes) -> tuple[list[str], list[WireRecord]]:
        try:
            piece: tuple[list[str], list[WireRecord]]
            piece = wire.decode_json(text, _Piece, what=self._what)
        except InvalidPackageFileError:
            if self._on_bad_record is not None:
                self._on_bad_record()
            file_names, raws = wire.decode_json(text, _RawPiece, what=self._what)
            # Fails, too, and says which record it is.
            decode_records(dict(zip(file_names, raws, strict=True)), what=self._what)
            raise
        return piece

    def _decode(self, name: str) -> list[RepoDataRecord]:
        chosen: dict[str, WireRecord] = {}
        has_older = False
        for text in self._pieces_of(name):
            piece = self._decode_piece(text)
            chosen.update(zip(*piece, strict=True))
            has_older = has_older or piece[0][0].endswith(".tar.bz2")
        if has_older:
            for file_name in [each for each in chosen if is_hidden(each, chosen)]:
                del chosen[file_name]
        if self._removed_files:
            for package in self.removed(name):
                chosen.pop(package.file_name, None)
        return self._placement.place(name, chosen, chosen.values())

    def _damaged(self) -> DamagedError:
        message = f"{self._path} cannot be used: it is not a whole repodata cache file"
        return DamagedError(message, path=self._path)


_Piece: Any = tuple[list[str], list[WireRecord]]
_RawPiece: Any = tuple[list[str], list[msgspec.Raw]]
