"""Random access to a package: list and read members without extracting it.

A `.conda` is asked only for the parts that hold the answer, so over a file object that fetches
ranges (a remote package) `info/index.json` costs the directory and the info part. A `.tar.bz2`
has no directory: it is read from its start until the members asked for were seen.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, Literal, Self

import msgspec

from hognose._closing import Closing
from hognose.archive.decompression import iter_bzip2, iter_zstd
from hognose.archive.safe_paths import clean_components
from hognose.archive.tar_header import MemberKind, TarMember
from hognose.archive.tar_reader import TarReader
from hognose.archive.unpacking import conda_part, not_a_package
from hognose.archive.zip_directory import LOCAL_SIGNATURE, ZipMember, read_directory
from hognose.archive.zip_stream import iter_located
from hognose.errors import ArchiveError, UnsafeArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hognose.types import AboutJson, IndexJson, LinkJson, PathsJson, RunExportsJson

Section = Literal["info", "pkg"]
ArchiveType = Literal["conda", "tar.bz2"]

_LINK_HOPS = 10
_LOOKED_AT = 512


class ArchiveEntry(msgspec.Struct, gc=True):
    """A member met while going through an archive; readable until the next one is asked for.

    Attributes:
        name: The path inside the package, without a leading `./`.
        size: The number of bytes, 0 for links and directories.
        kind: What it is.
        link_target: Where a link points to, or None.
    """

    name: str
    size: int
    kind: MemberKind
    link_target: str | None
    _reader: TarReader

    @property
    def is_file(self) -> bool:
        """Whether the member is an ordinary file."""
        return self.kind is MemberKind.FILE

    @property
    def is_link(self) -> bool:
        """Whether the member is a symbolic or a hard link."""
        return self.is_symlink or self.is_hardlink

    @property
    def is_symlink(self) -> bool:
        """Whether the member is a symbolic link."""
        return self.kind is MemberKind.SYMLINK

    @property
    def is_hardlink(self) -> bool:
        """Whether the member is a hard link to an earlier one."""
        return self.kind is MemberKind.HARD_LINK

    def read(self) -> bytes:
        """Return what has not been read yet of the member's content.

        Raises:
            ArchiveError: The archive is damaged.
        """
        return self._reader.read_data()


class PackageArchive(Closing):
    """An open `.conda` or `.tar.bz2` package; a context manager, used by one thread at a time."""

    def __init__(
        self,
        stream: BinaryIO,
        name: str,
        *,
        archive_type: ArchiveType | None = None,
        owns_stream: bool = False,
    ) -> None:
        """Use an open stream that can seek.

        Args:
            stream: The archive, from its first byte on.
            name: What errors call it.
            archive_type: The format, if it is known; otherwise the first bytes are looked at.
            owns_stream: Whether `close` closes the stream.

        Raises:
            ArchiveError: It is no package, or its outer archive is damaged.
        """
        self.name = name
        self._stream = stream
        self._owns_stream = owns_stream
        self._remembered: dict[str, bytes | None] = {}
        try:
            archive_type = archive_type or _detect_type(stream)
            self._parts = _find_parts(stream) if archive_type == "conda" else None
        except ArchiveError as error:
            raise self._named(error) from error

    @classmethod
    def open(cls, source: str | os.PathLike[str] | BinaryIO, *, name: str | None = None) -> Self:
        """Open a package by its path, or over a binary stream that can seek.

        Args:
            source: The path, or the stream, which stays open when the archive is closed.
            name: What errors call a stream.

        Raises:
            ArchiveError: The file cannot be opened, or is no package.
        """
        if not isinstance(source, (str, os.PathLike)):
            return cls(source, name or str(getattr(source, "name", "") or "the archive"))
        path = os.fspath(source)
        try:
            stream = open(path, "rb", buffering=0)  # noqa: SIM115 - closed by `close`
        except OSError as error:
            message = f"cannot open package `{path}`: {error.strerror}"
            raise ArchiveError(message, path=path) from error
        try:
            return cls(stream, path, owns_stream=True)
        except BaseException:
            stream.close()
            raise

    def close(self) -> None:
        """Close the file, if the archive opened it."""
        if self._owns_stream:
            self._stream.close()

    @property
    def archive_type(self) -> ArchiveType:
        """The archive's format."""
        return "tar.bz2" if self._parts is None else "conda"

    @property
    def size(self) -> int:
        """The number of bytes of the archive."""
        position = self._stream.tell()
        size = self._stream.seek(0, os.SEEK_END)
        self._stream.seek(position)
        return size

    def iter_entries(self, section: Section | None = None) -> Iterator[ArchiveEntry]:
        """Yield the members of a section, or of both, in the archive's order.

        Args:
            section: "info" for what is below `info/`, "pkg" for everything else.

        Raises:
            ArchiveError: The archive is damaged.
        """
        try:
            for part in self._iter_parts(section):
                reader = TarReader(part)
                for member in reader:
                    entry = _entry(reader, member)
                    if section is None or (section == "info") == entry.name.startswith("info/"):
                        yield entry
        except ArchiveError as error:
            raise self._named(error) from error

    def list_files(self, section: Section | None = None) -> list[str]:
        """Return the paths of all files and links of a section, or of both.

        Raises:
            ArchiveError: The archive is damaged.
        """
        return [
            entry.name
            for entry in self.iter_entries(section)
            if entry.kind is not MemberKind.DIRECTORY
        ]

    def read_file(self, path: str) -> bytes | None:
        """Return the content of a file, or None if the package has no such file.

        Raises:
            ArchiveError: The archive is damaged.
        """
        return self.read_files((path,))[path]

    def read_files(self, paths: Iterable[str]) -> dict[str, bytes | None]:
        """Return the contents of files, reading each part of the archive once.

        Links inside the package are followed.

        Returns:
            The content for each path, None for paths that the package does not have.

        Raises:
            ArchiveError: The archive is damaged.
        """
        wanted = dict.fromkeys(paths)
        found: dict[str, bytes | None] = {}
        aliases = {path: path for path in wanted}
        for _ in range(_LINK_HOPS):
            missing = {name for name in aliases.values() if name not in found}
            if not missing:
                break
            links: dict[str, str] = {}
            for section in ("info", "pkg"):
                names = {
                    name for name in missing if name.startswith("info/") == (section == "info")
                }
                if names:
                    self._read_section(section, names, found, links)
            found.update(dict.fromkeys(missing - found.keys() - links.keys()))
            aliases = {path: links.get(name, name) for path, name in aliases.items()}
        return {path: found.get(name) for path, name in aliases.items()}

    def index_json(self) -> IndexJson:
        """Return the package's `info/index.json`.

        Raises:
            ArchiveError: The package has none, or is damaged.
            InvalidPackageFileError: The file's content cannot be used.
        """
        from hognose.types import IndexJson

        return IndexJson.decode(self._metadata("info/index.json"))

    def paths_json(self) -> PathsJson:
        """Return the package's `info/paths.json`.

        Raises:
            ArchiveError: The package has none, or is damaged.
            InvalidPackageFileError: The file's content cannot be used.
        """
        from hognose.types import PathsJson

        return PathsJson.decode(self._metadata("info/paths.json"))

    def about_json(self) -> AboutJson:
        """Return the package's `info/about.json`.

        Raises:
            ArchiveError: The package has none, or is damaged.
            InvalidPackageFileError: The file's content cannot be used.
        """
        from hognose.types import AboutJson

        return AboutJson.decode(self._metadata("info/about.json"))

    def link_json(self) -> LinkJson | None:
        """Return the package's `info/link.json`, or None if it has none.

        Raises:
            ArchiveError: The package is damaged.
            InvalidPackageFileError: The file's content cannot be used.
        """
        from hognose.types import LinkJson

        content = self._optional_metadata("info/link.json")
        return None if content is None else LinkJson.decode(content)

    def run_exports_json(self) -> RunExportsJson | None:
        """Return the package's `info/run_exports.json`, or None if it has none.

        Raises:
            ArchiveError: The package is damaged.
            InvalidPackageFileError: The file's content cannot be used.
        """
        from hognose.types import RunExportsJson

        content = self._optional_metadata("info/run_exports.json")
        return None if content is None else RunExportsJson.decode(content)

    def _metadata(self, path: str) -> bytes:
        content = self._optional_metadata(path)
        if content is None:
            message = f"package `{self.name}` has no `{path}`"
            raise ArchiveError(message, path=self.name, member=path)
        return content

    def _optional_metadata(self, path: str) -> bytes | None:
        if path not in self._remembered:
            self._remembered[path] = self.read_file(path)
        return self._remembered[path]

    def _read_section(
        self,
        section: Section,
        names: set[str],
        found: dict[str, bytes | None],
        links: dict[str, str],
    ) -> None:
        missing = set(names)
        entries = self.iter_entries(section)
        for entry in entries:
            name = entry.name
            if name not in missing:
                continue
            missing.discard(name)
            target = _link_destination(entry)
            if target is not None:
                links[name] = target
            elif entry.is_file:
                found[name] = entry.read()
            if not missing:
                break

    def _iter_parts(self, section: Section | None) -> Iterator[Iterator[bytes]]:
        stream = self._stream
        if self._parts is None:
            stream.seek(0)
            yield iter_bzip2(stream)
            return
        for part in ("info", "pkg") if section is None else (section,):
            (data,) = iter_located(stream, [self._parts[part]])
            yield iter_zstd(data)

    def _named(self, error: ArchiveError) -> ArchiveError:
        facts = {**error.__dict__, "path": self.name}
        facts.pop("hint", None)
        return type(error)(f"cannot read `{self.name}`: {error.message}", hint=error.hint, **facts)


