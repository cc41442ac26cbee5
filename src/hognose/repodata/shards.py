"""Sharded repodata (CEP 16): an index of hashes, and a small file for each name.

A shard is named by the hash of its bytes, so one that is on disk is right or visibly broken, and
is never asked for again. It is verified each time it is read, which costs a few microseconds.
"""

from __future__ import annotations

import hashlib
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import field

from hognose.errors import HashMismatchError, InvalidPackageFileError, NotFoundError
from hognose.net import redact
from hognose.repodata.decompression import decompress, read_all
from hognose.repodata.format_selection import PackageFormatSelection, select
from hognose.repodata.placement import Placement, WireRecord, join_named_url, turn_hashes_into_text
from hognose.repodata.removed_package import RemovedPackage
from hognose.repodata.wire_document import WireDocument
from hognose.types import ChannelInfo, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hognose.net import Client, Response
    from hognose.repodata.shard_store import ShardStore
    from hognose.types import Channel, RepoDataRecord

__all__ = ("INDEX_NAME", "MAX_INDEX_SIZE", "MAX_SHARD_SIZE", "ShardIndex", "ShardedSubdir")

INDEX_NAME = "repodata_shards.msgpack.zst"
_DIGEST_SIZE = 32
# Names as `python` have the largest ones, of a few MiB; an index has some 50 bytes for each name.
MAX_SHARD_SIZE = 64 * 1024 * 1024
MAX_INDEX_SIZE = 64 * 1024 * 1024
# Packed, one in a hundred. They are unpacked one at a time, so that those of a hostile channel do
# not fill memory together.
_LARGE_SHARD = 32 * 1024
_unpacking = threading.Lock()


class _IndexInfo(ChannelInfo, kw_only=True, gc=False):
    shards_base_url: str = "./shards/"


class ShardIndex(msgspec.Struct, gc=False):
    """The content of `repodata_shards.msgpack.zst`."""

    info: _IndexInfo = field(default_factory=_IndexInfo)
    # The hash of each name's shard: 32 bytes, which some writers give as a list of numbers or as
    # hexadecimal digits.
    shards: dict[str, Any] = {}

    @classmethod
    def decode(cls, packed: bytes, *, what: str, max_size: int = MAX_INDEX_SIZE) -> ShardIndex:
        """Decompress and decode an index.

        Raises:
            FetchRepoDataError: It is too large, or broken.
            InvalidPackageFileError: It is not an index.
        """
        data = decompress(packed, max_size=max_size, what=what)
        return wire.decode_msgpack(data, cls, what=what)  # type: ignore[arg-type]  # any buffer

    def digests(self) -> set[bytes]:
        """Return the hashes of all shards, but for what is none."""
        return {_digest_of(given) for given in self.shards.values()}


def _digest_of(given: Any) -> bytes:
    """Return the bytes of a hash, nothing if it is none."""
    if isinstance(given, bytes):
        digest = given
    else:
        try:
            digest = bytes.fromhex(given) if isinstance(given, str) else bytes(iter(given))
        except (TypeError, ValueError):
            return b""
    return digest if len(digest) == _DIGEST_SIZE else b""


class _Shard(WireDocument[WireRecord], gc=False):
    """The records of one name."""


