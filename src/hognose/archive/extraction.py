"""Extract a package in one pass: from a stream, through the hashes, into files.

What arrives is hashed, taken apart, decompressed and written as it comes; neither the archive nor
anything inside it touches the disk in between. The tree appears under its name by one rename, when
everything is in it and the archive was read to its end.
"""

from __future__ import annotations

import errno
import json
import os
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from hognose.archive.archive_digest import HashingReader
from hognose.archive.decompression import READ_SIZE, SMALL_PIECES, iter_bzip2, iter_zstd
from hognose.archive.extract_limits import ExtractLimits
from hognose.archive.extraction_target import ExtractionTarget
from hognose.archive.read_ahead import PieceStream, read_ahead
from hognose.archive.renaming import remove_tree, rename
from hognose.archive.tar_reader import TarReader
from hognose.archive.zip_stream import iter_zip_stream
from hognose.errors import (
    ArchiveError,
    HashMismatchError,
    HognoseError,
    UnsafeArchiveError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hognose.archive.archive_digest import ArchiveDigest, ProgressCallback, Readable
    from hognose.archive.zip_stream import StoredData

_BZIP2_MAGIC = b"BZh"
_ZIP_MAGIC = b"PK\x03\x04"
_METADATA_LIMIT = 1 << 16
# 1 MiB: below it a thread costs more than it saves.
_HASHED_WITHOUT_THREAD = 8
_FORMAT_VERSION = 2


def extract(
    source: str | os.PathLike[str] | Readable,
    destination: str | os.PathLike[str],
    *,
    limits: ExtractLimits | None = None,
    expected_sha256: bytes | None = None,
    archive_name: str | None = None,
    progress: ProgressCallback | None = None,
) -> ArchiveDigest:
    """Extract a `.conda` or `.tar.bz2` package; the content decides which it is.

    The files get the modes and times that the archive gives them, whatever the umask, except that
    times before 1980 become 1980 and set-user-id bits are dropped.

    Args:
        source: The archive's path, or anything that can be read like a binary file (a response of
            a server, a pipe). It is read to its end, once, forwards, and is not closed.
        destination: The directory to make. It must not exist, or be empty. It appears at the end,
            by a rename; after an error it is as it was.
        limits: What to accept; the defaults fit every real package.
        expected_sha256: The hash that the archive must have, if it is known.
        archive_name: What to call the archive in errors, when `source` is a stream.
        progress: Is told how many bytes of the archive were read, from any thread.

    Returns:
        The hashes and the size of the archive.

    Raises:
        UnsafeArchiveError: A member would end outside the package, or breaks a limit.
        HashMismatchError: The archive is another one than expected.
        ArchiveError: The archive is damaged, or the disk refused; has `path` and `member`.
        HognoseError: What reading the source raised.
    """
    limits = ExtractLimits() if limits is None else limits
    final = os.path.abspath(os.fspath(destination))
    with _opened(source, archive_name) as (stream, name):
        return _extract_renamed(
            stream, final, limits, name, progress, expected_sha256=expected_sha256, info_only=False
        )


def extract_info(
    source: str | os.PathLike[str] | Readable,
    destination: str | os.PathLike[str],
    *,
    limits: ExtractLimits | None = None,
    archive_name: str | None = None,
    progress: ProgressCallback | None = None,
) -> ArchiveDigest:
    """Extract only what lies below `info/`; otherwise as `extract`.

    The whole archive is read, because the hashes are of the whole archive.

    Raises:
        ArchiveError: As in `extract`.
    """
    limits = ExtractLimits() if limits is None else limits
    final = os.path.abspath(os.fspath(destination))
    with _opened(source, archive_name) as (stream, name):
        return _extract_renamed(
            stream, final, limits, name, progress, expected_sha256=None, info_only=True
        )


def extract_into(
    source: Readable,
    directory: str,
    *,
    limits: ExtractLimits,
    archive_name: str,
    progress: ProgressCallback | None = None,
    info_only: bool = False,
    sha256_only: bool = False,
) -> ArchiveDigest:
    """Extract a stream into an existing, empty, private directory, which the caller cleans up.

    This is `extract` without the temporary name and the rename, for callers that do both
    themselves. With `sha256_only` the MD5 and the CRCs inside the archive are left out: the
    caller will compare the SHA-256, which says more and costs half.

    Raises:
        ArchiveError: As in `extract`.
    """
    reader = HashingReader(source, progress, with_md5=not sha256_only)
    target = ExtractionTarget(directory, limits)
    member = _Where()
    # Large archives are hashed on a thread of their own: it takes a third of the time that
    # decompression takes.
    pieces = read_ahead(reader.iter_pieces(READ_SIZE), without_thread=_HASHED_WITHOUT_THREAD)
    with _errors_naming(archive_name, member), closing(pieces):
        stream = PieceStream(pieces)
        magic = stream.peek(len(_ZIP_MAGIC))
        if magic == _ZIP_MAGIC:
            members = iter_zip_stream(stream, check_crc=not sha256_only)
            _extract_conda(members, reader, target, limits, member, info_only=info_only)
        elif magic[:3] == _BZIP2_MAGIC:
            expanded = _limited(iter_bzip2(stream), reader, limits)
            _extract_tar(expanded, target, member, info_only=info_only)
        else:
            message = "this is neither a `.conda` nor a `.tar.bz2` package"
            if not magic:
                message = "the file is empty"
            raise ArchiveError(message)
        stream.drain()
        target.finish()
    return reader.digest()


@contextmanager
def _opened(
    source: str | os.PathLike[str] | Readable, name: str | None
) -> Iterator[tuple[Readable, str]]:
    """Give the stream to read, and what errors call it."""
    if not isinstance(source, (str, os.PathLike)):
        yield source, name or str(getattr(source, "name", "") or "the archive")
        return
    path = os.fspath(source)
    try:
        stream = open(path, "rb", buffering=0)  # noqa: SIM115 - closed below
    except OSError as error:
        message = f"cannot open package `{path}`: {error.strerror}"
        raise ArchiveError(message, path=path) from error
    with stream:
        yield stream, name or path


def _check_free(final: str) -> None:
    try:
        with os.scandir(final) as entries:
            occupied = next(entries, None) is not None
    except FileNotFoundError:
        return
    except NotADirectoryError:
        occupied = True
    if occupied:
        message = f"cannot extract to `{final}`: it exists and is not empty"
        raise ArchiveError(message, path=final, hint="name a directory that does not exist yet")


def _extract_renamed(
    stream: Readable,
    final: str,
    limits: ExtractLimits,
    archive_name: str,
    progress: ProgressCallback | None,
    *,
    expected_sha256: bytes | None,
    info_only: bool,
) -> ArchiveDigest:
    _check_free(final)
    parent, base = os.path.split(final)
    temporary = os.path.join(parent, f".{base[:100]}.{os.urandom(6).hex()}.partial")
    try:
        os.makedirs(parent, exist_ok=True)
        os.mkdir(temporary)
    except OSError as error:
        message = f"cannot create `{temporary}`: {error.strerror}"
        raise ArchiveError(message, path=final) from error
    try:
        digest = extract_into(
            stream,
            temporary,
            limits=limits,
            archive_name=archive_name,
            progress=progress,
            info_only=info_only,
        )
        if expected_sha256 is not None:
            _require_sha256(archive_name, expected_sha256.hex(), digest.sha256.hex())
        if os.name == "nt" and os.path.isdir(final):
            os.rmdir(final)
        rename(temporary, final)
    except OSError as error:
        remove_tree(temporary)
        message = f"cannot rename `{temporary}` to `{final}`: {error.strerror}"
        raise ArchiveError(message, path=final) from error
    except BaseException:
        remove_tree(temporary)
        raise
    return digest


def _require_sha256(archive_name: str, expected: str, actual: str) -> None:
    if expected != actual:
        message = f"`{archive_name}` is another package: its SHA-256 is {actual}, not {expected}"
        raise HashMismatchError(message, path=archive_name, expected=expected, actual=actual)


class _Where:
    """Which member is being worked on, for errors."""

    name: str | None = None


def _extract_conda(
    members: Iterator[StoredData],
    reader: HashingReader,
    target: ExtractionTarget,
    limits: ExtractLimits,
    where: _Where,
    *,
    info_only: bool,
) -> None:
    parts: set[str] = set()
    for data in members:
        name = data.member.name
        part = conda_part(name)
        where.name = name
        if name == "metadata.json":
            _check_metadata(data)
        if part is None:
            continue
        if part in parts:
            message = f"there are two `{part}-...tar.zst` in the archive"
            raise ArchiveError(message, member=name)
        parts.add(part)
        if info_only and part != "info":
            continue
        _extract_tar(_limited(iter_zstd(data), reader, limits), target, where, info_only=info_only)
    where.name = None
    for part in ("info", "pkg"):
        if part not in parts:
            message = f"there is no `{part}-...tar.zst` in the archive"
            raise ArchiveError(message)


def conda_part(name: str) -> str | None:
    """Say which part of a `.conda` a zip member is: "info", "pkg", or None for other members."""
    if name.endswith(".tar.zst"):
        for part in ("info", "pkg"):
            if name.startswith(f"{part}-"):
                return part
    return None


def _check_metadata(data: StoredData) -> None:
    parts = []
    size = 0
    while part := data.read(_METADATA_LIMIT):
        parts.append(part)
        size += len(part)
        if size > _METADATA_LIMIT:
            message = "`metadata.json` is larger than 64 kB"
            raise ArchiveError(message, member="metadata.json")
    try:
        version = json.loads(b"".join(parts))["conda_pkg_format_version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        message = "`metadata.json` does not name the version of the package format"
        raise ArchiveError(message, member="metadata.json") from None
    if version != _FORMAT_VERSION:
        message = f"the package has format version {version!r:.40}: only {_FORMAT_VERSION} is known"
        raise ArchiveError(message, member="metadata.json")


def _extract_tar(
    pieces: Iterator[bytes], target: ExtractionTarget, where: _Where, *, info_only: bool
) -> None:
    add = target.add
    with closing(read_ahead(pieces, without_thread=SMALL_PIECES)) as ready:
        tar = TarReader(ready)
        for member in tar:
            where.name = member.name
            if info_only and not member.name.removeprefix("./").startswith("info/"):
                continue
            add(tar, member)
    where.name = None


def _limited(
    pieces: Iterator[bytes], reader: HashingReader, limits: ExtractLimits
) -> Iterator[bytes]:
    """Pass pieces on until they are more than the archive may expand to."""
    expanded = 0
    for piece in pieces:
        expanded += len(piece)
        if expanded > limits.expanded_size:
            rule = f"expands to more than {limits.expanded_size} bytes"
        elif expanded > limits.ratio_floor and expanded > limits.ratio * reader.size:
            rule = f"expands to more than {limits.ratio} times its size"
        else:
            yield piece
            continue
        message = f"the archive {rule}"
        hint = "raise the limit if you trust the package"
        raise UnsafeArchiveError(message, rule=rule, hint=hint)


@contextmanager
def _errors_naming(archive_name: str, where: _Where) -> Iterator[None]:
    """Let every error name the archive and the member, and give disk errors our type."""
    try:
        yield
    except ArchiveError as error:
        facts = {"member": where.name, **error.__dict__, "path": archive_name}
        facts.pop("hint", None)
        message = f"cannot extract `{archive_name}`: {error.message}"
        raise type(error)(message, hint=error.hint, **facts) from error
    except HognoseError:
        raise
    except OSError as error:
        message = f"cannot extract `{archive_name}`: {error.strerror or error}"
        if where.name is not None:
            message = f"{message} (member {where.name[:200]!a})"
        hint = None
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            hint = "free some space, or choose another directory"
        raise ArchiveError(
            message, hint=hint, path=archive_name, member=where.name, errno=error.errno
        ) from error
