"""Channels that name other channels (CEP 42)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hognose.errors import FetchRepoDataError
from hognose.net import Client
from hognose.repodata import Gateway, GatewayWarning
from hognose.repodata.channel_relations import order_channels, relation_edges
from hognose.types import Channel, ChannelInfo, ChannelRelations
from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, write_repodata

if TYPE_CHECKING:
    from pathlib import Path

HOST = "https://example.com/"


def info(base=None, overrides=None):
    return ChannelInfo(channel_relations=ChannelRelations(base=base, overrides=overrides))


def test_a_base_stands_above_and_what_is_overridden_below():
    edges = relation_edges(f"{HOST}mine/", [info("../base", "../fixes")])
    assert edges == [(f"{HOST}base/", f"{HOST}mine/"), (f"{HOST}mine/", f"{HOST}fixes/")]


def test_a_reference_is_resolved_from_the_channel_and_not_from_its_subdir():
    edges = relation_edges(f"{HOST}conda-forge/label/rc/", [info(overrides="../..")])
    assert edges == [(f"{HOST}conda-forge/label/rc/", f"{HOST}conda-forge/")]


@pytest.mark.parametrize("reference", ["conda-forge", "https://elsewhere.org/x", "/x", "./x"])
def test_only_relative_references_are_followed(reference):
    with pytest.raises(FetchRepoDataError, match="does not start with"):
        relation_edges(f"{HOST}mine/", [info(reference)])


def test_one_channel_cannot_be_base_and_overridden():
    with pytest.raises(FetchRepoDataError, match="as its base and as overridden"):
        relation_edges(f"{HOST}mine/", [info("../other", "../other/")])


@pytest.mark.parametrize(
    ("given", "edges", "expected"),
    [
        ("a", ["ba"], "ba"),
        ("a", ["ab"], "ab"),
        ("a", ["ba", "cb"], "cba"),
        ("ab", ["ba"], "ab"),
        ("ab", ["ab"], "ab"),
        ("ab", ["ax"], "axb"),
        ("ab", ["xb"], "axb"),
        ("ab", ["xa", "xb"], "xab"),
        ("ab", ["ax", "bx"], "abx"),
        ("abc", ["ca", "xc"], "abxc"),
        ("ab", ["ax", "px"], "abpx"),
    ],
)
def test_the_users_order_wins_and_relatives_are_neighbours(given, edges, expected):
    ordered = order_channels(list(given), [(edge[0], edge[1]) for edge in edges])
    if (given, expected) == ("ab", "abpx"):
        # `p` may stand anywhere above `x`.
        assert ordered.index("p") < ordered.index("x")
        assert ordered.index("a") < ordered.index("b")
    else:
        assert "".join(ordered) == expected


@pytest.mark.parametrize("edges", [["aa"], ["xa", "ax"], ["xa", "yx", "xy"], ["ax", "xa"]])
def test_a_cycle_is_an_error(edges):
    with pytest.raises(FetchRepoDataError, match="above and below itself"):
        order_channels(["a"], [(edge[0], edge[1]) for edge in edges])


@pytest.fixture
def root(tmp_path) -> Path:
    """Three channels: `mine` stands on `bio`, and that on `forge`."""
    for name, base in (("mine", "../bio"), ("bio", "../forge"), ("forge", None)):
        relations = {"channel_relations": {"base": base, "future": 1}} if base else {}
        for form in (("json", "noarch"), ("shards", "linux-64")):
            document = repodata(entry("a", build=f"{name}_{form[1][0]}"), **relations)
            write_repodata(tmp_path / name, document, formats=form[:1], subdir=form[1])
    return tmp_path


def test_a_query_looks_into_related_channels_in_their_order(root):
    with ChannelServer(root) as server, Client(environ={}) as client:
        found = Gateway(client).query([f"{server.url}mine"], ["linux-64", "noarch"], ["a"])
        assert [f"{server.url}{name}/" for name in ("forge", "bio", "mine")] == [
            channel.base_url for channel in found.sources
        ]
    assert [["forge_l", "forge_n"], ["bio_l", "bio_n"], ["mine_l", "mine_n"]] == [
        [record.build for record in records] for records in found
    ]


def test_a_channel_that_the_user_placed_stays_there(root):
    channels = [(root / name).as_uri() for name in ("bio", "forge")]
    with Client() as client:
        found = Gateway(client).query(channels, ["noarch"], ["a"])
    assert ["bio", "forge"] == [source.name for source in found.sources]


def test_an_order_that_a_third_channel_makes_impossible_is_an_error(root):
    channels = [(root / name).as_uri() for name in ("mine", "forge")]
    with Client() as client, pytest.raises(FetchRepoDataError, match="above and below itself"):
        Gateway(client).query(channels, ["noarch"], ["a"])


def test_relations_can_be_switched_off(root):
    with Client() as client:
        gateway = Gateway(client, channel_relations_max_depth=0)
        found = gateway.query([(root / "mine").as_uri()], ["noarch"], ["a"])
    assert [Channel((root / "mine").as_uri())] == found.sources


def test_relations_that_lead_too_far_are_an_error(root):
    with Client() as client, pytest.raises(FetchRepoDataError, match="more than 1 steps"):
        Gateway(client).query(
            [(root / "mine").as_uri()], ["noarch"], ["a"], channel_relations_max_depth=1
        )


def test_relations_within_the_depth_are_no_error(root):
    with Client() as client:
        found = Gateway(client).query(
            [(root / "mine").as_uri()], ["noarch"], ["a"], channel_relations_max_depth=2
        )
    assert 3 == len(found)


def test_relations_can_be_left_out_of_a_single_query(root):
    with Client() as client:
        found = Gateway(client).query(
            [(root / "mine").as_uri()], ["noarch"], ["a"], channel_relations="disabled"
        )
    assert ["mine"] == [source.name for source in found.sources]


def test_relations_without_fault_are_followed_where_faults_are_warned_of(root):
    with Client() as client:
        found = Gateway(client).query(
            [(root / "mine").as_uri()], ["noarch"], ["a"], channel_relations="warn"
        )
    assert ["forge", "bio", "mine"] == [source.name for source in found.sources]


@pytest.mark.parametrize(
    ("relations", "warning"),
    [
        ({"bio": {"base": "https://elsewhere.org/x"}}, "does not start with"),
        ({"bio": {"base": "../x", "overrides": "../x"}}, "as its base and as overridden"),
        ({"bio": {"base": "../nowhere"}}, "nowhere/ is not a channel"),
        ({"bio": {"base": "../mine"}}, "above and below itself"),
    ],
    ids=["reference", "both", "missing", "cycle"],
)
def test_faults_of_relations_can_be_warnings(root, relations, warning):
    for name, related in relations.items():
        document = repodata(entry("a", build=name), channel_relations=related)
        write_repodata(root / name, document, formats=("json",))
    with Client() as client, pytest.warns(GatewayWarning, match=warning):
        found = Gateway(client).query(
            [(root / "mine").as_uri()], ["noarch"], ["a"], channel_relations="warn"
        )
    assert ["bio", "mine"] == sorted(source.name for source in found.sources)


def test_a_channel_that_is_missing_is_told_with_who_named_it(root):
    document = repodata(entry("a"), channel_relations={"base": "../nowhere"})
    write_repodata(root / "bio", document, formats=("json",))

    with Client() as client, pytest.raises(FetchRepoDataError) as caught:
        Gateway(client).query([(root / "mine").as_uri()], ["noarch"], ["a"])

    assert caught.value.message.endswith(f"the channel {(root / 'bio').as_uri()}/ names it")


def test_too_long_a_way_can_be_a_warning(root):
    with Client() as client, pytest.warns(GatewayWarning, match="more than 1 steps"):
        found = Gateway(client).query(
            [(root / "mine").as_uri()],
            ["noarch"],
            ["a"],
            channel_relations="warn",
            channel_relations_max_depth=1,
        )
    assert ["bio", "mine"] == [source.name for source in found.sources]


def test_something_else_cannot_be_done_about_relations(root):
    with Client() as client, pytest.raises(ValueError, match='"disabled", "warn" or "strict"'):
        Gateway(client).query([str(root / "mine")], ["noarch"], ["a"], channel_relations="wran")
