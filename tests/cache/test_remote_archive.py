"""Looking into packages on a server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from hognose.cache import open_remote_archive
from hognose.errors import ArchiveError, NotFoundError
from hognose.net import Client
from support.channel_server import ChannelServer
from support.package_maker import Content, make_package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(max_retries=0) as client:
        yield client


def sent(server: ChannelServer) -> int:
    """How many bytes the ranges that were asked for hold."""
    total = 0
    for request in server.requests:
        first, _, last = request.headers["range"].removeprefix("bytes=").partition("-")
        total += int(last) - int(first) + 1 if first else int(last)
    return total


def test_metadata_of_a_large_package_costs_one_request(tmp_path: Path, client: Client) -> None:
    make_package(tmp_path, "a", "1", files={"big": os.urandom(3_000_000)})
    with ChannelServer(tmp_path) as server:
        url = f"{server.url}linux-64/a-1-0.conda"
        with open_remote_archive(url, client) as archive:
            assert archive.index_json().name == "a"
            assert archive.paths_json().paths[0].relative_path == "big"
            assert archive.run_exports_json() is None
        assert len(server.requests) == 1
        assert sent(server) == 1 << 15


def test_a_large_info_part_costs_one_request_more(tmp_path: Path, client: Client) -> None:
    files = {"big": os.urandom(1_000_000)}
    info = {"licence": os.urandom(100_000)}
    make_package(tmp_path, "a", "1", files=files, extra_info=info)
    with ChannelServer(tmp_path) as server:
        url = f"{server.url}linux-64/a-1-0.conda"
        with open_remote_archive(url, client) as archive:
            assert archive.index_json().name == "a"
        assert len(server.requests) <= 3
        assert sent(server) <= 64_000 + 100_000 + 64_000


def test_files_of_the_package_part_can_be_read_as_well(tmp_path: Path, client: Client) -> None:
    files: dict[str, Content] = {"big": os.urandom(2_000_000), "small": "text"}
    make_package(tmp_path, "a", "1", files=files)
    with ChannelServer(tmp_path) as server:
        url = f"{server.url}linux-64/a-1-0.conda"
        with open_remote_archive(url, client) as archive:
            assert archive.read_file("small") == b"text"
            assert archive.list_files("pkg") == ["big", "small"]


@pytest.mark.parametrize("kind", ["conda", "tar.bz2"])
def test_without_ranges_the_package_is_downloaded_once(
    kind: str, tmp_path: Path, client: Client
) -> None:
    make_package(tmp_path, "a", "1", files={"x": "text"}, archive=kind)  # type: ignore[arg-type]
    with ChannelServer(tmp_path, ranges=False) as server:
        url = f"{server.url}linux-64/a-1-0.{kind}"
        with open_remote_archive(url, client) as archive:
            assert archive.index_json().name == "a"
            assert archive.read_file("x") == b"text"
        assert 1 == len(server.requests)


def test_a_server_that_gives_another_range_is_caught(tmp_path: Path, client: Client) -> None:
    make_package(tmp_path, "a", "1", files={"big": os.urandom(2_000_000)})
    with ChannelServer(tmp_path) as server:
        path = "linux-64/a-1-0.conda"
        with open_remote_archive(f"{server.url}{path}", client) as archive:
            server.fail(
                path,
                status=206,
                body=b"wrong",
                headers={"Content-Range": "bytes 0-4/9"},
                times=None,
            )
            with pytest.raises(ArchiveError, match="another range"):
                archive.read_file("big")


def test_a_package_on_the_own_disk_can_be_opened_by_its_url(tmp_path: Path, client: Client) -> None:
    record = make_package(tmp_path, "a", "1", files={"x": "text"})
    with open_remote_archive(record.url, client) as archive:
        assert archive.read_file("x") == b"text"


def test_a_package_that_is_not_there_is_not_found(tmp_path: Path, client: Client) -> None:
    with ChannelServer(tmp_path) as server, pytest.raises(NotFoundError):
        open_remote_archive(f"{server.url}linux-64/a-1-0.conda", client)


@pytest.mark.parametrize("kind", ["conda", "tar.bz2"])
@pytest.mark.parametrize("ranges", [True, False])
def test_the_size_of_a_package_is_known_without_another_request(
    kind: str,
    ranges: bool,  # noqa: FBT001  # a parameter of the test
    tmp_path: Path,
    client: Client,
) -> None:
    record = make_package(tmp_path, "a", "1", files={"x": "text"}, archive=kind)  # type: ignore[arg-type]
    with ChannelServer(tmp_path, ranges=ranges) as server:
        with open_remote_archive(f"{server.url}linux-64/a-1-0.{kind}", client) as archive:
            assert archive.index_json().name == "a"
            assert record.size == archive.size
            assert archive.read_file("x") == b"text"
        assert 1 == len(server.requests)


@pytest.mark.parametrize("kind", ["conda", "tar.bz2"])
def test_a_web_page_in_place_of_a_package_is_told(kind: str, client: Client) -> None:
    with ChannelServer() as login, ChannelServer() as server:
        page = login.serve(
            "login",
            b"<!DOCTYPE html><html>Who are you?</html>",
            headers={"Content-Type": "text/html; charset=utf-8"},
        )
        server.redirect("*", f"{page}?ticket=7")
        url = f"{server.url}linux-64/a-1-0.{kind}"
        with pytest.raises(ArchiveError) as caught:
            open_remote_archive(f"{url}?sig=hush", client)
    assert caught.value.message == (
        f"`{url}?********` is not a package: a web page of type `text/html` came from {page}"
    )
    assert "captive portal" in (caught.value.hint or "")
