"""Reading conda-lock files: versions 1 to 3 of the format (CEP 37)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hognose.errors import ParseLockFileError
from hognose.lock import location as locations
from hognose.lock.conda_package import decode_records
from hognose.lock.environment import Environment, LockChannel, LockPlatform
from hognose.lock.lock_file import DEFAULT_ENVIRONMENT, LockFile
from hognose.lock.locked_package import (
    CondaLockedBinaryPackage,
    LockedPackage,
    PackageHashes,
    PypiLockedPackage,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def decode_conda_lock(
    document: Mapping[str, Any], version: int, *, base_directory: str | None = None
) -> LockFile:
    """Make a lock file with one environment, `default`, out of a conda-lock document.

    Raises:
        ParseLockFileError: If a field is missing or of the wrong shape.
    """
    metadata, items = document.get("metadata"), document.get("package")
    if not isinstance(metadata, dict) or not isinstance(items, list):
        raise ParseLockFileError("conda-lock file", "it has no `metadata` or no `package`")
    environment = Environment(
        DEFAULT_ENVIRONMENT,
        channels=[
            LockChannel(channel["url"], used_env_vars=channel.get("used_env_vars") or ())
            for channel in metadata.get("channels") or ()
        ],
    )
    conda = [item for item in items if item.get("manager") == "conda"]
    records = iter(
        decode_records([_conda_tree(item) for item in conda], base_directory=base_directory)
    )
    platforms = {name: LockPlatform(name) for name in sorted({item["platform"] for item in items})}
    for platform in platforms.values():
        environment.add_platform(platform)
    for item in items:
        package: LockedPackage
        if item.get("manager") == "conda":
            package = CondaLockedBinaryPackage(next(records))
        elif item.get("manager") in ("pip", "pypi"):
            package = _pypi_package(item)
        else:
            raise ParseLockFileError(str(item.get("name")), "its `manager` is not known")
        environment.add_package(platforms[item["platform"]], package)
    lock_file = LockFile(platforms.values(), version=version)
    lock_file.add_environment(environment)
    return lock_file


def _conda_tree(item: Mapping[str, Any]) -> dict[str, Any]:
    """Rename an item's fields to those of the later versions."""
    tree = dict(item)
    platform = tree.pop("platform")
    location = tree["conda"] = _text(tree, "url")
    del tree["url"]
    tree |= tree.pop("hash", None) or {}
    tree["depends"] = _specs(tree.pop("dependencies", None), " ")
    if isinstance(tree.get("track_features"), str):
        tree["track_features"] = [tree["track_features"]]
    if not tree.get("purls"):
        tree.pop("purls", None)
    derived = locations.derive(location).subdir
    if tree.get("subdir") is None:
        tree["subdir"] = derived or platform
    arch, tree["platform"] = locations.derive_arch(derived or tree["subdir"])
    tree["arch"] = tree.get("arch") or arch
    return tree


def _pypi_package(item: Mapping[str, Any]) -> PypiLockedPackage:
    hashes = item.get("hash") or {}
    md5, sha256 = hashes.get("md5"), hashes.get("sha256")
    requires_dist = item.get("requires_dist") or item.get("dependencies")
    return PypiLockedPackage(
        _text(item, "name"),
        _text(item, "version"),
        _text(item, "url"),
        hashes=PackageHashes(
            None if md5 is None else bytes.fromhex(md5),
            None if sha256 is None else bytes.fromhex(sha256),
        )
        if md5 or sha256
        else None,
        requires_dist=tuple(_specs(requires_dist, "")),
        requires_python=item.get("requires_python"),
    )


def _text(item: Mapping[str, Any], key: str) -> str:
    value = item.get(key)
    if not isinstance(value, str):
        raise ParseLockFileError(str(item.get("name")), f"`{key}` is missing")
    return value


def _specs(dependencies: object, separator: str) -> list[str]:
    """Dependencies are a list of specs, or a mapping from names to what follows the name."""
    if isinstance(dependencies, dict):
        return [
            f"{name}{separator}{rest}" if rest and rest != "*" else str(name)
            for name, rest in dependencies.items()
        ]
    return list(dependencies) if isinstance(dependencies, list) else []
