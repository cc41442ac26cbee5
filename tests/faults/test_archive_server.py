"""Servers that drop, stall, truncate, corrupt, and answer ranges wrongly.

Three readers meet each of them: the package cache, the reader by ranges, and extraction from a
response. What they give is the package as it was published, or an error; nothing else, and no trace
of a failure stays on disk.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from hognose.archive import extract
from hognose.cache import PackageCache, open_remote_archive
from hognose.errors import ArchiveError, HashMismatchError, HognoseError, NetworkError
from hognose.net import Client, RetryPolicy
from hognose.types import RepoDataRecord
from support.channel_server import ChannelServer
from support.package_maker import make_package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATH = "linux-64/a-1-0.conda"
CONTENT = random.Random(3).randbytes(400_000)
# A part in the middle of the data and one in the directory at the archive's end.
MIDDLE, END = 200_000, -40


@pytest.fixture
def record(tmp_path: Path) -> RepoDataRecord:
    return make_package(tmp_path / "channel", "a", "1", files={"big": CONTENT})


@pytest.fixture
def server(record: RepoDataRecord, tmp_path: Path) -> Iterator[ChannelServer]:
    assert record.size
    with ChannelServer(tmp_path / "channel") as server:
        yield server


@pytest.fixture
def client() -> Iterator[Client]:
    retry = RetryPolicy(max_retries=2)
    with Client(retry=retry, read_timeout=0.3, sleep=lambda _: None) as client:
        yield client


def fetch(server: ChannelServer, record: RepoDataRecord, client: Client, folder: Path) -> bytes:
    values = {name: getattr(record, name) for name in RepoDataRecord.__struct_fields__}
    served = RepoDataRecord(**{**values, "url": server.url + PATH})
    try:
        entry = PackageCache(folder / "pkgs").fetch(served, client)
    except HognoseError:
        assert [".locks", "CACHEDIR.TAG"] == sorted(p.name for p in (folder / "pkgs").iterdir())
        raise
    return (entry.path / "big").read_bytes()


def look_into(server: ChannelServer, record: RepoDataRecord, client: Client, folder: Path) -> bytes:
    with open_remote_archive(server.url + PATH, client) as archive:
        assert archive.index_json().name == record.name
        content = archive.read_file("big")
    assert content is not None
    return content


def extract_response(
    server: ChannelServer, record: RepoDataRecord, client: Client, folder: Path
) -> bytes:
    (folder / "out").mkdir()
    try:
        with client.open(server.url + PATH) as response:
            extract(response, folder / "out/a", expected_sha256=record.sha256)
    except HognoseError:
        assert [] == list((folder / "out").iterdir())
        raise
    return (folder / "out/a/big").read_bytes()


READERS = pytest.mark.parametrize("read", [fetch, look_into, extract_response])


@READERS
@pytest.mark.parametrize(
    "fault",
    [
        lambda server: server.drop(PATH, times=2),
        lambda server: server.fail(PATH, status=503, times=2),
        lambda server: server.delay(PATH, seconds=0.01),
        lambda server: server.redirect(PATH, server.url + PATH, times=1),
    ],
    ids=["drops twice", "is overloaded twice", "is slow", "redirects"],
)
def test_a_server_that_recovers_gives_the_package(
    read: Callable[..., bytes],
    fault: Callable[[ChannelServer], None],
    server: ChannelServer,
    record: RepoDataRecord,
    client: Client,
    tmp_path: Path,
) -> None:
    fault(server)
    assert read(server, record, client, tmp_path) == CONTENT


@pytest.mark.parametrize("read", [fetch, extract_response])
@pytest.mark.parametrize(
    "fault",
    [
        lambda server: server.truncate(PATH, after=100_000),
        lambda server: server.truncate(PATH, after=1),
        lambda server: server.stall(PATH, after=100_000),
        lambda server: server.stall(PATH, after=0),
    ],
    ids=["breaks in the middle", "breaks at once", "stalls in the middle", "stalls at once"],
)
def test_a_body_that_breaks_off_is_taken_up_by_range(
    read: Callable[..., bytes],
    fault: Callable[[ChannelServer], None],
    server: ChannelServer,
    record: RepoDataRecord,
    client: Client,
    tmp_path: Path,
) -> None:
    fault(server)
    assert read(server, record, client, tmp_path) == CONTENT
    assert "range" not in server.requests[0].headers
    assert len(server.requests) == 2


@READERS
@pytest.mark.parametrize(
    "fault",
    [
        lambda server: server.drop(PATH, times=None),
        lambda server: server.truncate(PATH, after=1000, times=None),
        lambda server: server.fail(PATH, status=500, times=None),
        lambda server: server.fail(PATH, status=404, times=None),
        lambda server: server.fail(PATH, status=403, times=None),
        lambda server: server.redirect(PATH, server.url + PATH),
    ],
    ids=["drops", "truncates", "is broken", "has nothing", "refuses", "goes round in circles"],
)
def test_a_server_that_does_not_recover_is_an_error(
    read: Callable[..., bytes],
    fault: Callable[[ChannelServer], None],
    server: ChannelServer,
    record: RepoDataRecord,
    client: Client,
    tmp_path: Path,
) -> None:
    fault(server)
    with pytest.raises((NetworkError, ArchiveError)):
        read(server, record, client, tmp_path)


@READERS
def test_silence_is_an_error_after_the_time_out(
    read: Callable[..., bytes],
    server: ChannelServer,
    record: RepoDataRecord,
    tmp_path: Path,
) -> None:
    server.stall(PATH, after=1000, times=None)
    with (
        Client(max_retries=0, read_timeout=0.2) as client,
        pytest.raises((NetworkError, ArchiveError)),
    ):
        read(server, record, client, tmp_path)


@pytest.mark.parametrize("read", [fetch, extract_response])
@pytest.mark.parametrize("position", [MIDDLE, END])
def test_changed_bytes_are_an_error(
    read: Callable[..., bytes],
    position: int,
    server: ChannelServer,
    record: RepoDataRecord,
    client: Client,
    tmp_path: Path,
) -> None:
    data = bytearray((tmp_path / "channel" / PATH).read_bytes())
    data[position] ^= 0x10
    server.serve(PATH, bytes(data))
    with pytest.raises((ArchiveError, HashMismatchError)):
        read(server, record, client, tmp_path)


@READERS
def test_a_server_without_ranges_gives_the_package(
    read: Callable[..., bytes],
    server: ChannelServer,
    record: RepoDataRecord,
    client: Client,
    tmp_path: Path,
) -> None:
    server.ranges = False
    assert read(server, record, client, tmp_path) == CONTENT


@pytest.mark.parametrize("read", [fetch, extract_response])
def test_a_server_without_ranges_that_breaks_off_is_an_error(
    read: Callable[..., bytes],
    server: ChannelServer,
    record: RepoDataRecord,
    client: Client,
    tmp_path: Path,
) -> None:
    server.ranges = False
    server.truncate(PATH, after=100_000, times=None)
    with pytest.raises((NetworkError, ArchiveError)):
        read(server, record, client, tmp_path)


@pytest.mark.parametrize(("read", "requests"), [(fetch, 3), (extract_response, 2)])
def test_a_package_that_changes_while_it_arrives_is_not_patched_together(
    read: Callable[..., bytes],
    requests: int,
    server: ChannelServer,
    record: RepoDataRecord,
    tmp_path: Path,
) -> None:
    server.truncate(PATH, after=100_000)
    other = bytes(record.size or 0)

    def publish_another(_seconds: float) -> None:
        server.serve(PATH, other)

    # The client waits before it asks again: the moment to publish something else.
    with (
        Client(max_retries=1, sleep=publish_another) as client,
        pytest.raises((NetworkError, ArchiveError)),
    ):
        read(server, record, client, tmp_path)
    # The cache begins once more from the start.
    assert len(server.requests) == requests


@pytest.mark.parametrize(
    ("content_range", "body"),
    [
        ("bytes 0-4/9", b"wrong"),
        ("bytes 5-1/9", b"wrong"),
        ("bytes */*", b""),
        ("nonsense", b"wrong"),
        ("bytes 0-32767/99999999999999", bytes(32768)),
        ("bytes 0-32767/32768", bytes(32768)),
        ("bytes 0-9/", bytes(10)),
        ("", b"wrong"),
    ],
)
def test_wrong_answers_to_the_first_range_are_an_error_or_do_no_harm(
    content_range: str,
    body: bytes,
    server: ChannelServer,
    record: RepoDataRecord,
    client: Client,
    tmp_path: Path,
) -> None:
    headers = {"Content-Range": content_range} if content_range else {}
    server.fail(PATH, status=206, body=body, headers=headers)
    try:
        assert look_into(server, record, client, tmp_path) == CONTENT
    except (ArchiveError, NetworkError):
        assert 1 <= len(server.requests) <= 4


@pytest.mark.parametrize("status", [200, 206, 416])
def test_wrong_answers_to_a_later_range_are_an_error(
    status: int, server: ChannelServer, client: Client
) -> None:
    with open_remote_archive(server.url + PATH, client) as archive:
        headers = {"Content-Range": "bytes 7-11/500000"}
        server.fail(PATH, status=status, body=b"wrong", headers=headers, times=None)
        with pytest.raises((ArchiveError, NetworkError)):
            archive.read_file("big")


def test_a_range_that_breaks_off_never_gives_other_bytes(
    server: ChannelServer, client: Client
) -> None:
    with open_remote_archive(server.url + PATH, client) as archive:
        server.truncate(PATH, after=10_000)
        try:
            assert archive.read_file("big") == CONTENT
        except (ArchiveError, NetworkError):
            assert len(server.requests) <= 4
