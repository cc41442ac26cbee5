"""The records of one environment and platform of a lock file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.errors import UsageError

if TYPE_CHECKING:
    from hognose.types import Platform, RepoDataRecord

__all__ = ("read_locked_records",)


def read_locked_records(file: str, environment: str, platform: Platform) -> list[RepoDataRecord]:
    """Read a lock file and return what it has for a platform.

    Raises:
        ParseLockFileError: It is no lock file.
        UsageError: It has no such environment, or not for this platform.
        OSError: It cannot be read.
    """
    from hognose.lock import LockFile

    lock = LockFile.read(file)
    found = lock.environment(environment)
    if found is None:
        names = ", ".join(name for name, _ in lock.environments()) or "none"
        raise UsageError(f"{file} has no environment `{environment}`", hint=f"it has: {names}")
    records = found.conda_repodata_records_for_platform(platform)
    if records is None:
        names = ", ".join(map(str, found.platforms())) or "none"
        raise UsageError(
            f"{file} has no packages for {platform} in `{environment}`",
            hint=f"it is locked for: {names}",
        )
    return records
