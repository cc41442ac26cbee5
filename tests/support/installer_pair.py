"""Two prefixes of equal length, one for each installer, and what may differ between them.

Accepted differences are listed in `docs/reference/install-differences.md`.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from typing import TYPE_CHECKING, Any

from hognose.cache import PackageCache
from hognose.install import LinkOptions, install
from hognose.net import Client
from hognose.types import Platform

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hognose.types import RepoDataRecord
    from support.rattler_installer import RattlerInstaller

# Files that only one of the two writes, or whose content is the time.
OWN_FILES = {"conda-meta/history", "CACHEDIR.TAG"}
# Each names its own cache.
# The commands of packages that the tests install; installers write them anew.
ENTRY_POINTS = {
    "bin/rich",
    "bin/rich-app",
    "bin/f2py",
    "bin/numpy-config",
    "bin/markdown-it",
    "bin/pygmentize",
}
OWN_KEYS = {"extracted_package_dir", "link"}

PLATFORM = Platform("linux-64")


def snapshot(prefix: Path) -> dict[str, tuple[object, ...]]:
    """Describe every file: kind, mode, modification time, and content or target."""
    found: dict[str, tuple[object, ...]] = {}
    for folder, folders, names in os.walk(prefix):
        relative = os.path.relpath(folder, prefix)
        for name in [*names, *folders]:
            path = os.path.join(folder, name)
            key = name if relative == "." else f"{relative}/{name}"
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                found[key] = ("link", os.readlink(path))
            elif stat.S_ISDIR(status.st_mode):
                # rattler leaves empty folders where losers were kept.
                if not key.startswith("__clobbers__"):
                    found[key] = ("folder",)
            elif key not in OWN_FILES and not key.endswith(".json"):
                with open(path, "rb") as file:
                    digest = hashlib.sha256(file.read()).hexdigest()
                found[key] = ("file", oct(stat.S_IMODE(status.st_mode)), digest, _age(key, status))
    return found


def _age(path: str, status: os.stat_result) -> int | None:
    """Return the modification time, except of entry points, which are written now."""
    return None if path in ENTRY_POINTS else int(status.st_mtime)


def package_records(prefix: Path) -> dict[str, dict[str, Any]]:
    """Read `conda-meta`, without what each of the two must say differently."""
    found = {}
    for path in sorted((prefix / "conda-meta").glob("*.json")):
        record = json.loads(path.read_text())
        record["link type"] = record["link"]["type"]
        record["paths_data"]["paths"].sort(key=lambda entry: entry["_path"])
        record["files"].sort()
        # CEP 32 lists the key without making it optional; rattler leaves an empty list out.
        record.setdefault("constrains", [])
        found[path.name] = {key: value for key, value in record.items() if key not in OWN_KEYS}
    return found


class Pair:
    """Two prefixes of equal length, one for each installer."""

    def __init__(self, root: Path, installer: RattlerInstaller) -> None:
        self.rattler = installer
        self.root = root
        self.channel = root / "channel"
        self.ours = root / "ours" / "environment"
        self.theirs = root / "them" / "environment"

    def install(
        self,
        records: Sequence[RepoDataRecord],
        *,
        specs: Sequence[str] | None = None,
        **options: Any,
    ) -> None:
        self.install_ours(records, specs=specs, **options)
        self.install_theirs(records, specs=specs)

    def install_ours(
        self,
        records: Sequence[RepoDataRecord],
        *,
        specs: Sequence[str] | None = None,
        prefix: Path | None = None,
        **options: Any,
    ) -> None:
        with Client() as client:
            install(
                records,
                prefix or self.ours,
                cache=PackageCache(self.root / "our-cache"),
                client=client,
                platform=PLATFORM,
                requested_specs=specs,
                link_options=LinkOptions(clobber="ignore", external_symlinks="allow"),
                **options,
            )

    def install_theirs(
        self,
        records: Sequence[RepoDataRecord],
        *,
        specs: Sequence[str] | None = None,
        prefix: Path | None = None,
    ) -> None:
        self.rattler.install(records, prefix or self.theirs, self.root / "their-cache", specs=specs)

    def assert_equal(self) -> None:
        ours, theirs = snapshot(self.ours), snapshot(self.theirs)
        # The path is written into some files, so theirs is read as if it lay where ours does.
        assert sorted(theirs) == sorted(ours)
        placeholder_files = {
            path for path in ours if ours[path] != theirs[path] and self._differs_by_path(path)
        }
        assert {p: v for p, v in theirs.items() if p not in placeholder_files} == {
            p: v for p, v in ours.items() if p not in placeholder_files
        }
        our_records, their_records = package_records(self.ours), package_records(self.theirs)
        for record in (*our_records.values(), *their_records.values()):
            for entry in record["paths_data"]["paths"]:
                if "prefix_placeholder" in entry or "entry_point" in entry["path_type"]:
                    entry.pop("sha256_in_prefix", None)
                    entry.pop("sha256", None)
        assert their_records == our_records

    def _differs_by_path(self, path: str) -> bool:
        ours, theirs = self.ours / path, self.theirs / path
        return ours.stat().st_mode == theirs.stat().st_mode and ours.read_bytes().replace(
            str(self.ours).encode(), b"@"
        ) == theirs.read_bytes().replace(str(self.theirs).encode(), b"@")
