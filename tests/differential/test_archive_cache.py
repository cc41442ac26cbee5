"""One cache directory, used by hognose and by py-rattler."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from hognose.cache import PackageCache, default_cache_dir
from hognose.net import Client
from support.package_maker import make_package
from support.rattler_installer import RattlerInstaller

if TYPE_CHECKING:
    from pathlib import Path

    from hognose.types import RepoDataRecord

rattler: Any = pytest.importorskip("rattler")


def rattler_record(record: RepoDataRecord) -> Any:
    """The same record as a value of py-rattler."""
    package = rattler.PackageRecord(
        name=str(record.name),
        version=str(record.version),
        build=rattler.BuildString(record.build),
        build_number=record.build_number,
        subdir=record.subdir,
        arch=None,
        platform=None,
        sha256=record.sha256,
        md5=record.md5,
        size=record.size,
    )
    return rattler.RepoDataRecord(package, record.file_name, record.url, record.channel)


def install(record: RepoDataRecord, tmp_path: Path, *, cache: Path | None) -> None:
    with RattlerInstaller() as installer:
        installer.install([record], tmp_path / "env", cache)


def test_rattler_uses_what_hognose_put_there(tmp_path: Path) -> None:
    record = make_package(tmp_path / "channel", "a", "1", files={"x": "text"})
    with Client() as client:
        PackageCache(tmp_path / "pkgs").fetch(record, client)
    (tmp_path / "channel/linux-64/a-1-0.conda").unlink()
    install(record, tmp_path, cache=tmp_path / "pkgs")
    assert (tmp_path / "env/x").read_text() == "text"
    other = make_package(tmp_path / "other", "a", "1", files={"x": "changed"})
    index = asyncio.run(rattler.package_cache.PackageCache(tmp_path / "pkgs").index())
    assert index.contains_record(rattler_record(record))
    assert not index.contains_record(rattler_record(other))


def test_hognose_uses_what_rattler_put_there(tmp_path: Path) -> None:
    record = make_package(tmp_path / "channel", "a", "1", files={"x": "text"})
    install(record, tmp_path, cache=tmp_path / "pkgs")
    (tmp_path / "channel/linux-64/a-1-0.conda").unlink()
    with Client() as client:
        entry = PackageCache(tmp_path / "pkgs").fetch(record, client)
    assert not entry.is_new
    assert (entry.path / "x").read_text() == "text"
    other = make_package(tmp_path / "other", "a", "1", files={"x": "changed"})
    assert PackageCache(tmp_path / "pkgs").lookup(other) is None


def test_hognose_looks_where_rattler_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))
    record = make_package(tmp_path / "channel", "a", "1", files={"x": "text"})
    install(record, tmp_path, cache=None)
    assert default_cache_dir() == tmp_path / "cache"
    assert PackageCache.default().lookup(record) == tmp_path / "cache/pkgs/a-1-0"
