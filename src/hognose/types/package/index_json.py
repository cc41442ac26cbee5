"""`info/index.json`: what a package is and needs (CEP 34)."""

from __future__ import annotations

from typing import ClassVar

from msgspec import field

from hognose.types.always import no_texts, zero
from hognose.types.no_arch_type import NoArchType
from hognose.types.package.package_file import PackageFile
from hognose.types.package_name import PackageName
from hognose.types.timestamps import timestamp_property
from hognose.types.track_features import track_features_property
from hognose.types.version_with_source import VersionWithSource


class IndexJson(PackageFile, kw_only=True, omit_defaults=True, gc=False):
    """The `info/index.json` of a package, schema versions 1 to 3 (CEP 34, CEP 48)."""

    PATH: ClassVar[str] = "info/index.json"

    name: PackageName
    version: VersionWithSource
    build: str
    build_number: int = field(default_factory=zero)
    depends: tuple[str, ...] = field(default_factory=no_texts)
    constrains: tuple[str, ...] = ()
    extra_depends: dict[str, tuple[str, ...]] = {}
    flags: tuple[str, ...] = ()
    noarch: NoArchType = NoArchType(None)
    subdir: str | None = None
    arch: str | None = None
    platform: str | None = None
    license: str | None = None
    license_family: str | None = None
    features: str | None = None
    track_features_source: str | tuple[str, ...] | None = field(name="track_features", default=None)
    timestamp_ms: int | float | None = field(name="timestamp", default=None)
    python_site_packages_path: str | None = None
    purls: tuple[str, ...] | None = None
    repodata_revision: int | None = None
    schema_version: int | None = None

    track_features = track_features_property
    timestamp = timestamp_property("timestamp_ms")
