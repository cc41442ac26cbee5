"""A package that is installed in a prefix: `conda-meta/NAME-VERSION-BUILD.json` (CEP 32)."""

from __future__ import annotations

import os
import tempfile
from enum import IntEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Self

import msgspec
from msgspec import field

from hognose.errors import InvalidPackageFileError
from hognose.types import wire
from hognose.types.always import no_texts
from hognose.types.package_record import RepoDataRecord

__all__ = ("Link", "LinkType", "PrefixPaths", "PrefixPathsEntry", "PrefixRecord")

_UNKNOWN = "$unknown_keys"

PrefixPathType = Literal[
    "hardlink",
    "softlink",
    "directory",
    "pyc_file",
    "windows_python_entry_point_script",
    "windows_python_entry_point_exe",
    "unix_python_entry_point",
    "linked_package_record",
]


class LinkType(IntEnum):
    """How the files of a package came into a prefix (CEP 32)."""

    HARDLINK = 1
    SOFTLINK = 2
    COPY = 3
    DIRECTORY = 4


class Link(msgspec.Struct, kw_only=True, gc=False):
    """Where a package was linked from.

    Attributes:
        source: The extracted package in the cache.
        type: How its files were linked.
    """

    source: str = ""
    type: LinkType | None = None


def _hardlink() -> PrefixPathType:
    return "hardlink"


