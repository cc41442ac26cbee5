"""Several processes in one cache directory, some of which are killed: never a wrong answer."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hognose.net import Client
from hognose.repodata import Gateway
from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, write_repodata
from support.toy_channel import EVERYTHING_APP_NEEDS, PLATFORMS, file_names, write_channel

if TYPE_CHECKING:
    from pathlib import Path

# Queries, and says what came out. With a number as its last argument it kills itself before that
# many of the things that it does to files in the cache: opening, renaming, removing.
QUERY = """
import os, signal, sys
from hognose.net import Client
from hognose.repodata import Gateway

url, cache, turns, fatal = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
count = 0

def audit(event, arguments):
    global count
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "mmap.__new__") and (
        event == "mmap.__new__" or cache in str(arguments[0])
    ):
        count += 1
        if count == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

if fatal:
    sys.addaudithook(audit)
for turn in range(turns):
    with Client(environ={}) as client:
        gateway = Gateway(client, cache_dir=cache)
        found = gateway.query([url], ["linux-64", "noarch"], ["app"])
        print(*(record.file_name for record in found[0]))
"""


def start(url: str, cache: Path, *, turns: int = 1, fatal: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", QUERY, url, str(cache), str(turns), str(fatal)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def leftovers(cache: Path) -> list[Path]:
    return list(cache.rglob("*.tmp"))


@pytest.mark.parametrize("form", ["zst", "shards"])
def test_eight_processes_share_a_cold_cache(channel: Path, cache: Path, form: str) -> None:
    write_channel(channel, "json", form)
    with ChannelServer(channel) as server:
        processes = [start(server.url, cache, turns=4) for _ in range(8)]
        outputs = [process.communicate()[0] for process in processes]
        assert [process.returncode for process in processes] == [0] * 8
        for output in outputs:
            assert output.splitlines() == [" ".join(EVERYTHING_APP_NEEDS)] * 4
        # What they left is whole: nothing but the validators is asked for.
        server.forget()
        with Client(environ={}) as client:
            Gateway(client, cache_dir=cache).query([server.url], PLATFORMS, ["app"])
        assert {len(request.path.split("/")) for request in server.requests} == {2}
        assert all("if-none-match" in request.headers for request in server.requests)
    assert leftovers(cache) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("form", ["zst", "shards"])
def test_a_process_that_is_killed_anywhere_leaves_a_cache_that_answers_right(
    channel: Path, cache: Path, client: Client, form: str
) -> None:
    fatal = 0
    with ChannelServer(channel) as server:
        while True:
            fatal += 1
            # Each time the channel is another one, so that everything is written anew.
            app = entry("app", str(fatal), depends=["lib"])
            lib = entry("lib", str(fatal))
            write_repodata(channel, repodata(app, lib), formats=["json", form])
            process = start(server.url, cache, fatal=fatal)
            process.communicate()
            found = Gateway(client, cache_dir=cache).query([server.url], PLATFORMS, ["app"])
            assert file_names(found[0]) == [f"app-{fatal}-0.conda", f"lib-{fatal}-0.conda"]
            if process.returncode == 0:
                break
            assert process.returncode == -signal.SIGKILL
    assert fatal > 10


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("form", ["zst", "shards"])
def test_processes_go_on_while_others_beside_them_are_killed(
    channel: Path, cache: Path, form: str
) -> None:
    write_channel(channel, "json", form)
    with ChannelServer(channel) as server:
        for fatal in range(1, 25, 3):
            victims = [start(server.url, cache, fatal=fatal + number) for number in range(3)]
            others = [start(server.url, cache, turns=3) for _ in range(5)]
            for process in victims:
                process.communicate()
            for process in others:
                output, _ = process.communicate()
                assert output.splitlines() == [" ".join(EVERYTHING_APP_NEEDS)] * 3
                assert process.returncode == 0
