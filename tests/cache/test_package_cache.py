"""Fetching packages into the cache, and finding them again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hognose.archive import ExtractLimits, ValidationMode
from hognose.cache import PackageCache
from hognose.errors import (
    ArchiveError,
    HashMismatchError,
    LockTimeoutError,
    NetworkError,
    PackageCacheError,
)
from hognose.net import Client, RetryPolicy
from hognose.types import PrefixRecord, RepoDataRecord
from support.channel_server import ChannelServer
from support.package_maker import make_package

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(retry=RetryPolicy(max_retries=1), sleep=lambda _: None) as client:
        yield client


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    return tmp_path / "channel"


def changed(record: RepoDataRecord, **values: object) -> RepoDataRecord:
    known = {name: getattr(record, name) for name in RepoDataRecord.__struct_fields__}
    return RepoDataRecord(**{**known, **values})


def served(record: RepoDataRecord, server: ChannelServer) -> RepoDataRecord:
    return changed(record, url=f"{server.url}{record.subdir}/{record.file_name}")


def names(path: Path) -> list[str]:
    return sorted(child.name for child in path.iterdir())


@pytest.mark.parametrize("archive", ["conda", "tar.bz2"])
def test_a_package_is_fetched_once_and_found_again(
    archive: str, channel: Path, tmp_path: Path, client: Client
) -> None:
    record = make_package(channel, "a", "1", files={"lib/x": "text"}, archive=archive)  # type: ignore[arg-type]
    cache = PackageCache(tmp_path / "pkgs")
    assert cache.lookup(record) is None
    with ChannelServer(channel) as server:
        record = served(record, server)
        first = cache.fetch(record, client)
        second = cache.fetch(record, client)
        assert len(server.requests) == 1
    assert first.path == second.path == cache.lookup(record) == tmp_path / "pkgs" / "a-1-0"
    assert (first.is_new, second.is_new) == (True, False)
    assert (first.path / "lib/x").read_text() == "text"


def test_an_entry_is_laid_out_for_conda_and_rattler(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = make_package(channel, "a", "1", files={"x": "1"})
    PackageCache(tmp_path / "pkgs").fetch(record, client)
    assert names(tmp_path / "pkgs") == [".locks", "CACHEDIR.TAG", "a-1-0", "a-1-0.lock", "urls.txt"]
    assert names(tmp_path / "pkgs/.locks") == []
    assert (tmp_path / "pkgs/urls.txt").read_text() == f"{record.url}\n"
    sidecar = (tmp_path / "pkgs/a-1-0.lock").read_bytes()
    assert sidecar == b"\0\0\0\0\0\0\0\1" + bytes.fromhex(record.sha256_hex or "")
    stored = json.loads((tmp_path / "pkgs/a-1-0/info/repodata_record.json").read_bytes())
    assert stored["fn"] == "a-1-0.conda"
    assert stored["url"] == record.url
    assert stored["sha256"] == record.sha256_hex
    assert stored["depends"] == []


def test_the_record_holds_what_the_channel_says_and_nothing_of_an_environment(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = make_package(channel, "a", "1", files={"x": "1"})
    fields = {name: getattr(record, name) for name in RepoDataRecord.__struct_fields__}
    installed = PrefixRecord(**fields, files=("x",), requested_spec="a")
    path = PackageCache(tmp_path / "pkgs").fetch(installed, client).path
    other = PackageCache(tmp_path / "other").fetch(record, client).path
    stored = (path / "info/repodata_record.json").read_bytes()
    assert stored == (other / "info/repodata_record.json").read_bytes()


def test_a_note_of_another_hash_that_was_left_is_replaced(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = make_package(channel, "a", "1", files={"x": "1"})
    (tmp_path / "pkgs").mkdir()
    (tmp_path / "pkgs/a-1-0.lock").write_bytes(b"\xff" * 60)
    PackageCache(tmp_path / "pkgs").fetch(record, client)
    sidecar = (tmp_path / "pkgs/a-1-0.lock").read_bytes()
    assert sidecar == b"\0\0\0\0\0\0\0\1" + bytes.fromhex(record.sha256_hex or "")


def test_a_record_of_any_length_is_read_whole(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = changed(
        make_package(channel, "a", "1", files={"x": "1"}),
        depends=tuple(f"package-{number} >=1" for number in range(5000)),
    )
    cache = PackageCache(tmp_path / "pkgs")
    assert cache.lookup(record) is None
    path = cache.fetch(record, client).path
    assert cache.lookup(record) == path


def test_a_cache_that_was_removed_meanwhile_is_made_again(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = make_package(channel, "a", "1", files={"x": "1"})
    cache = PackageCache(tmp_path / "pkgs")
    cache.fetch(record, client)
    shutil.rmtree(tmp_path / "pkgs")
    cache.fetch(record, client)
    assert names(tmp_path / "pkgs") == [".locks", "CACHEDIR.TAG", "a-1-0", "a-1-0.lock", "urls.txt"]


def test_a_package_that_lies_under_its_hash_alone_is_found(tmp_path: Path, client: Client) -> None:
    first = make_package(tmp_path / "c1", "a", "1", files={"x": "1"})
    second = make_package(tmp_path / "c2", "a", "1", files={"x": "2"})
    cache = PackageCache(tmp_path / "pkgs")
    first_path, second_path = (cache.fetch(record, client).path for record in (first, second))
    shutil.rmtree(first_path)
    assert cache.fetch(second, client).path == second_path


def test_secrets_are_not_stored(channel: Path, tmp_path: Path, client: Client) -> None:
    record = make_package(channel, "a", "1", files={"x": "1"})
    with ChannelServer() as server:
        body = (channel / "linux-64/a-1-0.conda").read_bytes()
        server.serve("t/tk-secret/c/linux-64/a-1-0.conda", body)
        host = server.host
        url = f"http://{host}/t/tk-secret/c/linux-64/a-1-0.conda"
        channel_url = f"http://{host}/t/tk-secret/c/"
        entry = PackageCache(tmp_path / "pkgs").fetch(
            changed(record, url=url, channel=channel_url), client
        )
    text = (entry.path / "info/repodata_record.json").read_text()
    text += (tmp_path / "pkgs/urls.txt").read_text()
    assert "tk-secret" not in text
    assert f"http://{host}/c/linux-64/a-1-0.conda\n" in text


def test_a_package_without_a_hash_is_found_under_its_url_with_and_without_a_secret(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = changed(
        make_package(channel, "a", "1", files={"x": "1"}), sha256_hex=None, md5_hex=None
    )
    cache = PackageCache(tmp_path / "pkgs")
    with ChannelServer(channel) as server:
        path = f"{server.host}/linux-64/a-1-0.conda"
        cache.fetch(changed(record, url=f"http://me:pw@{path}"), client)

    assert cache.lookup(changed(record, url=f"http://{path}")) is not None
    assert cache.lookup(changed(record, url=f"http://other:pw@{path}")) is not None
    assert cache.lookup(changed(record, url=f"http://{path}.other")) is None


def test_a_wrong_hash_is_downloaded_once_more(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = make_package(channel, "a", "1", files={"x": "1"})
    other = make_package(tmp_path / "other", "a", "1", files={"x": "2"})
    wrong = Path(tmp_path / "other/linux-64/a-1-0.conda").read_bytes()
    with ChannelServer(channel) as server:
        server.fail("linux-64/a-1-0.conda", status=200, body=wrong, times=1)
        entry = PackageCache(tmp_path / "pkgs").fetch(served(record, server), client)
        assert server.count("linux-64/a-1-0.conda") == 2
    assert (entry.path / "x").read_text() == "1"
    assert other.sha256_hex != record.sha256_hex


def test_a_hash_that_stays_wrong_is_an_error_that_names_the_url(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = changed(make_package(channel, "a", "1", files={"x": "1"}), sha256_hex="0" * 64)
    with ChannelServer(channel) as server:
        record = served(record, server)
        with pytest.raises(HashMismatchError) as caught:
            PackageCache(tmp_path / "pkgs").fetch(record, client)
        assert server.count("linux-64/a-1-0.conda") == 2
    assert record.url in caught.value.message
    assert caught.value.__dict__["expected"] == "0" * 64
    assert names(tmp_path / "pkgs") == [".locks", "CACHEDIR.TAG"]


@pytest.mark.parametrize("values", [{"md5_hex": "0" * 32, "sha256_hex": None}, {"size": 7}])
def test_md5_and_size_are_checked_as_well(
    values: dict[str, object], channel: Path, tmp_path: Path, client: Client
) -> None:
    record = changed(make_package(channel, "a", "1", files={"x": "1"}), **values)
    with pytest.raises(HashMismatchError):
        PackageCache(tmp_path / "pkgs").fetch(record, client)


def test_a_truncated_download_leaves_nothing(channel: Path, tmp_path: Path, client: Client) -> None:
    record = make_package(channel, "a", "1", files={"x": os.urandom(50_000)})
    with ChannelServer(channel, ranges=False) as server:
        server.truncate("linux-64/a-1-0.conda", after=20_000, times=None)
        with pytest.raises((NetworkError, ArchiveError)):
            PackageCache(tmp_path / "pkgs").fetch(served(record, server), client)
    assert names(tmp_path / "pkgs") == [".locks", "CACHEDIR.TAG"]


def test_a_download_that_breaks_off_is_taken_up_again(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = make_package(channel, "a", "1", files={"x": os.urandom(50_000)})
    with ChannelServer(channel) as server:
        server.truncate("linux-64/a-1-0.conda", after=20_000)
        entry = PackageCache(tmp_path / "pkgs").fetch(served(record, server), client)
        assert server.requests[-1].headers["range"].startswith("bytes=")
    assert (entry.path / "x").stat().st_size == 50_000


def test_a_hostile_package_leaves_nothing(channel: Path, tmp_path: Path, client: Client) -> None:
    record = make_package(channel, "a", "1", files={"../../outside": "evil"})
    with pytest.raises(ArchiveError, match=r"contains `\.\.`"):
        PackageCache(tmp_path / "pkgs").fetch(record, client)
    assert names(tmp_path / "pkgs") == [".locks", "CACHEDIR.TAG"]
    assert not (tmp_path / "outside").exists()


def test_another_package_of_the_same_name_gets_its_own_directory(
    tmp_path: Path, client: Client
) -> None:
    first = make_package(tmp_path / "c1", "a", "1", files={"x": "1"})
    second = make_package(tmp_path / "c2", "a", "1", files={"x": "2"})
    cache = PackageCache(tmp_path / "pkgs")
    paths = [cache.fetch(record, client).path for record in (first, second)]
    assert [(path / "x").read_text() for path in paths] == ["1", "2"]
    assert [paths[0], paths[1]] == [cache.lookup(first), cache.lookup(second)]
    assert paths[1].name == f"a-1-0-{(second.sha256_hex or '')[:16]}"


def test_a_directory_without_a_record_is_not_trusted_and_not_touched(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = make_package(channel, "a", "1", files={"x": "1"})
    half = tmp_path / "pkgs/a-1-0/info"
    half.mkdir(parents=True)
    (half / "index.json").write_text("{}")
    cache = PackageCache(tmp_path / "pkgs")
    assert cache.lookup(record) is None
    entry = cache.fetch(record, client)
    assert (entry.path / "x").read_text() == "1"
    assert names(tmp_path / "pkgs/a-1-0") == ["info"]
    assert cache.lookup(record) == entry.path


def test_an_entry_that_rattler_made_is_used(channel: Path, tmp_path: Path, client: Client) -> None:
    record = make_package(channel, "a", "1", files={"x": "1"})
    entry = PackageCache(tmp_path / "pkgs").fetch(record, client)
    (entry.path / "info/repodata_record.json").unlink()
    cache = PackageCache(tmp_path / "pkgs")
    assert cache.lookup(record) == entry.path
    # What rattler was still extracting has no hash beside it, or files that are missing.
    (entry.path / "x").unlink()
    assert cache.lookup(record) is None


def test_an_entry_is_looked_at_as_closely_as_asked(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = make_package(channel, "a", "1", files={"x": "12", "y": "34"})
    root = tmp_path / "pkgs"
    path = PackageCache(root).fetch(record, client).path
    (path / "x").write_text("??")

    def found(mode: ValidationMode) -> bool:
        return PackageCache(root, validation=mode).lookup(record) is not None

    assert [found(mode) for mode in ValidationMode] == [True, True, True, False]
    (path / "x").write_text("longer")
    assert [found(mode) for mode in ValidationMode] == [True, True, False, False]
    (path / "x").unlink()
    assert [found(mode) for mode in ValidationMode] == [True, False, False, False]


def test_a_damaged_entry_is_replaced_when_it_is_looked_at(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = make_package(channel, "a", "1", files={"x": "12"})
    cache = PackageCache(tmp_path / "pkgs", validation=ValidationMode.HASHES)
    for _ in range(3):
        path = cache.fetch(record, client).path
        assert (path / "x").read_text() == "12"
        (path / "x").write_text("??")


def test_read_only_layers_are_looked_into(channel: Path, tmp_path: Path, client: Client) -> None:
    record = make_package(channel, "a", "1", files={"x": "1"})
    PackageCache(tmp_path / "shared").fetch(record, client)
    cache = PackageCache(tmp_path / "own", read_only=[tmp_path / "shared"])
    assert cache.fetch(record, client).path == tmp_path / "shared/a-1-0"
    assert not (tmp_path / "own").exists()


def test_of_several_directories_the_first_writable_one_is_added_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = PackageCache.layered([tmp_path / "file/pkgs", tmp_path / "own"])
    assert cache.root == tmp_path / "own"
    assert cache.read_only == (tmp_path / "file/pkgs",)


def test_a_cache_that_cannot_be_written_is_an_error_that_says_so(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = make_package(channel, "a", "1", files={"x": "1"})
    (tmp_path / "file").write_text("")
    with pytest.raises(PackageCacheError, match="cannot write to package cache"):
        PackageCache(tmp_path / "file/pkgs").fetch(record, client)


@pytest.mark.parametrize("version", ["../1", "1/2", "..", "1\0"])
def test_a_record_that_is_no_file_name_is_refused(
    version: str, channel: Path, tmp_path: Path, client: Client
) -> None:
    record = make_package(channel, "a", "1", files={"x": "1"})
    with pytest.raises(PackageCacheError, match="cannot be cached"):
        PackageCache(tmp_path / "pkgs").fetch(changed(record, build=f"x/{version}"), client)
    assert not (tmp_path / "pkgs").exists()


def test_threads_that_want_one_package_download_it_once(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = make_package(channel, "a", "1", files={"x": "1"})
    cache = PackageCache(tmp_path / "pkgs")
    found: list[Path] = []
    with ChannelServer(channel) as server:
        record = served(record, server)
        threads = [
            threading.Thread(target=lambda: found.append(cache.fetch(record, client).path))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.requests) == 1
    assert [tmp_path / "pkgs/a-1-0"] * 8 == found


def test_writers_without_locks_agree_on_one_entry(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = make_package(channel, "a", "1", files={f"x{n}": "1" for n in range(50)})
    found: list[Path] = []

    def fetch() -> None:
        cache = PackageCache(tmp_path / "pkgs", use_locks=False)
        found.append(cache.fetch(record, client).path)

    threads = [threading.Thread(target=fetch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [tmp_path / "pkgs/a-1-0"] * 8 == found
    assert names(tmp_path / "pkgs") == ["CACHEDIR.TAG", "a-1-0", "a-1-0.lock", "urls.txt"]


def test_a_lock_that_is_held_too_long_names_its_holder(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    from hognose.cache import file_lock

    record = make_package(channel, "a", "1", files={"x": "1"})
    cache = PackageCache(tmp_path / "pkgs", lock_timeout=0.0)
    (tmp_path / "pkgs/.locks").mkdir(parents=True)
    with (
        file_lock(str(tmp_path / "pkgs/.locks/a-1-0"), timeout=1),
        pytest.raises(LockTimeoutError) as caught,
    ):
        cache.fetch(record, client)
    assert f"process {os.getpid()} " in caught.value.__dict__["holder"]
    assert cache.fetch(record, client).is_new


def test_a_reporter_is_told_about_the_download(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = make_package(channel, "a", "1", files={"x": os.urandom(300_000)})
    told: list[object] = []

    class Reporter:
        def on_download_start(self, entry: int) -> int:
            told.append(("start", entry))
            return 17

        def on_download_progress(self, download: int, progress: int, total: int | None) -> None:
            told.append((download, progress, total))

        def on_download_completed(self, download: int) -> None:
            told.append(("completed", download))

    PackageCache(tmp_path / "pkgs").fetch(record, client, reporter=Reporter(), entry=5)
    assert told[0] == ("start", 5)
    assert told[-1] == ("completed", 17)
    assert told[-2] == (17, record.size, record.size)
    assert len(told) > 4


def test_a_reporter_may_have_no_methods(channel: Path, tmp_path: Path, client: Client) -> None:
    record = make_package(channel, "a", "1", files={"x": "1"})
    PackageCache(tmp_path / "pkgs").fetch(record, client, reporter=object())  # type: ignore[arg-type]


def test_limits_apply_to_downloads(channel: Path, tmp_path: Path, client: Client) -> None:
    record = make_package(channel, "a", "1", files={"x": "1", "y": "2"})
    cache = PackageCache(tmp_path / "pkgs", limits=ExtractLimits(members=1))
    with pytest.raises(ArchiveError, match="more than 1 members"):
        cache.fetch(record, client)


def test_a_record_without_hashes_is_found_by_its_url(
    channel: Path, tmp_path: Path, client: Client
) -> None:
    record = changed(
        make_package(channel, "a", "1", files={"x": "1"}), sha256_hex=None, md5_hex=None
    )
    cache = PackageCache(tmp_path / "pkgs")
    entry = cache.fetch(record, client)
    assert cache.lookup(record) == entry.path
    assert cache.lookup(changed(record, url="https://elsewhere.example/a-1-0.conda")) is None
    stored = json.loads((entry.path / "info/repodata_record.json").read_bytes())
    data = (channel / "linux-64/a-1-0.conda").read_bytes()
    assert stored["sha256"] == hashlib.sha256(data).hexdigest()