class ShardedSubdir:
    """A subdir that is fetched name by name; safe in several threads.

    Args:
        channel: The channel.
        subdir: The platform folder.
        index: The index.
        client: What fetches the shards.
        store: Where shards are kept; None keeps their records in memory only.
        refetch: Fetches the index anew, for when a shard that it names is gone.
        max_shard_size: The largest acceptable shard in bytes, decompressed.
    """

    def __init__(
        self,
        channel: Channel,
        subdir: str,
        index: ShardIndex,
        *,
        client: Client,
        store: ShardStore | None,
        refetch: Callable[[Client], ShardIndex] | None = None,
        max_shard_size: int = MAX_SHARD_SIZE,
    ) -> None:
        """Keep the index; nothing is fetched yet."""
        self.info: ChannelInfo = index.info
        self._shards = index.shards
        self._client = client
        self._store = store
        self._refetch = refetch
        self._max_shard_size = max_shard_size
        self._refetch_lock = threading.Lock()
        folder = f"{channel.platform_url(subdir)}/"
        self._base = join_named_url(folder, index.info.shards_base_url)
        self._placement = Placement.make(channel, subdir, index.info.base_url)
        self._known: dict[str, list[RepoDataRecord]] = {}
        self._removed: dict[str, tuple[str, ...]] = {}

    def package_names(self) -> Sequence[str]:
        """Return all names."""
        return list(self._shards)

    def mentioning(self, text: str, /) -> Sequence[str]:  # noqa: ARG002  the seam's signature
        """Return all names: a shard tells nothing before it is read."""
        return self.package_names()

    def removed(self, name: str, /) -> list[RemovedPackage]:
        """Return what was withdrawn of a name, as far as its shard was read."""
        found = (
            RemovedPackage.of(file_name, self._placement)
            for file_name in self._removed.get(name, ())
        )
        return [package for package in found if package is not None]

    def load_at_hand(self, name: str, /) -> list[RepoDataRecord] | None:
        """Return a name's records if its shard is in memory or on disk.

        Raises:
            InvalidPackageFileError: The shard is malformed.
        """
        known = self._known.get(name)
        if known is not None:
            return known
        digest = self._digest(name)
        if digest is None:
            return []
        packed = None if self._store is None else self._store.get(digest)
        return None if packed is None else self._decode(name, packed)

    def load_records(self, name: str, /, client: Client | None = None) -> list[RepoDataRecord]:
        """Return a name's records, fetching its shard if need be.

        Args:
            name: The name.
            client: What fetches, in place of the client that is there for all.

        Raises:
            FetchCancelledError: The client was told to stop.
            NetworkError: The shard cannot be fetched.
            HashMismatchError: It is not the one that the index promises, twice in a row.
            InvalidPackageFileError: It is malformed.
        """
        known = self.load_at_hand(name)
        if known is not None:
            return known
        digest = self._digest(name)
        assert digest is not None
        client = client or self._client
        try:
            packed = self._fetch(digest, client)
        except NotFoundError:
            # Servers remove shards that their present index does not name.
            fresh = self._refresh(name, digest, client)
            if fresh is None:
                raise
            if not fresh:
                return self._known.setdefault(name, [])
            digest, packed = fresh, self._fetch(fresh, client)
        records = self._decode(name, packed)
        if self._store is not None:
            self._store.put(digest, packed)
        return records

    def flush(self) -> None:
        """Write the shards that are new to the disk."""
        if self._store is not None:
            self._store.flush()

    def _digest(self, name: str) -> bytes | None:
        given = self._shards.get(name)
        if given is None:
            return None
        digest = _digest_of(given)
        if not digest:
            message = f"the index of {redact(self._base)} has no usable hash for `{name}`"
            raise InvalidPackageFileError(message, path=redact(self._base))
        return digest

    def _refresh(self, name: str, gone: bytes, client: Client) -> bytes | None:
        """Look into a newer index for a name whose shard is gone.

        Returns:
            The hash of the shard now, nothing (b"") if the name is gone too, or None if there is
            no other index.
        """
        if self._refetch is None:
            return None
        with self._refetch_lock:
            digest = self._digest(name)
            if digest == gone:
                self._shards = self._refetch(client).shards
                digest = self._digest(name)
        return None if digest == gone else digest or b""

    def _fetch(self, digest: bytes, client: Client) -> bytes:
        url = f"{self._base}{digest.hex()}.msgpack.zst"
        what = redact(url)

        def receive(response: Response) -> bytes:
            packed = bytes(read_all(response, None, max_size=self._max_shard_size, what=what))
            if hashlib.sha256(packed).digest() != digest:
                response.distrust()
            return packed

        packed = client.fetch(url, receive)
        if hashlib.sha256(packed).digest() == digest:
            return packed
        # A cache on the way may hold something broken; it is asked to look again.
        packed = client.fetch(url, receive, headers={"Cache-Control": "no-cache"})
        actual = hashlib.sha256(packed).digest()
        if actual == digest:
            return packed
        message = f"{what} has the SHA-256 {actual.hex()}, its index promises another"
        raise HashMismatchError(message, url=what, expected=digest.hex(), actual=actual.hex())

    def _decode(self, name: str, packed: bytes) -> list[RepoDataRecord]:
        what = f"the shard of `{name}` at {redact(self._base)}"
        with _unpacking if len(packed) > _LARGE_SHARD else nullcontext():
            data = decompress(packed, max_size=self._max_shard_size, what=what)
            shard = wire.decode_msgpack(data, _Shard, what=what)  # type: ignore[arg-type]  # any buffer
        shard.settle()
        if shard.removed:
            self._removed[name] = shard.removed
        chosen = dict(
            select(shard.packages, shard.conda_packages, PackageFormatSelection.PREFER_CONDA)
        )
        turn_hashes_into_text(chosen.values())
        records = self._placement.place(name, chosen, chosen.values())
        # Of two threads that decode one shard the first decides, so that records stay identical.
        return self._known.setdefault(name, records)
