"""Writes repodata in every format that a server can have, by hand and without the code under test."""

from __future__ import annotations

import bz2
import hashlib
import json
import sys
from typing import TYPE_CHECKING, Any

import msgspec

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ("entry", "packages_of", "repodata", "write_repodata", "write_shards", "zstd")


def entry(
    name: str,
    version: str = "1",
    build: str = "0",
    *,
    depends: Iterable[str] = (),
    subdir: str = "noarch",
    **others: Any,
) -> dict[str, Any]:
    """What repodata holds of one package."""
    text = f"{name}-{version}-{build}"
    return {
        "name": name,
        "version": version,
        "build": build,
        "build_number": 0,
        "depends": list(depends),
        "subdir": subdir,
        "size": 100,
        "md5": hashlib.md5(text.encode()).hexdigest(),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        **others,
    }


def repodata(
    *entries: dict[str, Any], subdir: str = "noarch", extension: str = ".conda", **info: Any
) -> dict[str, Any]:
    """A whole repodata document; `info` are further keys of its `info`."""
    return {
        "info": {"subdir": subdir, **info},
        "packages": packages_of(entries) if extension == ".tar.bz2" else {},
        "packages.conda": packages_of(entries) if extension == ".conda" else {},
        "removed": [],
        "repodata_version": 1,
    }


def packages_of(
    entries: Iterable[dict[str, Any]], extension: str = ".conda"
) -> dict[str, dict[str, Any]]:
    """Entries by their file names."""
    return {f"{e['name']}-{e['version']}-{e['build']}{extension}": e for e in entries}


def write_repodata(
    channel: Path,
    document: dict[str, Any],
    *,
    subdir: str = "noarch",
    formats: Iterable[str] = ("json",),
) -> None:
    """Write a document into a channel as `json`, `zst`, `bz2` and `shards`."""
    folder = channel / subdir
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document).encode()
    for form in formats:
        if form == "json":
            (folder / "repodata.json").write_bytes(text)
        elif form == "zst":
            (folder / "repodata.json.zst").write_bytes(zstd.compress(text))
        elif form == "bz2":
            (folder / "repodata.json.bz2").write_bytes(bz2.compress(text))
        else:
            write_shards(folder, document)


def write_shards(folder: Path, document: dict[str, Any]) -> dict[str, str]:
    """Write sharded repodata into a folder; return the hash of each name's shard."""
    shards: dict[str, dict[str, Any]] = {}

    def shard_of(about: dict[str, Any]) -> dict[str, Any]:
        empty: dict[str, Any] = {"packages": {}, "packages.conda": {}, "removed": []}
        return shards.setdefault(about["name"], empty)

    for section in ("packages", "packages.conda"):
        for file_name, about in document[section].items():
            shard_of(about)[section][file_name] = _with_hashes_as_bytes(about)
    for section, records in document.get("v3", {}).items():
        for stem, about in records.items():
            newer = shard_of(about).setdefault("v3", {})
            newer.setdefault(section, {})[stem] = _with_hashes_as_bytes(about)
    for file_name in document.get("removed", ()):
        name = file_name.rsplit("-", 2)[0]
        if name in shards:
            shards[name]["removed"].append(file_name)
    (folder / "shards").mkdir(exist_ok=True)
    digests = {}
    for name, shard in shards.items():
        packed = zstd.compress(msgspec.msgpack.encode(shard))
        digests[name] = hashlib.sha256(packed).hexdigest()
        (folder / "shards" / f"{digests[name]}.msgpack.zst").write_bytes(packed)
    index = {
        "version": 1,
        "info": {"base_url": "./", "shards_base_url": "./shards/", **document["info"]},
        "shards": {name: bytes.fromhex(digest) for name, digest in digests.items()},
    }
    (folder / "repodata_shards.msgpack.zst").write_bytes(
        zstd.compress(msgspec.msgpack.encode(index))
    )
    return digests


def _with_hashes_as_bytes(about: dict[str, Any]) -> dict[str, Any]:
    hashes = {key: bytes.fromhex(about[key]) for key in about.keys() & {"md5", "sha256"}}
    return about | hashes
