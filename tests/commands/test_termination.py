"""A command that is asked to end undoes what it began, as after Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from support.channel_server import ChannelServer

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there are no such signals")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_an_installation_that_is_asked_to_end_leaves_nothing(channel, tmp_path, name):
    number = getattr(signal, name)
    with ChannelServer(channel) as server:
        (archive,) = (path.name for path in channel.glob("*/app-1.0-0.conda"))
        subdir = next(channel.glob("*/app-1.0-0.conda")).parent.name
        server.stall(f"{subdir}/{archive}", after=10, times=None)
        words = ["create", "-y", "-p", str(tmp_path / "env"), "-c", server.url, "app"]
        process = subprocess.Popen(
            [sys.executable, "-m", "hognose", *words], stderr=subprocess.PIPE, text=True
        )
        while not server.count(f"{subdir}/{archive}", method="GET"):
            assert process.poll() is None
        process.send_signal(number)
        _, said = process.communicate()

    assert 128 + number == process.returncode
    assert "interrupted" in said
    assert not (tmp_path / "env").exists()
