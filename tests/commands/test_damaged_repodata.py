"""Repodata on the disk that is damaged, as the command tells of it."""

import json

import pytest

from support.channel_server import ChannelServer


@pytest.fixture
def server(channel):
    with ChannelServer(channel) as server:
        yield server


@pytest.fixture
def damaged(hognose, server, tmp_path):
    """The content files of a channel that was asked, with a hole in each."""
    assert hognose("search", "-c", server.url, "lib").status == 0
    contents = list(tmp_path.rglob("content-*"))
    for content in contents:
        text = content.read_bytes()
        content.write_bytes(text[:9] + bytes(20) + text[29:])
    return contents


def test_damaged_repodata_is_mended_without_a_word(hognose, server, damaged):
    assert damaged

    result = hognose("search", "-c", server.url, "lib")

    assert 0 == result.status
    assert "" == result.err


def test_offline_damaged_repodata_is_one_document_that_says_what_to_do(hognose, server, damaged):
    result = hognose("search", "-c", server.url, "lib", "--offline", "--json")

    assert 1 == result.status
    error = json.loads(result.out)["error"]
    assert server.url in error["message"]
    assert any(str(each) in error["message"] for each in damaged)
    assert "fetched anew" in error["hint"]
