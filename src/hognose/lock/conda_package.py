"""Conda packages between their records and the fields of a lock file.

Reading fills in what the location says (`hognose.lock.location`); writing leaves it out. The
order of the fields is the format's own: what people look for comes first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hognose.errors import ParseLockFileError
from hognose.lock import location as locations
from hognose.lock.yaml_scalar import format_scalar
from hognose.types import PackageRecord, RepoDataRecord, wire

if TYPE_CHECKING:
    from collections.abc import Sequence

_LAST_SECOND = 253_402_300_799
_NUMBERS = ("build_number", "size", "legacy_bz2_size", "timestamp")
_HASHES = (("sha256", 64), ("md5", 32), ("legacy_bz2_md5", 32))
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]*+\Z")
_NO_ARCH: dict[Any, str | None] = {"false": None, "true": "generic", "none": None}


def decode_records(
    trees: Sequence[dict[str, Any]], *, base_directory: str | None
) -> list[RepoDataRecord]:
    """Make the records of conda packages; each tree names its location under `conda`.

    Raises:
        ParseLockFileError: If a field is missing or of the wrong shape.
    """
    complete = [_complete(tree, base_directory=base_directory) for tree in trees]
    try:
        return wire.convert(complete, list[RepoDataRecord], what="lock file")
    except ValueError as error:
        raise ParseLockFileError("packages", str(error)) from error


def decode_source_record(tree: dict[str, Any], name: str) -> PackageRecord | None:
    """Make the record of a source package; None while its metadata are not known.

    Raises:
        ParseLockFileError: If a field is of the wrong shape.
    """
    if tree.get("version") is None or tree.get("subdir") is None:
        return None
    fields = {"conda": "", "build": "", **tree, "name": name}
    fields.setdefault("build_number", "0")
    try:
        return wire.convert(
            _complete(fields, base_directory=None), PackageRecord, what=f"source package {name}"
        )
    except ValueError as error:
        raise ParseLockFileError(name, str(error)) from error


def _complete(tree: dict[str, Any], *, base_directory: str | None) -> dict[str, Any]:
    """Copy a tree, turn its numbers into numbers and add what the location says."""
    fields = tree.copy()
    if None in fields.values():
        fields = {key: value for key, value in tree.items() if value is not None}
    location = fields.pop("conda")
    derived = locations.derive(location)
    for key in _NUMBERS:
        if key in fields:
            fields[key] = _number(fields[key], key, location)
    for key, length in _HASHES:
        if key in fields and not (len(fields[key]) == length and _HEXADECIMAL.match(fields[key])):
            raise ParseLockFileError(location, f"`{key}` is not {length} hexadecimal digits")
    if fields.get("timestamp", _LAST_SECOND + 1) <= _LAST_SECOND:
        fields["timestamp"] *= 1000
    if "name" not in fields:
        fields["name"] = _required(derived.name, "name", location)
    if "version" not in fields:
        fields["version"] = _required(derived.version, "version", location)
    build = fields.get("build")
    if build is None:
        build = fields["build"] = derived.build or ""
    if "build_number" not in fields:
        fields["build_number"] = locations.derive_build_number(build)
    subdir = fields.get("subdir")
    if subdir is None:
        subdir = fields["subdir"] = _required(derived.subdir, "subdir", location)
    noarch = fields.get("noarch")
    if noarch is None:
        noarch = locations.derive_noarch(derived.subdir or subdir, derived.build or build)
    fields["noarch"] = _NO_ARCH.get(noarch, noarch)
    arch, platform = locations.derive_arch(subdir)
    if "arch" not in tree:
        fields["arch"], fields["platform"] = arch, platform
    fields["fn"] = fields.pop("file_name", None) or derived.file_name or ""
    if location:
        url = fields["url"] = locations.to_url(location, base_directory)
        if "channel" not in tree:
            channel = derived.channel or url.rpartition("/")[0].rpartition("/")[0]
            fields["channel"] = f"{channel}/"
        elif fields.get("channel"):
            fields["channel"] = fields["channel"].rstrip("/") + "/"
    return fields


def _required(value: str | None, key: str, location: str) -> str:
    if value is None:
        rule = f"the package has no `{key}`, and its location does not tell"
        raise ParseLockFileError(location, rule)
    return value


def _number(value: object, key: str, location: str) -> int:
    try:
        return int(value)  # type: ignore[call-overload, no-any-return] # an error is an answer
    except (TypeError, ValueError) as error:
        raise ParseLockFileError(location, f"`{key}` is not a number: {value!r}") from error


def format_record(record: RepoDataRecord, location: str, *, with_run_exports: bool) -> str:
    """Write a record as an item of the list of packages, without what its location says."""
    derived = locations.derive(location)
    scalar = format_scalar
    lines = [f"- conda: {scalar(location)}"]
    add = lines.append

    def text(key: str, value: str | None) -> None:
        if value is not None:
            add(f"  {key}: {scalar(value)}")

    def texts(key: str, values: Sequence[str]) -> None:
        if values:
            add(f"  {key}:")
            lines.extend([f"  - {scalar(value)}" for value in values])

    build, subdir = record.build, record.subdir
    if record.name.source != derived.name:
        text("name", record.name.source)
    version = str(record.version)
    if version != derived.version:
        text("version", version)
    if build != (derived.build or ""):
        text("build", build)
    if record.build_number != locations.derive_build_number(build):
        add(f"  build_number: {record.build_number}")
    if subdir != derived.subdir:
        text("subdir", subdir)
    noarch = record.noarch.value
    if noarch != locations.derive_noarch(derived.subdir or subdir, derived.build or build):
        add(f"  noarch: {noarch or 'false'}")
    text("sha256", record.sha256_hex)
    text("md5", record.md5_hex)
    text("legacy_bz2_md5", record.legacy_bz2_md5_hex)
    texts("depends", record.depends)
    texts("constrains", record.constrains)
    if record.extra_depends:
        add("  extra_depends:")
        for extra, depends in sorted(record.extra_depends.items()):
            add(f"    {scalar(extra)}:{'' if depends else ' []'}")
            lines.extend([f"    - {scalar(depend)}" for depend in depends])
    channel = record.channel.rstrip("/")
    # conda writes the folder of the platform into the records of installed packages.
    own = {derived.channel, f"{derived.channel}/{derived.subdir}"}
    if locations.is_url(channel) and channel not in own:
        text("channel", locations.without_secrets(channel))
    text("features", record.features)
    texts("flags", record.flags)
    texts("track_features", record.track_features)
    if record.file_name and record.file_name != derived.file_name:
        text("file_name", record.file_name)
    text("license", record.license)
    text("license_family", record.license_family)
    if record.purls is not None:
        texts("purls", sorted(record.purls))
        if not record.purls:
            add("  purls: []")
    if with_run_exports and record.run_exports is not None:
        exports = wire.to_builtins(record.run_exports)
        add(f"  run_exports:{'' if exports else ' {}'}")
        for kind, specs in exports.items():
            add(f"    {kind}:")
            lines.extend([f"    - {scalar(spec)}" for spec in specs])
    if record.size is not None:
        add(f"  size: {record.size}")
    if record.legacy_bz2_size is not None:
        add(f"  legacy_bz2_size: {record.legacy_bz2_size}")
    if record.timestamp_ms is not None:
        milliseconds = int(record.timestamp_ms)
        add(f"  timestamp: {milliseconds if milliseconds > _LAST_SECOND else milliseconds * 1000}")
    text("python_site_packages_path", record.python_site_packages_path)
    add("")
    return "\n".join(lines)
