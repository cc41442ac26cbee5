"""`search`, `repoquery` and `channel info`."""

import json
import os
import signal
import subprocess
import sys

import pytest

from support.repodata_files import entry, repodata, write_repodata


def rows(result):
    return [line.split() for line in result.out.splitlines()[1:]]


def test_search_lists_the_variants_newest_first(hognose, channel):
    result = hognose("search", "lib", "-c", channel, "--platform", "linux-64")

    assert [["lib", "2.0"], ["lib", "1.0"]] == [row[:2] for row in rows(result)]


def test_search_takes_specs_and_patterns(hognose, channel):
    for word, expected in (("lib <2", ["lib"]), ("*p*", ["app", "gpu"]), ("LIB=2", ["lib"])):
        result = hognose("search", word, "-c", channel, "--platform", "linux-64", "--json")
        assert expected == [each["name"] for each in json.loads(result.out)["packages"]]


def test_search_shows_as_many_builds_as_wanted(hognose, channel):
    result = hognose("search", "*", "-c", channel, "--platform", "linux-64", "--limit", "1")
    assert ["app", "gpu", "lib", "old"] == [row[0] for row in rows(result)]


def test_search_without_a_find_names_what_is_near(hognose, channel):
    result = hognose("search", "libb", "-c", channel, "--platform", "linux-64")

    assert 1 == result.status
    assert "`lib`" in result.err


def test_search_for_versions_that_do_not_exist_names_the_newest(hognose, channel):
    result = hognose("search", "lib >=9", "-c", channel, "--platform", "linux-64")

    assert 1 == result.status
    assert "lib 2.0" in result.err


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_that_is_no_number_of_builds_is_refused(hognose, channel, limit):
    result = hognose("search", "lib", "-c", channel, f"--limit={limit}")

    assert 2 == result.status
    assert f"`{limit}` is no whole number above 0" in result.err


@pytest.mark.parametrize("action", ["depends", "whoneeds"])
def test_repoquery_wants_one_package_where_a_pattern_has_no_answer(hognose, channel, action):
    result = hognose("repoquery", action, "l*", "-c", channel)

    assert 2 == result.status
    assert "`l*` stands for many packages" in result.err
    assert "exact_names_only" not in result.err


def test_builds_of_one_version_are_sorted_by_number_and_time(hognose, tmp_path):
    entries = [
        entry("a", "1", build, build_number=number, timestamp=time)
        for build, number, time in (("x", 0, 9), ("y", 2, 5), ("z", 2, 7), ("w", 1, 1))
    ]
    write_repodata(tmp_path / "c", repodata(*entries))
    result = hognose("search", "a", "-c", tmp_path / "c")
    assert ["z", "y", "w", "x"] == [row[2] for row in rows(result)]


def test_search_says_what_was_withdrawn_and_what_it_cannot_read(hognose, tmp_path):
    revisions = {"v4": {"n_packages": 5, "message": "get the new one"}}
    document = repodata(entry("a"), entry("a", "2"), repodata_revisions=revisions)
    document["removed"] = ["a-2-0.conda"]
    write_repodata(tmp_path / "c", document)
    result = hognose("search", "a", "-c", tmp_path / "c")

    assert "1 more have been withdrawn" in result.err
    assert "5 packages need a newer version of hognose" in result.err
    assert "get the new one" in result.err


def test_repoquery_search_is_search(hognose, channel):
    words = ("lib", "-c", channel, "--platform", "linux-64", "--json")
    assert hognose("search", *words).out == hognose("repoquery", "search", *words).out


def test_depends_shows_what_the_newest_package_needs(hognose, channel):
    result = hognose("repoquery", "depends", "app", "-c", channel, "--platform", "linux-64")

    assert "app 1.0 0" == result.out.splitlines()[0]
    assert ["lib", ">=1", "2.0", "0"] == result.out.splitlines()[2].split()


