"""Settings of single channels, and of mirrors, in what commands do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.channel_server import ChannelServer
from support.toy_channel import write_channel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ChannelServer]:
    with ChannelServer(write_channel(tmp_path / "root" / "toys")) as server:
        server.root = tmp_path / "root"
        yield server


def hognose(tmp_path: Path, condarc: str, *words: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / ".condarc").write_text(condarc)
    environ = {"HOME": str(tmp_path), "RATTLER_CACHE_DIR": str(tmp_path / "cache")}
    environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    return subprocess.run(
        [sys.executable, "-m", "hognose.cli", *words],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_mirrored_channel_is_found_at_its_second_mirror(
    server: ChannelServer, tmp_path: Path
) -> None:
    with ChannelServer() as down:
        down.drop("*", times=None)
        condarc = (
            "remote_max_retries: 0\n"
            f"mirrored_channels:\n  mine: ['{down.url}toys', '{server.url}toys']\n"
        )
        words = ("search", "app", "-c", "mine", "--platform", "linux-64", "--json")
        done = hognose(tmp_path, condarc, *words)
        assert down.count()
        usual = f"{down.url}toys/noarch/app-2-0.conda"
    assert 0 == done.returncode, done.stderr
    assert usual in done.stdout


def test_a_login_that_only_conda_knows_is_told_of(server: ChannelServer, tmp_path: Path) -> None:
    condarc = f"channel_settings:\n  - {{channel: '{server.url}*', auth: anaconda-auth}}\n"
    words = ("search", "app", "-c", f"{server.url}toys", "--platform", "linux-64")
    done = hognose(tmp_path, condarc, *words)
    assert 0 == done.returncode
    assert "handler `anaconda-auth` of a conda plug-in" in done.stderr
    assert f"hognose auth login {server.url}toys/" in done.stderr
    key = server.host
    secrets = tmp_path / ".rattler" / "credentials.json"
    secrets.parent.mkdir()
    secrets.write_text(json.dumps({key: {"BearerToken": "T"}}))
    secrets.chmod(0o600)
    assert "" == hognose(tmp_path, condarc, *words).stderr


def test_a_channel_may_have_its_own_age_of_packages(server: ChannelServer, tmp_path: Path) -> None:
    words = ("solve", "app", "-c", f"{server.url}toys", "--platform", "linux-64")
    condarc = f"channel_settings:\n  - {{channel: '{server.url}toys', exclude_newer: 7d}}\n"
    # The toys have no dates, and what has none may be too new.
    assert 1 == hognose(tmp_path, condarc, *words).returncode
    never = f"{server.url}toys::*=never"
    assert 0 == hognose(tmp_path, condarc, *words, "--exclude-newer", never).returncode
    assert 0 == hognose(tmp_path, "", *words).returncode
