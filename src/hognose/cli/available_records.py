"""Which packages can be had without the network: those in the cache, and those on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.console import counted
from hognose.errors import OfflineError, PackageCacheError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hognose.cache import PackageCache
    from hognose.cli.session import Session
    from hognose.repodata import Gateway
    from hognose.types import Channel, MatchSpec, Platform, RepoDataRecord

__all__ = ("AvailableRecords", "require_at_hand", "without_records")

_SHOWN = 5


class AvailableRecords:
    """Tells records whose archives are at hand from others, and remembers the others.

    Args:
        cache: Where packages lie.
        at_hand: Further records that need no archive: those that are installed already.
    """

    def __init__(self, cache: PackageCache, at_hand: Iterable[RepoDataRecord] = ()) -> None:
        """Keep the cache; nothing is read."""
        self._cache = cache
        self._at_hand = {record.url for record in at_hand}
        self._kept: set[str] = set()
        self._hidden: dict[str, int] = {}

    def select(self, records: Iterable[RepoDataRecord]) -> list[RepoDataRecord]:
        """Return the records whose archives are at hand."""
        found = []
        for record in records:
            if self._is_available(record):
                self._kept.add(record.name)
                found.append(record)
            else:
                self._hidden[record.name] = self._hidden.get(record.name, 0) + 1
        return found

    @property
    def hidden(self) -> list[str]:
        """The names of packages that channels have, and of which nothing is at hand."""
        return sorted(name for name in self._hidden if name not in self._kept)

    @property
    def hint(self) -> str | None:
        """What to do about a solve without an answer; None if nothing was left out."""
        if not self._hidden:
            return None
        names = [f"`{name}`" for name in self.hidden or sorted(self._hidden)]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        which = "not" if self.hidden else "not all builds"
        return (
            f"there is no network to use, and of what the channels have, {which} in the package "
            f"cache: {', '.join(names[:_SHOWN])}{more}; leave `--offline` out, or fetch them with "
            "`hognose download` first"
        )

    def require(self, specs: Sequence[MatchSpec]) -> None:
        """Refuse specs for packages that are known and cannot be had.

        Raises:
            OfflineError: There is one.
        """
        hidden = set(self.hidden)
        for spec in specs:
            name = spec.name.exact
            if name is not None and name in hidden:
                builds = counted(self._hidden[name], "build")
                raise OfflineError(
                    f"`{name}` cannot be had offline: the channels have {builds} of it, and none "
                    "is in the package cache",
                    hint="leave `--offline` out, or fetch it with `hognose download` first",
                )

    def _is_available(self, record: RepoDataRecord) -> bool:
        if record.url.startswith("file:") or record.url in self._at_hand:
            return True
        try:
            return self._cache.lookup(record) is not None
        except PackageCacheError:
            return False  # no cache could hold a package of such a name


def require_at_hand(records: Sequence[RepoDataRecord], session: Session) -> None:
    """Refuse to begin without the network what would have to fetch a package.

    Raises:
        OfflineError: Packages are neither in the cache nor on this machine.
    """
    # A mirror may be a directory here.
    if not session.is_offline or session.config.mirror_table:
        return
    there = {record.url for record in AvailableRecords(session.cache).select(records)}
    names = [f"`{record.name}`" for record in records if record.url not in there]
    if names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        raise OfflineError(
            f"there is no network to use, and not in the package cache: "
            f"{', '.join(names[:_SHOWN])}{more}",
            hint="leave `--offline` out, or fetch them with `hognose download` first",
        )


def without_records(
    error: OfflineError,
    names: Iterable[str],
    channels: Sequence[Channel],
    platforms: Sequence[Platform],
    gateway: Gateway,
) -> OfflineError:
    """Return the error that says which packages are not even known without the network.

    A sharded channel (CEP 16) is known by the names that were asked for earlier.
    """
    url = error.url or ""
    if url.endswith("/repodata_shards.msgpack.zst") or not url.endswith(".msgpack.zst"):
        return error  # nothing is known of the whole channel

    def is_unknown(name: str) -> bool:
        try:
            gateway.query(channels, platforms, [name], recursive=False)
        except OfflineError:
            return True
        return False

    unknown = [f"`{name}`" for name in names if is_unknown(name)]
    what = ", ".join(unknown) or "a package that others need"
    return OfflineError(
        f"{what} cannot be had offline: its records were never fetched",
        url=error.url,
        hint="leave `--offline` out, or use `hognose download` first",
    )
