"""The directory that an archive is written into, and the rules for what may be created there.

The invariant that makes it safe: `_directories` holds exactly the directories that this object
created itself, and every name is resolved to one of them and one last component, which is created
exclusively. A symbolic link is never in `_directories`, so nothing is written through one, and
nothing is overwritten.
"""

from __future__ import annotations

import os
import stat
import sys

from hognose.archive.safe_paths import (
    MOST_COMPONENTS,
    clean_components,
    component_fault,
    symlink_needs_the_disk,
    symlink_stays_inside,
)
from hognose.archive.tar_header import MemberKind, TarMember, decode_name, encode_name
from hognose.errors import ArchiveError, UnsafeArchiveError

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hognose.archive.extract_limits import ExtractLimits
    from hognose.archive.tar_header import PlainFile
    from hognose.archive.tar_reader import TarReader

_CREATE = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
# 1980-01-01: exFAT and zip know no earlier time, and rattler uses the same floor.
_EARLIEST_MTIME = 315532800
_EARLIEST_TIMES = _EARLIEST_MTIME, _EARLIEST_MTIME
_LATEST_MTIME = 1 << 40
_NO_NAMES = frozenset(("", ".", ".."))
_NO_NAMES_ENCODED = frozenset((b"", b".", b".."))
# Directories in which names are reserved.
_RESERVING = frozenset(("/", "/info/"))
_TWICE = "is there twice, or differs from another member only in case"
# A part this short fits into 255 bytes whatever its characters are.
_SHORT = 63
_FOR_ENVIRONMENTS = "is reserved for environments (CEP 34)"
_FOR_CACHES = "is reserved for the package cache (CEP 34)"
# Below `info`: what package caches note there, of any program and of this one.
_NOTES_OF_CACHES = frozenset(("repodata_record.json", "hognose-byte-code"))
_CAN_SET_LINK_TIMES = os.utime in os.supports_follow_symlinks
_CAN_SET_BY_DESCRIPTOR = os.utime in os.supports_fd and os.chmod in os.supports_fd


