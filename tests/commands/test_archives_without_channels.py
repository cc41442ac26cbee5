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


SIGNATURE = "Hush/1+2%3D"


def signed(server, name):
    return f"{server.url}{name}?sig={SIGNATURE}&Expires=17"


@pytest.mark.parametrize("subdir", ["", "linux-64/"])
def test_a_signed_address_is_an_archive_whose_signature_is_used_and_written_nowhere(
    hognose, channel, archives, tmp_path, subdir
):
    with ChannelServer(channel if subdir else archives) as server:
        old, new = (signed(server, f"{subdir}lib-{version}-0.conda") for version in ("1.0", "2.0"))
        env = tmp_path / "env"
        results = [
            create(hognose, env, *NOWHERE, "-vv", old),
            hognose("install", "-y", "-p", env, *NOWHERE, "-vv", "--json", new),
            hognose("install", "-y", "-p", env, *NOWHERE, new),
            hognose("list", "-p", env, "--json"),
            hognose("list", "-p", env, "--explicit"),
            hognose("history", "-p", env, "--json"),
        ]
        asked = {request.target for request in server.requests}

    assert [0] * len(results) == [result.status for result in results], results
    assert {old.removeprefix(server.url[:-1]), new.removeprefix(server.url[:-1])} == asked
    assert ["lib 2.0"] == installed(env)
    (record,) = PrefixRecord.collect(env)
    assert f"{server.url}{subdir}lib-2.0-0.conda" == record.url
    assert "lib-2.0-0.conda" == record.file_name
    assert not [result for result in results if "Hush" in result.out + result.err]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if b"Hush" in path.read_bytes()]


def test_a_signed_address_can_be_downloaded(hognose, archives, tmp_path):
    with ChannelServer(archives) as server:
        result = hognose("download", *NOWHERE, "--json", signed(server, "lib-2.0-0.conda"))

    assert 0 == result.status, result.err
    assert (tmp_path / "cache/pkgs/lib-2.0-0/lib/lib.txt").is_file()
    assert "Hush" not in result.out + result.err
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if b"Hush" in path.read_bytes()]


def test_a_list_of_signed_addresses_is_installed(hognose, archives, tmp_path):
    with ChannelServer(archives) as server:
        listed = tmp_path / "list.txt"
        listed.write_text(f"@EXPLICIT\n{signed(server, 'lib-2.0-0.conda')}\n")
        result = create(hognose, tmp_path / "env", "--file", listed)

    assert 0 == result.status, result.err
    assert ["lib 2.0"] == installed(tmp_path / "env")
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path != listed]
    assert not [path for path in files if b"Hush" in path.read_bytes()]


def test_what_a_server_refuses_is_told_without_the_signature(hognose, archives, tmp_path):
    with ChannelServer(archives) as server:
        result = create(hognose, tmp_path / "env", *NOWHERE, signed(server, "no-2.0-0.conda"))

    assert 1 == result.status
    assert "no-2.0-0.conda" in result.err
    assert "Hush" not in result.out + result.err


def test_without_ranges_an_archive_is_asked_for_once_before_the_plan_which_has_its_size(
    hognose, archives, tmp_path
):
    words = ("create", "--dry-run", "-p", tmp_path / "env", "--platform", "linux-64")
    with ChannelServer(archives, ranges=False) as server:
        result = hognose(*words, *NOWHERE, f"{server.url}lib-2.0-0.conda")
        assert 0 == result.status, result.err
        assert 1 == server.count()
    size = (archives / "lib-2.0-0.conda").stat().st_size
    assert f"packages of {size} B" in result.out + result.err


def test_a_web_page_in_place_of_an_archive_is_told(hognose, tmp_path):
    page = {"body": b"<html>Please log in</html>", "headers": {"Content-Type": "text/html"}}
    with ChannelServer() as server:
        server.fail(status=200, times=None, **page)
        url = f"{server.url}lib-2.0-0.conda"
        result = create(hognose, tmp_path / "env", *NOWHERE, url)

    assert 1 == result.status
    assert "is not a package: a web page of type `text/html` came" in " ".join(result.err.split())
    assert not (tmp_path / "env").exists()
