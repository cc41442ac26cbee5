"""Counting and cleaning caches."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hognose.cache import PackageCache, clean_cache, file_lock, summarise_cache
from hognose.errors import PackageCacheError
from hognose.net import Client
from support.package_maker import make_package

DAY = 86400.0


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    """Two packages of which `used` is linked to an environment, and an index."""
    root = tmp_path / "cache"
    cache = PackageCache(root / "pkgs")
    with Client() as client:
        for name in ("used", "unused"):
            files = {"big": name.encode() * 10_000}
            cache.fetch(make_package(tmp_path / "channel", name, "1", files=files), client)
    (tmp_path / "env").mkdir()
    os.link(root / "pkgs/used-1-0/big", tmp_path / "env/big")
    (root / "repodata").mkdir()
    (root / "repodata/abc.json").write_bytes(bytes(5000))
    return root


def names(path: Path) -> list[str]:
    return sorted(child.name for child in path.iterdir() if not child.name.startswith("."))


def test_a_summary_counts_every_kind_and_what_is_unused(cache_dir: Path) -> None:
    summaries = {summary.kind: summary for summary in summarise_cache(cache_dir)}
    assert set(summaries) == {"packages", "repodata", "run-exports", "exec"}
    packages = summaries["packages"]
    assert (packages.items, packages.unused_items) == (2, 1)
    assert packages.size > packages.unused_size >= 60_000
    assert (summaries["repodata"].items, summaries["exec"].items) == (1, 0)


def test_a_hard_link_is_counted_once(cache_dir: Path) -> None:
    before = summarise_cache(cache_dir)[0].size
    os.link(cache_dir / "pkgs/unused-1-0/big", cache_dir / "pkgs/used-1-0/again")
    assert before == summarise_cache(cache_dir)[0].size


def test_unused_packages_are_removed_and_used_ones_stay(cache_dir: Path) -> None:
    result = clean_cache(cache_dir, kinds=["packages"], unused=True)
    assert [Path(item.path).name for item in result.removed] == ["unused-1-0"]
    assert result.freed_size >= 60_000
    assert names(cache_dir / "pkgs") == ["CACHEDIR.TAG", "urls.txt", "used-1-0", "used-1-0.lock"]
    assert names(cache_dir / "repodata") == ["abc.json"]


def test_a_dry_run_removes_nothing(cache_dir: Path) -> None:
    before = names(cache_dir / "pkgs")
    result = clean_cache(cache_dir, dry_run=True)
    assert len(result.removed) == 3
    assert before == names(cache_dir / "pkgs")


def test_everything_is_removed_when_nothing_is_spared(cache_dir: Path) -> None:
    result = clean_cache(cache_dir)
    assert len(result.removed) == 3
    assert names(cache_dir / "pkgs") == ["CACHEDIR.TAG", "urls.txt"]
    assert names(cache_dir / "repodata") == []


def test_what_is_still_linked_frees_only_its_own_bytes(cache_dir: Path, tmp_path: Path) -> None:
    result = clean_cache(cache_dir, kinds=["packages"])
    used = next(item for item in result.removed if "/used" in item.path)
    assert used.size - used.freed_size >= 40_000
    assert (tmp_path / "env/big").stat().st_size == 40_000


def test_age_counts_from_when_a_package_was_added(cache_dir: Path) -> None:
    now = (cache_dir / "pkgs/used-1-0/info/repodata_record.json").stat().st_ctime
    young = clean_cache(cache_dir, older_than=DAY, dry_run=True, clock=lambda: now + DAY / 2)
    old = clean_cache(cache_dir, older_than=DAY, dry_run=True, clock=lambda: now + DAY * 2)
    assert (len(young.removed), len(old.removed)) == (0, 3)


def test_an_abandoned_download_goes_after_a_day(cache_dir: Path) -> None:
    left = cache_dir / "pkgs/.a-1-0.0123456789ab.partial"
    left.mkdir()
    now = left.stat().st_mtime
    for_now = clean_cache(cache_dir, unused=True, kinds=["packages"], dry_run=True)
    assert str(left) not in [item.path for item in for_now.removed]
    result = clean_cache(cache_dir, unused=True, kinds=["packages"], clock=lambda: now + 2 * DAY)
    assert str(left) in [item.path for item in result.removed]
    assert not left.exists()


def test_a_package_that_is_being_made_is_kept(cache_dir: Path) -> None:
    with file_lock(str(cache_dir / "pkgs/.locks/unused-1-0"), timeout=0):
        result = clean_cache(cache_dir, kinds=["packages"], unused=True)
    assert [Path(item.path).name for item, _ in result.kept] == ["unused-1-0"]
    assert (cache_dir / "pkgs/unused-1-0").exists()


def test_a_path_can_be_spared(cache_dir: Path) -> None:
    path = str(cache_dir / "pkgs/unused-1-0")
    assert clean_cache(cache_dir, kinds=["packages"], unused=True, keep=[path]).removed == ()


def test_an_unknown_kind_is_an_error_that_lists_the_kinds(cache_dir: Path) -> None:
    with pytest.raises(PackageCacheError, match="packages, repodata"):
        clean_cache(cache_dir, kinds=["pkgs"])


def test_a_cache_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert [summary.items for summary in summarise_cache(tmp_path / "no")] == [0, 0, 0, 0]
    assert clean_cache(tmp_path / "no").removed == ()
