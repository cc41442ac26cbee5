"""A download that goes wrong is begun once more; a package that is wrong is not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

import msgspec
import pytest

from hognose.archive import ExtractionWorkers
from hognose.cache import PackageCache
from hognose.errors import (
    ArchiveError,
    FetchCancelledError,
    HashMismatchError,
    NetworkError,
    NotFoundError,
)
from hognose.net import Cancellation, Client, RetryPolicy
from support.channel_server import ChannelServer
from support.package_maker import make_package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hognose.cache import CacheReporter
    from hognose.types import RepoDataRecord

PATH = "linux-64/a-1-0.conda"


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("channel")


@pytest.fixture(scope="module")
def record(channel: Path) -> RepoDataRecord:
    return make_package(channel, "a", "1", files={"x": os.urandom(2_000_000)})


@pytest.fixture
def content(channel: Path, record: RepoDataRecord) -> bytes:
    return (channel / PATH).read_bytes()


@pytest.fixture
def server(channel: Path) -> Iterator[ChannelServer]:
    with ChannelServer(channel, validators=False) as server:
        yield server


@pytest.fixture(params=["thread", "process"])
def fetch(
    request: pytest.FixtureRequest, server: ChannelServer, tmp_path: Path
) -> Iterator[Callable[[RepoDataRecord], Path]]:
    """Fetches a record from the server, extracted by this process or by another one."""
    workers = None
    if request.param == "process":
        if not hasattr(os, "fork"):
            pytest.skip("processes are forked")
        workers = ExtractionWorkers(1)
    with Client(retry=RetryPolicy(max_retries=1), sleep=lambda _: None, environ={}) as client:

        def fetch(record: RepoDataRecord) -> Path:
            served = msgspec.structs.replace(record, url=server.url + PATH)
            return PackageCache(tmp_path / "pkgs").fetch(served, client, workers=workers).path

        yield fetch
    if workers is not None:
        workers.close()


def damaged(content: bytes) -> bytes:
    """The same with a middle that no decompressor takes: one block at least begins in it."""
    middle, length = len(content) // 2, 300_000
    return content[:middle] + b"\xff" * length + content[middle + length :]


def is_clean(tmp_path: Path) -> bool:
    return sorted(os.listdir(tmp_path / "pkgs")) == [".locks", "CACHEDIR.TAG"]


def test_one_that_breaks_off_and_cannot_be_taken_up_is_begun_again(
    server: ChannelServer, record: RepoDataRecord, fetch: Callable[[RepoDataRecord], Path]
) -> None:
    server.truncate(PATH, after=1_000_000)
    assert 2_000_000 == (fetch(record) / "x").stat().st_size
    assert [None, None] == [request.headers.get("range") for request in server.requests]


def test_one_that_always_breaks_off_says_how_much_came(
    server: ChannelServer,
    record: RepoDataRecord,
    fetch: Callable[[RepoDataRecord], Path],
    tmp_path: Path,
) -> None:
    server.truncate(PATH, after=1_000_000, times=None)
    with pytest.raises(NetworkError) as caught:
        fetch(record)
    assert f"{server.url}{PATH}" in caught.value.message
    assert f" of {record.size} bytes" in caught.value.message
    assert record.size == caught.value.__dict__["expected"]
    assert 2 == server.count()
    assert is_clean(tmp_path)


def test_one_with_flipped_bits_is_begun_again(
    server: ChannelServer,
    record: RepoDataRecord,
    content: bytes,
    fetch: Callable[[RepoDataRecord], Path],
) -> None:
    server.fail(PATH, status=200, body=damaged(content))
    assert 2_000_000 == (fetch(record) / "x").stat().st_size
    assert 2 == server.count()


@pytest.mark.parametrize("spoil", [damaged, lambda _: b"<html>log in first</html>", lambda _: b""])
def test_one_that_is_always_spoilt_names_the_url_and_both_hashes(
    server: ChannelServer,
    record: RepoDataRecord,
    content: bytes,
    fetch: Callable[[RepoDataRecord], Path],
    tmp_path: Path,
    spoil: Callable[[bytes], bytes],
) -> None:
    import hashlib

    server.serve(PATH, spoil(content))
    with pytest.raises(HashMismatchError) as caught:
        fetch(record)
    assert f"{server.url}{PATH}" in caught.value.message
    assert record.sha256_hex == caught.value.__dict__["expected"]
    assert hashlib.sha256(spoil(content)).hexdigest() == caught.value.__dict__["actual"]
    assert isinstance(caught.value.__cause__, ArchiveError)
    assert 2 == server.count()
    assert is_clean(tmp_path)


def test_one_that_is_longer_than_promised_is_left_off_there(
    server: ChannelServer,
    record: RepoDataRecord,
    content: bytes,
    fetch: Callable[[RepoDataRecord], Path],
    tmp_path: Path,
) -> None:
    server.serve(PATH, content + bytes(3_000_000))
    # What is longer is never asked for: the server holds it back.
    server.stall(PATH, after=len(content) + 2_000_000, times=None)
    with pytest.raises(HashMismatchError, match=f"more than {record.size}"):
        fetch(record)
    assert 2 == server.count()
    assert is_clean(tmp_path)


@pytest.mark.parametrize("has_hash", [True, False])
def test_a_package_that_is_damaged_itself_is_fetched_once(
    server: ChannelServer,
    record: RepoDataRecord,
    content: bytes,
    fetch: Callable[[RepoDataRecord], Path],
    tmp_path: Path,
    *,
    has_hash: bool,
) -> None:
    import hashlib

    body = damaged(content)
    server.serve(PATH, body)
    promised = hashlib.sha256(body).hexdigest() if has_hash else None
    with pytest.raises(ArchiveError, match="cannot extract") as caught:
        fetch(msgspec.structs.replace(record, sha256_hex=promised, md5_hex=None))
    assert not isinstance(caught.value, HashMismatchError)
    assert 1 == server.count()
    assert is_clean(tmp_path)


def test_a_client_that_is_stopped_does_not_wait_for_another_process(
    record: RepoDataRecord, tmp_path: Path
) -> None:
    from hognose.cache import file_lock

    (tmp_path / "pkgs/.locks").mkdir(parents=True)
    cancellation = Cancellation()
    cancellation.cancel()
    with (
        Client() as client,
        file_lock(str(tmp_path / "pkgs/.locks/a-1-0"), timeout=1),
        pytest.raises(FetchCancelledError),
    ):
        PackageCache(tmp_path / "pkgs").fetch(record, client.cancelled_by(cancellation))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
class TestArchivesOnTheDisk:
    """A process reads them by itself."""

    @pytest.fixture
    def workers(self) -> Iterator[ExtractionWorkers]:
        with ExtractionWorkers(1) as workers:
            yield workers

    @pytest.fixture
    def copy(self, tmp_path: Path, content: bytes) -> Path:
        path = tmp_path / "channel of files" / PATH
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        return path

    @pytest.fixture
    def wanted(self, record: RepoDataRecord, copy: Path) -> RepoDataRecord:
        return msgspec.structs.replace(record, url=copy.as_uri())

    def test_one_whose_path_needs_quoting_is_read(
        self, wanted: RepoDataRecord, workers: ExtractionWorkers, tmp_path: Path
    ) -> None:
        with Client() as client:
            package = PackageCache(tmp_path / "pkgs").fetch(wanted, client, workers=workers)
        assert (package.path / "x").stat().st_size == 2_000_000

    def test_one_that_is_not_there_is_told(
        self, wanted: RepoDataRecord, copy: Path, workers: ExtractionWorkers, tmp_path: Path
    ) -> None:
        copy.unlink()
        with Client() as client, pytest.raises(NotFoundError):
            PackageCache(tmp_path / "pkgs").fetch(wanted, client, workers=workers)
        assert is_clean(tmp_path)

    def test_a_folder_in_its_place_is_told(
        self, wanted: RepoDataRecord, copy: Path, workers: ExtractionWorkers, tmp_path: Path
    ) -> None:
        copy.unlink()
        copy.mkdir()
        with Client() as client, pytest.raises(NotFoundError):
            PackageCache(tmp_path / "pkgs").fetch(wanted, client, workers=workers)
        assert is_clean(tmp_path)

    def test_a_web_page_in_its_place_is_told(
        self, wanted: RepoDataRecord, copy: Path, workers: ExtractionWorkers, tmp_path: Path
    ) -> None:
        copy.write_bytes(b"<html>log in first</html>")
        with Client() as client, pytest.raises(HashMismatchError) as caught:
            PackageCache(tmp_path / "pkgs").fetch(wanted, client, workers=workers)
        assert caught.value.message == f"`{wanted.url}` is not a package: a web page came"
        assert is_clean(tmp_path)

    def test_the_reporter_is_told_its_size_where_the_record_does_not_say_it(
        self, wanted: RepoDataRecord, copy: Path, workers: ExtractionWorkers, tmp_path: Path
    ) -> None:
        told: list[int | None] = []

        class Reporter:
            def on_download_progress(self, _download: int, _done: int, total: int | None) -> None:
                told.append(total)

        wanted = msgspec.structs.replace(wanted, size=None)
        reporter = cast("CacheReporter", Reporter())
        with Client() as client:
            PackageCache(tmp_path / "pkgs").fetch(
                wanted, client, workers=workers, reporter=reporter
            )
        assert told == [copy.stat().st_size]


@pytest.mark.parametrize("is_promised", [True, False])
def test_a_web_page_in_its_place_is_told(
    server: ChannelServer,
    record: RepoDataRecord,
    fetch: Callable[[RepoDataRecord], Path],
    tmp_path: Path,
    is_promised: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    if not is_promised:
        record = msgspec.structs.replace(record, sha256_hex=None, md5_hex=None, size=None)
    server.serve(PATH, b"<html>log in first</html>", headers={"Content-Type": "text/html"})
    with pytest.raises(HashMismatchError if is_promised else ArchiveError) as caught:
        fetch(record)
    assert caught.value.message == (
        f"`{server.url}{PATH}` is not a package: a web page of type `text/html` came"
    )
    assert is_clean(tmp_path)
