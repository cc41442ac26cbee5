"""What type checkers see of the public API. Never run; `make types` reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_type

from hognose import aio
from hognose.archive import ArchiveDigest, PackageArchive, extract
from hognose.cache import CachedPackage, PackageCache
from hognose.channel import ChannelBuild, build_channel
from hognose.install import InstallationResult, Transaction, install, plan_transaction
from hognose.lock import LockFile
from hognose.repodata import Gateway, GatewayQueryResult
from hognose.shell import ActivationResult, activate
from hognose.solve import solve
from hognose.types import (
    Channel,
    GenericVirtualPackage,
    IndexJson,
    MatchSpec,
    PackageName,
    PackageRecord,
    Platform,
    PrefixRecord,
    RepoDataRecord,
    Version,
    VersionSpec,
    VersionWithSource,
    decode_json,
    encode_json,
)
from hognose.virtual_packages import detect

if TYPE_CHECKING:
    from hognose.net import Client


def values(record: PackageRecord) -> None:
    assert_type(record.name, PackageName)
    assert_type(record.version, VersionWithSource)
    assert_type(record.depends, tuple[str, ...])
    assert_type(record.matches(MatchSpec("a >=1")), bool)
    assert_type(Version("1.2").bump_major(), Version)
    assert_type(VersionSpec(">=1").matches(Version("1")), bool)
    assert_type(Channel("conda-forge").platform_url("noarch"), str)
    assert_type(Platform.current(), Platform)
    assert_type(PrefixRecord.collect("prefix"), list[PrefixRecord])
    assert_type(PackageRecord.from_json(record.to_json()), PackageRecord)
    assert_type(RepoDataRecord.from_json(b"{}"), RepoDataRecord)
    assert_type(decode_json(encode_json(record), PackageRecord), PackageRecord)
    assert_type(MatchSpec(MatchSpec("a")), MatchSpec)


def verbs(client: Client, cache: PackageCache, records: list[RepoDataRecord]) -> None:
    assert_type(Gateway(client).query(["conda-forge"], ["noarch"], ["python"]), GatewayQueryResult)
    assert_type(solve(["python"], [records]), list[RepoDataRecord])
    assert_type(install(records, "prefix", cache=cache, client=client), InstallationResult)
    assert_type(plan_transaction([], records), Transaction)
    assert_type(cache.fetch(records[0], client), CachedPackage)
    assert_type(extract("a-1-0.conda", "a"), ArchiveDigest)
    assert_type(build_channel("channel"), ChannelBuild)
    assert_type(LockFile.read("x.lock"), LockFile)
    assert_type(activate("prefix"), ActivationResult)
    assert_type(detect(), tuple[GenericVirtualPackage, ...])
    with PackageArchive.open("a-1-0.conda") as archive:
        assert_type(archive.index_json(), IndexJson)


async def coroutines(records: list[RepoDataRecord]) -> None:
    assert_type(await aio.solve(["conda-forge"], ["python"]), list[RepoDataRecord])
    assert_type(await aio.install(records, "prefix"), InstallationResult)
