"""`info/paths.json`: the files of a package and how to link them (CEP 34).

The files that came before it (`info/files`, `info/has_prefix`, `info/no_link`,
`info/no_softlink`) are read by `PathsJson.from_deprecated_package_directory`.
"""

from __future__ import annotations

import shlex
import stat
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import msgspec
from msgspec import field

from hognose.types.always import no_entries, one
from hognose.types.package.package_file import PackageFile

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

PathType = Literal["hardlink", "softlink", "directory"]
FileMode = Literal["text", "binary"]

# What `info/has_prefix` means by a line that holds a path only.
DEFAULT_PLACEHOLDER = "/opt/anaconda1anaconda2anaconda3"


def _hardlink() -> PathType:
    return "hardlink"


class PathsEntry(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """One file of a package.

    Attributes:
        relative_path: From the root of the package, with `/` between its parts.
        path_type: What is made in the prefix: a file, a symbolic link, or an empty directory.
        no_link: The file is to be copied, never linked.
        prefix_placeholder: The text in the file that stands for the prefix, if there is one.
        file_mode: How the placeholder is replaced: as text, or inside C strings of a binary.
        sha256_hex: Of the file's content as packaged.
        size_in_bytes: Of the file's content as packaged.
    """

    relative_path: str = field(name="_path")
    path_type: PathType = field(default_factory=_hardlink)
    no_link: bool = False
    prefix_placeholder: str | None = None
    file_mode: FileMode | None = None
    sha256_hex: str | None = field(name="sha256", default=None)
    size_in_bytes: int | None = None

    @property
    def sha256(self) -> bytes | None:
        """The hash of the file's content as packaged."""
        return None if self.sha256_hex is None else bytes.fromhex(self.sha256_hex)


class PathsJson(PackageFile, kw_only=True, omit_defaults=True, gc=False):
    """The `info/paths.json` of a package."""

    PATH: ClassVar[str] = "info/paths.json"

    paths: tuple[PathsEntry, ...] = field(default_factory=no_entries)
    paths_version: int = field(default_factory=one)

    @classmethod
    def from_package_directory_with_deprecated_fallback(cls, path: str | os.PathLike[str]) -> Self:
        """Read an extracted package's `paths.json`, or the files that came before it.

        Raises:
            InvalidPackageFileError: The content cannot be used.
            OSError: Neither can be read.
        """
        try:
            return cls.from_package_directory(path)
        except FileNotFoundError:
            return cls.from_deprecated_package_directory(path)

    @classmethod
    def from_deprecated_package_directory(
        cls, path: str | os.PathLike[str], *, files: Iterable[str] | None = None
    ) -> Self:
        """Rebuild the list from `files`, `has_prefix`, `no_link` and `no_softlink`.

        Args:
            path: The extracted package.
            files: What is in it, if that is known; by default what `info/files` says.

        Raises:
            OSError: `info/files` is missing, or a file that it lists is.
        """
        root = Path(path)
        placeholders = _read_has_prefix(root)
        no_link = {*_read_lines(root / "info/no_link"), *_read_lines(root / "info/no_softlink")}
        entries = []
        if files is None:
            files = _read_lines(root / "info/files", required=True)
        for name in files:
            mode, placeholder = placeholders.get(name, (None, None))
            entries.append(
                PathsEntry(
                    relative_path=name,
                    path_type=_path_type(root / name),
                    no_link=name in no_link,
                    prefix_placeholder=placeholder,
                    file_mode=mode,
                )
            )
        return cls(paths=tuple(entries))


def _path_type(path: Path) -> PathType:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return "softlink"
    return "directory" if stat.S_ISDIR(mode) else "hardlink"


def _read_lines(path: Path, *, required: bool = False) -> list[str]:
    if not required and not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.strip().replace("\\", "/") for line in lines if line.strip()]


def _read_has_prefix(root: Path) -> dict[str, tuple[FileMode, str]]:
    """Read `info/has_prefix`: a path alone, or `placeholder mode path`, quoted where needed."""
    path = root / "info/has_prefix"
    if not path.exists():
        return {}
    found: dict[str, tuple[FileMode, str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        parts = shlex.split(line, posix=False) if line.strip() else []
        parts = [part.strip("\"'") for part in parts]
        if len(parts) >= 3 and parts[1] in {"text", "binary"}:
            mode: FileMode = "binary" if parts[1] == "binary" else "text"
            found[" ".join(parts[2:]).replace("\\", "/")] = mode, parts[0]
        elif parts:
            found[line.strip().strip("\"'").replace("\\", "/")] = "text", DEFAULT_PLACEHOLDER
    return found
