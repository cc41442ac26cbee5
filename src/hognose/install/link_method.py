"""How a file gets from the package cache into a prefix: clone, hard link, symbolic link or copy.

What works is found out once per package cache by trying it on one of its files, not per file: a
clone that fails costs a file made and removed. The numbers of devices say too little: between two
mounts of one file system there are no hard links, between two volumes of Btrfs there are clones.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sys
import time
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from hognose.types import PrefixPathsEntry

__all__ = (
    "ExternalSymlinkPolicy",
    "LinkMethods",
    "LinkOptions",
    "copy_file",
    "detect_link_methods",
)

ExternalSymlinkPolicy = Literal["allow", "warn", "deny"]

_FICLONE = 0x40049409
_BINARY = getattr(os, "O_BINARY", 0)

_CAN_SET_BY_DESCRIPTOR = os.utime in os.supports_fd and os.chmod in os.supports_fd

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})

# A hard link that these answer is made as a copy: another file system, one without links, a file
# that already has the most links there can be. Windows' own words for the last two, of FAT and of
# NTFS at 1024 links, are none of C and become EINVAL.
CANNOT_LINK = frozenset(
    {
        errno.EXDEV,
        errno.EPERM,
        errno.EMLINK,
        errno.ENOTSUP,
        errno.EOPNOTSUPP,
        errno.EACCES,
        errno.ENOSYS,
        errno.EINVAL,
    }
)

_WORDS: dict[str, tuple[str, ...]] = {
    "external_symlinks": get_args(ExternalSymlinkPolicy),
    "clobber": ("ignore", "warn", "error"),
    "sign_binaries": ("require", "try", "never"),
}


class LinkOptions(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Which ways of linking may be used: never if False, otherwise where they work.

    Attributes:
        allow_hard_links: Hard links; the file is then shared with the cache.
        allow_ref_links: Clones, which share their blocks until one of the two changes.
        allow_symbolic_links: Links where the package has links; otherwise copies of their targets.
        external_symlinks: What to do with a package's link that points out of the prefix.
        clobber: What to do when a path belongs to several packages, or to none and is in the way:
            nothing, a warning, or an error.
        sign_binaries: What to do with changed binaries for macOS: `require` a signature, `try`, or
            `never`. One that cannot be had is an error only where it is required, and on macOS;
            otherwise it is warned of.

    Raises:
        ValueError: One of the last three is none of its words.
    """

    allow_hard_links: bool | None = None
    allow_ref_links: bool | None = None
    allow_symbolic_links: bool | None = None
    external_symlinks: ExternalSymlinkPolicy = "warn"
    clobber: Literal["ignore", "warn", "error"] = "warn"
    sign_binaries: Literal["require", "try", "never"] = "require"

    def __post_init__(self) -> None:
        """Check the words."""
        for name, words in _WORDS.items():
            value = getattr(self, name)
            if value not in words:
                raise ValueError(f"`{name}` is one of {', '.join(words)}, not {value!r}")