class ExtractionTarget:
    """Creates the members of one package below a fresh directory; one thread at a time."""

    def __init__(self, root: str, limits: ExtractLimits) -> None:
        """Take an existing empty directory that nobody else writes to."""
        self._root = root
        self._limits = limits
        self._members_left = limits.members
        # The name of the member being worked on, for errors.
        self.member: str | bytes | None = None
        # From a name's head as archives spell it (`lib/a/`, `./lib/a/`) to the directory's path.
        self._heads: dict[str, str] = {"": f"{root}/", "./": f"{root}/"}
        # Those of them where `_place` would find nothing but whether the last part is a name: the
        # heads and paths as bytes, without the slash at the head's end.
        self._plain_heads: dict[bytes, bytes] = {}
        self._may_be_plain = not limits.windows_names and sys.getfilesystemencoding() == "utf-8"
        self._longest_reserved = len(f"{root}/info/")
        self._directories = {f"{root}/"}
        self._directory_attributes: list[tuple[str, int, int]] = []
        self._links_to_check: list[tuple[str, str]] = []
        # Modes that the umask leaves as they are, and those that it does not.
        self._kept_modes: set[int] = set()
        self._changed_modes: set[int] = set()

    def add_plain_files(self, reader: TarReader) -> None:
        """Create the files up to the first member that is unusual, as `add` would.

        Raises:
            ArchiveError: As in `add`.
            OSError: The disk refused.
        """
        while files := reader.take_plain_files():
            self._create_files(reader, files, self._plain_heads)

    def add(self, reader: TarReader, member: TarMember) -> None:
        """Create one member.

        Raises:
            UnsafeArchiveError: The member breaks a rule; has `member` and `rule`.
            ArchiveError: The archive is damaged.
            OSError: The disk refused.
        """
        kind = member.kind
        if kind is MemberKind.FILE:
            self._add_file(reader, member)
            return
        self.member = member.name
        self._members_left -= 1
        if self._members_left < 0:
            raise self._too_many(member.name)
        if kind is MemberKind.DIRECTORY:
            self._add_directory(member)
        elif kind is MemberKind.SYMLINK:
            self._add_symlink(member)
        elif kind is MemberKind.HARD_LINK:
            self._add_hard_link(member)
        else:
            raise _refuse(member.name, "is a device, a pipe or a socket")

    def finish(self) -> None:
        """Set what could only be set at the end, and judge links that lead through other links.

        Raises:
            UnsafeArchiveError: A symbolic link leads out of the package.
        """
        if self._links_to_check:
            real_root = os.path.realpath(self._root)
            for path, name in self._links_to_check:
                real = os.path.realpath(path)
                if real != real_root and not real.startswith(real_root + os.sep):
                    raise _refuse(name, "is a symbolic link that leads out of the package")
        for path, mode, mtime in reversed(self._directory_attributes):
            # The owner always keeps access, or the package could not be removed again.
            os.chmod(path, mode | 0o700)
            _set_times(path, _clamped_times(mtime))

    def _place(self, name: str) -> str:
        """Decide where a member goes, creating the directories above it."""
        cut = name.rfind("/") + 1
        directory = self._heads.get(name[:cut])
        if directory is None:
            directory = self._make_head(name[:cut], name)
        tail = name[cut:]
        if tail in _NO_NAMES or "\0" in tail or len(tail) > _SHORT or self._limits.windows_names:
            fault = component_fault(tail, windows=self._limits.windows_names)
            if fault is not None:
                raise _refuse(name, fault)
        if len(directory) <= self._longest_reserved and not self._limits.reserved_names:
            self._check_reserved(name, directory, tail)
        return directory + tail

    def _check_reserved(self, name: str, directory: str, tail: str) -> None:
        inside = directory[len(self._root) :].lower()
        if inside == "/info/" and tail.lower() in _NOTES_OF_CACHES:
            raise _refuse(name, _FOR_CACHES)
        if inside == "/" and tail.lower() == "conda-meta":
            raise _refuse(name, _FOR_ENVIRONMENTS)

    def _make_head(self, head: str, name: str) -> str:
        """Make the directory that a name's head, which ends in a slash, stands for."""
        root, windows = self._root, self._limits.windows_names
        above, _, last = head[:-1].rpartition("/")
        parent = self._heads.get(f"{above}/")
        if (
            parent is None
            or len(parent) <= self._longest_reserved
            or len(head) > MOST_COMPONENTS
            or component_fault(last, windows=windows)
        ):
            try:
                components = clean_components(head, windows=windows)
            except UnsafeArchiveError as error:
                raise _refuse(name, str(error.__dict__["rule"])) from None
            directory = self._make_directories(components, name)
        else:
            # As nearly always: all that is missing is the last part.
            directory = f"{parent}{last}/"
            if directory not in self._directories:
                self._make_directory(directory, name)
        self._heads[head] = directory
        if self._may_be_plain and directory[len(root) :].lower() not in _RESERVING:
            self._plain_heads[encode_name(head[:-1])] = os.fsencode(directory)
        return directory

    def _make_directories(self, components: list[str], name: str) -> str:
        """Make the directory at the end of some checked components, and those above it."""
        directory = f"{self._root}/"
        rule = _reservation(components)
        if rule is not None and not self._limits.reserved_names:
            raise _refuse(name, rule)
        for component in components:
            directory = f"{directory}{component}/"
            if directory not in self._directories:
                self._make_directory(directory, name)
        return directory

    def _make_directory(self, directory: str, name: str) -> None:
        try:
            os.mkdir(directory[:-1])
        except FileExistsError:
            cleaned = directory[len(self._root) + 1 : -1]
            rule = (
                f"needs the directory {cleaned!a}, but a file, a link, or a name that differs "
                "only in case is in its place"
            )
            raise _refuse(name, rule) from None
        self._directories.add(directory)

    def _too_many(self, name: str) -> ArchiveError:
        rule = f"there are more than {self._limits.members} members"
        return UnsafeArchiveError(rule, rule=rule, member=name)

    def _add_file(self, reader: TarReader, member: TarMember) -> None:
        name = encode_name(member.name)
        file = name, member.size, member.mode, member.mtime, reader.take()
        # Without heads: this name may be of any kind, and is looked at more closely.
        self._create_files(reader, (file,), {})

    def _create_files(
        self, reader: TarReader, files: Sequence[PlainFile], plain_heads: dict[bytes, bytes]
    ) -> None:
        """Create files that the reader has just handed out.

        Nearly every member of a package goes through this loop, so it makes few calls.
        """
        self._members_left -= len(files)
        if self._members_left < 0:
            first_name = files[self._members_left][0]
            raise self._too_many(decode_name(first_name))
        kept_modes = self._kept_modes
        known_mtime, times = _EARLIEST_MTIME, _EARLIEST_TIMES
        for name, size, mode, mtime, data in files:
            self.member = name
            head, _, tail = name.rpartition(b"/")
            directory = plain_heads.get(head)
            path: str | bytes
            if directory is None or tail in _NO_NAMES_ENCODED:
                path = self._place(decode_name(name))
            else:
                path = directory + tail
            # Set-user-id and the like mean nothing in a package and are dropped.
            mode &= 0o777
            try:
                descriptor = os.open(path, _CREATE, mode | 0o200)
            except FileExistsError:
                if _is_same_file(path, size, _parts(data, size, reader)):
                    continue
                raise _refuse(decode_name(name), _TWICE) from None
            try:
                if size and (written := os.write(descriptor, data)) != size:
                    _write_rest(descriptor, _parts(data[written:], size - written, reader))
                if not _CAN_SET_BY_DESCRIPTOR:
                    continue
                if mode not in kept_modes:
                    self._set_mode(descriptor, mode)
                if mtime != known_mtime:
                    known_mtime, times = mtime, _clamped_times(mtime)
                # As `_set_times`, without the call.
                try:
                    os.utime(descriptor, times)
                except OSError:
                    continue
            finally:
                os.close(descriptor)
                if not _CAN_SET_BY_DESCRIPTOR:
                    _set_times(path, _clamped_times(mtime))
                    os.chmod(path, mode)

    def _set_mode(self, descriptor: int, mode: int) -> None:
        """Set a mode, unless files are created with it already."""
        if mode not in self._changed_modes:
            # The umask may not be asked for without changing it for every thread.
            if stat.S_IMODE(os.fstat(descriptor).st_mode) == mode:
                self._kept_modes.add(mode)
                return
            self._changed_modes.add(mode)
        os.fchmod(descriptor, mode)

    def _add_directory(self, member: TarMember) -> None:
        windows = self._limits.windows_names
        try:
            components = clean_components(member.name, windows=windows)
        except UnsafeArchiveError as error:
            raise _refuse(member.name, str(error.__dict__["rule"])) from None
        if not components:
            return
        path = self._make_directories(components, member.name)
        self._directory_attributes.append((path, member.mode & 0o777, member.mtime))

    def _add_symlink(self, member: TarMember) -> None:
        path = self._place(member.name)
        target = member.link_target
        relative = path[len(self._root) + 1 :]
        if not self._limits.escaping_symlinks:
            if not symlink_stays_inside(relative, target):
                raise _refuse(member.name, f"is a symbolic link that leads out, to {target!a}")
            if symlink_needs_the_disk(target):
                self._links_to_check.append((path, member.name))
        elif not target or "\0" in target:
            raise _refuse(member.name, "is a symbolic link without a target")
        try:
            os.symlink(target, path)
        except FileExistsError:
            if os.path.islink(path) and os.readlink(path) == target:
                return
            raise _refuse(member.name, _TWICE) from None
        if _CAN_SET_LINK_TIMES:
            _set_times(path, _clamped_times(member.mtime), follow_symlinks=False)

    def _add_hard_link(self, member: TarMember) -> None:
        path = self._place(member.name)
        target = member.link_target
        windows = self._limits.windows_names
        try:
            components = clean_components(target, windows=windows)
        except UnsafeArchiveError as error:
            rule = f"is a hard link to {target!a}, which {error.__dict__['rule']}"
            raise _refuse(member.name, rule) from None
        parent = "/".join((self._root, *components[:-1], ""))
        source = parent + components[-1] if parent in self._directories and components else ""
        try:
            is_file = bool(source) and stat.S_ISREG(os.lstat(source).st_mode)
        except FileNotFoundError:
            is_file = False
        if not is_file:
            raise _refuse(member.name, f"is a hard link to {target!a}, which is no file before it")
        try:
            os.link(source, path)
        except FileExistsError:
            if os.path.samestat(os.lstat(source), os.lstat(path)):
                return
            raise _refuse(member.name, _TWICE) from None


