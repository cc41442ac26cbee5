"""Channels, and what in their addresses is a secret, against conda's own classes.

It runs where conda can be imported; see `test_types_conda.py`.
"""

from itertools import product

import pytest

from hognose.config import Config
from hognose.net.redaction import split_secrets
from hognose.types import Channel, MatchSpec, RepoDataRecord, Version

pytest.importorskip("conda.models.match_spec", reason="no conda on PYTHONPATH")

from conda.common.url import split_anaconda_token
from conda.models.channel import Channel as CondaChannel
from conda.models.match_spec import MatchSpec as CondaMatchSpec
from conda.models.records import PackageRecord as CondaRecord

PLACES = (
    "https://h.example",
    "http://127.0.0.1:8080",
    "https://conda.anaconda.org",
    "http://h/a/b",
)
NAMES = ("c", "c/label/dev", "conda-forge", "x.y/z_1")
LOGINS = ("", "me:pw@", "me@")
TOKENS = ("", "t/tk-12-ab/")


def addresses():
    for place, name, login, token in product(PLACES, NAMES, LOGINS, TOKENS):
        scheme, _, rest = place.partition("://")
        yield f"{scheme}://{login}{rest}/{token}{name}"


@pytest.mark.parametrize("address", sorted({*addresses(), "https://h/t/tk", "https://h/a/t/tk"}))
def test_a_token_is_found_where_conda_finds_it(address):
    bare, token = split_anaconda_token(address)
    login = split_secrets(address).login

    assert (token or "") == split_secrets(address).token
    assert bare.replace(f"{login}@", "") == split_secrets(address).url.rstrip("/")


@pytest.mark.parametrize("address", list(addresses()))
def test_a_channel_is_where_conda_finds_it(address):
    (channel,) = Channel.expand(address)

    assert CondaChannel(address).base_url == channel.canonical_name.rstrip("/")
    assert [f"{CondaChannel(address).base_url}/noarch"] == CondaChannel(address).urls(
        subdirs=["noarch"]
    )


@pytest.mark.parametrize(
    "text",
    [
        "defaults",
        "pkgs/main",
        "pkgs/r/label/x",
        "conda-forge",
        "conda-forge/linux-64",
        "conda-forge/label/dev/noarch",
        "https://h.example/c/linux-64",
        "https://me:pw@h.example/t/tk-1/c/osx-arm64",
        "https://repo.anaconda.com/pkgs/main",
        "defaults/linux-64",
    ],
)
def test_a_name_stands_for_what_it_is_to_conda(text):
    found = Channel.expand(text, Config().channel_config)

    theirs = [channel.base_url for channel in CondaChannel(text).channels]
    assert theirs == [channel.canonical_name.rstrip("/") for channel in found]


@pytest.mark.parametrize(
    ("asked", "held"),
    list(product(addresses(), ("http://h/a/b/c", "https://h.example/c", "http://h/x"))),
)
def test_a_spec_takes_what_it_takes_with_conda(asked, held):
    if "conda.anaconda.org" in asked:
        pytest.skip("conda takes a channel of this server for its name, which any server may have")
    facts = {"name": "a", "version": "1", "build": "0", "build_number": 0, "subdir": "noarch"}
    theirs = CondaMatchSpec(f"{asked}::a").match(CondaRecord(channel=held, **facts))
    record = RepoDataRecord.create(
        **{**facts, "version": Version("1")},
        file_name="a-1-0.conda",
        url=f"{held}/noarch/a-1-0.conda",
        channel=f"{held}/",
    )

    assert theirs is MatchSpec(f"{asked}::a").matches(record)
