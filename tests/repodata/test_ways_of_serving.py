"""One real channel, served in every way there is: the same solve comes out of each."""

from __future__ import annotations

import base64
import json
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from hognose.net import Client, CredentialFile, ProxySettings, TlsSettings
from hognose.repodata import Gateway, SparseRepoData
from hognose.solve import solve
from hognose.types import Channel
from support import shared_data
from support.channel_server import ChannelServer
from support.peer_process import make_certificates
from support.repodata_files import write_repodata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from hognose.types import RepoDataRecord

SUBDIRS = ("linux-64", "noarch")
SPECS = ("python", "pip", "wheel")
VIRTUAL_PACKAGES = ("__unix=0=0", "__linux=5.10=0", "__glibc=2.17=0")

# What a way of serving gives: a client, and the channel to ask it for.
Opened = tuple[Client, str]


def read_documents() -> dict[str, dict[str, Any]]:
    """The channel's repodata; its `metadata`, which nobody else has, becomes `info`."""
    documents = {}
    for subdir in SUBDIRS:
        path = f"channels/conda-forge-python39/{subdir}/repodata.json.zst"
        document = json.loads(shared_data.read_zst(path))
        sections = {name: document[name] for name in ("packages", "packages.conda")}
        documents[subdir] = {"info": {"subdir": subdir}, **sections, "removed": []}
    return documents


def with_info(document: dict[str, Any], **info: Any) -> dict[str, Any]:
    return {**document, "info": {**document["info"], **info}}


def as_v3(document: dict[str, Any]) -> dict[str, Any]:
    """The same with every record in the form that only newer clients read (CEP 48)."""
    v3 = {
        key: {name.removesuffix(f".{key}"): record for name, record in document[section].items()}
        for key, section in (("tar.bz2", "packages"), ("conda", "packages.conda"))
    }
    revisions = {"v3": {"n_packages": sum(map(len, v3.values()))}}
    bare = with_info(
        {**document, "packages": {}, "packages.conda": {}}, repodata_revisions=revisions
    )
    return {**bare, "v3": v3}


