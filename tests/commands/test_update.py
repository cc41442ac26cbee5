"""`update`: what moves, and what stays."""

import json

import pytest

from hognose.channel import index_channel
from hognose.types import PrefixRecord
from support.package_maker import make_package


@pytest.fixture
def growing(tmp_path):
    """Return a channel with `app` and `lib`, and a function that adds version 2 of everything."""
    directory = tmp_path / "growing"

    def make(version):
        for name, depends in (("app", ["lib"]), ("lib", []), ("tool", [])):
            files = {f"share/{name}": f"{name} {version}\n"}
            make_package(directory, name, version, depends=depends, files=files)
        index_channel(directory)

    make("1.0")
    return directory, lambda: make("2.0")


@pytest.fixture
def outdated(hognose, growing, tmp_path):
    """Return an environment with version 1 of everything, and a channel that has version 2."""
    channel, grow = growing
    prefix = tmp_path / "env"
    result = hognose("create", "-p", prefix, "-c", channel, "app", "tool")
    assert 0 == result.status, result.err
    grow()
    return prefix, channel


def versions(prefix):
    return {str(record.name): str(record.version) for record in PrefixRecord.collect(prefix)}


def test_the_named_package_moves_and_the_others_stay(hognose, outdated):
    prefix, channel = outdated

    result = hognose("update", "-p", prefix, "-c", channel, "app")

    assert 0 == result.status, result.err
    assert {"app": "2.0", "lib": "1.0", "tool": "1.0"} == versions(prefix)


def test_what_the_named_package_needs_moves_too_if_told(hognose, outdated):
    prefix, channel = outdated

    result = hognose("update", "-p", prefix, "-c", channel, "app", "--update-deps")

    assert 0 == result.status, result.err
    assert {"app": "2.0", "lib": "2.0", "tool": "1.0"} == versions(prefix)


def test_all_moves_everything(hognose, outdated):
    prefix, channel = outdated

    document = json.loads(hognose("update", "-p", prefix, "-c", channel, "--all", "--json").out)

    assert {"app": "2.0", "lib": "2.0", "tool": "2.0"} == versions(prefix)
    assert ["upgrade"] * 3 == [action["action"] for action in document["actions"]]


def test_a_dependency_can_be_named_and_is_still_nobodys_wish(hognose, outdated):
    prefix, channel = outdated

    result = hognose("update", "-p", prefix, "-c", channel, "lib")

    assert 0 == result.status, result.err
    assert {"app": "1.0", "lib": "2.0", "tool": "1.0"} == versions(prefix)
    (lib,) = (record for record in PrefixRecord.collect(prefix) if record.name == "lib")
    assert () == lib.requested_specs


def test_frozen_packages_refuse_what_needs_another_version(hognose, outdated):
    prefix, channel = outdated
    make_package(channel, "app", "3.0", depends=["lib >=2"], files={"share/app": "3\n"})
    index_channel(channel)

    result = hognose("update", "-p", prefix, "-c", channel, "app >=3", "--freeze-installed")

    assert 1 == result.status
    assert "lib is pinned to 1.0" in result.err
    assert {"app": "1.0", "lib": "1.0", "tool": "1.0"} == versions(prefix)


def test_a_version_replaces_what_was_asked_for(hognose, outdated):
    prefix, channel = outdated
    hognose("update", "-p", prefix, "-c", channel, "--all")

    result = hognose("update", "-p", prefix, "-c", channel, "app <2")

    assert 0 == result.status, result.err
    assert "1.0" == versions(prefix)["app"]
    again = hognose("update", "-p", prefix, "-c", channel, "--all")
    assert "nothing to do" in again.err


def test_what_is_not_installed_is_refused(hognose, outdated):
    prefix, channel = outdated

    result = hognose("update", "-p", prefix, "-c", channel, "nothing")

    assert 2 == result.status
    assert "`nothing` is not installed" in result.err


def test_nothing_named_is_a_wrong_command_line(hognose, outdated):
    assert 2 == hognose("update", "-p", outdated[0]).status