class LinkMethods(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Which ways of linking work between a cache and a prefix.

    Attributes:
        hard_links: Hard links.
        ref_links: Clones, which are preferred.
        symbolic_links: Symbolic links.
    """

    hard_links: bool
    ref_links: bool
    symbolic_links: bool

    @property
    def link_type(self) -> int:
        """The number of `link.type` in a package's record (CEP 32): 1 hard link, 3 copy.

        A clone is a copy: changing it changes nothing else.
        """
        return 1 if self.hard_links and not self.ref_links else 3


def detect_link_methods(directory: str, options: LinkOptions, *, scratch: str) -> LinkMethods:
    """Find out what works from a folder of the package cache to a prefix.

    Args:
        directory: An extracted package with a list of its files.
        options: What is allowed.
        scratch: A folder in the prefix, on its file system, for the trials.

    Raises:
        OSError: The disk is full, which says nothing about what works.
    """
    lists = (f"{directory}/info/{name}" for name in ("paths.json", "files"))
    sample = next(filter(os.path.exists, lists), directory)
    ref = options.allow_ref_links is not False and _works(clone_file, sample, scratch)
    hard = options.allow_hard_links is not False and _works(os.link, sample, scratch)
    symbolic = options.allow_symbolic_links is not False and _works(os.symlink, "x", scratch)
    return LinkMethods(hard_links=hard, ref_links=ref, symbolic_links=symbolic)


def _works(link: Callable[[str, str], Any], source: str, scratch: str) -> bool:
    trial = f"{scratch}/trial"
    try:
        link(source, trial)
    except OSError as error:
        if error.errno in NO_SPACE:
            raise
        return False
    os.unlink(trial)
    return True


def clone_file(source: str, target: str) -> None:
    """Make `target` a copy that shares the blocks of `source`, with its mode and times.

    Raises:
        OSError: The file system, or this system, has no clones; nothing is left behind.
    """
    if sys.platform == "linux":
        _clone_linux(source, target)
    elif sys.platform == "darwin":
        _clone_macos(source, target)
    else:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP), source)


if sys.platform == "linux":
    import fcntl

    def _clone_linux(source: str, target: str) -> None:
        with open(source, "rb") as reader:
            status = os.fstat(reader.fileno())
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                fcntl.ioctl(descriptor, _FICLONE, reader.fileno())
                os.fchmod(descriptor, status.st_mode & 0o7777)
                os.utime(descriptor, ns=(status.st_mtime_ns, status.st_mtime_ns))
            except OSError:
                os.unlink(target)
                raise
            finally:
                os.close(descriptor)


if sys.platform == "darwin":
    from functools import cache

    @cache
    def _clonefile() -> Any:
        import ctypes

        return ctypes.CDLL(None, use_errno=True).clonefile

    def _clone_macos(source: str, target: str) -> None:
        import ctypes

        if _clonefile()(os.fsencode(source), os.fsencode(target), 1):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), source)


def copy_file(source: str, target: str) -> None:
    """Copy a file with its mode and modification time; `target` must not exist."""
    with open(source, "rb") as reader, open(target, "xb") as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)
        status = os.fstat(reader.fileno())
    os.chmod(target, status.st_mode & 0o7777)
    os.utime(target, ns=(status.st_mtime_ns, status.st_mtime_ns))


def clone_or_copy(source: str, target: str, entry: PrefixPathsEntry, methods: LinkMethods) -> None:
    """Put a file into place by the best way that works, other than the plain hard link."""
    if not entry.no_link:
        if methods.ref_links:
            try:
                return clone_file(source, target)
            except OSError as error:
                if error.errno in NO_SPACE:
                    raise
        if methods.hard_links:
            try:
                return os.link(source, target)
            except OSError as error:
                if error.errno not in CANNOT_LINK:
                    raise
    return copy_file(source, target)


def read_file(path: str) -> tuple[bytes, int]:
    """Return a file's content and permissions; half the system calls that `open` makes."""
    descriptor = os.open(path, os.O_RDONLY | _BINARY)
    try:
        status = os.fstat(descriptor)
        data = os.read(descriptor, status.st_size + 1)
        while len(data) < status.st_size:
            more = os.read(descriptor, status.st_size - len(data))
            if not more:
                break
            data += more
    finally:
        os.close(descriptor)
    return data, status.st_mode & 0o7777


def write_file(path: str, data: bytes, permissions: int, modified_ns: int) -> None:
    """Make a file that does not exist yet."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        about: str | int = descriptor if _CAN_SET_BY_DESCRIPTOR else path
        os.chmod(about, permissions)
        os.utime(about, ns=(modified_ns, modified_ns))
    finally:
        os.close(descriptor)


def modification_time(directory: str) -> int:
    """Return the time for files that are changed: one second after the package was made.

    Byte-code that came with a source must look stale once the source is changed, and two prefixes
    made from one package shall be alike. `info/about.json` is written after all other files.
    """
    try:
        return os.lstat(f"{directory}/info/about.json").st_mtime_ns + 1_000_000_000
    except OSError:
        return time.time_ns()


def hash_file(path: str) -> str:
    """Return the SHA-256 of a file as hex text."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