class PrefixPathsEntry(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """One path of an installed package.

    Attributes:
        relative_path: From the root of the prefix, with `/` between its parts.
        path_type: What it is, or how it came about.
        original_path: The path in the package, where another package took `relative_path`.
        no_link: The file was to be copied, never linked.
        sha256_hex: Of the file's content as packaged.
        sha256_in_prefix_hex: Of the file's content in the prefix.
        size_in_bytes: Of the file's content as packaged.
        prefix_placeholder: The text that was replaced by the prefix, if there was one.
        file_mode: How it was replaced.
    """

    relative_path: str = field(name="_path")
    path_type: PrefixPathType = field(default_factory=_hardlink)
    original_path: str | None = None
    no_link: bool = False
    sha256_hex: str | None = field(name="sha256", default=None)
    sha256_in_prefix_hex: str | None = field(name="sha256_in_prefix", default=None)
    size_in_bytes: int | None = None
    prefix_placeholder: str | None = None
    file_mode: Literal["text", "binary"] | None = None

    @property
    def sha256(self) -> bytes | None:
        """The hash of the file's content as packaged."""
        return None if self.sha256_hex is None else bytes.fromhex(self.sha256_hex)

    @property
    def sha256_in_prefix(self) -> bytes | None:
        """The hash of the file's content in the prefix."""
        text = self.sha256_in_prefix_hex
        return None if text is None else bytes.fromhex(text)

    def __fspath__(self) -> str:
        return self.relative_path


class PrefixPaths(msgspec.Struct, kw_only=True, gc=False):
    """The paths of an installed package."""

    paths: tuple[PrefixPathsEntry, ...] = ()
    paths_version: int = 1


class PrefixRecord(RepoDataRecord, kw_only=True, omit_defaults=True):
    """A package that is installed in a prefix.

    Keys of the file that hognose does not know are kept and written back.

    Attributes:
        package_tarball_full_path: The archive in the package cache, if it was kept.
        extracted_package_dir: The extracted package in the package cache.
        requested_spec: The deprecated single form of `requested_specs`.
        requested_specs: The user's specs that asked for this package by name.
        files: All paths of the package in the prefix, sorted.
        paths_data: What is known of each path.
        link: How the files were linked.
    """

    package_tarball_full_path: str | None = None
    extracted_package_dir: str | None = None
    requested_spec: str | None = None
    requested_specs: tuple[str, ...] = field(default_factory=no_texts)
    files: tuple[str, ...] = field(default_factory=no_texts)
    paths_data: PrefixPaths = field(default_factory=PrefixPaths)
    link: Link | None = None

    # What the file held besides. Never written as such, see `encode`.
    unknown_keys: dict[str, msgspec.Raw] = field(name=_UNKNOWN, default_factory=dict)

    @property
    def asked_by(self) -> tuple[str, ...]:
        """The specs that asked for this package, in whichever form they were written down.

        conda writes the single form, and `None` as text where nobody asked.
        """
        if self.requested_specs:
            return self.requested_specs
        single = self.requested_spec
        return (single,) if single and single != "None" else ()

    @classmethod
    def from_repodata_record(cls, record: RepoDataRecord, **fields: Any) -> Self:
        """Make the record of an installed package out of the channel's."""
        values = {name: getattr(record, name) for name in RepoDataRecord.__struct_fields__}
        return cls(**values, **fields)

    @classmethod
    def decode(cls, data: bytes | str, *, what: str = "conda-meta record") -> Self:
        """Decode the content of a file in `conda-meta/`.

        Raises:
            InvalidPackageFileError: It is no JSON, or lacks what every record has.
        """
        record = wire.decode_json(data, cls, what=what)
        tree = wire.decode_json(data, dict[str, msgspec.Raw], what=what)
        if not tree.keys() <= _KNOWN_KEYS:
            # Copied, so that one odd key does not keep the whole document in memory.
            record.unknown_keys = {
                key: value.copy() for key, value in tree.items() if key not in _KNOWN_KEYS
            }
        return record

    @classmethod
    def from_path(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file of `conda-meta/`.

        Raises:
            InvalidPackageFileError: Its content cannot be used.
            OSError: It cannot be read.
        """
        return cls.decode(Path(path).read_bytes(), what=os.fspath(path))

    @classmethod
    def collect(cls, prefix: str | os.PathLike[str]) -> list[Self]:
        """Read every record of a prefix, sorted by name; a prefix without any has none.

        Raises:
            InvalidPackageFileError: One of them cannot be used; names the file.
        """
        directory = Path(prefix, "conda-meta")
        try:
            names = sorted(name for name in os.listdir(directory) if name.endswith(".json"))
        except (FileNotFoundError, NotADirectoryError):
            return []
        found = []
        for name in names:
            try:
                found.append((cls.from_path(directory / name), name))
            except InvalidPackageFileError as error:
                raise error.with_hint(
                    f"`hognose doctor --repair -p {prefix}` makes it anew"
                ) from None
        found.sort(key=lambda item: item[0].name)
        for (first, name), (second, other) in pairwise(found):
            if first.name == second.name:
                message = (
                    f"{directory}: package `{first.name}` is recorded twice, "
                    f"as `{name}` and as `{other}`"
                )
                hint = f"`hognose doctor --repair -p {prefix}` leaves one of them"
                raise InvalidPackageFileError(message, path=os.fspath(directory), hint=hint)
        return [record for record, _ in found]

    @property
    def record_file_name(self) -> str:
        """The name of this record's file in `conda-meta/`."""
        return f"{self.file_stem}.json"

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Decode what `to_json` wrote; like `decode`.

        Raises:
            InvalidPackageFileError: It is no JSON, or lacks what every record has.
        """
        return cls.decode(text, what=cls.__name__)

    def to_json(self) -> str:
        """Encode to JSON with sorted keys, on one line; like `encode`."""
        return self.encode(pretty=False).decode()

    def encode(self, *, pretty: bool = True) -> bytes:
        """Encode to JSON with sorted keys, those included that hognose does not know."""
        if not self.unknown_keys:
            return wire.encode_json(self, pretty=pretty, sort_keys=True)
        tree = wire.decode_json(wire.encode_json(self), dict[str, msgspec.Raw])
        tree.pop(_UNKNOWN, None)
        tree.update(self.unknown_keys)
        return wire.encode_json(dict(sorted(tree.items())), pretty=pretty)

    def write_to_path(self, path: str | os.PathLike[str], pretty: bool = True) -> None:  # noqa: FBT001, FBT002  # py-rattler's signature
        """Write the record, by rename, so that no reader ever sees a part of it.

        Raises:
            OSError: It cannot be written; what was there before is unchanged.
        """
        target = Path(path)
        handle, temporary = tempfile.mkstemp(prefix=".record-", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(self.encode(pretty=pretty))
            # mkstemp makes private files; a prefix may be shared by several users.
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(temporary, 0o666 & ~umask)
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise


_KNOWN_KEYS = frozenset(PrefixRecord.__struct_encode_fields__)