def _reservation(directory: list[str]) -> str | None:
    """Say for whom a directory is reserved, if it is."""
    first, second = (*(part.lower() for part in directory[:2]), "", "")[:2]
    if first == "conda-meta":
        return _FOR_ENVIRONMENTS
    if first == "info" and second in _NOTES_OF_CACHES:
        return _FOR_CACHES
    return None


def _parts(data: memoryview, size: int, reader: TarReader) -> Iterator[memoryview]:
    """Yield the data that a file came with, and what there is of it in the next pieces."""
    yield data
    if len(data) < size:
        yield from reader.iter_data()


def _write_rest(descriptor: int, parts: Iterable[memoryview]) -> None:
    for part in parts:
        while part:
            part = part[os.write(descriptor, part) :]


def _is_same_file(path: str | bytes, size: int, parts: Iterable[memoryview]) -> bool:
    """Whether a repeated member would change nothing; old packages have such."""
    status = os.lstat(path)
    if not stat.S_ISREG(status.st_mode) or status.st_size != size:
        return False
    with open(path, "rb") as present:
        return all(present.read(len(part)) == part for part in parts)


def _clamped_times(mtime: int) -> tuple[int, int]:
    mtime = min(max(mtime, _EARLIEST_MTIME), _LATEST_MTIME)
    return mtime, mtime


def _set_times(
    path: str | bytes | int, times: tuple[int, int], *, follow_symlinks: bool = True
) -> None:
    try:
        os.utime(path, times, follow_symlinks=follow_symlinks)
    except OSError:
        # Some file systems keep no times; the content does not depend on it.
        return


def _refuse(name: str, rule: str) -> ArchiveError:
    return UnsafeArchiveError(f"member {name[:200]!a} {rule}", member=name, rule=rule)
