"""Turn a directory of files into a conda package: write its `info/` and pack it (CEP 34, CEP 35).

The same files and facts always give the same archive, byte for byte.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from hognose.types import (
    AboutJson,
    IndexJson,
    LinkJson,
    NoArchLinks,
    NoArchType,
    PackageName,
    PathsEntry,
    PathsJson,
    Platform,
    RunExportsJson,
    VersionWithSource,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hognose.archive import ArchiveDigest

# What stands for the prefix in the text files of the packages made here. It has the length that
# build tools use, so that even a reader that cannot let a text grow has room.
PREFIX_PLACEHOLDER: Final = "/hognose_prefix" + "_placeholder" * 20

# For the package `python` level 19 takes 18 s of processor time, level 9 one, for 9% fewer bytes.
DEFAULT_LEVEL: Final = 9


class PackageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a package says about itself.

    Attributes:
        name: The package's name.
        version: The version.
        build: The build string; `{hash}` in it becomes a hash of the package's content.
        build_number: The build number.
        subdir: Where in a channel it belongs.
        depends: What it needs.
        constrains: What may not be there in other versions.
        is_noarch_python: Whether it is linked as `noarch: python`, which `subdir` does not decide
            (CEP 20).
        is_noarch_generic: Whether it is a noarch package without Python files.
        entry_points: The commands of a `noarch: python` package, as text.
        run_exports: What it imposes on packages built with it.
        python_site_packages_path: For Python itself: where packages go (CEP 17).
        timestamp_ms: When its content was made, if that is known.
        purls: What it was made from, as package URLs.
        about: What `info/about.json` says.
        placeholders: The text files that hold the prefix, with what stands for it in them.
    """

    name: str
    version: str
    build: str
    build_number: int = 0
    subdir: str
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    is_noarch_python: bool = False
    is_noarch_generic: bool = False
    entry_points: tuple[str, ...] = ()
    run_exports: RunExportsJson | None = None
    python_site_packages_path: str | None = None
    timestamp_ms: int | None = None
    purls: tuple[str, ...] | None = None
    about: AboutJson
    placeholders: dict[str, str] = {}


class BuiltPackage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A package file that was written.

    Attributes:
        path: The archive.
        name: The package's name.
        version: Its version.
        build: Its build string.
        subdir: Its subdir, the name of the directory that the archive is in.
        files: How many files it holds, `info/` apart.
        sha256: The archive's hash.
        size: The archive's size in bytes.
    """

    path: Path
    name: str
    version: str
    build: str
    subdir: str
    files: int
    sha256: bytes
    size: int

    @property
    def file_name(self) -> str:
        """The archive's file name."""
        return self.path.name


def write_package(
    stage: str | os.PathLike[str],
    facts: PackageFacts,
    output_dir: str | os.PathLike[str],
    *,
    level: int = DEFAULT_LEVEL,
) -> BuiltPackage:
    """Add `info/` to a directory and pack it as `<output_dir>/<subdir>/<name>-...conda`.

    Args:
        stage: The package's files; may hold `info/licenses/` already. `info/` is written to it.
        facts: What the package says about itself.
        output_dir: The channel's directory; made if it is missing.
        level: The compression level, 1 to 19.

    Returns:
        What was written. The archive appears under its name only when it is complete.

    Raises:
        ArchiveError: The archive cannot be written.
        OSError: A file cannot be read or written.
    """
    from hognose.archive import create_package

    root = Path(stage)
    paths = PathsJson(paths=tuple(_iter_paths(root, facts.placeholders)))
    files = {PathsJson.PATH: paths.encode()}
    build = facts.build.format(hash=_content_hash(files[PathsJson.PATH], facts))
    files["info/files"] = "".join(f"{entry.relative_path}\n" for entry in paths.paths).encode()
    files[IndexJson.PATH] = _index_json(facts, build).encode()
    files[AboutJson.PATH] = facts.about.encode()
    if facts.is_noarch_python or facts.is_noarch_generic:
        files[LinkJson.PATH] = LinkJson(
            noarch=NoArchLinks(
                type="python" if facts.is_noarch_python else "generic",
                entry_point_texts=facts.entry_points,
            )
        ).encode()
    if facts.run_exports is not None:
        files[RunExportsJson.PATH] = facts.run_exports.encode()
    for relative, content in files.items():
        path = root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    directory = Path(output_dir, facts.subdir)
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / f"{facts.name}-{facts.version}-{build}.conda"
    digest: ArchiveDigest = create_package(root, target, level=level)
    return BuiltPackage(
        path=target,
        name=facts.name,
        version=facts.version,
        build=build,
        subdir=facts.subdir,
        files=len(paths.paths),
        sha256=digest.sha256,
        size=digest.size,
    )


def _index_json(facts: PackageFacts, build: str) -> IndexJson:
    platform = Platform(facts.subdir)
    noarch = "python" if facts.is_noarch_python else "generic" if facts.is_noarch_generic else None
    is_noarch_subdir = facts.subdir == "noarch"
    return IndexJson(
        name=PackageName(facts.name),
        version=VersionWithSource(facts.version),
        build=build,
        build_number=facts.build_number,
        depends=facts.depends,
        constrains=facts.constrains,
        noarch=NoArchType(noarch),
        subdir=facts.subdir,
        arch=None if is_noarch_subdir else str(platform.arch),
        platform=None if is_noarch_subdir else platform.only_platform,
        license=facts.about.license,
        timestamp_ms=facts.timestamp_ms,
        python_site_packages_path=facts.python_site_packages_path,
        purls=facts.purls,
    )


def _content_hash(paths: bytes, facts: PackageFacts) -> str:
    """Seven hexadecimal digits that change with the files and with what the package needs."""
    digest = hashlib.sha256(paths)
    digest.update(
        "\0".join((*facts.depends, "", *facts.constrains, "", *facts.entry_points)).encode()
    )
    return digest.hexdigest()[:7]


def _iter_paths(root: Path, placeholders: Mapping[str, str]) -> Iterator[PathsEntry]:
    """Describe the files below a directory, but `info/`, in the order of their paths."""
    for relative in sorted(_iter_files(root, "")):
        if relative.startswith("info/"):
            continue
        path = root / relative
        is_link = path.is_symlink()
        # A link is described by what it points to, as conda's own build tools do.
        data = path.read_bytes() if path.is_file() else os.fsencode(path.readlink())
        placeholder = placeholders.get(relative)
        yield PathsEntry(
            relative_path=relative,
            path_type="softlink" if is_link else "hardlink",
            prefix_placeholder=placeholder,
            file_mode=None if placeholder is None else "text",
            sha256_hex=hashlib.sha256(data).hexdigest(),
            size_in_bytes=len(data),
        )


def _iter_files(root: Path, relative: str) -> Iterator[str]:
    for entry in os.scandir(root / relative):
        path = f"{relative}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _iter_files(root, f"{path}/")
        else:
            yield path


def place_file(path: Path, data: bytes, *, is_executable: bool) -> None:
    """Write one file of a stage, with the permissions that packages use."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(
        stat.S_IRUSR
        | stat.S_IWUSR
        | stat.S_IRGRP
        | stat.S_IROTH
        | (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH if is_executable else 0)
    )
