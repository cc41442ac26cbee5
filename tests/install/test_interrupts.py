"""A change that is given up while packages are on their way ends, and leaves nothing behind.

The server holds back the rest of every package until the test is over, so what does not end runs
into the time limit of the test.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING

import msgspec
import pytest

from hognose import aio
from hognose.cache import PackageCache
from hognose.channel import index_channel
from hognose.console import Console, report_errors
from hognose.errors import InstallerError
from hognose.install import PrefixLock, diagnose, install
from hognose.install.interrupts import run_to_its_end
from hognose.install.journal import Commit, Journal
from hognose.net import Client
from hognose.types import Platform, PrefixRecord, RepoDataRecord
from support.channel_server import ChannelServer
from support.package_maker import make_package
from support.trees import describe_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# With so many bytes processes extract them, where there are two processors; with less, threads do.
SIZES = {"threads": 300_000, "processes": 4_000_000}
COUNT = 5
PLATFORM = Platform("linux-64")


class Channel:
    """Some packages on the disk, and their records."""

    def __init__(self, directory: Path, size: int) -> None:
        self.directory = directory
        self.records = [
            make_package(directory, f"p{number}", "2", files={f"lib/p{number}": os.urandom(size)})
            for number in range(COUNT)
        ]
        self.old = make_package(directory, "p0", "1", files={"lib/p0": "old", "lib/gone": "1"})
        index_channel(directory)

    def at(self, server: ChannelServer) -> list[RepoDataRecord]:
        return [
            msgspec.structs.replace(record, url=f"{server.url}linux-64/{record.file_name}")
            for record in self.records
        ]


@pytest.fixture(scope="module", params=SIZES)
def channel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Channel:
    return Channel(tmp_path_factory.mktemp("channel"), SIZES[request.param])


@pytest.fixture
def server(channel: Channel) -> Iterator[ChannelServer]:
    with ChannelServer(channel.directory) as server:
        for record in channel.records:
            server.stall(f"linux-64/{record.file_name}", after=200_000, times=None)
        yield server


def archive_count(server: ChannelServer) -> int:
    return sum(request.path.endswith(".conda") for request in server.requests)


def wait_for_archives(server: ChannelServer, *, unless: Callable[[], bool] = lambda: False) -> None:
    """Wait until two packages are on their way."""
    while archive_count(server) < 2 and not unless():
        pass


def is_clean(cache: Path) -> bool:
    """Whether neither packages nor parts of them are in a cache, nor locks on them."""
    assert not os.listdir(cache / ".locks")
    return {name for name in os.listdir(cache) if name.strip(".")} <= {".locks", "CACHEDIR.TAG"}


def test_an_installation_that_is_cancelled_leaves_nothing(
    channel: Channel, server: ChannelServer, tmp_path: Path
) -> None:
    with Client() as client, pytest.raises(InstallerError, match="was cancelled"):
        install(
            channel.at(server),
            tmp_path / "env",
            cache=PackageCache(tmp_path / "pkgs"),
            client=client,
            platform=PLATFORM,
            is_cancelled=lambda: archive_count(server) >= 2,
        )
    assert not (tmp_path / "env").exists()
    assert is_clean(tmp_path / "pkgs")


def test_the_client_is_good_for_the_next_one(
    channel: Channel, server: ChannelServer, tmp_path: Path
) -> None:
    cache = PackageCache(tmp_path / "pkgs")
    with Client() as client:
        for is_cancelled in (lambda: archive_count(server) >= 2, lambda: False):
            try:
                install(
                    channel.at(server),
                    tmp_path / "env",
                    cache=cache,
                    client=client,
                    platform=PLATFORM,
                    is_cancelled=is_cancelled,
                )
            except InstallerError:
                server.heal()
    assert COUNT == len(PrefixRecord.collect(tmp_path / "env"))


def test_a_change_that_is_cancelled_leaves_the_environment_as_it_was(
    channel: Channel, server: ChannelServer, tmp_path: Path
) -> None:
    prefix = tmp_path / "env"
    with Client() as client:
        cache = PackageCache(tmp_path / "old")
        install([channel.old], prefix, cache=cache, client=client, platform=PLATFORM)
        before = describe_tree(prefix)
        with pytest.raises(InstallerError, match="was cancelled"):
            install(
                channel.at(server),
                prefix,
                cache=PackageCache(tmp_path / "pkgs"),
                client=client,
                platform=PLATFORM,
                is_cancelled=lambda: archive_count(server) >= 2,
            )
    assert before == describe_tree(prefix)
    assert is_clean(tmp_path / "pkgs")


def test_a_coroutine_that_is_cancelled_leaves_nothing(
    channel: Channel, server: ChannelServer, tmp_path: Path
) -> None:
    async def main() -> None:
        task = asyncio.create_task(
            aio.install(
                channel.at(server),
                tmp_path / "env",
                package_cache=PackageCache(tmp_path / "pkgs"),
                platform=PLATFORM,
            )
        )
        await asyncio.to_thread(wait_for_archives, server)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert not (tmp_path / "env").exists()
    assert is_clean(tmp_path / "pkgs")


@pytest.mark.skipif(os.name == "nt", reason="signals are sent")
@pytest.mark.parametrize(("command", "signals"), [("create", 1), ("create", 3), ("download", 1)])
def test_a_command_that_is_interrupted_ends_and_leaves_nothing(
    channel: Channel, server: ChannelServer, tmp_path: Path, command: str, signals: int
) -> None:
    environ = {
        **os.environ,
        "HOME": str(tmp_path / "home"),
        "RATTLER_CACHE_DIR": str(tmp_path / "cache"),
    }
    names = [str(record.name) for record in channel.records]
    options = ["-c", server.url.rstrip("/"), "--platform", "linux-64"]
    if command == "create":
        options += ["-y", "-p", str(tmp_path / "env")]
    process = subprocess.Popen(
        [sys.executable, "-m", "hognose", command, *options, *names],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        wait_for_archives(server, unless=lambda: process.poll() is not None)
        for _ in range(signals):
            process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    assert 130 == process.returncode, told
    assert "error: interrupted" in told
    assert not (tmp_path / "env").exists()
    assert is_clean(tmp_path / "cache/pkgs")
    assert archive_count(server) <= COUNT


def test_a_download_that_is_cancelled_leaves_nothing(
    channel: Channel, server: ChannelServer, tmp_path: Path
) -> None:
    async def main() -> None:
        with Client() as client:
            first, second = channel.at(server)[:2]
            tasks: list[asyncio.Task[object]] = [
                asyncio.create_task(aio.download_and_extract(client, first.url, tmp_path / "a")),
                asyncio.create_task(aio.download_bytes(client, second.url)),
            ]
            await asyncio.to_thread(wait_for_archives, server)
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert [asyncio.CancelledError] * 2 == [type(each) for each in ended]

    asyncio.run(main())
    assert [] == os.listdir(tmp_path)


def test_what_must_be_done_is_done_before_an_interrupt_is_heard() -> None:
    done = []

    def undo() -> None:
        done.append("begun")
        if len(done) < 4:
            raise KeyboardInterrupt
        done.append("done")

    with pytest.raises(KeyboardInterrupt):
        run_to_its_end(undo, on_interrupt=lambda: done.append("hurried"))
    assert ["begun", "hurried", "begun", "hurried", "begun", "done"] == done


def test_a_change_that_only_removes_can_be_cancelled(environment):
    environment.install(environment.package("a", files={"a.txt": "a"}))
    before = describe_tree(environment.prefix)

    with pytest.raises(InstallerError, match="was cancelled"):
        environment.install(is_cancelled=lambda: True)

    assert before == describe_tree(environment.prefix)


def test_waiting_for_another_process_can_be_cancelled(environment):
    environment.install(environment.package("a"))
    with PrefixLock(environment.prefix), pytest.raises(InstallerError, match="was cancelled"):
        environment.install(is_cancelled=lambda: True)


def test_who_waits_for_another_process_is_told_whom_for(environment, caplog):
    environment.install(environment.package("a"))
    with PrefixLock(environment.prefix), pytest.raises(InstallerError, match="another process"):
        environment.install(lock_timeout=1.2)

    (said,) = [record for record in caplog.records if "waiting" in record.message]
    assert f"process {os.getpid()}" in said.message


@pytest.mark.parametrize("method", ["on_unlink_start", "on_transaction_operation_start"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_reporter_that_raises_leaves_the_environment_as_it_was(environment, method, error):
    environment.install(environment.package("a", files={"a.txt": "a"}))
    before = describe_tree(environment.prefix)

    def fail(*_: object) -> None:
        raise error

    with pytest.raises(error):
        environment.install(reporter=type("Reporter", (), {method: staticmethod(fail)})())

    assert before == describe_tree(environment.prefix)


def test_an_interrupt_that_comes_too_late_says_so(environment, monkeypatch):
    environment.install(environment.package("a", files={"a.txt": "a"}))
    finish = Journal.finish

    def interrupted(journal: Journal, commit: Commit) -> None:
        monkeypatch.setattr(Journal, "finish", finish)
        raise KeyboardInterrupt

    monkeypatch.setattr(Journal, "finish", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        environment.install()

    assert ["it was too late: the change is made"] == caught.value.__notes__
    assert [] == environment.files()
    said = StringIO()
    assert 130 == report_errors(partial(raise_, caught.value), Console(err=said))
    assert "interrupted; it was too late: the change is made" in said.getvalue()


def raise_(error: BaseException) -> int:
    raise error


def test_who_asks_the_doctor_during_a_change_is_told_of_it(environment):
    environment.install(environment.package("a"))
    journal = Journal.begin(str(environment.prefix))
    with PrefixLock(environment.prefix):
        (fault,) = diagnose(environment.prefix).faults
    journal.close()

    assert "another process is changing the environment" in fault.message
