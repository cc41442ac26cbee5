"""Extract a package in one pass: from a stream, through the hashes, into files.

What arrives is taken apart and written as it comes (`unpacking`); neither the archive nor anything
inside it touches the disk in between. The tree appears under its name by one rename, when
everything is in it and the archive was read to its end.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hognose.archive.archive_digest import digest_of
from hognose.archive.extract_limits import ExtractLimits
from hognose.archive.hashing_reader import HashingReader
from hognose.archive.renaming import remove_tree, rename
from hognose.archive.unpacking import is_about_content, unpack
from hognose.errors import ArchiveError, HashMismatchError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hognose.archive.archive_digest import ArchiveDigest, ProgressCallback, Readable


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
    threads: bool = True,
    digest_damaged: bool = False,
) -> ArchiveDigest:
    """Extract a stream into an existing, empty, private directory, which the caller cleans up.

    This is `extract` without the temporary name and the rename, for callers that do both
    themselves. With `sha256_only` the MD5 and the CRCs inside the archive are left out: the
    caller will compare the SHA-256, which says more and costs half. Without `threads` everything
    is done in the calling thread, which is best where others extract at the same time. With
    `digest_damaged` an archive that cannot be extracted is read to its end all the same, and the
    error has its `digest`: the caller can tell a damaged package from a damaged download.

    Raises:
        ArchiveError: As in `extract`.
    """
    reader = HashingReader(source, progress, with_md5=not sha256_only)
    try:
        unpack(
            reader,
            directory,
            limits,
            archive_name,
            info_only=info_only,
            check_crc=not sha256_only,
            threads=threads,
        )
    except ArchiveError as error:
        if digest_damaged and is_about_content(error):
            reader.drain()
            error.digest = digest_of(reader)
        raise
    return digest_of(reader)


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
    # Nearly always there is nothing, and asking so costs a fifth of an exception.
    if not os.access(final, os.F_OK):
        return
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


def _make_directory(path: str) -> None:
    try:
        os.mkdir(path)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.mkdir(path)


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
        _make_directory(temporary)
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
