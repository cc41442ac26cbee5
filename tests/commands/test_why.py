"""`why`: the reasons of a package in a real environment."""

import json
import shutil

import pytest

from hognose.channel import index_channel
from support.package_maker import make_package


@pytest.fixture
def prefix(tmp_path, hognose, channel):
    prefix = tmp_path / "environment"
    result = hognose("create", "-p", prefix, "-c", channel, "app")
    assert 0 == result.status, result.err
    return prefix


def test_why_tells_who_asked_and_what_limits_the_version(hognose, prefix):
    result = hognose("why", "-p", prefix, "lib", "app")

    assert 0 == result.status, result.err
    assert result.out.splitlines() == [
        "lib 2.0 0",
        "  needed by",
        "    app → lib",
        "  in this version because",
        "    app 1.0 0 needs `lib >=1`",
        "app 1.0 0",
        "  asked for: `app`",
    ]


def test_why_answers_in_json(hognose, prefix):
    result = hognose("why", "-p", prefix, "lib", "--json")

    assert 0 == result.status, result.err
    (found,) = json.loads(result.out)["packages"]
    assert "lib 2.0 0" == found["package"]
    assert [["app", "lib"]] == found["chains"]
    assert [{"package": "app 1.0 0", "text": "lib >=1", "kind": "depends"}] == found["demands"]


def test_why_suggests_the_name_that_was_meant(hognose, prefix):
    result = hognose("why", "-p", prefix, "libb")

    assert 2 == result.status
    assert "no package `libb`" in result.err
    assert "did you mean `lib`?" in result.err


def test_why_needs_an_environment(hognose, tmp_path):
    result = hognose("why", "-p", tmp_path, "lib")

    assert 2 == result.status
    assert "is no environment" in result.err


def test_why_tells_what_stands_against_newer_versions(hognose, prefix, channel, tmp_path):
    newer = tmp_path / "newer"
    shutil.copytree(channel, newer)
    make_package(newer, "lib", "3.0")
    make_package(newer, "lib", "4.0", depends=["app >=2"])
    index_channel(newer)

    result = hognose("why", "-p", prefix, "-c", newer, "lib", "--newer")

    assert 0 == result.status, result.err
    assert [
        "  newer versions",
        "    4.0 does not fit: it needs `app >=2`, and app 1.0 is here",
        "    3.0 would fit: an update would bring it",
    ] == result.out.splitlines()[-3:]


def test_why_asks_no_channel_unless_told(hognose, prefix, tmp_path):
    result = hognose("why", "-p", prefix, "-c", tmp_path / "nowhere", "lib")

    assert 0 == result.status, result.err
