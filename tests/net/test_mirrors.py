"""Mirrors: what is asked, in which order, with which secrets."""

import msgspec
import pytest

from hognose.cache import PackageCache
from hognose.errors import FetchCancelledError, NetworkError, NotFoundError, OfflineError
from hognose.net import Cancellation, Client, CredentialFile, Mirrors
from hognose.repodata import Gateway
from support.channel_server import ChannelServer
from support.package_maker import make_package
from support.repodata_files import entry, repodata, write_repodata

PUBLIC = "https://conda.example.org"


@pytest.fixture
def first():
    with ChannelServer() as server:
        yield server


@pytest.fixture
def second():
    with ChannelServer() as server:
        yield server


def open_client(*servers, **options):
    table = {PUBLIC: [f"{server.url}mirror" for server in servers]}
    return Client(environ={}, sleep=lambda seconds: None, mirrors=table, **options)


def test_the_longest_prefix_decides():
    mirrors = Mirrors({"https://a.org": ["https://m.org"], "https://a.org/x/": ["https://n.org/y"]})
    assert ["https://n.org/y/z"] == mirrors.targets("https://a.org/x/z")
    assert ["https://m.org/xz"] == mirrors.targets("https://a.org/xz")
    assert ["https://a.org.evil/x"] == mirrors.targets("https://a.org.evil/x")


def test_a_mirror_that_failed_comes_later():
    mirrors = Mirrors({"https://a.org": ["https://m.org", "https://n.org"]})
    mirrors.note_failure("https://m.org/x")
    assert ["https://n.org/z", "https://m.org/z"] == mirrors.targets("https://a.org/z")


def test_a_mirror_is_asked_in_place_of_the_server(first):
    first.serve("mirror/a/b", b"x")
    with open_client(first) as client:
        assert b"x" == client.get(f"{PUBLIC}/a/b")


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_the_next_mirror_is_asked_at_once(first, second, status):
    pauses = []
    first.fail("mirror/a", status=status, times=None)
    second.serve("mirror/a", b"x")
    with open_client(first, second) as client:
        client._sleep = pauses.append
        assert b"x" == client.get(f"{PUBLIC}/a")
    assert [] == pauses


def test_a_mirror_that_is_down_is_asked_last_from_then_on(first, second):
    first.drop("mirror/a", times=None)
    for path in ("mirror/a", "mirror/b"):
        first.serve(path, b"x")
        second.serve(path, b"y")
    with open_client(first, second) as client:
        assert b"y" == client.get(f"{PUBLIC}/a")
        assert b"y" == client.get(f"{PUBLIC}/b")
    assert 0 == first.count("mirror/b")


@pytest.mark.parametrize("validators", [True, False])
def test_a_mirror_whose_answers_break_off_is_asked_last_from_then_on(first, second, validators):
    first.validators = second.validators = validators
    first.truncate("*", after=3, times=None)
    for path in ("mirror/a", "mirror/b"):
        for server in (first, second):
            server.serve(path, b"abcdef")
    with open_client(first, second) as client:
        assert b"abcdef" == client.get(f"{PUBLIC}/a")
        assert b"abcdef" == client.get(f"{PUBLIC}/b")
    assert (1, 2) == (first.count(), second.count())


def dead_address():
    """An address at which nobody listens."""
    with ChannelServer() as server:
        return server.url


@pytest.mark.parametrize("is_dead_first", [True, False])
def test_that_a_mirror_does_not_have_it_counts_more_than_that_another_is_down(first, is_dead_first):
    pauses = []
    mirrors = [dead_address(), first.url]
    table = {PUBLIC: mirrors if is_dead_first else mirrors[::-1]}
    with (
        Client(environ={}, sleep=pauses.append, mirrors=table) as client,
        pytest.raises(NotFoundError),
    ):
        client.get(f"{PUBLIC}/a")
    assert [] == pauses


def test_a_mirror_that_is_down_is_left_alone_for_what_another_does_not_have(first, second):
    first.drop(times=None)
    with open_client(first, second) as client:
        for name in ("a", "b", "c"):
            with pytest.raises(NotFoundError):
                client.get(f"{PUBLIC}/{name}")
    assert (1, 3) == (first.count(), second.count())