def only(document: dict[str, Any], is_wanted: Callable[[str], bool]) -> dict[str, Any]:
    return {
        **document,
        **{
            section: {k: v for k, v in document[section].items() if is_wanted(v["name"])}
            for section in ("packages", "packages.conda")
        },
    }


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a channel for each layout of its files."""
    root = tmp_path_factory.mktemp("ways")
    for subdir, document in read_documents().items():
        for form in ("json", "zst", "bz2", "shards"):
            formats = ["json", form] if form == "shards" else [form]
            write_repodata(root / form, document, subdir=subdir, formats=formats)
        for form in ("json", "zst", "shards"):
            write_repodata(root / f"v3-{form}", as_v3(document), subdir=subdir, formats=[form])
            moved = with_info(document, base_url=f"../../pool/{subdir}")
            write_repodata(root / f"base-url-{form}", moved, subdir=subdir, formats=[form])
            # Half of the names are in a channel that the other one names.
            related = with_info(document, channel_relations={"overrides": "../rest"})
            halves = {
                "head": only(related, lambda each: each < "n"),
                "rest": only(document, lambda each: each >= "n"),
            }
            for name, half in halves.items():
                folder = root / f"relations-{form}" / name
                write_repodata(folder, half, subdir=subdir, formats=[form])
    return root


@pytest.fixture(scope="module")
def expected(root: Path) -> list[tuple[str, str | None]]:
    """What comes out without a server and without a gateway."""
    channel = Channel("https://example.com/c")
    sources = [
        SparseRepoData(channel, subdir, root / "json" / subdir / "repodata.json")
        for subdir in SUBDIRS
    ]
    records = [record for source in sources for record in source.load_all_records()]
    found = solve(SPECS, [records], virtual_packages=VIRTUAL_PACKAGES)
    assert len(found) > 20
    return summary(found)


def summary(records: list[RepoDataRecord]) -> list[tuple[str, str | None]]:
    return sorted((record.file_name, record.sha256_hex) for record in records)


@contextmanager
def plainly(root: Path, name: str) -> Iterator[Opened]:
    with ChannelServer(root) as server, Client(environ={}) as client:
        yield client, f"{server.url}{name}"


@contextmanager
def behind(root: Path, kind: str) -> Iterator[Opened]:
    """Behind a login: a token in the path, a name with a password, or a bearer token."""
    wanted = {
        "basic": f"Basic {base64.b64encode(b'me:hush').decode()}",
        "bearer": "Bearer hush",
    }
    headers = {"Authorization": wanted[kind]} if kind in wanted else {}
    folder = root / "zst"
    if kind.endswith("token"):
        folder = root / kind
        (folder / "t").mkdir(parents=True, exist_ok=True)
        if not (folder / "t" / "hush").exists():
            (folder / "t" / "hush").symlink_to(root / "zst")
    entries: dict[str, Any] = {
        "token": {"CondaToken": "hush"},
        "basic": {"BasicHTTP": {"username": "me", "password": "hush"}},
        "bearer": {"BearerToken": "hush"},
    }
    with ChannelServer(folder, required_headers=headers) as server:
        store = root / f"{kind}.json"
        store.write_text(json.dumps({server.host: entries[kind]} if kind in entries else {}))
        with Client(environ={}, credentials=CredentialFile(store)) as client:
            url = f"{server.url}t/hush/" if kind == "url-token" else server.url
            yield client, url


@contextmanager
def over_tls(root: Path, place: str) -> Iterator[Opened]:
    """With TLS at the channel, or at a proxy in front of it."""
    folder = root / "certificates"
    if not folder.exists():
        folder.mkdir()
        make_certificates(folder)
    tls = TlsSettings(ca_bundle=str(folder / "ca.pem"))
    with ChannelServer(root / "zst", certificate=folder / "server.pem") as server:
        proxies = None
        url = server.url
        if place == "proxy":
            proxies = ProxySettings(by_scheme={"http": server.url})
            url = "http://channel.example.com"
        with Client(environ={}, tls=tls, proxies=proxies) as client:
            yield client, url
        if place == "proxy":
            assert {request.target.split("/")[2] for request in server.requests} == {
                "channel.example.com"
            }


@contextmanager
def mirrored(root: Path, fault: str) -> Iterator[Opened]:
    """At two mirrors, the first of which is not what it should be."""
    with ExitStack() as stack:
        bad, good = (stack.enter_context(ChannelServer(root)) for _ in range(2))
        form = "shards"
        if fault == "refuses":
            bad.fail(status=403, times=None)
        elif fault == "is overloaded":
            bad.fail(status=429, times=None, headers={"Retry-After": "0"})
        elif fault == "drops":
            bad.drop(times=None)
        elif fault == "breaks off":
            bad.truncate(after=30, times=None)
        else:
            form = "zst"
        table = {"https://conda.example.com": [f"{bad.url}{form}", f"{good.url}shards"]}
        client = Client(environ={}, mirrors=table, sleep=lambda seconds: None)
        yield stack.enter_context(client), "https://conda.example.com"


LAYOUTS = (
    *("json", "zst", "bz2", "shards", "v3-json", "v3-zst", "v3-shards"),
    *("base-url-json", "base-url-zst", "base-url-shards"),
    *("relations-json/head", "relations-zst/head", "relations-shards/head"),
)
FAULTS = ("refuses", "is overloaded", "drops", "breaks off", "has other formats")
WAYS: dict[str, Callable[[Path], AbstractContextManager[Opened]]] = {
    **{layout: partial(plainly, name=layout) for layout in LAYOUTS},
    **{
        f"behind {kind}": partial(behind, kind=kind)
        for kind in ("token", "url-token", "basic", "bearer")
    },
    **{f"TLS at the {place}": partial(over_tls, place=place) for place in ("channel", "proxy")},
    **{f"mirror that {fault}": partial(mirrored, fault=fault) for fault in FAULTS},
}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_solve_comes_out_of_every_way_of_serving(
    root: Path, expected: list[tuple[str, str | None]], cache: Path, way: str
) -> None:
    with WAYS[way](root) as (client, url):
        gateway = Gateway(client, cache_dir=cache)
        found = gateway.query([url], SUBDIRS, SPECS)
        solved = solve(SPECS, found, virtual_packages=VIRTUAL_PACKAGES)
        again = Gateway(client, cache_dir=cache).query([url], SUBDIRS, SPECS)
    assert summary(solved) == expected
    assert again == found
    assert not any("hush" in record.url + (record.channel or "") for record in solved)
    written = b"".join(path.read_bytes() for path in cache.rglob("*") if path.is_file())
    assert b"hush" not in written


def test_a_base_url_is_where_the_archives_are_and_nothing_else_changes(root: Path) -> None:
    with plainly(root, "base-url-shards") as (client, url):
        found = Gateway(client).query([url], SUBDIRS, ["pip"], recursive=False)
    pool = f"{url.rpartition('/')[0]}/pool"
    folders = {record.url.rpartition("/")[0] for record in found[0]}
    assert folders == {f"{pool}/{subdir}" for subdir in SUBDIRS}