def _detect_type(stream: BinaryIO) -> ArchiveType:
    stream.seek(0)
    magic = stream.read(4)
    if magic[:3] == b"BZh":
        return "tar.bz2"
    if magic == LOCAL_SIGNATURE:
        return "conda"
    raise not_a_package(magic + stream.read(_LOOKED_AT))


def _find_parts(stream: BinaryIO) -> dict[str, ZipMember]:
    parts: dict[str, ZipMember] = {}
    for member in read_directory(stream):
        part = conda_part(member.name)
        if part is None:
            continue
        if part in parts:
            message = f"there are two `{part}-...tar.zst` in the archive"
            raise ArchiveError(message, member=member.name)
        parts[part] = member
    for part in ("info", "pkg"):
        if part not in parts:
            message = f"there is no `{part}-...tar.zst` in the archive"
            raise ArchiveError(message)
    return parts


def _entry(reader: TarReader, member: TarMember) -> ArchiveEntry:
    try:
        name = "/".join(clean_components(member.name, windows=False))
    except UnsafeArchiveError:
        # Reading by name cannot leave anything, and listing should show what is there.
        name = member.name
    return ArchiveEntry(name, member.size, member.kind, member.link_target or None, reader)


def _link_destination(entry: ArchiveEntry) -> str | None:
    target = entry.link_target
    if target is None:
        return None
    if entry.is_symlink:
        import posixpath

        return posixpath.normpath(posixpath.join(posixpath.dirname(entry.name), target))
    return target.removeprefix("./")