def test_a_mirror_that_is_down_is_asked_for_what_no_other_can_tell_of(first, second):
    first.drop("mirror/a", times=1)
    first.serve("mirror/b", b"x")
    second.serve("mirror/a", b"y")
    second.fail("mirror/b", status=403, times=None)
    pauses = []
    with open_client(first, second) as client:
        client._sleep = pauses.append
        assert b"y" == client.get(f"{PUBLIC}/a")
        assert b"x" == client.get(f"{PUBLIC}/b")
    assert [] == pauses


def test_a_mirror_that_stumbles_gets_a_second_chance_for_what_another_does_not_have(first, second):
    pauses = []
    first.serve("mirror/a", b"x")
    first.fail("mirror/a", status=503, times=1, headers={"Retry-After": "50"})
    with open_client(first, second) as client:
        client._sleep = pauses.append
        assert b"x" == client.get(f"{PUBLIC}/a")
    assert 1 == len(pauses)
    assert pauses[0] < 1


def test_a_mirror_that_only_answers_badly_is_left_alone_too(first, second):
    pauses = []
    first.fail(status=503, times=None)
    with open_client(first, second) as client:
        client._sleep = pauses.append
        for name in ("a", "b", "c"):
            with pytest.raises(NotFoundError):
                client.get(f"{PUBLIC}/{name}")
    assert 1 == len(pauses)
    assert (2, 3) == (first.count(), second.count())


def test_a_mirror_that_was_put_aside_may_show_that_it_is_back():
    now = 0.0
    mirrors = Mirrors({"https://a.org": ["https://m.org", "https://n.org"]}, clock=lambda: now)
    mirrors.note_failure("https://m.org/x", is_dead=True)
    assert mirrors.is_aside("https://m.org/x")
    now = 31.0
    assert [False, True] == [mirrors.is_aside("https://m.org/x") for _ in range(2)]
    now = 80.0
    assert mirrors.is_aside("https://m.org/x")
    mirrors.note_answer("https://m.org/x")
    assert not mirrors.is_aside("https://m.org/x")


def test_what_many_threads_find_out_at_once_puts_a_mirror_aside_once():
    now = 0.0
    mirrors = Mirrors({"https://a.org": ["https://m.org", "https://n.org"]}, clock=lambda: now)
    for _ in range(32):
        mirrors.note_failure("https://m.org/x", is_dead=True)
    now = 31.0
    assert not mirrors.is_aside("https://m.org/x")


def test_mirrors_that_are_all_down_are_each_named_with_a_reason(first):
    first.drop(times=None)
    dead = dead_address()
    table = {PUBLIC: [dead, first.url]}
    with (
        Client(environ={}, sleep=lambda _: None, mirrors=table, max_retries=1) as client,
        pytest.raises(NetworkError) as caught,
    ):
        client.get(f"{PUBLIC}/a")
    assert f"{PUBLIC}/a" == caught.value.url
    assert caught.value.message.startswith(f"{PUBLIC}/a cannot be fetched from any of its mirrors")
    assert f"{dead}a: no connection (connection refused)" in caught.value.message
    assert f"{first.url}a: the connection" in caught.value.message


def test_a_status_names_the_mirror_that_gave_it(first):
    first.fail("mirror/a", status=503, times=None)
    with open_client(first, max_retries=0) as client, pytest.raises(NetworkError) as caught:
        client.get(f"{PUBLIC}/a")
    assert (
        f"{PUBLIC}/a cannot be fetched from the mirror {first.url}mirror/a: "
        "the server answered with status 503"
    ) == caught.value.message


def test_a_body_that_breaks_off_names_the_mirror_that_it_was_from(first):
    first.validators = False
    first.serve("mirror/a", bytes(100))
    first.truncate("mirror/a", after=3, times=None)
    with (
        open_client(first, max_retries=0) as client,
        pytest.raises(NetworkError, match="too early") as caught,
    ):
        client.get(f"{PUBLIC}/a")
    assert f"{PUBLIC}/a cannot be fetched from {first.url}mirror/a: " in caught.value.message


