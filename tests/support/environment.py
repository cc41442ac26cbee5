"""An environment in a folder, with a channel and a cache of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hognose.cache import PackageCache
from hognose.install import (
    ExecutionOptions,
    InstallationResult,
    LinkOptions,
    execute_transaction,
    install,
    plan_transaction,
)
from hognose.net import Client
from hognose.types import Platform, PrefixRecord, RepoDataRecord
from support.package_maker import Content, Link, make_package

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LINUX = Platform("linux-64")
QUIET = LinkOptions(clobber="ignore")


class Environment:
    """An environment that does not exist yet."""

    def __init__(self, root: Path) -> None:
        self.channel = root / "channel"
        self.prefix = root / "environment"
        self.cache = PackageCache(root / "cache")

    def install(self, *records: RepoDataRecord, **options: Any) -> InstallationResult:
        """Make it contain exactly these packages."""
        options.setdefault("link_options", QUIET)
        options.setdefault("platform", LINUX)
        with Client() as client:
            return install(records, self.prefix, cache=self.cache, client=client, **options)

    def package(self, name: str, version: str = "1", **options: Any) -> RepoDataRecord:
        """Put a package into the channel; see `make_package`."""
        return make_package(self.channel, name, version, **options)

    def install_unpacked(
        self, *packages: tuple[RepoDataRecord, Mapping[str, Content]], **link_options: Any
    ) -> InstallationResult:
        """Install packages from folders that never were archives: extraction refuses a lot."""
        folders = {}
        for record, files in packages:
            folder = self.prefix.parent / "unpacked" / str(record.name)
            for path, content in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                if (folder / path).is_symlink():
                    continue
                if isinstance(content, Link):
                    (folder / path).symlink_to(content.target)
                else:
                    (folder / path).write_text(str(content))
            entries = [
                {
                    "_path": path,
                    "path_type": "softlink" if isinstance(files[path], Link) else "hardlink",
                }
                for path in files
            ]
            (folder / "info").mkdir(parents=True, exist_ok=True)
            (folder / "info/paths.json").write_text(json.dumps({"paths": entries}))
            folders[record.file_stem] = folder
        plan = plan_transaction(
            PrefixRecord.collect(self.prefix), [record for record, _ in packages], platform=LINUX
        )
        return execute_transaction(
            plan,
            self.prefix,
            lambda record: folders[record.file_stem],
            options=ExecutionOptions(link_options=LinkOptions(**link_options)),
        )

    def files(self) -> list[str]:
        """Return all paths but folders and records, sorted."""
        return sorted(
            path.relative_to(self.prefix).as_posix()
            for path in self.prefix.rglob("*")
            if not path.is_dir() and "conda-meta" not in path.parts
        )

    def read(self, path: str) -> str:
        """Return the content of a file."""
        return (self.prefix / path).read_text()


def bare(name: str, **fields: Any) -> RepoDataRecord:
    """Return the record of a package that is in no channel."""
    return RepoDataRecord.create(name=name, version="1", build="0", subdir="linux-64", **fields)
