"""A lock file: environments with their packages, for several platforms."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.errors import ParseLockFileError
from hognose.lock.environment import Environment, LockChannel, LockPlatform
from hognose.lock.locked_package import CondaLockedBinaryPackage, PypiLockedPackage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.lock.locked_package import LockedPackage
    from hognose.types import Channel, Platform, RepoDataRecord

DEFAULT_ENVIRONMENT = "default"


class LockFile:
    """The contents of a lock file: platforms first, then packages for environments on them.

    Versions 1 to 7 of the format are read; 1 to 3 are the conda-lock family (CEP 37). Version 6 is
    written, which every reader knows, or 7 where 6 cannot say it.

    Attributes:
        version: The version of the format that was read; 6 for a new file.
        build_packages: Packages of no environment, which source packages are built with.
    """

    __slots__ = ("_environments", "_platforms", "build_packages", "version")

    def __init__(
        self, platforms: Iterable[LockPlatform | Platform | str] = (), *, version: int = 6
    ) -> None:
        """Start a lock file without environments."""
        self.version = version
        self.build_packages: list[LockedPackage] = []
        self._environments: dict[str, Environment] = {}
        self._platforms = [
            platform if isinstance(platform, LockPlatform) else LockPlatform(str(platform))
            for platform in platforms
        ]

    @classmethod
    def decode(cls, text: str, *, base_directory: str | None = None) -> LockFile:
        """Read a lock file's text.

        Args:
            text: The text.
            base_directory: Where relative paths in it start; the current directory if not given.

        Raises:
            ParseLockFileError: If it is no lock file, or of a version that is not known.
        """
        from hognose.lock.lock_reader import decode_lock_file

        return decode_lock_file(text, base_directory=base_directory)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> LockFile:
        """Read a lock file.

        Raises:
            ParseLockFileError: If it cannot be read, is no lock file, or is of a version that is
                not known; has `path`.
        """
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise _about(ParseLockFileError(os.fspath(path), reason), path) from error
        try:
            directory = os.path.dirname(os.path.abspath(path))
            return cls.decode(text, base_directory=directory)
        except ParseLockFileError as error:
            raise _about(error, path) from None

    from_path = read

    def encode(self, *, version: int | None = None) -> str:
        """Write the lock file's text.

        Args:
            version: The version of the format, 6 or 7. If not given: 7 if the file was read as
                such or has platforms that 6 does not know, else 6.

        Raises:
            ValueError: If the version cannot be written, or cannot say what is in the file.
        """
        from hognose.lock.lock_writer import encode_lock_file

        return encode_lock_file(self, version=version)

    def write(self, path: str | os.PathLike[str], *, version: int | None = None) -> None:
        """Write the lock file, in place of what is there; see `encode`."""
        text = self.encode(version=version)
        partial = f"{os.fspath(path)}.{os.getpid()}.part"
        try:
            with open(partial, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            os.replace(partial, path)
        except OSError:
            if os.path.exists(partial):
                os.unlink(partial)
            raise

    to_path = write

    def platforms(self) -> list[LockPlatform]:
        """The platforms, in the order in which they were declared."""
        return list(self._platforms)

    def platform(self, name: Platform | str) -> LockPlatform | None:
        """The platform of a name."""
        return next((known for known in self._platforms if known.name == str(name)), None)

    def environments(self) -> list[tuple[str, Environment]]:
        """The environments with their names, in the order of these."""
        return sorted(self._environments.items())

    def environment(self, name: str) -> Environment | None:
        """The environment of a name."""
        return self._environments.get(name)

    def default_environment(self) -> Environment | None:
        """The environment `default`."""
        return self.environment(DEFAULT_ENVIRONMENT)

    def add_environment(self, environment: Environment) -> None:
        """Add an environment, in place of one of the same name; its platforms become known."""
        self._environments[environment.name] = environment
        for platform in environment.platforms():
            self._declare(platform)

    def set_channels(
        self, environment: str, channels: Iterable[Channel | LockChannel | str]
    ) -> None:
        """Set the channels of an environment, which is made if it does not exist."""
        self._environment(environment).set_channels(channels)

    def add_conda_package(
        self, environment: str, platform: LockPlatform | Platform | str, record: RepoDataRecord
    ) -> None:
        """Add a conda package to an environment, which is made if it does not exist."""
        package = CondaLockedBinaryPackage(record)
        self._environment(environment).add_package(self._declare(platform), package)

    def add_pypi_package(
        self,
        environment: str,
        platform: LockPlatform | Platform | str,
        name: str,
        version: str,
        location: str,
    ) -> None:
        """Add a PyPI package to an environment, which is made if it does not exist."""
        package = PypiLockedPackage(name, version, location)
        self._environment(environment).add_package(self._declare(platform), package)

    def _environment(self, name: str) -> Environment:
        return self._environments.setdefault(name, Environment(name))

    def _declare(self, platform: LockPlatform | Platform | str) -> LockPlatform:
        if not isinstance(platform, LockPlatform):
            platform = LockPlatform(str(platform))
        if platform not in self._platforms:
            self._platforms.append(platform)
        return platform

    def __repr__(self) -> str:
        return "LockFile()"


def _about(error: ParseLockFileError, path: str | os.PathLike[str]) -> ParseLockFileError:
    """Name the file in an error about its text."""
    where = "" if error.text == os.fspath(path) else f": {error.text!r}"
    made = ParseLockFileError(os.fspath(path), f"{error.rule}{where}", hint=error.hint)
    made.__dict__["path"] = os.fspath(path)
    return made
