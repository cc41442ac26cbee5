"""A channel of six names in two subdirs, in any format, and a clock that stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.repodata_files import entry, repodata, write_repodata

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hognose.types import RepoDataRecord

__all__ = (
    "EVERYTHING_APP_NEEDS",
    "FORMATS",
    "LINUX",
    "NOARCH",
    "PLATFORMS",
    "Clock",
    "file_names",
    "write_channel",
)

FORMATS = ("json", "zst", "bz2", "shards")
PLATFORMS = ("linux-64", "noarch")

NOARCH = repodata(
    entry("app", "1", depends=["lib >=2", "__unix"]),
    entry("app", "2", depends=["lib >=3", "extra"]),
    entry("extra"),
    entry("unrelated"),
)
LINUX = repodata(
    entry("lib", "2", subdir="linux-64"),
    entry("lib", "3", depends=["deep"], subdir="linux-64"),
    entry("deep", subdir="linux-64"),
    entry("other", subdir="linux-64"),
    subdir="linux-64",
)
EVERYTHING_APP_NEEDS = [
    "app-1-0.conda",
    "app-2-0.conda",
    "deep-1-0.conda",
    "extra-1-0.conda",
    "lib-2-0.conda",
    "lib-3-0.conda",
]


class Clock:
    """Tells the time that it was told."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def file_names(records: Sequence[RepoDataRecord]) -> list[str]:
    """The file names of some records."""
    return [record.file_name for record in records]


def write_channel(root: Path, *formats: str) -> Path:
    """Write both subdirs in some formats; plain if none are given."""
    write_repodata(root, NOARCH, formats=formats or ("json",))
    write_repodata(root, LINUX, subdir="linux-64", formats=formats or ("json",))
    return root
