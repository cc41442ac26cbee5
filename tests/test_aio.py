"""The coroutine twins do what the verbs do, and leave nothing behind when they are cancelled."""

import asyncio
import os
import threading

import pytest

from hognose import aio
from hognose.cache import PackageCache
from hognose.channel import index_channel
from hognose.config import Config
from hognose.errors import EnvironmentChangedError, HashMismatchError, UnsolvableError
from hognose.net import Client
from hognose.repodata import Gateway as Blocking
from hognose.repodata import MultiSource, SparseRepoData
from hognose.types import Channel, PrefixRecord, RunExportsJson
from support.channel_server import ChannelServer
from support.package_maker import make_package

SUBDIRS = ("linux-64", "noarch")


@pytest.fixture(scope="module")
def channel(tmp_path_factory):
    directory = tmp_path_factory.mktemp("channel")
    make_package(directory, "lib", "1.0", files={"lib/lib.txt": "lib\n"})
    make_package(directory, "app", "1.0", depends=["lib"], files={"bin/app": "app\n"})
    index_channel(directory)
    return directory


@pytest.fixture
def gateway(tmp_path):
    with Client() as client:
        yield aio.Gateway(tmp_path / "repodata", client=client)


def test_solve_and_install_in_one_loop(channel, gateway, tmp_path):
    async def main():
        records = await aio.solve([str(channel)], ["app"], gateway, SUBDIRS)
        await aio.install(
            records, tmp_path / "env", cache_dir=tmp_path / "cache", client=gateway.client
        )
        return records

    records = asyncio.run(main())

    assert ["lib", "app"] == [record.name for record in records]
    assert ["app", "lib"] == [record.name for record in PrefixRecord.collect(tmp_path / "env")]
    assert "app\n" == (tmp_path / "env/bin/app").read_text()


def test_a_gateway_answers_everything_else_too(channel, gateway):
    async def main():
        url = str(channel)
        (records,) = await gateway.query([url], SUBDIRS, ["app"], recursive=False)
        return (
            await gateway.who_needs([url], SUBDIRS, "lib"),
            await gateway.newest([url], SUBDIRS),
            await gateway.run_exports(records),
            await gateway.run_exports(records, read_archive=lambda record: exports),
            await gateway.channel_notices([url]),
            await gateway.channel_relations(url, "linux-64"),
        )

    exports = RunExportsJson(weak=("app",))
    dependents, newest, known, read, notices, relations = asyncio.run(main())

    assert ["app"] == [dependent.record.name for dependent in dependents]
    assert ["app", "lib"] == [record.name for record in newest]
    assert [RunExportsJson()] == known == read
    assert [] == notices
    assert relations is None


def test_a_gateway_forgets_a_channel(tmp_path, gateway):
    (tmp_path / "channel").mkdir(exist_ok=True)
    index_channel(tmp_path / "channel")
    url = str(tmp_path / "channel")

    async def main():
        before = await gateway.names([url], ["noarch"])
        make_package(tmp_path / "channel", "new", "1", noarch="generic")
        index_channel(tmp_path / "channel")
        gateway.clear_repodata_cache(url)
        return before, await gateway.names([url], ["noarch"])

    assert ([], ["new"]) == asyncio.run(main())


def test_a_gateway_answers_queries_and_names(channel, gateway):
    async def main():
        found = await gateway.query([str(channel)], SUBDIRS, ["app"])
        names = await gateway.names([str(channel)], SUBDIRS)
        return found, names

    found, names = asyncio.run(main())

    assert {"app", "lib"} == {record.name for records in found for record in records}
    assert ["app", "lib"] == names


def test_solve_with_repodata_that_is_at_hand(channel):
    data = SparseRepoData(Channel(str(channel)), "linux-64", channel / "linux-64/repodata.json")

    records = asyncio.run(aio.solve_with_sparse_repodata(["app"], [data]))

    assert ["lib", "app"] == [record.name for record in records]


def test_errors_are_those_of_the_verbs(channel, gateway):
    with pytest.raises(UnsolvableError, match="nothing-like-it"):
        asyncio.run(aio.solve([str(channel)], ["nothing-like-it"], gateway, SUBDIRS))


