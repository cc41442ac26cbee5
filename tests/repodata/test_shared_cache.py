"""Several processes in one cache directory, some of which are killed: never a wrong answer."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hognose.errors import FetchCancelledError
from hognose.net import Cancellation, Client
from hognose.repodata import Gateway
from hognose.repodata.document_cache import DocumentCache
from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, write_repodata
from support.toy_channel import EVERYTHING_APP_NEEDS, FORMATS, PLATFORMS, file_names, write_channel

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


@pytest.mark.parametrize("form", FORMATS)
def test_of_six_processes_with_a_cold_cache_one_downloads(
    channel: Path, cache: Path, form: str
) -> None:
    write_channel(channel, form)
    with ChannelServer(channel) as server:
        # All have begun when the first answer comes.
        server.delay(seconds=0.2)
        processes = [start(server.url, cache) for _ in range(6)]
        outputs = [process.communicate()[0].split() for process in processes]
        whole = [each.path for each in server.requests if "if-none-match" not in each.headers]
    assert outputs == [EVERYTHING_APP_NEEDS] * 6
    documents = [path for path in whole if "/shards/" not in path]
    assert sorted(documents) == sorted(set(documents))
    assert len(list(cache.rglob("content-*"))) == 2


def test_shards_that_several_processes_fetched_are_on_the_disk_once(
    channel: Path, tmp_path: Path
) -> None:
    write_channel(channel, "shards")
    sizes = []
    with ChannelServer(channel) as server:
        for count in (1, 6):
            cache = tmp_path / f"cache-{count}"
            for process in [start(server.url, cache) for _ in range(count)]:
                process.communicate()
            sizes.append(sorted(path.stat().st_size for path in cache.rglob("shards")))
    assert sizes[0] == sizes[1]


def test_who_has_a_changed_document_hands_it_to_those_that_wait(channel: Path, cache: Path) -> None:
    write_repodata(channel, repodata(entry("app", "1")), formats=["zst"])
    with ChannelServer(channel) as server:
        start(server.url, cache).communicate()
        write_repodata(channel, repodata(entry("app", "2")), formats=["zst"])
        server.delay("noarch/repodata.json.zst", seconds=0.5)
        processes = [start(server.url, cache) for _ in range(4)]
        outputs = [process.communicate()[0].split() for process in processes]
    assert outputs == [["app-2-0.conda"]] * 4
    assert len(list(cache.rglob("content-*"))) == 1


def test_a_lock_that_nobody_holds_is_no_obstacle(
    channel: Path, cache: Path, client: Client
) -> None:
    write_channel(channel, "zst")
    with ChannelServer(channel) as server:
        for subdir in PLATFORMS:
            folder = DocumentCache(cache, f"{server.url}{subdir}/").directory
            folder.mkdir(parents=True)
            (folder / "lock").write_text("left by somebody who was killed")
        found = Gateway(client, cache_dir=cache).query([server.url], PLATFORMS, ["app"])
    assert file_names(found[0]) == EVERYTHING_APP_NEEDS


def test_who_waits_for_too_long_goes_on_alone(cache: Path) -> None:
    url = "https://example.com/noarch/"
    nobody = Cancellation()
    with DocumentCache(cache, url).locked(nobody) as is_alone:
        assert is_alone
        with DocumentCache(cache, url, lock_timeout=0).locked(nobody) as is_alone:
            assert not is_alone


def test_who_waits_can_be_told_to_stop(cache: Path) -> None:
    url = "https://example.com/noarch/"
    told = Cancellation()
    told.cancel()
    with (
        DocumentCache(cache, url).locked(Cancellation()),
        pytest.raises(FetchCancelledError),
        DocumentCache(cache, url).locked(told),
    ):
        pass


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
