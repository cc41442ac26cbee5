"""Without the network: what is in the cache, or on this machine, and nothing else."""

import json

import pytest

from hognose.types import PrefixRecord
from support.channel_server import ChannelServer


@pytest.fixture
def server(channel):
    with ChannelServer(channel) as server:
        yield server


def versions(prefix):
    return {str(record.name): str(record.version) for record in PrefixRecord.collect(prefix)}


def test_only_packages_that_are_in_the_cache_are_candidates(hognose, server, tmp_path):
    hognose("download", "-c", server.url, "lib 1.*")
    server.forget()

    result = hognose("create", "-p", tmp_path / "env", "-c", server.url, "lib", "--offline")

    assert 0 == result.status, result.err
    assert {"lib": "1.0"} == versions(tmp_path / "env")
    assert 0 == server.count()


def test_a_package_that_is_known_and_not_cached_is_told_apart(hognose, server, tmp_path):
    hognose("solve", "-c", server.url, "app")

    result = hognose("create", "-p", tmp_path / "env", "-c", server.url, "app", "--offline")

    assert 1 == result.status
    assert "`app` cannot be had offline" in result.err
    assert "hognose download" in result.err


def test_a_package_that_was_never_asked_for_is_named(hognose, server, tmp_path):
    hognose("solve", "-c", server.url, "lib")

    result = hognose("create", "-p", tmp_path / "env", "-c", server.url, "lib", "old", "--offline")

    assert 1 == result.status
    assert "`old` cannot be had offline" in result.err


def test_a_dependency_that_is_not_cached_is_named(hognose, server, tmp_path):
    hognose("download", "-c", server.url, "app", "--no-deps")

    result = hognose("create", "-p", tmp_path / "env", "-c", server.url, "app", "--offline")

    assert 1 == result.status
    assert "not in the package cache: `lib`" in result.err


def test_what_is_installed_needs_no_archive(hognose, server, tmp_path):
    hognose("create", "-p", tmp_path / "env", "-c", server.url, "lib 1.*")
    hognose("cache", "clean", "--all")
    hognose("search", "-c", server.url, "app")
    hognose("download", "-c", server.url, "app", "--no-deps")

    result = hognose("install", "-p", tmp_path / "env", "-c", server.url, "app", "--offline")

    assert 0 == result.status, result.err
    assert {"app": "1.0", "lib": "1.0"} == versions(tmp_path / "env")


def test_a_channel_on_this_machine_needs_no_network(hognose, channel, tmp_path):
    result = hognose("create", "-p", tmp_path / "env", "-c", channel, "app", "--offline")

    assert 0 == result.status, result.err


def test_a_lock_file_needs_no_archives(hognose, server, tmp_path):
    hognose("search", "-c", server.url, "lib")
    hognose("solve", "-c", server.url, "lib")

    result = hognose(
        "lock", "-c", server.url, "lib", "--offline", "-o", tmp_path / "x.lock", "--json"
    )

    assert 0 == result.status, result.err
    assert {"linux-64": 1} == json.loads(result.out)["packages"]


@pytest.fixture
def uncached(hognose, server, tmp_path):
    """Return an environment whose packages are not in the cache any more, and one file short."""
    path = tmp_path / "env"
    hognose("create", "-p", path, "-c", server.url, "app")
    hognose("cache", "clean", "--all")
    (path / "lib/lib.txt").unlink()
    return path


@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["change", "dry run"])
@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (["env", "clone", "./copy"], "`app`, `lib`"),
        (["env", "rename", "./copy"], "`app`, `lib`"),
        (["doctor", "--repair"], "`lib`"),
    ],
)
def test_what_would_need_an_archive_is_not_begun(
    hognose, uncached, tmp_path, monkeypatch, words, missing, dry
):
    monkeypatch.chdir(tmp_path)

    result = hognose(*words, "-p", uncached, "--offline", "-y", *dry)

    assert 1 == result.status
    assert f"no network to use, and not in the package cache: {missing}" in result.err
    assert not (tmp_path / "copy").exists()


def test_a_list_of_urls_that_are_not_cached_is_not_begun(hognose, uncached, tmp_path):
    file = tmp_path / "list.txt"
    file.write_text(hognose("list", "--explicit", "-p", uncached).out)

    result = hognose("create", "-p", tmp_path / "new", "--file", file, "--offline", "--dry-run")

    assert 1 == result.status
    assert not (tmp_path / "new").exists()
