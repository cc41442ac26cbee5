"""`repoquery depends` and `whoneeds`: lists and trees of what channels have."""

from __future__ import annotations

import json

import pytest

from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, write_repodata


@pytest.fixture(scope="module")
def channel(tmp_path_factory):
    """Return a channel: app needs lib and tool, both need base, and tool what nobody has."""
    directory = tmp_path_factory.mktemp("graph")
    document = repodata(
        entry("app", "1", depends=["lib >=1", "tool", "__glibc >=2.17"]),
        entry("app", "0.5", depends=["relic"]),
        entry("lib", "2", depends=["base >=1", "app"]),
        entry("tool", "1", depends=["base >=1", "gone", "lib >=9"]),
        entry("base", "1"),
        entry("base", "0"),
        entry("relic", "1"),
        entry("vtool", "1", depends=["__glibc >=2.17"]),
    )
    write_repodata(directory, document)
    return directory


@pytest.fixture
def query(hognose, channel):
    def run(*words):
        return hognose("repoquery", *words, "-c", channel, "--platform", "linux-64")

    return run


def test_depends_draws_a_tree_in_which_each_package_has_its_branches_once(query):
    result = query("depends", "app", "--tree")

    assert 0 == result.status, result.err
    assert [
        "app 1 0",
        "├─ lib >=1: lib 2 0",
        "│  ├─ base >=1: base 1 0",
        "│  └─ app: app 1 0 (see above)",
        "├─ tool: tool 1 0",
        "│  ├─ base >=1: base 1 0",
        "│  ├─ gone: missing, no channel has it",
        "│  └─ lib >=9: missing, no channel has such a version: the newest is 2",
        "└─ __glibc >=2.17: the machine has to have it",
    ] == result.out.splitlines()


def test_depends_lists_what_is_missing_as_missing(query):
    rows = {line.split()[0]: line for line in query("depends", "app", "-r").out.splitlines()[2:]}
    assert "missing, no channel has it" in rows["gone"]
    assert "the machine has to have it" in rows["__glibc"]

    found = json.loads(query("depends", "tool", "--json").out)["dependencies"]
    assert ["1", None, None] == [each["newest"] and each["newest"]["version"] for each in found]
    assert [
        None,
        "no channel has it",
        "no channel has such a version: the newest is 2",
    ] == [each["problem"] for each in found]


def test_depends_takes_several_specs(query):
    result = query("depends", "app=0.5", "lib")

    assert 0 == result.status, result.err
    assert "app 0.5 0" in result.out
    assert "lib 2 0" in result.out
    found = json.loads(query("depends", "app=0.5", "lib", "--json").out)["packages"]
    assert [("app", ["relic"]), ("lib", ["base >=1", "app"])] == [
        (each["package"]["name"], [need["dependency"] for need in each["dependencies"]])
        for each in found
    ]


def test_a_document_says_who_needs_what(query):
    found = json.loads(query("depends", "app", "-r", "--json").out)["dependencies"]
    by_text = {each["dependency"]: each["needed_by"] for each in found}
    assert by_text["tool"].startswith("app=1")
    assert by_text["gone"].startswith("tool=1")


def test_one_of_several_specs_that_matches_nothing_is_told_of(query):
    result = query("depends", "lib", "bse")

    assert 0 == result.status
    assert "lib 2 0" in result.out
    assert "! no package matches `bse`: there are `base`" in result.err


def test_depends_of_a_name_that_is_none_says_which_are_near(query):
    result = query("depends", "bse")
    assert 1 == result.status
    assert "there are `base`" in result.err

    result = query("depends", "base >7")
    assert 1 == result.status
    assert "the newest there is: base 1" in result.err


def test_depends_does_not_fetch_what_it_does_not_show(hognose, tmp_path):
    chain = [entry("a", depends=["b"]), entry("b", depends=["c"]), entry("c")]
    write_repodata(tmp_path / "c", repodata(*chain), formats=["shards"])
    with ChannelServer(tmp_path / "c") as server:
        words = ("repoquery", "depends", "a", "-c", server.url, "--platform", "noarch")
        assert 0 == hognose(*words).status
        shards = [request for request in server.requests if "/shards/" in f"/{request.path}"]
        assert 2 == len({request.path for request in shards if request.path.count("/") > 1})
        assert 0 == hognose(*words, "-r").status


def test_whoneeds_follows_who_needs_those(query):
    found = json.loads(query("whoneeds", "base", "--recursive", "--json").out)["dependents"]

    assert {"app", "lib", "tool"} == {each["record"]["name"] for each in found}
    direct = json.loads(query("whoneeds", "base", "--json").out)["dependents"]
    assert {"lib", "tool"} == {each["record"]["name"] for each in direct}


def test_whoneeds_draws_a_tree(query):
    result = query("whoneeds", "base", "--tree")

    assert 0 == result.status, result.err
    assert [
        "base",
        "├─ lib 2 0 (`base >=1`)",
        "│  └─ app 1 0 (`lib >=1`)",
        "│     └─ lib 2 0 (`app`) (see above)",
        "└─ tool 1 0 (`base >=1`)",
        "   └─ app 1 0 (`tool`) (see above)",
    ] == result.out.splitlines()
    assert "3 packages need `base`" in result.err


def test_whoneeds_recursively_counts_the_newest_packages_alone(query):
    assert "app" not in query("whoneeds", "relic", "-r").out
    assert "app" in query("whoneeds", "relic").out
    assert "lib" not in query("whoneeds", "base=0", "-r").out


def test_whoneeds_recursively_takes_virtual_packages(query):
    def names(target):
        document = json.loads(query("whoneeds", target, "-r", "--json").out)
        return {each["record"]["name"] for each in document["dependents"]}

    assert {"app", "lib", "vtool"} == names("__glibc")
    assert {"app", "lib", "vtool"} == names("__glibc=2.20")
    assert set() == names("__glibc=2.10")


def test_whoneeds_takes_several_targets(query):
    result = query("whoneeds", "gone", "relic")

    assert 0 == result.status, result.err
    lines = result.out.splitlines()
    assert "gone" in lines
    assert "relic" in lines
    found = json.loads(query("whoneeds", "gone", "relic", "--json").out)["targets"]
    assert [("gone", ["tool"]), ("relic", ["app"])] == [
        (each["target"], [one["record"]["name"] for one in each["dependents"]]) for each in found
    ]


@pytest.mark.parametrize("more", [(), ("-r",), ("--tree",)])
def test_who_needs_what_is_no_package_is_an_error_with_what_is_near(query, more):
    result = query("whoneeds", "bse", *more)

    assert 1 == result.status
    assert "there are `base`" in result.err


def test_a_long_chain_is_drawn(hognose, tmp_path):
    chain = [entry(f"p{n}", depends=[f"p{n + 1}"]) for n in range(1500)]
    write_repodata(tmp_path / "c", repodata(*chain))
    words = ("-c", tmp_path / "c", "--platform", "linux-64")

    assert 1501 == len(hognose("repoquery", "depends", "p0", "-t", *words).out.splitlines())
    assert 1501 == len(hognose("repoquery", "whoneeds", "p1500", "-t", *words).out.splitlines())
