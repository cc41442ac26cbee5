"""Reading lock files: rattler-lock 4 to 7 here, 1 to 3 in `hognose.lock.conda_lock`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hognose.errors import HognoseError, ParseLockFileError
from hognose.lock import location as locations
from hognose.lock.conda_package import decode_records, decode_source_record
from hognose.lock.environment import Environment, LockChannel, LockPlatform
from hognose.lock.locked_package import (
    CondaLockedBinaryPackage,
    CondaLockedPackage,
    CondaLockedSourcePackage,
    LockedPackage,
    PackageHashes,
    PypiLockedPackage,
)
from hognose.lock.yaml_document import load_raw_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.lock.lock_file import LockFile

NEWEST = 7
_PYPI_FIELDS = frozenset(
    (
        *("pypi", "kind", "name", "version", "md5", "sha256", "url", "path"),
        *("requires_dist", "requires_python"),
    )
)
_PYPI_ARCHIVES = (
    ".whl",
    ".tar.gz",
    ".tar.bz2",
    ".tar.xz",
    ".tar.Z",
    ".tgz",
    ".tbz",
    ".tar",
    ".zip",
)


def decode_lock_file(text: str, *, base_directory: str | None = None) -> LockFile:
    """Read a lock file's text; see `LockFile.decode`.

    Raises:
        ParseLockFileError: If it is no lock file, or of a version that is not known.
    """
    document = load_raw_yaml(text)
    if not isinstance(document, dict) or "version" not in document:
        raise ParseLockFileError(text[:80], "there is no `version` in it")
    version = document["version"]
    if not (isinstance(version, str) and version.isascii() and version.isdigit()):
        raise ParseLockFileError(str(version), "its version is not a number")
    number = int(version)
    if not 1 <= number <= NEWEST:
        rule = f"it is of version {number}; the versions up to {NEWEST} are known"
        raise ParseLockFileError("version", rule, hint="use a newer release of this program")
    try:
        if number <= 3:
            from hognose.lock.conda_lock import decode_conda_lock

            return decode_conda_lock(document, number, base_directory=base_directory)
        return _Reader(document, number, base_directory).read()
    except ParseLockFileError:
        raise
    except HognoseError as error:
        raise ParseLockFileError("lock file", error.message) from error
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise ParseLockFileError("lock file", f"it has not the expected shape: {error}") from error


class _Reader:
    """One document on its way to a `LockFile`."""

    def __init__(self, document: dict[str, Any], version: int, base_directory: str | None) -> None:
        self.document, self.version, self.base_directory = document, version, base_directory
        # By kind and location; several conda packages may share a location before version 7.
        self.conda: dict[str, list[LockedPackage]] = {}
        self.pypi: dict[str, PypiLockedPackage] = {}

    def read(self) -> LockFile:
        from hognose.lock.lock_file import LockFile

        lock_file = LockFile(self._platforms(), version=self.version)
        self._read_packages(_list(self.document, "packages"))
        for name, tree in sorted(_mapping(self.document, "environments").items()):
            lock_file.add_environment(self._environment(lock_file, name, tree))
        lock_file.build_packages = self._build_packages(lock_file)
        return lock_file

    def _build_packages(self, lock_file: LockFile) -> list[LockedPackage]:
        """Find the packages that only the sources need, to be built with."""
        waiting: list[LockedPackage] = [
            package
            for _, environment in lock_file.environments()
            for packages in environment.packages_by_platform().values()
            for package in packages
        ]
        found: dict[int, LockedPackage] = {}
        while waiting:
            tree: dict[str, Any] = getattr(waiting.pop(), "tree", {})
            for selector in (*tree.get("build_packages", ()), *tree.get("host_packages", ())):
                package = self._select(selector, None)
                if package is None:
                    shown = str(next(iter(selector.values()), ""))
                    raise ParseLockFileError(shown, "a source needs it, and it is not there")
                if id(package) not in found:
                    found[id(package)] = package
                    waiting.append(package)
        return list(found.values())

    def _platforms(self) -> list[LockPlatform]:
        if self.version < 7:
            return []
        platforms: dict[str, LockPlatform] = {}
        for tree in _list(self.document, "platforms"):
            name = _text(tree, "name")
            if name in platforms:
                raise ParseLockFileError(name, "the platform is defined twice")
            virtual_packages = _texts(tree, "virtual-packages")
            platforms[name] = LockPlatform(name, tree.get("subdir"), virtual_packages)
        return list(platforms.values())

    def _read_packages(self, trees: Iterable[dict[str, Any]]) -> None:
        binary: list[dict[str, Any]] = []
        for tree in trees:
            if self.version < 6:
                kind = tree.get("kind")
                if kind == "conda":
                    tree["conda"] = _text(tree, "url")
                    tree.setdefault("noarch", "false")
                elif kind == "pypi":
                    tree["pypi"] = tree.get("url") or _text(tree, "path")
            if "conda" in tree:
                if self.version < 6 or locations.is_archive(tree["conda"]):
                    binary.append(tree)
                elif self.version == 6:
                    self._add_source(tree, tree["conda"], _text(tree, "name"), tree["conda"])
                else:
                    rule = "a conda package's location ends in the name of an archive"
                    raise ParseLockFileError(tree["conda"], rule)
            elif "conda_source" in tree:
                key = tree["conda_source"]
                name, _, rest = key.partition("[")
                self._add_source(tree, key, name, rest.partition(" @ ")[2])
            elif "pypi" in tree:
                self.pypi[tree["pypi"]] = _pypi_package(tree, self.version)
            else:
                shown = str(next(iter(tree.values()), ""))
                raise ParseLockFileError(shown, "a package has one of the keys `conda` and `pypi`")
        records = decode_records(binary, base_directory=self.base_directory)
        for tree, record in zip(binary, records, strict=True):
            location = tree["conda"]
            local = locations.from_url(location) if location.startswith("file:") else location
            package = CondaLockedBinaryPackage(record, location=local)
            self.conda.setdefault(location, []).append(package)

    def _add_source(self, tree: dict[str, Any], key: str, name: str, location: str) -> None:
        package = CondaLockedSourcePackage(
            name,
            location,
            decode_source_record(tree, name),
            tree=tree,
            selector={},
            version_of_format=self.version,
        )
        self.conda.setdefault(key, []).append(package)

    def _environment(self, lock_file: LockFile, name: str, tree: dict[str, Any]) -> Environment:
        environment = Environment(name, channels=map(_channel, _list(tree, "channels")))
        options = _mapping(tree, "options") if tree.get("options") else {}
        environment.options = {key: _text(options, key) for key in options if options[key]}
        if "indexes" in tree:
            environment.indexes = list(_texts(tree, "indexes"))
        environment.find_links = tree.get("find-links") or []
        for platform_name, selectors in _mapping(tree, "packages").items():
            platform = lock_file.platform(platform_name)
            if platform is None:
                if self.version >= 7:
                    rule = f"the environment `{name}` uses the platform, which is not defined"
                    raise ParseLockFileError(platform_name, rule)
                platform = LockPlatform(platform_name)
            environment.add_platform(platform)
            seen: set[int] = set()
            for selector in selectors or ():
                package = self._select(selector, platform)
                if package is None:
                    shown = str(next(iter(selector.values()), ""))
                    rule = f"`{name}` on {platform_name} uses the package, which is not there"
                    raise ParseLockFileError(shown, rule)
                if id(package) not in seen:
                    seen.add(id(package))
                    environment.add_package(platform, package)
        return environment

    def _select(
        self, selector: dict[str, Any], platform: LockPlatform | None
    ) -> LockedPackage | None:
        if "pypi" in selector:
            package = self.pypi.get(selector["pypi"])
            return _with_extras(package, _texts(selector, "extras"))
        key = selector.get("conda") or selector.get("conda_source")
        candidates = self.conda.get(key or "", [])
        if self.version == 7:
            return candidates[0] if candidates else None
        if self.version == 6:
            return next((package for package in candidates if _fits(package, selector)), None)
        assert platform is not None
        same = [
            package
            for package in candidates
            if isinstance(package, CondaLockedBinaryPackage)
            and package.package_record.subdir == str(platform.subdir)
        ]
        return _merged([*(same or candidates)])


def _fits(package: LockedPackage, selector: dict[str, Any]) -> bool:
    """Whether a package is the one that a selector of version 6 means; keeps the selector."""
    if len(selector) == 1 and isinstance(package, CondaLockedBinaryPackage):
        return True
    record = package.package_record if isinstance(package, CondaLockedPackage) else None
    if record is None:
        return False
    values = {
        "name": record.name.source,
        "version": str(record.version),
        "build": record.build,
        "subdir": record.subdir,
    }
    if any(selector.get(key) not in (None, value) for key, value in values.items()):
        return False
    if isinstance(package, CondaLockedSourcePackage) and len(selector) >= len(package.selector):
        package.selector = selector
    return True


def _merged(packages: list[LockedPackage]) -> LockedPackage | None:
    """Join packages of one location, as files up to version 5 may have them, into one."""
    if not packages:
        return None
    first = packages[0]
    assert isinstance(first, CondaLockedBinaryPackage)
    record = first.repo_data_record()
    for package in packages[1:]:
        assert isinstance(package, CondaLockedBinaryPackage)
        other = package.repo_data_record()
        for field in ("purls", "sha256_hex", "md5_hex", "size", "license", "timestamp_ms"):
            if not getattr(record, field):
                setattr(record, field, getattr(other, field))
    return first


def _with_extras(
    package: PypiLockedPackage | None, extras: tuple[str, ...]
) -> PypiLockedPackage | None:
    if package is None or not extras:
        return package
    return PypiLockedPackage(
        package.name,
        package.version,
        package.location,
        hashes=package.hashes,
        requires_dist=tuple(package.requires_dist),
        requires_python=package.requires_python,
        extras=extras,
        tree=package.tree,
        is_source=package.is_source,
    )


def _pypi_package(tree: dict[str, Any], version: int) -> PypiLockedPackage:
    md5, sha256 = tree.get("md5"), tree.get("sha256")
    if version >= 7:
        is_source = not (md5 or sha256 or "version" in tree or "index" in tree)
    else:
        location = tree["pypi"]
        is_local = location.startswith("file:") or not locations.is_url(location)
        is_source = is_local and not location.endswith(_PYPI_ARCHIVES)
    try:
        hashes = PackageHashes(
            None if md5 is None else bytes.fromhex(md5),
            None if sha256 is None else bytes.fromhex(sha256),
        )
    except ValueError as error:
        raise ParseLockFileError(tree["pypi"], f"a hash is not hexadecimal: {error}") from error
    return PypiLockedPackage(
        _text(tree, "name"),
        _text(tree, "version") if "version" in tree else "",
        tree["pypi"],
        hashes=None if md5 is None and sha256 is None else hashes,
        requires_dist=_texts(tree, "requires_dist"),
        requires_python=tree.get("requires_python"),
        tree={key: value for key, value in tree.items() if key not in _PYPI_FIELDS},
        is_source=is_source,
    )


def _channel(tree: dict[str, Any] | str) -> LockChannel:
    if isinstance(tree, str):
        return LockChannel(tree)
    return LockChannel(_text(tree, "url"), used_env_vars=_texts(tree, "used_env_vars"))


def _text(tree: dict[str, Any], key: str) -> str:
    value = tree.get(key)
    if not isinstance(value, str):
        raise ParseLockFileError(str(tree)[:80], f"`{key}` is missing")
    return value


def _texts(tree: dict[str, Any], key: str) -> tuple[str, ...]:
    values = tree.get(key) or ()
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise ParseLockFileError(key, "it is not a list of texts")
    return tuple(values)


def _list(tree: dict[str, Any], key: str) -> list[Any]:
    value = tree.get(key)
    if not isinstance(value, list):
        raise ParseLockFileError(key, "it is missing, or not a list")
    return value


def _mapping(tree: dict[str, Any], key: str) -> dict[str, Any]:
    value = tree.get(key)
    if not isinstance(value, dict):
        raise ParseLockFileError(key, "it is missing, or not a mapping")
    return value
