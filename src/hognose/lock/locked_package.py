"""Packages as a lock file holds them: conda packages, conda source packages, PyPI packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hognose.lock import location as locations

if TYPE_CHECKING:
    from hognose.types import MatchSpec, PackageRecord, RepoDataRecord, Version


class PackageHashes(msgspec.Struct, frozen=True, gc=False):
    """The hashes of a package's archive; at least one is there."""

    md5: bytes | None = None
    sha256: bytes | None = None


class LockedPackage:
    """Any package of a lock file.

    Attributes:
        name: The package's name.
        location: A URL or a path.
    """

    __slots__ = ("location", "name")

    name: str
    location: str

    @property
    def hashes(self) -> PackageHashes | None:
        """The hashes of the archive, None if there are none."""
        return None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, location={self.location!r})"


class CondaLockedPackage(LockedPackage):
    """A conda package, built or still to be built."""

    __slots__ = ()

    @property
    def package_record(self) -> PackageRecord | None:
        """What is known about the package; None for a source that has not been looked at."""
        raise NotImplementedError

    @property
    def version(self) -> Version | None:
        """The version, where known."""
        record = self.package_record
        return None if record is None else record.version

    def satisfies(self, spec: MatchSpec | str) -> bool:
        """Whether the locked package fulfils a spec; an unknown one fulfils none.

        Raises:
            InvalidMatchSpecError: If the text is no spec.
        """
        from hognose.types import MatchSpec

        record = self.package_record
        return record is not None and MatchSpec(str(spec)).matches(record)


class CondaLockedBinaryPackage(CondaLockedPackage):
    """A conda package that lies ready as an archive."""

    __slots__ = ("_record",)

    def __init__(self, record: RepoDataRecord, *, location: str | None = None) -> None:
        """Lock a record; without a location, its URL is taken."""
        self._record = record
        self.name = record.name.source
        self.location = locations.from_url(record.url) if location is None else location

    @property
    def package_record(self) -> PackageRecord:
        """The record."""
        return self._record

    @property
    def hashes(self) -> PackageHashes | None:
        """The hashes of the archive."""
        record = self._record
        if record.md5_hex is None and record.sha256_hex is None:
            return None
        return PackageHashes(record.md5, record.sha256)

    def repo_data_record(self) -> RepoDataRecord:
        """The record with the URL to download from."""
        return self._record


class CondaLockedSourcePackage(CondaLockedPackage):
    """A conda package that is to be built from source.

    hognose does not build; the entry is kept as it was read, and written back by the version of
    the format that it came from.
    """

    __slots__ = ("_record", "selector", "tree", "version_of_format")

    def __init__(
        self,
        name: str,
        location: str,
        record: PackageRecord | None,
        *,
        tree: dict[str, Any],
        selector: dict[str, Any],
        version_of_format: int,
    ) -> None:
        """Keep what was read."""
        self.name, self.location, self._record = name, location, record
        self.tree, self.selector, self.version_of_format = tree, selector, version_of_format

    @property
    def package_record(self) -> PackageRecord | None:
        """The record, as far as the source has been looked at."""
        return self._record


class PypiLockedPackage(LockedPackage):
    """A Python package from an index, a URL or a directory.

    Attributes:
        version: The version as text; empty for a source whose version is not known yet.
        requires_dist: The requirements, as the package states them.
        requires_python: The Python versions it runs on, None if it does not say.
        extras: The extras with which the environment wants it.
        tree: Further keys, kept as they were read.
        is_source: Whether it is a directory to build from, whose version may change.
    """

    __slots__ = (
        "_hashes",
        "extras",
        "is_source",
        "requires_dist",
        "requires_python",
        "tree",
        "version",
    )

    def __init__(
        self,
        name: str,
        version: str,
        location: str,
        *,
        hashes: PackageHashes | None = None,
        requires_dist: tuple[str, ...] = (),
        requires_python: str | None = None,
        extras: tuple[str, ...] = (),
        tree: dict[str, Any] | None = None,
        is_source: bool = False,
    ) -> None:
        """Lock a package."""
        self.name, self.version, self.location = name, version, location
        self._hashes = hashes
        self.requires_dist = list(requires_dist)
        self.requires_python = requires_python
        self.extras = extras
        self.tree = tree or {}
        self.is_source = is_source

    @property
    def hashes(self) -> PackageHashes | None:
        """The hashes of the archive, None if there are none."""
        return self._hashes

    def satisfies(self, spec: str) -> bool:
        """Whether the locked package fulfils a requirement such as `numpy >=1.26`.

        Extras and markers are not looked at.

        Raises:
            InvalidMatchSpecError: If the requirement cannot be understood.
        """
        import re

        from hognose.types import Version, VersionSpec

        found = re.match(r"\s*([A-Za-z0-9._-]+)\s*(?:\[[^]]*\])?\s*\(?([^;@)]*)\)?", spec)
        name, versions = ("", "") if found is None else (found[1], found[2].replace(" ", ""))
        if re.sub(r"[-_.]+", "-", name).lower() != re.sub(r"[-_.]+", "-", self.name).lower():
            return False
        if not versions:
            return True
        return bool(self.version) and VersionSpec(versions).matches(Version(self.version))