def test_depends_follows_dependencies_when_asked(hognose, tmp_path):
    document = repodata(
        entry("a", depends=["b"]), entry("b", depends=["c >=1"]), entry("c", depends=["a", "no"])
    )
    write_repodata(tmp_path / "c", document)
    words = ("repoquery", "depends", "a", "-c", tmp_path / "c", "--json")

    def texts(*more):
        document = json.loads(hognose(*words, *more).out)
        return [each["dependency"] for each in document["dependencies"]]

    assert ["b"] == texts()
    assert ["b", "c >=1", "a", "no"] == texts("--recursive")


def test_depends_of_nothing_is_an_error(hognose, channel):
    result = hognose("repoquery", "depends", "app >9", "-c", channel, "--platform", "linux-64")
    assert 1 == result.status
    assert "no package matches" in result.err


def test_whoneeds_takes_names_specs_and_virtual_packages(hognose, channel):
    def names(target):
        words = ("repoquery", "whoneeds", target, "-c", channel, "--platform", "linux-64")
        document = json.loads(hognose(*words, "--json").out)
        return [each["record"]["name"] for each in document["dependents"]]

    assert ["app", "old"] == names("lib")
    assert ["app"] == names("lib=2")
    assert ["gpu"] == names("__cuda")
    assert [] == names("__cuda=11")


def test_whoneeds_prints_through_which_dependency(hognose, channel):
    result = hognose("repoquery", "whoneeds", "lib", "-c", channel, "--platform", "linux-64")
    assert ["app", "1.0", "0", "linux-64", "depends", "lib", ">=1"] == rows(result)[0]


def test_channel_info_tells_what_the_channel_says(hognose, tmp_path):
    channel = tmp_path / "mine"
    relations = {"base": "../base"}
    write_repodata(channel, repodata(entry("a"), entry("b"), channel_relations=relations))
    write_repodata(tmp_path / "base", repodata(entry("c")))
    notices = {"notices": [{"id": "1", "message": "hello", "level": "critical"}]}
    (channel / "notices.json").write_text(json.dumps(notices))

    result = hognose("channel", "info", channel)
    assert "stands on ../base" in result.out
    assert "2 names" in result.out
    assert "hello" in result.out
    assert "1 name\n" in result.out

    document = json.loads(hognose("channel", "info", channel, "--json").out)
    assert ["base", str(channel)] == [each["name"] for each in document["channels"]]
    assert "hello" == document["channels"][1]["notices"][0]["message"]


def test_channel_serve_serves_until_it_is_interrupted(hognose, channel):
    words = [sys.executable, "-m", "hognose", "channel", "serve", str(channel), "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline() for _ in range(4)]
        url = json.loads("".join(lines))["url"]
        result = hognose("search", "app", "-c", url, "--platform", "linux-64", "--json")
        process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
        assert 0 == process.wait(10)
    (package,) = json.loads(result.out)["packages"]
    assert f"{url}linux-64/app-1.0-0.conda" == package["url"]


def test_one_of_several_specs_that_matches_nothing_is_told_of(hognose, channel):
    result = hognose("search", "-c", channel, "lib", "ap")

    assert 0 == result.status
    assert "nothing matches `ap`: there are `app`" in result.err


def test_who_needs_a_package_that_is_none_is_an_error(hognose, channel):
    result = hognose("repoquery", "whoneeds", "-c", channel, "libb")

    assert 1 == result.status
    assert "there are `lib`" in result.err


def test_a_package_that_nothing_needs_is_no_error(hognose, channel):
    assert 0 == hognose("repoquery", "whoneeds", "-c", channel, "app").status


def test_listing_what_is_not_there_is_an_error_with_what_is_near(hognose, channel, tmp_path):
    hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", "app")

    result = hognose("list", "-p", tmp_path / "env", "appp")

    assert 1 == result.status
    assert "there are `app`" in result.err


@pytest.mark.parametrize(
    ("pattern", "names"),
    [("*", ["app", "lib"]), ("a*", ["app"]), ("?ib", ["lib"]), ("^l.*$", ["lib"]), ("p", ["app"])],
)
def test_a_list_takes_patterns_and_regular_expressions(hognose, channel, tmp_path, pattern, names):
    hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", "app")

    result = hognose("list", "--json", "-p", tmp_path / "env", pattern)

    assert names == [package["name"] for package in json.loads(result.out)["packages"]]
