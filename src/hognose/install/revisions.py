"""From a revision in an environment's log back to the packages that it had.

The log names packages, and not where their archives are (CEP 32). They are looked for among what is
installed, then in the package cache, then by a query of their channels.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import HognoseError, TransactionError
from hognose.install.conda_record import NO_CHANNEL, channel_of_record, spec_of_note
from hognose.install.history import channel_in_history
from hognose.types import (
    MatchSpec,
    PackageName,
    Platform,
    RepoDataRecord,
    package_name_of,
    wire,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hognose.cache import PackageCache
    from hognose.install.history import HistoryBlock, Revision

__all__ = ("PackageReference", "find_record", "resolve_revision", "specs_of_revision")


class PackageReference(msgspec.Struct, frozen=True, kw_only=True):
    """A package as the log names it: `channel/subdir::name-version-build`.

    Attributes:
        channel: The channel's name or URL.
        subdir: The platform, or empty where an old log does not say it.
        name: The package's name.
        version: The package's version.
        build: The package's build string.
    """

    channel: str
    subdir: str
    name: str
    version: str
    build: str

    @classmethod
    def parse(cls, text: str) -> PackageReference:
        """Read one line of the log, without its sign.

        Raises:
            TransactionError: It names no package.
        """
        place, _, stem = text.rpartition("::")
        parts = stem.rsplit("-", 2)
        if len(parts) != 3 or not all(parts):
            message = f"the log of the environment names a package that is none: {text!r}"
            raise TransactionError(message)
        channel, _, subdir = place.rpartition("/")
        if subdir not in _SUBDIRS:
            channel, subdir = place, ""
        name, version, build = parts
        return cls(channel=channel, subdir=subdir, name=name, version=version, build=build)

    @property
    def file_stem(self) -> str:
        """`name-version-build`."""
        return f"{self.name}-{self.version}-{self.build}"

    @property
    def spec(self) -> MatchSpec:
        """A spec that this package alone matches, within one channel."""
        return MatchSpec(f"{self.name} =={self.version} {self.build}")

    def __str__(self) -> str:
        place = f"{self.channel}/{self.subdir}" if self.subdir else self.channel
        return f"{place}::{self.file_stem}" if place else self.file_stem

    def names(self, record: RepoDataRecord) -> bool:
        """Tell whether this is what the log calls the record."""
        return (
            record.file_stem == self.file_stem
            and self.subdir in {"", record.subdir}
            and _is_same_channel(self.channel, channel_in_history(channel_of_record(record)))
        )


def _is_same_channel(logged: str, own: str) -> bool:
    """Compare a channel in any program's log with what ours has in its place."""
    if logged in {"", own} or (logged == NO_CHANNEL and own == "unknown"):
        return True
    if logged == "defaults":
        return any(_is_same_channel(member, own) for member in _DEFAULTS)
    if "://" in logged:
        return channel_in_history(logged) == own
    # A name leads elsewhere where a program was told of a mirror, whose URLs end with it.
    return "://" in own and own.endswith(f"/{logged}")


# What conda calls `defaults`.
_DEFAULTS = ("pkgs/main", "pkgs/r", "pkgs/msys2")

_SUBDIRS = frozenset(map(str, Platform.all()))


def specs_of_revision(blocks: Sequence[HistoryBlock], revision: Revision) -> list[MatchSpec]:
    """Return the specs that were asked for up to a revision, of packages that it has.

    The last spec of a name counts, until a block asks for its removal.
    """
    asked: dict[str, MatchSpec] = {}
    for block in blocks[: revision.number + 1]:
        for text in block.update_specs:
            try:
                asked[package_name_of(text)] = spec_of_note(text)
            except HognoseError:
                # Another tool's notation; the package is restored all the same.
                continue
        for text in block.remove_specs:
            with suppress(HognoseError):
                asked.pop(package_name_of(text), None)
    names = {str(PackageName(PackageReference.parse(text).name)) for text in revision.packages}
    return [spec for name, spec in asked.items() if name in names]


def resolve_revision(
    revision: Revision,
    *,
    installed: Iterable[RepoDataRecord],
    cache: PackageCache | None = None,
    query: Callable[[PackageReference], Sequence[RepoDataRecord]] | None = None,
) -> list[RepoDataRecord]:
    """Find the records of all packages of a revision.

    Args:
        revision: The revision.
        installed: What is in the environment now.
        cache: Where else to look.
        query: Asks the package's channel, for what is neither here nor there.

    Raises:
        TransactionError: Packages are nowhere to be found; has `packages`.
        HognoseError: Whatever `query` raises.
    """
    present = {record.file_stem: record for record in installed}
    found: list[RepoDataRecord] = []
    missing: list[str] = []
    for text in revision.packages:
        reference = PackageReference.parse(text)
        record = present.get(reference.file_stem)
        if record is None or not reference.names(record):
            record = find_record(reference, cache=cache, query=query)
        if record is None:
            missing.append(text)
        else:
            found.append(record)
    if missing:
        message = f"packages of revision {revision.number} are not to be had: {', '.join(missing)}"
        hint = "their channel may have removed them"
        raise TransactionError(message, hint=hint, packages=tuple(missing))
    return found


def find_record(
    reference: PackageReference,
    *,
    cache: PackageCache | None = None,
    query: Callable[[PackageReference], Sequence[RepoDataRecord]] | None = None,
) -> RepoDataRecord | None:
    """Find the record of a package in the cache, or else by a query of its channel.

    Raises:
        HognoseError: Whatever `query` raises.
    """
    record = _find_in_cache(reference, cache) if cache is not None else None
    if record is None and query is not None:
        record = next(filter(reference.names, query(reference)), None)
    return record


def _find_in_cache(reference: PackageReference, cache: PackageCache) -> RepoDataRecord | None:
    for root in (cache.root, *cache.read_only):
        try:
            names = sorted(
                name for name in os.listdir(root) if name.startswith(reference.file_stem)
            )
        except OSError:
            continue
        for name in names:
            try:
                with open(f"{root}/{name}/info/repodata_record.json", "rb") as file:
                    record = wire.decode_json(file.read(), RepoDataRecord)
            except (OSError, HognoseError):
                continue
            if reference.names(record):
                return record
    return None
