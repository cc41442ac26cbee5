"""One environment of a lock file: its channels, and its packages on each platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hognose.errors import ParseLockFileError
from hognose.lock.locked_package import (
    CondaLockedBinaryPackage,
    LockedPackage,
    PypiLockedPackage,
)
from hognose.types import Channel, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hognose.types import RepoDataRecord


class LockPlatform:
    """A platform of a lock file: a subdir, or a variant of one with a name of its own.

    Attributes:
        name: The name: letters, digits, `_` and `-`.
        subdir: The subdir whose packages it takes.
    """

    __slots__ = ("_virtual_packages", "name", "subdir")

    def __init__(
        self,
        name: str,
        subdir: Platform | str | None = None,
        virtual_packages: Iterable[str] | None = None,
    ) -> None:
        """Name a platform; the subdir is the one of that name if not given.

        Raises:
            ParseLockFileError: If the name has other characters.
            ParseSubdirError: If there is no such subdir.
        """
        if not name or not name.replace("_", "a").replace("-", "a").isalnum():
            raise ParseLockFileError(name, "a platform's name has letters, digits, `_` and `-`")
        self.name = name
        self.subdir = Platform(name if subdir is None else str(subdir))
        self._virtual_packages = tuple(virtual_packages or ())

    @property
    def virtual_packages(self) -> list[str]:
        """The virtual packages that the platform stands for."""
        return list(self._virtual_packages)

    @property
    def is_plain(self) -> bool:
        """Whether it is a subdir and nothing more."""
        return self.name == str(self.subdir) and not self._virtual_packages

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LockPlatform):
            return NotImplemented
        return (
            self.name == other.name
            and self.subdir == other.subdir
            and self._virtual_packages == other._virtual_packages
        )

    def __hash__(self) -> int:
        return hash(self.name)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"LockPlatform(name={self.name!r}, subdir={str(self.subdir)!r})"


class LockChannel:
    """A channel of a lock file.

    Attributes:
        url: Its URL; also a path or a name, as it was written.
        used_env_vars: The variables that the URL used to have in it.
    """

    __slots__ = ("url", "used_env_vars")

    def __init__(self, url: str, *, used_env_vars: Iterable[str] = ()) -> None:
        """Name a channel."""
        self.url = url
        self.used_env_vars = tuple(used_env_vars)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LockChannel) and other.url == self.url

    def __hash__(self) -> int:
        return hash(self.url)

    def __str__(self) -> str:
        return self.url

    def __repr__(self) -> str:
        return f"LockChannel(url={self.url!r})"


class Environment:
    """A named set of packages for each of its platforms.

    Attributes:
        name: The environment's name.
        options: How it was solved, where that was not the default (`strategy`,
            `channel-priority`, ...), as text.
        indexes: The package indexes for PyPI packages, None if it has none.
        find_links: Further places with PyPI packages, each `{"path": ...}` or `{"url": ...}`.
    """

    __slots__ = ("_channels", "_packages", "find_links", "indexes", "name", "options")

    def __init__(
        self,
        name: str,
        requirements: Mapping[Any, Iterable[RepoDataRecord]] | None = None,
        channels: Iterable[Channel | LockChannel | str] = (),
    ) -> None:
        """Make an environment out of records.

        Args:
            name: The environment's name.
            requirements: The records for each platform, a `LockPlatform`, `Platform` or its name.
            channels: The channels, in order of priority.
        """
        self.name = name
        self.options: dict[str, str] = {}
        self.indexes: list[str] | None = None
        self.find_links: list[dict[str, str]] = []
        self._channels = [_lock_channel(channel) for channel in channels]
        self._packages: dict[LockPlatform, list[LockedPackage]] = {}
        for platform, records in (requirements or {}).items():
            key = platform if isinstance(platform, LockPlatform) else LockPlatform(str(platform))
            self._packages[key] = [CondaLockedBinaryPackage(record) for record in records]

    def platforms(self) -> list[LockPlatform]:
        """The platforms that have packages."""
        return list(self._packages)

    def channels(self) -> list[LockChannel]:
        """The channels, in order of priority."""
        return list(self._channels)

    def set_channels(self, channels: Iterable[Channel | LockChannel | str]) -> None:
        """Replace the channels."""
        self._channels = [_lock_channel(channel) for channel in channels]

    def add_package(self, platform: LockPlatform, package: LockedPackage) -> None:
        """Add a package on a platform; the same location once only."""
        self._packages.setdefault(platform, []).append(package)

    def add_platform(self, platform: LockPlatform) -> None:
        """Add a platform that has no packages yet."""
        self._packages.setdefault(platform, [])

    def packages(self, platform: LockPlatform) -> list[LockedPackage] | None:
        """The packages on a platform, None if the environment is not for it."""
        packages = self._packages.get(platform)
        return None if packages is None else list(packages)

    def packages_by_platform(self) -> dict[LockPlatform, list[LockedPackage]]:
        """All packages."""
        return {platform: list(packages) for platform, packages in self._packages.items()}

    def pypi_packages(self) -> dict[str, list[PypiLockedPackage]]:
        """The PyPI packages, by the platform's name."""
        return {
            platform.name: self.pypi_packages_for_platform(platform) or []
            for platform in self._packages
        }

    def pypi_packages_for_platform(self, platform: LockPlatform) -> list[PypiLockedPackage] | None:
        """The PyPI packages on a platform, None if the environment is not for it."""
        packages = self._packages.get(platform)
        if packages is None:
            return None
        return [package for package in packages if isinstance(package, PypiLockedPackage)]

    def conda_repodata_records(self) -> dict[str, list[RepoDataRecord]]:
        """The records of the conda packages that lie ready, by the platform's name."""
        return {
            platform.name: self.conda_repodata_records_for_platform(platform) or []
            for platform in self._packages
        }

    def conda_repodata_records_for_platform(
        self, platform: LockPlatform | Platform | str
    ) -> list[RepoDataRecord] | None:
        """The records of the conda packages on a platform, None if there is no such platform.

        Args:
            platform: The platform; a `Platform` or a name stands for the platform of that name.
        """
        if not isinstance(platform, LockPlatform):
            named = (known for known in self._packages if known.name == str(platform))
            platform = next(named, LockPlatform("none", "noarch"))
        packages = self._packages.get(platform)
        if packages is None:
            return None
        return [
            package.repo_data_record()
            for package in packages
            if isinstance(package, CondaLockedBinaryPackage)
        ]

    def __repr__(self) -> str:
        return f"Environment(name={self.name!r})"


def _lock_channel(channel: Channel | LockChannel | str) -> LockChannel:
    if isinstance(channel, LockChannel):
        return channel
    return LockChannel(channel.base_url if isinstance(channel, Channel) else channel)
