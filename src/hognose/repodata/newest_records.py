"""The newest record of each name, out of all that channels have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hognose.repodata.gateway_call import GatewayCall
    from hognose.repodata.source import Subdir
    from hognose.repodata.tier import Tier
    from hognose.types import RepoDataRecord

__all__ = ("find_newest_records",)


def find_newest_records(tiers: Iterable[Tier], call: GatewayCall) -> list[RepoDataRecord]:
    """Return one record for each name, sorted by name.

    The newest is that of the highest version, and among its builds of the highest number, the
    latest time and the last build string. Only one record of a name is held at a time.

    Raises:
        FetchCancelledError: It was cancelled.
        NetworkError: A shard cannot be fetched.
        InvalidPackageFileError: A record is malformed.
    """
    newest: dict[str, RepoDataRecord] = {}
    for tier in tiers:
        for subdir in tier.subdirs:
            for records in _records_by_name(subdir, call):
                for record in records:
                    known = newest.get(record.name)
                    if known is None or _age(known) < _age(record):
                        newest[record.name] = record
    return [newest[name] for name in sorted(newest)]


def _records_by_name(subdir: Subdir, call: GatewayCall) -> Iterator[list[RepoDataRecord]]:
    """Yield the records of each name; those that need the network last, several at a time."""
    missing = []
    for name in subdir.package_names():
        call.check(name)
        records = subdir.load_at_hand(name)
        if records is None:
            missing.append(name)
        else:
            yield records
    yield from call.executor.map(lambda name: subdir.load_records(name, call.client), missing)


def _age(record: RepoDataRecord) -> tuple[object, ...]:
    return record.version, record.build_number, record.timestamp_ms or 0, record.build
