"""The directory that an archive is written into, and the rules for what may be created there.

The invariant that makes it safe: `_directories` holds exactly the directories that this object
created itself, and every name is resolved to one of them and one last component, which is created
exclusively. A symbolic link is never in `_directories`, so nothing is written through one, and
nothing is overwritten.
"""

from __future__ import annotations

import os
import stat

from hognose.archive.safe_paths import (
    clean_components,
    component_fault,
    symlink_needs_the_disk,
    symlink_stays_inside,
)
from hognose.archive.tar_header import MemberKind, TarMember
from hognose.errors import ArchiveError, UnsafeArchiveError

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from hognose.archive.extract_limits import ExtractLimits
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
_LATEST_MTIME = 1 << 40
_NO_NAMES = frozenset(("", ".", ".."))
# A part this short fits into 255 bytes whatever its characters are.
_SHORT = 85
_CAN_SET_LINK_TIMES = os.utime in os.supports_follow_symlinks
_CAN_SET_BY_DESCRIPTOR = os.utime in os.supports_fd and os.chmod in os.supports_fd


class ExtractionTarget:
    """Creates the members of one package below a fresh directory; one thread at a time."""

    def __init__(self, root: str, limits: ExtractLimits) -> None:
        """Take an existing empty directory that nobody else writes to."""
        self._root = root
        self._limits = limits
        self._members_left = limits.members
        # From a name's head as archives spell it (`lib/a/`, `./lib/a/`) to the directory's path.
        self._heads: dict[str, str] = {"": f"{root}/", "./": f"{root}/"}
        # Those of them in which no name is reserved or needs Windows' rules.
        self._plain_heads: dict[str, str] = {}
        self._longest_reserved = len(f"{root}/info/")
        self._times = _EARLIEST_MTIME, (_EARLIEST_MTIME, _EARLIEST_MTIME)
        self._directories: dict[str, str] = {"": f"{root}/"}
        self._directory_attributes: list[tuple[str, int, int]] = []
        self._links_to_check: list[tuple[str, str]] = []
        self._needs_chmod: dict[int, bool] = {}

    def add(self, reader: TarReader, member: TarMember) -> None:
        """Create one member.

        Raises:
            UnsafeArchiveError: The member breaks a rule; has `member` and `rule`.
            ArchiveError: The archive is damaged.
            OSError: The disk refused.
        """
        self._members_left -= 1
        if self._members_left < 0:
            rule = f"there are more than {self._limits.members} members"
            raise UnsafeArchiveError(rule, rule=rule, member=member.name)
        kind = member.kind
        if kind is MemberKind.FILE:
            self._add_file(reader, member)
        elif kind is MemberKind.DIRECTORY:
            self._add_directory(member)
        elif kind is MemberKind.SYMLINK:
            self._add_symlink(member)
        elif kind is MemberKind.HARD_LINK:
            self._add_hard_link(member)
        else:
            raise _refuse(member, "is a device, a pipe or a socket")

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
                    rule = "is a symbolic link that leads out of the package"
                    message = f"member {name!a} {rule}"
                    raise UnsafeArchiveError(message, member=name, rule=rule)
        for path, mode, mtime in reversed(self._directory_attributes):
            # The owner always keeps access, or the package could not be removed again.
            os.chmod(path, mode | 0o700)
            _set_times(path, _clamped_times(mtime))

    def _place(self, member: TarMember) -> str:
        """Decide where a member goes, creating the directories above it."""
        name = member.name
        cut = name.rfind("/") + 1
        directory = self._heads.get(name[:cut])
        if directory is None:
            directory = self._make_head(name[:cut], name)
        tail = name[cut:]
        if tail in _NO_NAMES or "\0" in tail or len(tail) > _SHORT or self._limits.windows_names:
            fault = component_fault(tail, windows=self._limits.windows_names)
            if fault is not None:
                raise _refuse(member, fault)
        if len(directory) <= self._longest_reserved and not self._limits.reserved_names:
            self._check_reserved(member, directory, tail)
        return directory + tail

    def _check_reserved(self, member: TarMember, directory: str, tail: str) -> None:
        inside = directory[len(self._root) :].lower()
        if inside == "/info/" and tail.lower() == "repodata_record.json":
            raise _refuse(member, "is reserved for the package cache (CEP 34)")
        if inside == "/" and tail.lower() == "conda-meta":
            raise _refuse(member, "is reserved for environments (CEP 34)")

    def _make_head(self, head: str, name: str) -> str:
        """Make the directory that a name's head, which ends in a slash, stands for."""
        try:
            components = clean_components(head, windows=self._limits.windows_names)
        except UnsafeArchiveError as error:
            rule = str(error.__dict__["rule"])
            message = f"member {name!a} {rule}"
            raise UnsafeArchiveError(message, member=name, rule=rule) from None
        directory = self._make_directories(components, name)
        self._heads[head] = directory
        if len(directory) > self._longest_reserved and not self._limits.windows_names:
            self._plain_heads[head] = directory
        return directory

    def _make_directories(self, components: list[str], name: str) -> str:
        cleaned = "/".join(components)
        known = self._directories.get(cleaned)
        if known is not None:
            return known
        reserved = components[0].lower() == "conda-meta"
        if reserved and not self._limits.reserved_names:
            rule = "is reserved for environments (CEP 34)"
            message = f"member {name!a} {rule}"
            raise UnsafeArchiveError(message, member=name, rule=rule)
        parent = self._make_directories(components[:-1], name)
        path = parent + components[-1]
        try:
            os.mkdir(path)
        except FileExistsError:
            rule = (
                f"needs the directory {cleaned!a}, but a file, a link, or a name that differs "
                "only in case is in its place"
            )
            message = f"member {name!a} {rule}"
            raise UnsafeArchiveError(message, member=name, rule=rule) from None
        self._directories[cleaned] = directory = f"{path}/"
        return directory

    def _add_file(self, reader: TarReader, member: TarMember) -> None:
        name = member.name
        cut = name.rfind("/") + 1
        tail = name[cut:]
        directory = self._plain_heads.get(name[:cut])
        if directory is None or tail in _NO_NAMES or "\0" in tail or len(tail) > _SHORT:
            path = self._place(member)
        else:
            path = directory + tail
        # Set-user-id and the like mean nothing in a package and are dropped.
        mode = member.mode & 0o777
        try:
            descriptor = os.open(path, _CREATE, mode | 0o200)
        except FileExistsError:
            self._accept_same_file(reader, member, path)
            return
        try:
            remaining = member.size
            while remaining:
                chunk = reader.take()
                remaining -= len(chunk)
                written = os.write(descriptor, chunk)
                while written < len(chunk):
                    chunk = chunk[written:]
                    written = os.write(descriptor, chunk)
            if not _CAN_SET_BY_DESCRIPTOR:
                return
            needs_chmod = self._needs_chmod.get(mode)
            if needs_chmod is None:
                # The umask may not be asked for without changing it for every thread.
                created = stat.S_IMODE(os.fstat(descriptor).st_mode)
                needs_chmod = self._needs_chmod[mode] = created != mode
            if needs_chmod:
                os.fchmod(descriptor, mode)
            last_mtime, times = self._times
            if last_mtime != member.mtime:
                times = _clamped_times(member.mtime)
                self._times = member.mtime, times
            # As `_set_times`, without the call.
            try:
                os.utime(descriptor, times)
            except OSError:
                return
        finally:
            os.close(descriptor)
            if not _CAN_SET_BY_DESCRIPTOR:
                _set_times(path, _clamped_times(member.mtime))
                os.chmod(path, mode)

    def _accept_same_file(self, reader: TarReader, member: TarMember, path: str) -> None:
        """Let a repeated member pass if it changes nothing; old packages have such."""
        status = os.lstat(path)
        if stat.S_ISREG(status.st_mode) and status.st_size == member.size:
            with open(path, "rb") as present:
                if all(present.read(len(part)) == part for part in reader.iter_data()):
                    return
        raise _refuse(member, "is there twice, or differs from another member only in case")

    def _add_directory(self, member: TarMember) -> None:
        windows = self._limits.windows_names
        try:
            components = clean_components(member.name, windows=windows)
        except UnsafeArchiveError as error:
            raise _refuse(member, str(error.__dict__["rule"])) from None
        if not components:
            return
        path = self._make_directories(components, member.name)
        self._directory_attributes.append((path, member.mode & 0o777, member.mtime))

    def _add_symlink(self, member: TarMember) -> None:
        path = self._place(member)
        target = member.link_target
        relative = path[len(self._root) + 1 :]
        if not self._limits.escaping_symlinks:
            if not symlink_stays_inside(relative, target):
                raise _refuse(member, f"is a symbolic link that leads out, to {target!a}")
            if symlink_needs_the_disk(target):
                self._links_to_check.append((path, member.name))
        elif not target or "\0" in target:
            raise _refuse(member, "is a symbolic link without a target")
        try:
            os.symlink(target, path)
        except FileExistsError:
            if os.path.islink(path) and os.readlink(path) == target:
                return
            raise _refuse(
                member, "is there twice, or differs from another member only in case"
            ) from None
        if _CAN_SET_LINK_TIMES:
            _set_times(path, _clamped_times(member.mtime), follow_symlinks=False)

    def _add_hard_link(self, member: TarMember) -> None:
        path = self._place(member)
        target = member.link_target
        windows = self._limits.windows_names
        try:
            components = clean_components(target, windows=windows)
        except UnsafeArchiveError as error:
            rule = f"is a hard link to {target!a}, which {error.__dict__['rule']}"
            raise _refuse(member, rule) from None
        parent = self._directories.get("/".join(components[:-1]))
        source = parent + components[-1] if parent is not None and components else ""
        try:
            is_file = bool(source) and stat.S_ISREG(os.lstat(source).st_mode)
        except FileNotFoundError:
            is_file = False
        if not is_file:
            raise _refuse(member, f"is a hard link to {target!a}, which is no file before it")
        try:
            os.link(source, path)
        except FileExistsError:
            if os.path.samestat(os.lstat(source), os.lstat(path)):
                return
            raise _refuse(
                member, "is there twice, or differs from another member only in case"
            ) from None


def _clamped_times(mtime: int) -> tuple[int, int]:
    mtime = min(max(mtime, _EARLIEST_MTIME), _LATEST_MTIME)
    return mtime, mtime


def _set_times(path: str | int, times: tuple[int, int], *, follow_symlinks: bool = True) -> None:
    try:
        os.utime(path, times, follow_symlinks=follow_symlinks)
    except OSError:
        # Some file systems keep no times; the content does not depend on it.
        return


def _refuse(member: TarMember, rule: str) -> ArchiveError:
    return UnsafeArchiveError(f"member {member.name[:200]!a} {rule}", member=member.name, rule=rule)
