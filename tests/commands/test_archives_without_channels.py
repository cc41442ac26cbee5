"""Archives that lack nothing are installed without asking a channel."""

from __future__ import annotations

import shutil

import pytest

from hognose.types import PrefixRecord
from support.channel_server import ChannelServer

NOWHERE = ("--override-channels", "-c", "http://127.0.0.1:1/nowhere")


@pytest.fixture(autouse=True)
def impatience(private_home):
    (private_home / ".condarc").write_text("remote_max_retries: 0\n")


@pytest.fixture
def archives(channel, tmp_path):
    """Return a folder of archives that is no channel."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    for name in ("app-1.0-0", "lib-1.0-0", "lib-2.0-0", "old-1.0-0"):
        shutil.copy(channel / f"linux-64/{name}.conda", folder)
    return folder


def installed(prefix):
    return sorted(f"{record.name} {record.version}" for record in PrefixRecord.collect(prefix))


def create(hognose, prefix, *words):
    return hognose("create", "-y", "-p", prefix, "--platform", "linux-64", *words)


def test_an_archive_without_dependencies_asks_no_channel(hognose, archives, tmp_path):
    result = create(hognose, tmp_path / "env", *NOWHERE, archives / "lib-2.0-0.conda")

    assert 0 == result.status, result.err
    assert ["lib 2.0"] == installed(tmp_path / "env")


def test_an_archive_by_url_asks_no_channel(hognose, archives, tmp_path):
    with ChannelServer(archives) as server:
        url = f"{server.url}lib-2.0-0.conda"
        result = create(hognose, tmp_path / "env", "-c", server.url, url)

        assert 0 == result.status, result.err
        assert {"lib-2.0-0.conda"} == {request.path for request in server.requests}


def test_archives_that_meet_each_others_needs_ask_no_channel(hognose, archives, tmp_path):
    files = (archives / "app-1.0-0.conda", archives / "lib-1.0-0.conda")
    result = create(hognose, tmp_path / "env", *NOWHERE, *files)

    assert 0 == result.status, result.err
    assert ["app 1.0", "lib 1.0"] == installed(tmp_path / "env")


def test_what_an_environment_has_meets_the_needs_of_an_archive(hognose, archives, tmp_path):
    create(hognose, tmp_path / "env", *NOWHERE, archives / "lib-1.0-0.conda")

    words = ("-y", "-p", tmp_path / "env", *NOWHERE, archives / "app-1.0-0.conda")
    for more in ((), ("--freeze-installed",)):
        result = hognose("install", *words, *more)
        assert 0 == result.status, result.err
    assert ["app 1.0", "lib 1.0"] == installed(tmp_path / "env")


def test_an_archive_replaces_another_version_without_a_channel(hognose, archives, tmp_path):
    files = (archives / "app-1.0-0.conda", archives / "lib-1.0-0.conda")
    create(hognose, tmp_path / "env", *NOWHERE, *files)

    newer = archives / "lib-2.0-0.conda"
    result = hognose("install", "-y", "-p", tmp_path / "env", *NOWHERE, newer)

    assert 0 == result.status, result.err
    assert ["app 1.0", "lib 2.0"] == installed(tmp_path / "env")


def test_what_is_missing_comes_from_a_channel(hognose, archives, channel, tmp_path):
    result = create(hognose, tmp_path / "env", "-c", channel, archives / "app-1.0-0.conda")

    assert 0 == result.status, result.err
    assert ["app 1.0", "lib 2.0"] == installed(tmp_path / "env")


def test_with_a_spec_beside_it_the_channels_are_asked(hognose, archives, channel, tmp_path):
    with ChannelServer(channel) as server:
        words = ("-c", server.url, archives / "lib-1.0-0.conda", "app")
        result = create(hognose, tmp_path / "env", *words)

        assert 0 == result.status, result.err
        assert any("repodata" in request.path for request in server.requests)
    assert ["app 1.0", "lib 1.0"] == installed(tmp_path / "env")


def test_an_error_says_what_the_channels_were_needed_for(hognose, archives, tmp_path):
    result = create(hognose, tmp_path / "env", *NOWHERE, archives / "app-1.0-0.conda")

    assert 1 == result.status
    assert "127.0.0.1:1" in result.err
    assert "channels are asked because `app` needs `lib >=1`" in result.err
    assert "hognose link" in result.err
    assert not (tmp_path / "env").exists()

    create(hognose, tmp_path / "env", *NOWHERE, archives / "lib-2.0-0.conda")
    words = ("-p", tmp_path / "env", "--offline", archives / "old-1.0-0.conda")
    result = hognose("install", "-y", *words)

    assert 1 == result.status
    assert "`old` needs `lib <2`, which is not among what is installed" in result.err
    assert ["lib 2.0"] == installed(tmp_path / "env")


def test_archives_are_downloaded_into_the_cache_without_a_channel(hognose, archives, tmp_path):
    with ChannelServer(archives) as server:
        url = f"{server.url}lib-2.0-0.conda"
        result = hognose("download", *NOWHERE, "--platform", "linux-64", url)
        assert 0 == result.status, result.err
        assert "lib-2.0-0" in result.out

    result = create(hognose, tmp_path / "env", "--offline", url)
    assert 0 == result.status, result.err
    assert ["lib 2.0"] == installed(tmp_path / "env")
