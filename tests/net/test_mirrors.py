"""Mirrors: what is asked, in which order, with which secrets."""

import pytest

from hognose.errors import NetworkError, NotFoundError
from hognose.net import Client, CredentialFile, Mirrors
from hognose.repodata import Gateway
from support.channel_server import ChannelServer
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
