"""`hognose link`.

Put package archives into an environment as they are. Nothing is solved and nothing is added that
they need; a package of the same name is replaced. `hognose unlink` takes them out again.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from hognose.console import Console
    from hognose.types import RepoDataRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("archives", nargs="+", metavar="ARCHIVE", help=".conda or .tar.bz2 files")
    options.add_prefix_options(parser)
    options.add_transaction_options(parser)
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Change the environment."""
    from hognose.cli.change import change_environment
    from hognose.cli.session import Session
    from hognose.cli.specs import merge_specs, requested_specs
    from hognose.types import MatchSpec, Platform, PrefixRecord

    prefix = options.find_prefix(arguments)
    options.require_not_frozen(prefix, arguments)
    platform = Platform.current()
    records = [_read_record(path) for path in arguments.archives]
    installed = PrefixRecord.collect(prefix)
    names = {record.name for record in records}
    wanted = [*(record for record in installed if record.name not in names), *records]
    _warn_of_problems(wanted, console)
    new = [MatchSpec(f"{record.name} =={record.version} {record.build}") for record in records]
    with Session(arguments, console) as session:
        return change_environment(
            session,
            arguments,
            prefix=prefix,
            installed=installed,
            wanted=wanted,
            specs=merge_specs(requested_specs(installed), new),
            platform=platform,
            reinstall=names,
        )


def _read_record(path: str) -> RepoDataRecord:
    """Make the record that a channel would have of an archive.

    Raises:
        UsageError: There is no such file.
        ArchiveError: It is no package.
    """
    from hognose.archive import PackageArchive
    from hognose.types import IndexJson, RepoDataRecord

    place = Path(os.path.abspath(path))
    if not place.is_file():
        raise UsageError(f"there is no file {path}", hint="`hognose download` fetches packages")
    with PackageArchive.open(place) as archive:
        index = archive.index_json()
    with place.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    shared = set(IndexJson.__struct_fields__) & set(RepoDataRecord.__struct_fields__)
    fields = {name: getattr(index, name) for name in shared}
    subdir = index.subdir or ("noarch" if index.noarch else "")
    folder = place.parent.parent if place.parent.name == subdir else place.parent
    fields |= {"subdir": subdir, "sha256_hex": sha256, "size": place.stat().st_size}
    return RepoDataRecord(
        **fields, file_name=place.name, url=place.as_uri(), channel=f"{folder.as_uri()}/"
    )


def _warn_of_problems(records: Iterable[RepoDataRecord], console: Console) -> None:
    from hognose.errors import ValidatePackageRecordsError
    from hognose.types import PackageRecord

    try:
        PackageRecord.validate(records)
    except ValidatePackageRecordsError as error:
        for problem in getattr(error, "problems", (error.message,)):
            console.warn(problem)
