"""Turns what repodata says of a package into a record that knows where its archive lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import msgspec
from msgspec import field

from hognose.net import join_url, without_secrets
from hognose.types import NoArchType, PackageName, RepoDataRecord, VersionWithSource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.types import Channel

__all__ = ("Placement", "WireRecord", "turn_hashes_into_text")


class WireRecord(RepoDataRecord, kw_only=True, omit_defaults=True, gc=False):
    """A record as it comes from a channel: every field holds what the wire holds.

    Shards have hashes as bytes (CEP 16), and some channels write their own `url`, `channel` and
    `fn` into records, or null. `Placement.place` turns it into a `RepoDataRecord`, and makes the
    values too: a call of the decoder's hook for each takes a microsecond more for a record.
    """

    name: str  # type: ignore[assignment]  # as on the wire
    version: str  # type: ignore[assignment]  # as on the wire
    noarch: str | bool | int | float | None = None  # type: ignore[assignment]  # as on the wire
    sha256_hex: Any = field(name="sha256", default=None)
    md5_hex: Any = field(name="md5", default=None)
    legacy_bz2_md5_hex: Any = field(name="legacy_bz2_md5", default=None)
    attestations_sha256_hex: Any = field(name="attestations_sha256", default=None)
    file_name: Any = field(name="fn", default="")
    url: Any = ""
    channel: Any = ""


# The class of a decoded record is changed in place, which needs the same fields in the same order.
# It takes 0.08 us where copying into a new record takes 3 us.
assert WireRecord.__struct_fields__ == RepoDataRecord.__struct_fields__


_NOT_NO_ARCH = NoArchType(None)
# Some very old records hold other things; what they meant is "not noarch".
_NO_ARCH_TYPES: dict[object, NoArchType] = {
    value: NoArchType(value) for value in (None, False, True, "generic", "python")
}


class Placement(msgspec.Struct, frozen=True, gc=False):
    """Where the archives of a subdir lie.

    Attributes:
        folder: The URL that file names are appended to, with a slash at the end, without secrets.
        channel: What records name as their channel: its base URL, without secrets.
        subdir: The platform folder.
    """

    folder: str
    channel: str
    subdir: str

    @classmethod
    def make(cls, channel: Channel, subdir: str, base_url: str | None) -> Self:
        """Combine a channel's address with the `base_url` that its repodata names (CEP 15)."""
        folder = f"{channel.platform_url(subdir)}/"
        if base_url:
            folder = join_url(folder, base_url)
            folder = folder if folder.endswith("/") else f"{folder}/"
        return cls(without_secrets(folder), without_secrets(channel.base_url), subdir)

    def place(
        self, name: str | None, file_names: Iterable[str], records: Iterable[WireRecord]
    ) -> list[RepoDataRecord]:
        """Fill in where each archive lies, in place, and return the records as what they are now.

        A record that says it is another package than its file name does is left out: nobody could
        ask for it by the name that it would be installed under. So is one whose file name is a
        path: it would lead out of the channel's folder, and out of the package cache.

        Args:
            name: The package that all of them are, or None for any.
            file_names: The archives' file names.
            records: Their records, in the same order.
        """
        folder, channel, subdir = self.folder, self.channel, self.subdir
        version_of, name_of = VersionWithSource.interned, PackageName.unchecked
        placed: list[RepoDataRecord] = []
        written, package, is_wanted = "", name_of(""), False
        names = list(file_names)
        # Once for all: for each file name it would cost a tenth of what placing it does.
        are_clean = not _has_slash("".join(names))
        for file_name, record in zip(names, records, strict=True):
            if record.name != written:
                written, package = record.name, name_of(record.name)
                is_wanted = name is None or package == name
            if not is_wanted or (not are_clean and _has_slash(file_name)):
                continue
            if name is None and package != file_name.rsplit("-", 2)[0].lower():
                continue
            record.name = package
            record.version = version_of(record.version)  # type: ignore[assignment]  # its value
            noarch = _NO_ARCH_TYPES.get(record.noarch, _NOT_NO_ARCH)
            record.noarch = noarch  # type: ignore[assignment]  # its value
            record.file_name = file_name
            record.url = folder + file_name
            record.channel = channel
            if not record.subdir:
                record.subdir = subdir
            record.__class__ = RepoDataRecord  # type: ignore[assignment]  # see above
            placed.append(record)
        return placed


def _has_slash(text: str) -> bool:
    return "/" in text or "\\" in text


def turn_hashes_into_text(records: Iterable[WireRecord]) -> None:
    """Bring the hashes of a shard's records into the form that `repodata.json` has them in."""
    for record in records:
        hashed = record.sha256_hex
        if hashed.__class__ is bytes:
            record.sha256_hex = hashed.hex()
        hashed = record.md5_hex
        if hashed.__class__ is bytes:
            record.md5_hex = hashed.hex()
        hashed = record.legacy_bz2_md5_hex
        if hashed.__class__ is bytes:
            record.legacy_bz2_md5_hex = hashed.hex()
        hashed = record.attestations_sha256_hex
        if hashed.__class__ is bytes:
            record.attestations_sha256_hex = hashed.hex()
