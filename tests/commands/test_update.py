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

    result = hognose("update", "-y", "-p", prefix, "-c", channel, "app >=3", "--freeze-installed")

    assert 1 == result.status
    assert "lib is pinned to 1.0" in result.err
    assert {"app": "1.0", "lib": "1.0", "tool": "1.0"} == versions(prefix)


def test_a_version_replaces_what_was_asked_for(hognose, outdated):
    prefix, channel = outdated
    hognose("update", "-p", prefix, "-c", channel, "--all")

    result = hognose("update", "-y", "-p", prefix, "-c", channel, "app <2")

    assert 0 == result.status, result.err
    assert "1.0" == versions(prefix)["app"]
    again = hognose("update", "-p", prefix, "-c", channel, "--all")
    assert "nothing to do" in again.err


def test_a_request_that_changes_no_package_is_noted(hognose, outdated):
    prefix, channel = outdated

    result = hognose("update", "-y", "-p", prefix, "-c", channel, "app <2")

    assert "no package changes" in result.err
    hognose("update", "-p", prefix, "-c", channel, "--all")
    assert {"app": "1.0", "lib": "2.0", "tool": "2.0"} == versions(prefix)


def test_a_dry_run_notes_no_request(hognose, outdated):
    prefix, channel = outdated
    before = {path: path.read_bytes() for path in prefix.rglob("*.json")}

    hognose("update", "-p", prefix, "-c", channel, "app <2", "--dry-run")

    assert before == {path: path.read_bytes() for path in prefix.rglob("*.json")}


def test_a_bare_name_keeps_to_what_was_asked_for_and_says_so(hognose, outdated):
    prefix, channel = outdated
    hognose("update", "-y", "-p", prefix, "-c", channel, "app <2")

    result = hognose("update", "-p", prefix, "-c", channel, "app")

    assert "1.0" == versions(prefix)["app"]
    assert "`app <2` was asked for, and still holds" in result.err
    assert 'hognose update "app *"' in result.err
    hognose("update", "-p", prefix, "-c", channel, "app *")
    assert "2.0" == versions(prefix)["app"]


def test_what_nothing_needs_any_more_stays_unless_it_is_pruned(hognose, outdated):
    prefix, channel = outdated
    make_package(channel, "app", "3.0", files={"share/app": "3\n"})
    index_channel(channel)

    result = hognose("update", "-p", prefix, "-c", channel, "app")
    assert 0 == result.status, result.err
    assert {"app": "3.0", "lib": "1.0", "tool": "1.0"} == versions(prefix)

    result = hognose("update", "-y", "-p", prefix, "-c", channel, "--prune")
    assert 0 == result.status, result.err
    assert {"app": "3.0", "tool": "1.0"} == versions(prefix)


def test_prune_with_a_name_moves_it_and_removes_what_it_no_longer_needs(hognose, outdated):
    prefix, channel = outdated
    make_package(channel, "app", "3.0", files={"share/app": "3\n"})
    index_channel(channel)

    document = json.loads(
        hognose("update", "-y", "-p", prefix, "-c", channel, "app", "--prune", "--json").out
    )

    assert {"app": "3.0", "tool": "1.0"} == versions(prefix)
    assert {"lib": ["nothing that is asked for needs it"]} == document["removed"]


def test_frozen_packages_stay_and_the_named_one_moves(hognose, outdated):
    prefix, channel = outdated

    result = hognose("update", "-p", prefix, "-c", channel, "app", "--freeze-installed")

    assert 0 == result.status, result.err
    assert {"app": "2.0", "lib": "1.0", "tool": "1.0"} == versions(prefix)


@pytest.fixture
def narrowing(hognose, outdated):
    """Return an environment and a channel whose newest `app` wants an old lib, and no tool."""
    prefix, channel = outdated
    hognose("update", "-p", prefix, "-c", channel, "lib")
    make_package(channel, "app", "3.0", depends=["lib <2"], constrains=["extra <0"])
    make_package(channel, "extra", "1.0", depends=["lib >=2"])
    index_channel(channel)
    return prefix, channel


def test_a_downgrade_is_told_apart_with_its_reason(hognose, narrowing):
    prefix, channel = narrowing

    result = hognose("update", "-p", prefix, "-c", channel, "app", "--dry-run")

    assert 0 == result.status, result.err
    table = result.err.partition("downgraded:\n")[2].splitlines()[:2]
    assert ["package", "because"] == [table[0].split()[0], table[0].split()[-1]]
    assert ["↓", "lib", "2.0", "0", "1.0", "0"] == table[1].split()[:6]
    assert table[1].endswith("  app 3.0 0 needs `lib <2`")
    document = json.loads(
        hognose("update", "-p", prefix, "-c", channel, "app", "--dry-run", "--json").out
    )
    assert {"lib": ["app 3.0 0 needs `lib <2`"]} == document["downgraded"]
    assert {} == document["removed"]
    assert ["downgrade", "upgrade"] == [action["action"] for action in document["actions"]]


def test_what_has_to_go_is_told_apart_with_its_reasons(hognose, narrowing):
    prefix, channel = narrowing
    hognose("install", "-p", prefix, "-c", channel, "extra", "app <3")
    remove_requests(prefix, "extra")

    document = json.loads(
        hognose("update", "-y", "-p", prefix, "-c", channel, "app >=3", "--json").out
    )

    assert {"app": "3.0", "lib": "1.0", "tool": "1.0"} == versions(prefix)
    assert {
        "extra": [
            "app 3.0 0 works only with `extra <0`",
            "it needs `lib >=2`, and lib 1.0 is here",
        ]
    } == document["removed"]


def remove_requests(prefix, name):
    """Leave a package as if another one had brought it."""
    (path,) = (prefix / "conda-meta").glob(f"{name}-*.json")
    document = json.loads(path.read_text())
    document["requested_specs"] = []
    document.pop("requested_spec", None)
    path.write_text(json.dumps(document))


def test_what_is_not_installed_is_refused(hognose, outdated):
    prefix, channel = outdated

    result = hognose("update", "-p", prefix, "-c", channel, "nothing")

    assert 2 == result.status
    assert "`nothing` is not installed" in result.err


def test_nothing_named_is_a_wrong_command_line(hognose, outdated):
    assert 2 == hognose("update", "-p", outdated[0]).status


def test_all_and_names_exclude_each_other_in_words_of_their_own(hognose, outdated):
    prefix, channel = outdated

    result = hognose("update", "--all", "-p", prefix, "-c", channel, "app")

    assert 2 == result.status
    assert "`--all` updates every package" in result.err
