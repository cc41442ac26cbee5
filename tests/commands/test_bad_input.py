"""Whatever is wrong: one clear message on standard error, a status, and an untouched disk."""

import os
import shutil
import socket
import sys

import pytest
from backports import zstd

from hognose.channel import index_channel
from support.channel_server import ChannelServer
from support.hostile_archives import conda, file, tar
from support.trees import snapshot


@pytest.fixture
def prefix(tmp_path):
    return tmp_path / "env"


def check(result, *parts, prefix, status=1):
    assert status == result.status
    assert result.err.count("error:") == 1
    assert "Traceback" not in result.err
    for part in parts:
        assert part in result.err
    assert not os.path.lexists(prefix)


def test_an_unknown_package(hognose, channel, prefix):
    check(hognose("create", "-p", prefix, "-c", channel, "nosuch"), "nosuch", prefix=prefix)


def test_a_name_one_letter_away_is_suggested(hognose, channel, prefix):
    result = hognose("create", "-p", prefix, "-c", channel, "appp")

    check(result, "appp", "did you mean `app`?", prefix=prefix)


def test_a_version_that_there_is_not(hognose, channel, prefix):
    result = hognose("create", "-p", prefix, "-c", channel, "lib >=3")

    check(result, "lib >=3", "2.0", prefix=prefix)


def test_specs_that_contradict_each_other(hognose, channel, prefix):
    result = hognose("create", "-p", prefix, "-c", channel, "old", "lib 2.*")

    check(result, "old", "lib 2.*", "lib <2", prefix=prefix)


def test_a_machine_without_what_is_needed(hognose, channel, prefix):
    result = hognose("create", "-p", prefix, "-c", channel, "gpu")

    check(result, "__cuda", "CONDA_OVERRIDE_CUDA", prefix=prefix)


def test_a_directory_that_is_no_channel(hognose, tmp_path, prefix):
    result = hognose("create", "-p", prefix, "-c", tmp_path / "nowhere", "app")

    check(result, "nowhere", "there is no directory", "repodata.json", prefix=prefix)


def test_a_channel_of_an_unknown_kind(hognose, prefix):
    result = hognose("create", "-p", prefix, "-c", "ftp://example.org/c", "app")

    check(result, "invalid channel 'ftp://example.org/c/'", "scheme", prefix=prefix)
    assert "repodata" not in result.err


def test_a_channel_without_a_name(hognose, prefix):
    check(hognose("create", "-p", prefix, "-c", "", "app"), "it is empty", prefix=prefix)


def test_a_pattern_where_a_package_is_named(hognose, channel, prefix):
    result = hognose("create", "-p", prefix, "-c", channel, "ap*")

    check(result, "not the pattern `ap*`", "hognose search 'ap*'", prefix=prefix)
    assert "exact_names_only" not in result.err


def test_a_server_that_is_not_there(hognose, prefix):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/channel"

    result = hognose("create", "-p", prefix, "-c", url, "app")

    check(result, url, prefix=prefix)


def test_a_server_that_refuses(hognose, channel, prefix):
    with ChannelServer(channel) as server:
        server.fail("*", status=500, times=None)
        result = hognose("create", "-p", prefix, "-c", server.url, "app")

    check(result, server.url, "500", prefix=prefix)


def test_the_network_while_it_is_switched_off(hognose, channel, prefix):
    with ChannelServer(channel) as server:
        result = hognose("create", "-p", prefix, "-c", server.url, "app", "--offline")

        assert 0 == server.count()
    check(result, "--offline", prefix=prefix)


@pytest.fixture
def own_channel(channel, tmp_path):
    copy = tmp_path / "channel"
    shutil.copytree(channel, copy)
    return copy


def test_an_archive_that_is_cut_off(hognose, own_channel, prefix):
    archive = own_channel / "linux-64/lib-2.0-0.conda"
    archive.write_bytes(archive.read_bytes()[:-100])

    result = hognose("create", "-p", prefix, "-c", own_channel, "lib")

    check(result, "lib-2.0-0.conda", prefix=prefix)


def test_an_archive_with_another_hash(hognose, own_channel, prefix):
    lib, app = (own_channel / "linux-64" / f"{name}-0.conda" for name in ("lib-2.0", "app-1.0"))
    shutil.copy(app, lib)

    result = hognose("create", "-p", prefix, "-c", own_channel, "lib")

    check(result, "lib-2.0-0.conda", prefix=prefix)


def test_an_archive_that_climbs_out_of_its_place(hognose, own_channel, prefix, tmp_path):
    archive = own_channel / "linux-64/evil-1-0.conda"
    archive.write_bytes(conda(zstd.compress(tar([file("../../x")]))))
    index_channel(own_channel)
    before = snapshot(own_channel)

    result = hognose("create", "-p", prefix, "-c", own_channel, "evil")

    check(result, "evil-1-0.conda", "../../x", prefix=prefix)
    assert before == snapshot(own_channel)
    assert [] == list(tmp_path.rglob("x"))


@pytest.mark.skipif(sys.platform != "linux", reason="a place where even root may not write")
def test_a_prefix_without_permission(hognose, channel):
    result = hognose("create", "-p", "/proc/hognose/env", "-c", channel, "lib")

    check(result, "/proc/hognose", prefix="/proc/hognose")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_prefix_in_a_directory_of_somebody_else(hognose, channel, tmp_path):
    parent = tmp_path / "theirs"
    parent.mkdir(mode=0o500)

    result = hognose("create", "-p", parent / "env", "-c", channel, "lib")

    check(result, "theirs", "ermission", prefix=parent / "env")


@pytest.mark.parametrize(
    "words",
    [
        ["create"],
        ["create", "-p", "x", "app", "--lockfile", "y"],
        ["install", "-p", "/nowhere/at/all", "app"],
        ["remove", "-p", "/nowhere/at/all", "app"],
        ["list", "-p", "/nowhere/at/all"],
        ["list"],
        ["run", "-p", "/nowhere/at/all"],
        ["channel"],
        ["channel", "build", "x"],
        ["extract", "a.conda", "/"],
        ["nonsense"],
        ["create", "--nonsense"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_a_usage_error(hognose, words):
    result = hognose(*words)

    assert 2 == result.status
    assert result.err
    assert "Traceback" not in result.err


def test_a_mistyped_command_is_suggested(hognose):
    assert "did you mean `create`?" in hognose("craete").err


@pytest.mark.parametrize("spec", ["python ===", "a b c d", "", "numpy[", "foo >=1,"])
def test_a_spec_that_cannot_be_read(hognose, channel, prefix, spec):
    result = hognose("create", "-p", prefix, "-c", channel, spec)

    check(result, "match spec", prefix=prefix)


def test_a_file_that_is_no_archive(hognose, tmp_path):
    bad = tmp_path / "a-1-0.conda"
    bad.write_bytes(b"nothing of the kind")

    result = hognose("extract", bad, tmp_path / "out")

    check(result, str(bad), prefix=tmp_path / "out")
    assert 1 == hognose("inspect", bad).status
