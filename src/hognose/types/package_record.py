"""A package as a channel describes it (CEP 36), and what a set of such packages allows.

The Structs hold what the wire holds: hashes as hex text (`sha256_hex`), times in milliseconds
(`timestamp_ms`). The properties `sha256`, `timestamp`, ... show the same as `bytes` and
`datetime`, under the names that py-rattler uses, and can be set.
"""

from __future__ import annotations

from functools import total_ordering
from typing import TYPE_CHECKING, Any, Self

import msgspec
from msgspec import field

from hognose.types import wire
from hognose.types.always import no_texts, zero
from hognose.types.no_arch_type import NoArchType
from hognose.types.package.run_exports_json import RunExportsJson
from hognose.types.package_name import PackageName
from hognose.types.timestamps import timestamp_property
from hognose.types.track_features import track_features_property
from hognose.types.version_with_source import VersionWithSource

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from hognose.types.match_spec import MatchSpec
    from hognose.types.package.index_json import IndexJson

__all__ = ("PackageRecord", "RepoDataRecord")


def _hash_property(name: str, meaning: str) -> Any:
    def get(record: Any) -> bytes | None:
        text = getattr(record, name)
        return None if text is None else bytes.fromhex(text)

    def set_(record: Any, value: bytes | None) -> None:
        setattr(record, name, None if value is None else value.hex())

    return property(get, set_, doc=meaning)