@pytest.mark.parametrize("is_dead_first", [True, False])
@pytest.mark.parametrize("form", ["json", "zst"])
def test_a_channel_is_read_from_the_mirror_that_works(tmp_path, form, is_dead_first):
    """The optional files that it does not have are no reason to wait for the other one."""
    pauses = []
    write_repodata(tmp_path / "forge", repodata(entry("a")), formats=(form,))
    with ChannelServer(tmp_path) as server:
        mirrors = [dead_address(), server.url]
        table = {PUBLIC: mirrors if is_dead_first else mirrors[::-1]}
        with Client(environ={}, sleep=pauses.append, mirrors=table) as client:
            ((record,),) = Gateway(client).query([f"{PUBLIC}/forge"], ["noarch"], ["a"])
    assert f"{PUBLIC}/forge/noarch/a-1-0.conda" == record.url
    assert [] == pauses


@pytest.mark.parametrize("framing", ["length", "chunked", "none"])
def test_a_channel_whose_documents_break_off_is_read_from_the_next_mirror(tmp_path, framing):
    write_repodata(tmp_path / "mirror" / "forge", repodata(entry("a")), formats=("zst",))
    with (
        ChannelServer(tmp_path, validators=False) as bad,
        ChannelServer(tmp_path, validators=False) as good,
        open_client(bad, good) as client,
    ):
        bad.truncate("mirror/forge/noarch/repodata.json.zst", after=20, times=None, framing=framing)
        ((record,),) = Gateway(client).query([f"{PUBLIC}/forge"], ["noarch"], ["a"])
        assert 1 == good.count("mirror/forge/noarch/repodata.json.zst")
    assert "a-1-0.conda" == record.file_name


def test_what_no_mirror_has_does_not_exist_and_the_server_is_not_asked(first, second):
    with open_client(first, second) as client, pytest.raises(NotFoundError):
        client.get(f"{PUBLIC}/a")
    assert (1, 1) == (first.count("mirror/a"), second.count("mirror/a"))


def test_after_a_pause_all_mirrors_are_asked_again(first, second):
    first.fail("mirror/a", status=503, times=1)
    second.fail("mirror/a", status=503, times=1)
    first.serve("mirror/a", b"x")
    second.serve("mirror/a", b"x")
    with open_client(first, second) as client:
        assert b"x" == client.get(f"{PUBLIC}/a")
    assert 3 == first.count() + second.count()


def test_mirrors_that_all_fail_are_an_error_that_names_the_channel(first):
    first.fail("mirror/a", status=503, times=None)
    with open_client(first, max_retries=1) as client, pytest.raises(NetworkError) as caught:
        client.get(f"{PUBLIC}/a")
    assert 503 == caught.value.status
    assert f"{PUBLIC}/a" == caught.value.url


def test_secrets_of_the_server_do_not_reach_the_mirror(first, tmp_path):
    (tmp_path / "c.json").write_text('{"conda.example.org": {"BearerToken": "hunter2"}}')
    first.serve("mirror/a", b"x")
    with open_client(first, credentials=CredentialFile(tmp_path / "c.json")) as client:
        client.get("https://me:hunter2@conda.example.org/a")
        client.get("https://conda.example.org/t/hunter2/a")
    for request in first.requests:
        assert "authorization" not in request.headers
        assert "hunter2" not in request.target


def test_secrets_of_the_mirror_are_used(tmp_path):
    with ChannelServer(required_headers={"Authorization": "Bearer ours"}) as server:
        text = '{"127.0.0.1": {"BearerToken": "ours"}}'
        (tmp_path / "c.json").write_text(text)
        server.serve("mirror/a", b"x")
        with open_client(server, credentials=CredentialFile(tmp_path / "c.json")) as client:
            assert b"x" == client.get(f"{PUBLIC}/a")


