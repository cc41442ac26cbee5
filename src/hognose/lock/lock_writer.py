"""Writing lock files: rattler-lock 6 and 7, in the peer's layout and order.

The same contents always give the same text, whatever the order in which they were added, and each
package is a block of its own: what changes in a lock file is what has changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hognose.lock import location as locations
from hognose.lock.conda_package import format_record
from hognose.lock.locked_package import (
    CondaLockedBinaryPackage,
    CondaLockedSourcePackage,
    LockedPackage,
    PypiLockedPackage,
)
from hognose.lock.yaml_scalar import format_scalar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.lock.environment import Environment
    from hognose.lock.lock_file import LockFile

# Not written: the values that readers assume.
_DEFAULT_OPTIONS = {
    "strategy": "highest",
    "channel-priority": "strict",
    "pypi-prerelease-mode": "if-necessary-or-explicit",
}
# The scalars of entries that are kept as they were read are text; these are numbers.
_NUMBERS = frozenset(("build_number", "legacy_bz2_size", "size", "timestamp"))
# What else a PyPI package may have.
_PYPI_KEYS = {6: ("editable",), 7: ("build_packages", "host_packages", "index")}
_OPTIONS = ("strategy", "channel-priority", "exclude-newer", "pypi-prerelease-mode")


def encode_lock_file(lock_file: LockFile, *, version: int | None = None) -> str:
    """Write a lock file's text; see `LockFile.encode`.

    Raises:
        ValueError: If the version cannot be written, or cannot say what is in the file.
    """
    if version is None:
        version = 7 if lock_file.version == 7 or _obstacle(lock_file, 6) else 6
    if version not in (6, 7):
        message = f"lock files are written in version 6 or 7, not {version}"
        raise ValueError(message)
    obstacle = _obstacle(lock_file, version)
    if obstacle is not None:
        message = f"the lock file cannot be written in version {version}: {obstacle}"
        raise ValueError(message)
    environments = lock_file.environments()
    lines = [f"version: {version}\n"]
    if version == 7:
        lines.append(_platforms(lock_file))
    lines.append("environments:\n" if environments else "environments: {}\n")
    for _, environment in environments:
        _write_environment(environment, version, lines)
    packages = _all_packages(lock_file)
    lines.append("packages:\n" if packages else "packages: []\n")
    packages.sort(key=_package_order_7 if version == 7 else _package_order_6)
    lines += [_format_package(package, version) for package in packages]
    return "".join(lines)


def _obstacle(lock_file: LockFile, version: int) -> str | None:
    """Name the first thing that a version of the format cannot say."""
    for platform in lock_file.platforms():
        if version == 6 and not platform.is_plain:
            return f"the platform {platform} has a name or virtual packages of its own"
    for package in _all_packages(lock_file):
        if isinstance(package, CondaLockedSourcePackage) and package.version_of_format != version:
            return f"the source package {package.name} is of version {package.version_of_format}"
        if version == 6 and isinstance(package, PypiLockedPackage) and not package.version:
            return f"the package {package.name} has no version"
    return None


def _platforms(lock_file: LockFile) -> str:
    platforms = sorted(lock_file.platforms(), key=lambda platform: platform.name)
    lines = ["platforms:\n" if platforms else "platforms: []\n"]
    for platform in platforms:
        lines.append(f"- name: {platform.name}\n")
        if platform.name != str(platform.subdir):
            lines.append(f"  subdir: {platform.subdir}\n")
        if platform.virtual_packages:
            lines.append("  virtual-packages:\n")
            lines += [f"  - {format_scalar(text)}\n" for text in platform.virtual_packages]
    return "".join(lines)


def _write_environment(environment: Environment, version: int, lines: list[str]) -> None:
    lines.append(f"  {format_scalar(environment.name)}:\n")
    channels = environment.channels()
    lines.append("    channels:\n" if channels else "    channels: []\n")
    for channel in channels:
        lines.append(f"    - url: {format_scalar(locations.without_secrets(channel.url))}\n")
        if channel.used_env_vars:
            lines.append("      used_env_vars:\n")
            lines += [f"      - {format_scalar(name)}\n" for name in sorted(channel.used_env_vars)]
    if environment.indexes is not None:
        lines.append("    indexes:\n" if environment.indexes else "    indexes: []\n")
        for index in environment.indexes:
            lines.append(f"    - {format_scalar(locations.without_secrets(index))}\n")
    if environment.find_links:
        lines.append("    find-links:\n")
        for link in environment.find_links:
            lines += [f"    - {key}: {format_scalar(value)}\n" for key, value in link.items()]
    options = {
        key: environment.options[key]
        for key in (*_OPTIONS, *sorted(environment.options))
        if key in environment.options and environment.options[key] != _DEFAULT_OPTIONS.get(key)
    }
    if options:
        lines.append("    options:\n")
        lines += [f"      {key}: {format_scalar(value)}\n" for key, value in options.items()]
    by_platform = environment.packages_by_platform()
    lines.append("    packages:\n" if by_platform else "    packages: {}\n")
    for platform in sorted(by_platform, key=lambda platform: platform.name):
        packages = _unique(by_platform[platform])
        packages.sort(key=_package_order_7 if version == 7 else _selector_order_6)
        lines.append(f"      {platform.name}:{'' if packages else ' []'}\n")
        lines += [_format_selector(package) for package in packages]


def _all_packages(lock_file: LockFile) -> list[LockedPackage]:
    in_environments = (
        package
        for _, environment in lock_file.environments()
        for packages in environment.packages_by_platform().values()
        for package in packages
    )
    return _unique([*in_environments, *lock_file.build_packages])


def _unique(packages: Iterable[LockedPackage]) -> list[LockedPackage]:
    """Leave out packages that are there already, by what they are identified by."""
    seen: dict[Any, LockedPackage] = {}
    for package in packages:
        key: Any = (type(package), package.location)
        if isinstance(package, CondaLockedSourcePackage):
            key = id(package.tree)
        seen.setdefault(key, package)
    return list(seen.values())


def _format_selector(package: LockedPackage) -> str:
    if isinstance(package, CondaLockedSourcePackage):
        if package.version_of_format == 6:
            return _indented(package.selector, "      ")
        return f"      - conda_source: {format_scalar(package.tree['conda_source'])}\n"
    location = format_scalar(package.location)
    if not isinstance(package, PypiLockedPackage):
        return f"      - conda: {location}\n"
    if not package.extras:
        return f"      - pypi: {location}\n"
    extras = "".join(f"        - {format_scalar(extra)}\n" for extra in sorted(package.extras))
    return f"      - pypi: {location}\n        extras:\n{extras}"


def _format_package(package: LockedPackage, version: int) -> str:
    if isinstance(package, CondaLockedBinaryPackage):
        record = package.repo_data_record()
        return format_record(record, package.location, with_run_exports=version == 7)
    if isinstance(package, CondaLockedSourcePackage):
        return _indented(package.tree, "")
    assert isinstance(package, PypiLockedPackage)
    return _format_pypi(package, version)


def _format_pypi(package: PypiLockedPackage, version: int) -> str:
    tree: dict[str, Any] = {"pypi": package.location, "name": package.name}
    is_source = version >= 7 and package.is_source
    if package.version and not is_source:
        tree["version"] = package.version
    hashes = None if is_source else package.hashes
    if hashes is not None and hashes.md5 is not None:
        tree["md5"] = hashes.md5.hex()
    if hashes is not None and hashes.sha256 is not None:
        tree["sha256"] = hashes.sha256.hex()
    if version >= 7 and "index" in package.tree:
        tree["index"] = package.tree["index"]
    if package.requires_dist:
        tree["requires_dist"] = package.requires_dist
    if package.requires_python is not None:
        tree["requires_python"] = package.requires_python
    kept = {key: value for key, value in package.tree.items() if key in _PYPI_KEYS[version]}
    return _indented(tree | kept, "")


def _indented(tree: dict[str, Any], indent: str) -> str:
    """Write a mapping as an item of a list."""
    lines: list[str] = []
    _write_mapping(tree, indent + "  ", lines)
    return f"{indent}- {''.join(lines)[len(indent) + 2 :]}"


def _write_mapping(tree: dict[str, Any], indent: str, lines: list[str]) -> None:
    for key, value in tree.items():
        head = f"{indent}{format_scalar(key)}:"
        if isinstance(value, dict):
            lines.append(f"{head}\n" if value else f"{head} {{}}\n")
            _write_mapping(value, indent + "  ", lines)
        elif isinstance(value, (list, tuple)):
            lines.append(f"{head}\n" if value else f"{head} []\n")
            for item in value:
                if isinstance(item, dict):
                    lines.append(_indented(item, indent))
                else:
                    lines.append(f"{indent}- {format_scalar(str(item))}\n")
        else:
            is_text = not (value is None or key in _NUMBERS or value in ("true", "false"))
            shown = format_scalar(value) if is_text else "null" if value is None else value
            lines.append(f"{head} {shown}\n")


def _kind(package: LockedPackage) -> int:
    if isinstance(package, CondaLockedBinaryPackage):
        return 0
    return 1 if isinstance(package, CondaLockedSourcePackage) else 2


def _package_order_7(package: LockedPackage) -> tuple[int, str]:
    if isinstance(package, CondaLockedSourcePackage):
        return 1, str(package.tree["conda_source"])
    return _kind(package), package.location


def _selector_order_6(package: LockedPackage) -> tuple[Any, ...]:
    """URLs before paths, by the lower-case file name and then the whole."""
    kind = 2 if isinstance(package, PypiLockedPackage) else 0
    location = package.location
    if not locations.is_url(location):
        return kind, 1, "", location, str(getattr(package, "selector", ""))
    return kind, 0, location.rpartition("/")[2].lower(), location, ""


def _package_order_6(package: LockedPackage) -> tuple[Any, ...]:
    """By name; PyPI packages before conda packages, paths before URLs."""
    location = package.location
    is_conda = not isinstance(package, PypiLockedPackage)
    record = getattr(package, "package_record", None)
    rest = () if record is None else (str(record.version), record.build, record.subdir)
    return package.name, is_conda, locations.is_url(location), location, rest