@total_ordering
class PackageRecord(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False, order=False):
    """What a channel says about one package, without where the package lies.

    Made out of text by `create`, `from_json` and `from_index_json`. The constructor is for values
    that are there already, a `PackageName`, a `VersionWithSource`, tuples: channels have hundreds
    of thousands of records, and it looks at nothing.

    Records order by name, version, build number and build. Their hash is made of name, version,
    build and subdir; do not change these in a record that is in a set.
    """

    # In the order of the alphabet, in which channels write them: a tenth faster to decode.
    arch: str | None = None
    attestations_sha256_hex: str | None = field(name="attestations_sha256", default=None)
    build: str
    # A factory keeps msgspec from leaving an empty value out; readers expect these keys.
    build_number: int = field(default_factory=zero)
    constrains: tuple[str, ...] = field(default_factory=no_texts)
    depends: tuple[str, ...] = field(default_factory=no_texts)
    extra_depends: dict[str, tuple[str, ...]] = {}
    features: str | None = None
    flags: tuple[str, ...] = ()
    indexed_timestamp_ms: int | float | None = field(name="indexed_timestamp", default=None)
    legacy_bz2_md5_hex: str | None = field(name="legacy_bz2_md5", default=None)
    legacy_bz2_size: int | None = None
    license: str | None = None
    license_family: str | None = None
    md5_hex: str | None = field(name="md5", default=None)
    name: PackageName
    noarch: NoArchType = NoArchType(None)
    platform: str | None = None
    purls: tuple[str, ...] | None = None
    python_site_packages_path: str | None = None
    run_exports: RunExportsJson | None = None
    sha256_hex: str | None = field(name="sha256", default=None)
    size: int | None = None
    subdir: str = ""
    timestamp_ms: int | float | None = field(name="timestamp", default=None)
    track_features_source: str | tuple[str, ...] | None = field(name="track_features", default=None)
    version: VersionWithSource

    sha256 = _hash_property("sha256_hex", "The SHA-256 of the archive.")
    md5 = _hash_property("md5_hex", "The MD5 of the archive.")
    legacy_bz2_md5 = _hash_property(
        "legacy_bz2_md5_hex", "The MD5 of the `.tar.bz2` that the archive was converted from."
    )
    attestations_sha256 = _hash_property(
        "attestations_sha256_hex", "The SHA-256 of the package's attestations (CEP 27)."
    )
    timestamp = timestamp_property("timestamp_ms")
    indexed_timestamp = timestamp_property("indexed_timestamp_ms")
    track_features = track_features_property

    @classmethod
    def create(cls, **fields: Any) -> Self:
        """Make a record out of text and values alike.

        Takes every field and property by name: `name="numpy"`, `version="1.26"`,
        `sha256=b"..."`, `noarch="python"`, lists for tuples.

        Raises:
            InvalidVersionError, InvalidPackageNameError: The text of `version` or `name` is bad.

        >>> PackageRecord.create(name="b", version="1.0", build="0", depends=["a >=1"]).depends
        ('a >=1',)
        """
        fields["name"] = PackageName(fields["name"])
        fields["version"] = VersionWithSource(str(fields["version"]))
        if "noarch" in fields:
            fields["noarch"] = NoArchType(fields["noarch"])
        for name, value in fields.items():
            if isinstance(value, list):
                fields[name] = tuple(value)
        known = {name: fields.pop(name) for name in cls.__struct_fields__ if name in fields}
        record = cls(**known)
        for name, value in fields.items():
            if not isinstance(getattr(cls, name, None), property):
                message = f"{cls.__name__} has no field {name!r}"
                raise TypeError(message)
            setattr(record, name, value)
        return record

    @classmethod
    def from_index(cls, index: IndexJson, **fields: Any) -> Self:
        """Make a record of what a package says itself, and of fields that only others know.

        Args:
            index: The `info/index.json` of the package.
            fields: Further fields, such as `sha256_hex` and `size`; they win.
        """
        known = {name: getattr(index, name) for name in index.__struct_fields__}
        known = {name: value for name, value in known.items() if name in cls.__struct_fields__}
        known["subdir"] = index.subdir or ""
        return cls(**known | fields)

    @classmethod
    def from_index_json(
        cls,
        path: str | os.PathLike[str],
        size: int | None = None,
        sha256: str | None = None,
        md5: str | None = None,
    ) -> Self:
        """Make a record of an `info/index.json`.

        Args:
            path: The file.
            size: The archive's size in bytes.
            sha256: The archive's SHA-256, in hexadecimal digits.
            md5: The archive's MD5, in hexadecimal digits.

        Raises:
            InvalidPackageFileError: The file's content cannot be used.
            OSError: The file cannot be read.
        """
        from hognose.types.package.index_json import IndexJson

        index = IndexJson.from_path(path)
        return cls.from_index(index, size=size, sha256_hex=sha256, md5_hex=md5)

    @property
    def file_stem(self) -> str:
        """`name-version-build`, the file name without its extension (CEP 26)."""
        return f"{self.name}-{self.version}-{self.build}"

    def matches(self, spec: MatchSpec) -> bool:
        """Whether a spec allows this record."""
        return bool(spec.matches(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Decode what `to_json` wrote, or a record of repodata; keys not known are ignored.

        Raises:
            InvalidPackageFileError: It is no JSON, or lacks what every record has.

        >>> record = PackageRecord.create(name="b", version="1.0", build="0")
        >>> PackageRecord.from_json(record.to_json()) == record
        True
        """
        return wire.decode_json(text, cls, what=cls.__name__)

    def to_json(self) -> str:
        """Encode to JSON as repodata holds it, with sorted keys."""
        return wire.encode_json(self, sort_keys=True).decode()

    def _order(self) -> tuple[Any, ...]:
        return self.name, self.version, self.build_number, self.build

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, PackageRecord):
            return NotImplemented
        return self._order() < other._order()

    def __hash__(self) -> int:
        return hash((self.name, self.version, self.build, self.subdir))

    def __str__(self) -> str:
        return f"{self.name}={self.version}={self.build}"

    @staticmethod
    def sort_topologically(records: Iterable[Any]) -> list[Any]:
        """Order records so that each comes after what it depends on, where cycles allow."""
        from hognose.types.topological_order import sort_topologically

        return sort_topologically(records)

    @staticmethod
    def validate(records: Iterable[PackageRecord]) -> None:
        """Check that records fit together as one environment.

        Raises:
            ValidatePackageRecordsError: A dependency is missing, or a constraint is broken.
        """
        from hognose.types.record_graph import validate

        validate(records)


class RepoDataRecord(PackageRecord, kw_only=True, omit_defaults=True, gc=False):
    """A package of a channel, with where it lies.

    Attributes:
        file_name: The archive's file name.
        url: Where the archive lies; may hold credentials only until it is stored.
        channel: The channel it came from: its base URL, or its name where only that is known.
    """

    # Old records of installed packages lack these; their readers fill them in.
    file_name: str = field(name="fn", default="")
    url: str = ""
    channel: str = ""

    @classmethod
    def from_package_record(
        cls, record: PackageRecord, *, file_name: str, url: str, channel: str
    ) -> Self:
        """Add to a record where its package lies."""
        values = {name: getattr(record, name) for name in PackageRecord.__struct_fields__}
        return cls(**values, file_name=file_name, url=url, channel=channel)

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """Name, version, build and subdir as text: the package, wherever it lies."""
        return str(self.name), str(self.version), self.build, self.subdir
