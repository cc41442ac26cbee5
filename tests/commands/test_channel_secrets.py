"""Channels whose addresses hold secrets, from the command line to the next run."""

from __future__ import annotations

import json
import shutil
from base64 import b64encode

import pytest

from support.channel_server import ChannelServer

SECRET = "Hush-1"
LOGIN = f"Basic {b64encode(f'me:{SECRET}'.encode()).decode()}"


class Behind:
    """A server whose channel opens to a secret, and the addresses with and without it."""

    def __init__(self, server, kind):
        self.server, self.kind = server, kind
        host = server.host
        self.plain = f"http://{host}/sub/mine" if kind == "token" else f"http://{host}/mine"
        self.address = {
            "login": f"http://me:{SECRET}@{host}/mine",
            "token": f"http://{host}/sub/t/{SECRET}/mine",
        }[kind]


@pytest.fixture(params=["login", "token"])
def behind(request, channel, tmp_path):
    root = tmp_path / "served"
    folder = f"sub/t/{SECRET}/mine" if request.param == "token" else "mine"
    shutil.copytree(channel, root / folder)
    required = {"Authorization": LOGIN} if request.param == "login" else None
    with ChannelServer(root, required_headers=required) as server:
        yield Behind(server, request.param)


def files_with_secrets(*roots):
    files = [path for root in roots for path in root.rglob("*") if path.is_file()]
    return [path for path in files if SECRET.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    "words",
    [
        ("solve", "{}::app", "-c", "{plain}"),
        ("solve", "{plain}::app", "-c", "{}"),
        ("solve", "{}::app", "-c", "{}"),
        ("solve", "{}/linux-64::app", "-c", "{other}"),
        ("solve", "app[channel='{}']", "-c", "{other}"),
        ("search", "{}::lib", "-c", "{other}"),
        ("search", "{}::lib", "lib", "-c", "{plain}", "--json"),
    ],
)
def test_a_spec_may_name_a_channel_with_its_secret(hognose, behind, channel, words):
    names = {"plain": behind.plain, "other": channel}
    given = [word.format(behind.address, **names) for word in words]

    result = hognose(*given, "--platform", "linux-64")

    assert 0 == result.status, result.err
    assert SECRET not in result.out + result.err


@pytest.mark.parametrize(
    "words",
    [
        ("solve", "{}::nosuch"),
        ("search", "{}::nosuch"),
        ("search", "{}::nosuch", "lib"),
        ("search", "{}::lib 9"),
        ("search", "nosuch", "-c", "{}"),
        ("channel", "info", "{}/no"),
        ("search", "x", "-c", "{}?token=Hush-1"),
        ("search", "x", "-c", "{}/no"),
        ("serach", "{}::lib"),
        ("{}",),
        ("search", "--chanel", "{}"),
        ("search", "{}::a::b::c"),
        ("create", "-d", "-p", "x", "{}/noarch/no-1-0.conda"),
    ],
)
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_what_goes_wrong_is_told_without_the_secret(hognose, behind, channel, words, form):
    result = hognose(*(word.format(behind.address) for word in words), *form, "-c", channel)

    assert SECRET not in result.out + result.err


def test_what_is_told_of_a_channel_holds_no_secret(hognose, behind):
    for form in ((), ("--json",)):
        result = hognose("channel", "info", behind.address, *form)

        assert 0 == result.status, result.err
        assert SECRET not in result.out + result.err
        assert f"{behind.plain}/" in result.out


def test_a_record_of_another_tool_with_a_secret_is_used_without_it(hognose, behind, tmp_path):
    prefix = tmp_path / "env"
    words = ("--platform", "linux-64", "-y", "-v")
    hognose("create", "-p", prefix, "-c", behind.address, "lib 1.*", *words)
    (record,) = prefix.glob("conda-meta/lib-*.json")
    record.write_text(record.read_text().replace(behind.plain, behind.address))

    result = hognose("install", "-p", prefix, "app", *words)

    assert f"channels: {behind.plain}" in result.err
    assert SECRET not in result.out + result.err


def test_all_that_is_kept_can_be_used_with_a_stored_login(hognose, behind, tmp_path):
    prefix, lock = tmp_path / "env", tmp_path / "a.lock"
    words = ("--platform", "linux-64", "-y")
    made = hognose("create", "-p", prefix, "-c", behind.address, "lib 1.*", *words)
    locked = hognose("lock", "-c", behind.address, "lib", "-o", lock, "--platform", "linux-64")
    assert (0, 0) == (made.status, locked.status), made.err + locked.err
    assert [] == files_with_secrets(prefix, tmp_path / "cache", tmp_path / "home")
    assert SECRET not in lock.read_text()
    (record,) = prefix.glob("conda-meta/lib-*.json")
    kept = json.loads(record.read_text())
    assert f"{behind.plain}/linux-64/lib-1.0-0.conda" == kept["url"]
    assert kept["url"].replace("1.0", "2.0") in lock.read_text()
    if behind.kind == "token":
        return  # a stored token stands at the start of the path, and nowhere else

    shutil.rmtree(tmp_path / "cache")
    stored = hognose("auth", "login", behind.server.host, "--username", "me", "--password", SECRET)
    again = hognose("create", "-p", tmp_path / "two", "--lockfile", lock, *words)
    updated = hognose("install", "-p", prefix, "app", *words)

    assert (0, 0, 0) == (stored.status, again.status, updated.status), again.err + updated.err


def test_an_archive_may_be_named_with_its_secret(hognose, behind, channel, tmp_path):
    prefix = tmp_path / "env"
    url = f"{behind.address}/linux-64/lib-1.0-0.conda"

    words = ("-c", channel, "-y", "-v", "--platform", "linux-64")
    result = hognose("create", "-p", prefix, url, *words)

    assert 0 == result.status, result.err
    assert SECRET not in result.out + result.err
    assert [] == files_with_secrets(prefix, tmp_path / "cache")
    (record,) = prefix.glob("conda-meta/lib-*.json")
    assert f"{behind.plain}/linux-64/lib-1.0-0.conda" == json.loads(record.read_text())["url"]