@pytest.mark.parametrize("form", ["json", "zst", "shards"])
def test_records_from_a_mirror_name_the_channel(tmp_path, form):
    write_repodata(tmp_path / "mirror/forge", repodata(entry("a")), formats=(form,))
    with ChannelServer(tmp_path) as server, open_client(server) as client:
        gateway = Gateway(client, cache_dir=tmp_path / "cache")
        ((record,),) = gateway.query([f"{PUBLIC}/forge"], ["noarch"], ["a"])
    assert f"{PUBLIC}/forge/" == record.channel
    assert f"{PUBLIC}/forge/noarch/a-1-0.conda" == record.url
    for file in (tmp_path / "cache").rglob("*"):
        assert not file.is_file() or server.host.encode() not in file.read_bytes()


def test_what_was_cancelled_is_not_asked_of_the_mirrors_again(first, second):
    cancellation = Cancellation()
    for server in (first, second):
        server.drop("mirror/a", times=1)
        server.serve("mirror/a", b"x")
    with open_client(first, second) as client:
        client._sleep = lambda _: cancellation.cancel()
        with pytest.raises(FetchCancelledError):
            client.cancelled_by(cancellation).get(f"{PUBLIC}/a")
        assert (1, 1) == (first.count(), second.count())


def test_mirrors_on_the_disk_are_read_offline_and_others_are_an_error_of_that(first, tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    table = {
        PUBLIC: [first.url, tmp_path.as_uri()],
        f"{PUBLIC}/far": [first.url, f"{first.url}other"],
    }
    with Client(environ={}, mirrors=table, offline=True) as client:
        assert b"x" == client.get(f"{PUBLIC}/a")
        with pytest.raises(OfflineError):
            client.get(f"{PUBLIC}/far/a")
    assert 0 == first.count()


def test_a_shard_that_is_wrong_at_a_mirror_is_fetched_from_the_next_one(tmp_path):
    write_repodata(tmp_path / "mirror" / "forge", repodata(entry("a")), formats=("shards",))
    (shard,) = (tmp_path / "mirror/forge/noarch/shards").iterdir()
    path = f"mirror/forge/noarch/shards/{shard.name}"
    with (
        ChannelServer(tmp_path) as bad,
        ChannelServer(tmp_path) as good,
        open_client(bad, good) as client,
    ):
        bad.serve(path, b"<html>log in first</html>")
        ((record,),) = Gateway(client).query([f"{PUBLIC}/forge"], ["noarch"], ["a"])
        assert (1, 1) == (bad.count(path), good.count(path))
    assert "a-1-0.conda" == record.file_name


def test_a_package_that_is_wrong_at_a_mirror_is_fetched_from_the_next_one(tmp_path):
    record = make_package(tmp_path / "mirror" / "forge", "a", "1", files={"x": b"content"})
    path = "mirror/forge/linux-64/a-1-0.conda"
    record = msgspec.structs.replace(record, url=f"{PUBLIC}/forge/linux-64/a-1-0.conda")
    with ChannelServer(tmp_path) as bad, ChannelServer(tmp_path) as good:
        bad.serve(path, b"<html>log in first</html>")
        with open_client(bad, good) as client:
            folder = PackageCache(tmp_path / "cache").fetch(record, client).path
        assert (1, 1) == (bad.count(path), good.count(path))
    assert b"content" == (folder / "x").read_bytes()


def test_addresses_inside_repodata_are_mirrored_too(tmp_path):
    document = repodata(entry("a"))
    document["info"]["base_url"] = f"{PUBLIC}/packages/noarch/"
    write_repodata(tmp_path / "mirror/c", document, formats=("json", "shards"))
    (tmp_path / "mirror/packages/noarch").mkdir(parents=True)
    (tmp_path / "mirror/packages/noarch/a-1-0.conda").write_bytes(b"package")
    with ChannelServer(tmp_path) as server, open_client(server) as client:
        ((record,),) = Gateway(client).query([f"{PUBLIC}/c"], ["noarch"], ["a"])
        assert f"{PUBLIC}/packages/noarch/a-1-0.conda" == record.url
        assert b"package" == client.get(record.url)


@pytest.mark.parametrize(
    "table", [{"conda-forge": ["https://x.org"]}, {"https://x.org": ["mirror"]}]
)
def test_a_row_that_names_no_url_is_refused_and_not_left_out(table):
    with pytest.raises(ValueError, match="in the table of mirrors is no URL"):
        Mirrors(table)
