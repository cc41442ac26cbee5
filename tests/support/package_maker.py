"""Small conda packages made on the spot, written with the standard library only.

The archive layer is deliberately not used: a test of reading, installing or indexing must not rest
on our own writer.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from hognose.types import RepoDataRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PLACEHOLDER = "/opt/" + "placeholder_" * 20
"""A build prefix of 245 characters, long enough for every temporary directory."""

TIMESTAMP = 1_700_000_000


class File(msgspec.Struct, frozen=True):
    """A regular file with more than a content.

    `prefix` asks for prefix replacement in the mode given; the content must hold the placeholder.
    """

    content: bytes | str = b""
    executable: bool = False
    prefix: Literal["text", "binary"] | None = None
    no_link: bool = False


class Link(msgspec.Struct, frozen=True):
    """A symbolic link."""

    target: str


Content = bytes | str | File | Link


def make_package(
    directory: str | os.PathLike[str],
    name: str,
    version: str,
    build: str = "0",
    *,
    files: Mapping[str, Content] = {},
    depends: Sequence[str] = (),
    constrains: Sequence[str] = (),
    noarch: Literal["python", "generic"] | None = None,
    entry_points: Iterable[str] = (),
    prefix_placeholder: str = PLACEHOLDER,
    build_number: int = 0,
    subdir: str | None = None,
    python_site_packages_path: str | None = None,
    timestamp: int = TIMESTAMP,
    extra_info: Mapping[str, bytes] = {},
    paths: Sequence[Mapping[str, object]] | None = None,
    archive: Literal["conda", "tar.bz2"] = "conda",
) -> RepoDataRecord:
    """Write one package into `directory/subdir` and return the record that a channel would have.

    Args:
        directory: The channel's directory; made if it is missing.
        name: The package's name.
        version: The package's version.
        build: The package's build string.
        files: Path in the package to content; text and bytes are plain files.
        depends: Dependencies.
        constrains: Constraints.
        noarch: The kind of noarch package; also puts it into the subdir `noarch`.
        entry_points: Lines like `name = module:function`, for `noarch="python"`.
        prefix_placeholder: What `File(prefix=...)` entries name as their placeholder.
        build_number: The package's build number.
        subdir: The subdir; by default `noarch`, or `linux-64` for packages that are not noarch.
        python_site_packages_path: The field of CEP 17.
        timestamp: Modification time of every file, and the record's timestamp, in seconds.
        extra_info: More files below `info/`, by name.
        paths: Entries that replace the ones computed for `info/paths.json`.
        archive: The archive format.
    """
    subdir = subdir or ("noarch" if noarch else "linux-64")
    index: dict[str, object] = {
        "arch": None if subdir == "noarch" else "x86_64",
        "build": build,
        "build_number": build_number,
        "constrains": list(constrains),
        "depends": list(depends),
        "name": name,
        "platform": None if subdir == "noarch" else "linux",
        "subdir": subdir,
        "timestamp": timestamp * 1000,
        "version": version,
    }
    if noarch is not None:
        index["noarch"] = noarch
    if python_site_packages_path is not None:
        index["python_site_packages_path"] = python_site_packages_path
    info: dict[str, Content] = {
        "info/index.json": json.dumps(index),
        "info/paths.json": json.dumps(
            {
                "paths": paths if paths is not None else _path_entries(files, prefix_placeholder),
                "paths_version": 1,
            }
        ),
        "info/about.json": "{}",
    }
    if noarch == "python":
        links = {"type": "python", "entry_points": list(entry_points)}
        info["info/link.json"] = json.dumps({"noarch": links, "package_metadata_version": 1})
    info |= {f"info/{member}": content for member, content in extra_info.items()}

    stem = f"{name}-{version}-{build}"
    target = Path(directory, subdir, f"{stem}.{archive}")
    target.parent.mkdir(parents=True, exist_ok=True)
    if archive == "conda":
        data = _conda(stem, dict(files), info, timestamp)
    else:
        data = _tar({**files, **info}, timestamp, "w:bz2")
    target.write_bytes(data)
    entry = {
        **index,
        "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "fn": target.name,
        "url": target.resolve().as_uri(),
        "channel": Path(directory).resolve().as_uri() + "/",
    }
    return make_record({key: value for key, value in entry.items() if value is not None})


def make_record(entry: Mapping[str, object]) -> RepoDataRecord:
    """Build a record from the keys that repodata and `conda-meta` use."""
    from hognose.types import wire

    return wire.decode_json(json.dumps(entry).encode(), RepoDataRecord)


def make_python(
    directory: str | os.PathLike[str],
    version: str = "3.11.4",
    *,
    runs: bool = False,
    python_site_packages_path: str | None = None,
    build: str = "0",
) -> RepoDataRecord:
    """Make a package named `python`.

    Args:
        directory: The channel's directory.
        version: The version it claims to have.
        runs: Whether `bin/python` must start: it is then a script that runs the interpreter of
            this process.
        python_site_packages_path: The field of CEP 17.
        build: The package's build string.
    """
    short = ".".join(version.split(".")[:2])
    script = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n' if runs else "#!/bin/sh\nexit 1\n"
    return make_package(
        directory,
        "python",
        version,
        build,
        files={
            f"bin/python{short}": File(script, executable=True),
            "bin/python": Link(f"python{short}"),
            f"lib/python{short}/os.py": "name = 'fake'\n",
        },
        python_site_packages_path=python_site_packages_path,
    )


def write_repodata(directory: str | os.PathLike[str], records: Iterable[RepoDataRecord]) -> None:
    """Write a plain `repodata.json` for each subdir of the channel in `directory`."""
    from hognose.types import wire

    tables: dict[str, dict[str, dict[str, object]]] = {"noarch": {}}
    for record in records:
        entry = json.loads(wire.encode_json(record))
        file_name = str(entry.pop("fn"))
        entry.pop("url", None)
        entry.pop("channel", None)
        tables.setdefault(str(entry["subdir"]), {})[file_name] = entry
    for subdir, entries in tables.items():
        document = {
            "info": {"subdir": subdir},
            "packages": {fn: e for fn, e in entries.items() if fn.endswith(".tar.bz2")},
            "packages.conda": {fn: e for fn, e in entries.items() if fn.endswith(".conda")},
            "repodata_version": 1,
        }
        target = Path(directory, subdir, "repodata.json")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(document))


def _path_entries(files: Mapping[str, Content], placeholder: str) -> list[dict[str, object]]:
    entries = []
    for path in sorted(files):
        content = files[path]
        entry: dict[str, object] = {"_path": path}
        if isinstance(content, Link):
            resolved = os.path.normpath(f"{os.path.dirname(path)}/{content.target}")
            data = _bytes(files.get(resolved, b""))
            entry["path_type"] = "softlink"
        else:
            data = _bytes(content)
            entry["path_type"] = "hardlink"
        entry |= {"sha256": hashlib.sha256(data).hexdigest(), "size_in_bytes": len(data)}
        if isinstance(content, File):
            if content.no_link:
                entry["no_link"] = True
            if content.prefix is not None:
                entry |= {"file_mode": content.prefix, "prefix_placeholder": placeholder}
        entries.append(entry)
    return entries


def _bytes(content: Content) -> bytes:
    if isinstance(content, Link):
        return b""
    if isinstance(content, File):
        content = content.content
    return content.encode() if isinstance(content, str) else content


def _tar(files: Mapping[str, Content], timestamp: int, mode: Literal["w:", "w:bz2"]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for path in sorted(files):
            content = files[path]
            member = tarfile.TarInfo(path)
            member.mtime = timestamp
            member.mode = 0o644
            if isinstance(content, Link):
                member.type = tarfile.SYMTYPE
                member.linkname = content.target
                archive.addfile(member)
                continue
            if isinstance(content, File) and content.executable:
                member.mode = 0o755
            data = _bytes(content)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def _conda(
    stem: str, files: Mapping[str, Content], info: Mapping[str, Content], timestamp: int
) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        metadata = zipfile.ZipInfo("metadata.json", (2024, 1, 1, 0, 0, 0))
        archive.writestr(metadata, '{"conda_pkg_format_version": 2}')
        for section, members in (("pkg", files), ("info", info)):
            member = zipfile.ZipInfo(f"{section}-{stem}.tar.zst", (2024, 1, 1, 0, 0, 0))
            archive.writestr(member, zstd.compress(_tar(members, timestamp, "w:"), 1))
    return buffer.getvalue()
