"""From what a command line asks for to records: by solving, by URL, or out of a lock file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from hognose.cli.request import Request
    from hognose.cli.session import Session
    from hognose.types import Platform, RepoDataRecord

__all__ = ("find_records", "read_locked_records")


def find_records(
    session: Session, arguments: argparse.Namespace, request: Request, platform: Platform
) -> list[RepoDataRecord]:
    """Return the records of a new environment.

    Raises:
        UnsolvableError: No environment satisfies the specs.
        UsageError: The lock file has nothing that fits.
        ArchiveError, NetworkError, ParseLockFileError, OSError: Something cannot be read.
    """
    if arguments.lockfile:
        return read_locked_records(arguments.lockfile, arguments.environment, platform)
    if request.is_empty:
        return []
    if request.packages:
        from hognose.cli.archive_record import records_of_urls

        return records_of_urls(request.packages, cache=session.cache, client=session.client)
    from hognose.cli.archive_record import with_archives
    from hognose.cli.solver_options import chosen_part

    specs, archives = with_archives(session, request)
    if archives and not request.specs:
        from hognose.cli.archive_solve import solve_archives

        found = solve_archives(session, specs, platform, archives=archives)
    else:
        found = session.solve(specs, platform, pinned_packages=archives)
    return chosen_part(found, specs, arguments)


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