def test_download_and_extract_checks_the_hash(channel, tmp_path):
    async def main(client, url, expected):
        return await aio.download_and_extract(client, url, tmp_path / "out", expected)

    with ChannelServer(channel) as server, Client() as client:
        url = f"{server.url.rstrip('/')}/linux-64/lib-1.0-0.conda"
        with pytest.raises(HashMismatchError, match="SHA-256"):
            asyncio.run(main(client, url, b"\0" * 32))
        assert not (tmp_path / "out").exists()
        sha256, _ = asyncio.run(main(client, url, None))

    assert (sha256, _) == asyncio.run(
        aio.extract(channel / "linux-64/lib-1.0-0.conda", tmp_path / "again")
    )
    assert (tmp_path / "out/lib/lib.txt").read_text() == "lib\n"


def test_an_index_is_written(channel, tmp_path):
    make_package(tmp_path / "own", "lib", "1.0", files={"lib/lib.txt": "lib\n"})

    asyncio.run(aio.index_fs(tmp_path / "own"))

    assert (tmp_path / "own/linux-64/repodata.json").is_file()


def test_a_cancelled_install_leaves_no_environment(channel, gateway, tmp_path):
    started = threading.Event()

    class Reporter:
        def on_populate_cache_start(self, operation, package_name):
            started.set()
            return 0

    async def main(server):
        records = await aio.solve([server.url], ["app"], gateway, SUBDIRS)
        server.delay("*.conda", seconds=0.3)
        task = asyncio.create_task(
            aio.install(
                records,
                tmp_path / "env",
                package_cache=PackageCache(tmp_path / "cache"),
                client=gateway.client,
                reporter=Reporter(),
            )
        )
        await asyncio.to_thread(started.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with ChannelServer(channel) as server:
        asyncio.run(main(server))

    assert not os.path.lexists(tmp_path / "env")


async def cancelled_when(condition, coroutine):
    """Cancel a coroutine's task as soon as a condition holds, and wait for its end."""
    task = asyncio.create_task(coroutine)
    await asyncio.to_thread(wait_until, condition)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def wait_until(condition):
    while not condition():
        pass


def test_a_cancelled_query_does_not_wait_for_a_silent_server(channel, tmp_path):
    with ChannelServer(channel) as server, Client(environ={}) as client:
        server.delay("*", seconds=60)
        gateway = aio.Gateway(tmp_path / "repodata", client=client)
        asyncio.run(
            cancelled_when(server.count, gateway.query([server.url], SUBDIRS, ["app"])),
        )
        server.heal()
        (found,) = asyncio.run(gateway.query([server.url], SUBDIRS, ["app"]))
    assert ["app", "lib"] == sorted(record.name for record in found)
    assert not any(each.suffix == ".tmp" for each in tmp_path.rglob("*"))


class Source:
    """Records of one name, out of a coroutine."""

    def __init__(self, records, wait=None):
        self.records = records
        self.loops = []
        self.wait = wait

    async def fetch_package_records(self, platform, name):
        self.loops.append(asyncio.get_running_loop())
        if self.wait is not None:
            await self.wait.wait()
        return [record for record in self.records if record.name == name]

    def package_names(self, platform):
        return sorted({record.name for record in self.records})


@pytest.mark.parametrize("is_grouped", [False, True], ids=["alone", "in a group"])
def test_an_own_source_may_answer_with_coroutines(channel, gateway, is_grouped):
    async def main():
        (records,) = await gateway.query([str(channel)], SUBDIRS, ["app"])
        source = Source(records)
        given = MultiSource("mine", [source]) if is_grouped else source
        found = await gateway.query([given], ["linux-64"], ["app"])
        names = await gateway.names([given], ["linux-64"])
        assert [given] == found.sources
        assert {asyncio.get_running_loop()} == set(source.loops)
        return [record.name for record in found[0]], names

    assert (["app", "lib"], ["app", "lib"]) == asyncio.run(main())


def test_the_coroutine_of_an_own_source_is_cancelled_with_the_query(gateway):
    async def main():
        source = Source([], wait=asyncio.Event())
        await cancelled_when(lambda: source.loops, gateway.query([source], ["linux-64"], ["app"]))

    asyncio.run(main())


def test_an_own_source_with_coroutines_needs_a_loop(channel):
    with Client() as client, pytest.raises(TypeError, match=r"hognose\.aio\.Gateway"):
        Blocking(client).query([Source([])], ["linux-64"], ["app"])


def test_a_gateway_can_be_made_of_a_configuration(channel, tmp_path):
    config = Config.from_toml("[repodata-config]\ndisable-zstd = true\ndisable-sharded = true\n")
    with ChannelServer(channel) as server:
        gateway = aio.Gateway.from_config(config, tmp_path / "repodata")
        with gateway.client:
            names = asyncio.run(gateway.names([server.url], SUBDIRS))
        asked = {each.path.rpartition("/")[2] for each in server.requests}
    assert ["app", "lib"] == names
    assert {"repodata.json.bz2", "repodata.json"} == asked


def test_a_query_brings_notices_if_it_is_asked_to(channel, tmp_path):
    with ChannelServer(channel) as server, Client(environ={}) as client:
        server.serve("notices.json", b'{"notices": [{"id": "1", "message": "hello"}]}')
        gateway = aio.Gateway(tmp_path / "repodata", client=client)

        async def main():
            url = [server.url]
            return [
                await gateway.query(url, SUBDIRS, ["app"]),
                await gateway.query(url, SUBDIRS, ["app"], channel_notices=True),
                await gateway.names(url, SUBDIRS),
                await gateway.names(url, SUBDIRS, channel_notices=True),
            ]

        results = asyncio.run(main())
    assert [[], ["hello"], [], ["hello"]] == [
        [notice.message for notice in result.notices] for result in results
    ]


def test_a_document_is_fetched_into_a_file_or_a_writer(tmp_path):
    with ChannelServer() as server, Client(environ={}) as client:
        url = server.serve("a", b"content")

        async def main():
            await aio.download_to_path(client, url, tmp_path / "a")
            with (tmp_path / "b").open("wb") as file:
                await aio.download_to_writer(client, url, file)

        asyncio.run(main())
    assert [b"content", b"content"] == [(tmp_path / name).read_bytes() for name in ("a", "b")]


def test_a_cancelled_download_leaves_the_file_as_it_was(tmp_path):
    (tmp_path / "a").write_bytes(b"before")
    with ChannelServer() as server, Client(environ={}) as client:
        url = server.serve("a", b"content")
        server.stall("a", after=3)
        asyncio.run(cancelled_when(server.count, aio.download_to_path(client, url, tmp_path / "a")))
    assert [tmp_path / "a"] == list(tmp_path.iterdir())
    assert b"before" == (tmp_path / "a").read_bytes()


def test_an_install_goes_by_a_configuration(channel, gateway, tmp_path):
    config = Config.from_toml(
        f'always-copy = true\npkgs-dirs = ["{tmp_path}/own"]\nrun-post-link-scripts = "insecure"\n'
    )

    async def main():
        records = await aio.solve([str(channel)], ["app"], gateway, SUBDIRS)
        return await aio.install(records, tmp_path / "env", config=config)

    result = asyncio.run(main())

    assert ["lib", "app"] == [record.name for record in result.installed]
    assert 1 == (tmp_path / "env/bin/app").stat().st_nlink
    assert "app\n" == (tmp_path / "own/app-1.0-0/bin/app").read_text()


def test_an_install_refuses_what_it_was_not_planned_for(channel, gateway, tmp_path):
    async def main():
        records = await aio.solve([str(channel)], ["app"], gateway, SUBDIRS)
        options = {"cache_dir": tmp_path / "cache", "client": gateway.client}
        await aio.install(records, tmp_path / "env", installed_packages=[], **options)
        with pytest.raises(EnvironmentChangedError):
            await aio.install([], tmp_path / "env", installed_packages=[], **options)
        installed = PrefixRecord.collect(tmp_path / "env")
        return await aio.install([], tmp_path / "env", installed_packages=installed, **options)

    assert ["remove", "remove"] == [item.kind for item in asyncio.run(main()).operations]


@pytest.mark.parametrize("name", ["show_progress", "attestation_policy", "clobber"])
def test_an_install_takes_no_argument_that_would_have_no_effect(tmp_path, name):
    with pytest.raises(TypeError, match=name):
        asyncio.run(aio.install([], tmp_path / "env", cache_dir=tmp_path, **{name: True}))
    assert not (tmp_path / "env").exists()
