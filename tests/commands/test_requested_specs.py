"""What an environment was asked for, whoever made it and however they wrote it down."""

from __future__ import annotations

import json

import pytest

from hognose.channel import index_channel
from hognose.install import requested_specs
from hognose.types import PrefixRecord
from support.package_maker import make_package


@pytest.fixture
def world(tmp_path):
    """Return a channel: `app` needs `lib`, `tool` and `extra` need nothing."""
    channel = tmp_path / "world"
    for version in ("1.0", "2.0"):
        make_package(channel, "lib", version, subdir="noarch", noarch="generic")
        make_package(channel, "tool", version)
    make_package(channel, "app", "1.0", depends=["lib"])
    make_package(channel, "extra", "1.0")
    index_channel(channel)
    return channel


@pytest.fixture
def env(tmp_path):
    return tmp_path / "env"


def packages(prefix) -> dict[str, str]:
    return {record.name: str(record.version) for record in PrefixRecord.collect(prefix)}


def rewrite(prefix, name: str, **values) -> None:
    (path,) = (prefix / "conda-meta").glob(f"{name}-*.json")
    tree = json.loads(path.read_text())
    path.write_text(json.dumps({**tree, **values}))


def forget_all(prefix) -> None:
    """Make the environment look as if a tool had made it that notes no requests."""
    for path in (prefix / "conda-meta").glob("*.json"):
        tree = json.loads(path.read_text())
        tree.pop("requested_specs", None)
        path.write_text(json.dumps(tree))


def test_nothing_goes_that_no_record_says_was_asked_for(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "app", "tool")
    forget_all(env)

    hognose("install", "-y", "-c", world, "-p", env, "extra")

    assert {"app", "lib", "tool", "extra"} == set(packages(env))


def test_one_record_that_knows_who_asked_does_not_make_the_others_go(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "app", "tool")
    forget_all(env)
    rewrite(env, "tool", requested_specs=["tool"])

    for words in (("install", "extra"), ("update", "--all"), ("remove", "extra")):
        result = hognose(words[0], "-y", "-c", world, "-p", env, *words[1:])
        if words[0] != "remove":
            assert result.status == 0, result.err
        assert {"app", "lib", "tool"} <= set(packages(env)), words


def test_a_circle_that_nobody_asked_for_stays(tmp_path, hognose, env):
    channel = tmp_path / "circle"
    make_package(channel, "a", "1.0", depends=["b"])
    make_package(channel, "b", "1.0", depends=["a"])
    make_package(channel, "c", "1.0")
    index_channel(channel)
    hognose("create", "-y", "-c", channel, "-p", env, "a", "c")
    forget_all(env)

    assert ["a", "c"] == sorted(requested_specs(PrefixRecord.collect(env)))


def test_what_only_a_removed_package_needed_goes(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "app", "tool")

    hognose("remove", "-y", "-p", env, "app")

    assert {"tool": "2.0"} == packages(env)


def test_condas_single_form_holds_and_is_listed(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "tool=1")
    rewrite(env, "tool", requested_specs=[], requested_spec="tool=1.*")

    assert "tool=1.*" in hognose("list", "-p", env).out
    hognose("update", "-y", "-c", world, "-p", env, "--all")
    assert "1.0" == packages(env)["tool"]


def test_conda_writes_none_where_nobody_asked(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "app")
    rewrite(env, "lib", requested_spec="None")

    assert ["app"] == list(requested_specs(PrefixRecord.collect(env)))


def test_asking_for_what_is_there_is_remembered(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "app")

    hognose("install", "-y", "-c", world, "-p", env, "lib")
    hognose("remove", "-y", "-p", env, "app")

    assert {"lib": "2.0"} == packages(env)


def test_pins_of_the_environment_hold(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "tool=1")
    rewrite(env, "tool", requested_specs=["tool"])
    (env / "conda-meta/pinned").write_text("# our choice\ntool 1.*  # for now\n\nlib <2\n")

    hognose("update", "-y", "-c", world, "-p", env, "--all")
    hognose("install", "-y", "-c", world, "-p", env, "app")

    assert {"tool": "1.0", "app": "1.0", "lib": "1.0"} == packages(env)


def test_a_pin_that_is_no_spec_is_named(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "tool=1")
    (env / "conda-meta/pinned").write_text("tool >>1\n")

    result = hognose("update", "-y", "-c", world, "-p", env, "--all")

    assert result.status == 2
    assert "conda-meta/pinned" in result.err


def test_what_is_asked_for_twice_is_noted_once(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "app", "app", "lib >=1", "lib >=1")

    noted = {str(record.name): record.requested_specs for record in PrefixRecord.collect(env)}
    assert {"app": ("app",), "lib": ("lib >=1",)} == noted


def test_an_environment_keeps_its_platform(hognose, tmp_path, env):
    channel = tmp_path / "foreign"
    for subdir in ("win-64", "linux-64", "osx-arm64"):
        for name in ("a", "b"):
            make_package(channel, name, "1.0", subdir=subdir)
    index_channel(channel)
    hognose("create", "-y", "-c", channel, "-p", env, "--platform", "win-64", "a")

    result = hognose("install", "-y", "-c", channel, "-p", env, "b")

    assert result.status == 0, result.err
    assert {"win-64"} == {record.subdir for record in PrefixRecord.collect(env)}
    assert "# platform: win-64" in hognose("list", "--explicit", "-p", env).out


def test_an_environment_of_noarch_packages_keeps_its_platform(hognose, tmp_path, env):
    channel = tmp_path / "foreign"
    make_package(channel, "pure", "1.0", subdir="noarch")
    make_package(channel, "native", "1.0", subdir="win-64")
    index_channel(channel)
    hognose("create", "-y", "-c", channel, "-p", env, "--platform", "win-64", "pure")
    hognose("env", "clone", "-p", env, "--", tmp_path / "clone")

    for prefix in (env, tmp_path / "clone"):
        result = hognose("install", "-y", "-c", channel, "-p", prefix, "native")
        assert result.status == 0, result.err
        assert {"native", "pure"} == set(packages(prefix))


def test_another_platform_than_the_environments_is_refused(hognose, tmp_path, env):
    channel = tmp_path / "foreign"
    make_package(channel, "a", "1.0", subdir="win-64")
    index_channel(channel)
    hognose("create", "-y", "-c", channel, "-p", env, "--platform", "win-64", "a")

    result = hognose("install", "-y", "-c", channel, "-p", env, "--platform", "osx-64", "a")

    assert result.status == 2
    assert "for win-64" in result.err


def test_what_nobody_asked_for_stays_until_it_is_pruned(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "app", "tool")
    rewrite(env, "tool", requested_specs=[])

    hognose("install", "-y", "-c", world, "-p", env, "extra")
    assert {"app", "lib", "tool", "extra"} == set(packages(env))

    hognose("update", "-y", "-c", world, "-p", env, "--prune")
    assert {"app", "lib", "extra"} == set(packages(env))


def test_pins_of_the_configuration_hold_everywhere(hognose, world, env, private_home):
    (private_home / ".condarc").write_text("pinned_packages:\n- tool 1.*\n")

    hognose("create", "-y", "-c", world, "-p", env, "tool")

    assert {"tool": "1.0"} == packages(env)


def test_an_explanation_tells_where_a_pin_is_from(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "app")
    (env / "conda-meta/pinned").write_text("tool 1.*\n")

    result = hognose("install", "-y", "-c", world, "-p", env, "tool >=2")

    assert result.status == 1
    assert f"`tool 1.*` is pinned in {env}/conda-meta/pinned" in result.err


def test_a_request_that_changes_no_package_is_told(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "tool 1.*")

    result = hognose("install", "-y", "-c", world, "-p", env, "tool")

    assert "`tool` is asked for now, and no longer `tool 1.*`" in result.err
    assert "nothing to do" not in result.err


def test_json_has_the_requests_that_a_dry_run_would_change(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "tool 1.*")

    result = hognose("install", "-d", "--json", "-c", world, "-p", env, "tool")

    assert {"tool": {"from": "tool 1.*", "to": "tool"}} == json.loads(result.out)["requested"]


def test_packages_that_were_listed_by_url_are_asked_for(hognose, world, env, tmp_path):
    hognose("create", "-y", "-c", world, "-p", tmp_path / "first", "app", "tool")
    explicit = tmp_path / "explicit.txt"
    explicit.write_text(hognose("list", "-p", tmp_path / "first", "--explicit").out)
    hognose("create", "-y", "-p", env, "-f", explicit)
    hognose("install", "-y", "-c", world, "-p", env, "extra")

    hognose("update", "-y", "-c", world, "-p", env, "--prune")

    assert {"app", "lib", "tool", "extra"} == set(packages(env))
    assert ["app", "extra", "lib", "tool"] == sorted(requested_specs(PrefixRecord.collect(env)))


def test_packages_of_a_lock_file_are_asked_for(hognose, world, env, tmp_path):
    lock = tmp_path / "pixi.lock"
    assert 0 == hognose("lock", "-c", world, "-o", lock, "app", "tool").status

    result = hognose("create", "-y", "-p", env, "--lockfile", lock)

    assert 0 == result.status, result.err
    assert {("app",), ("lib",), ("tool",)} == {
        record.requested_specs for record in PrefixRecord.collect(env)
    }


def test_what_nothing_needed_before_the_first_request_is_not_pruned(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "app", "tool")
    forget_all(env)
    (env / "conda-meta/history").write_text("")
    hognose("install", "-y", "-c", world, "-p", env, "extra")

    hognose("update", "-y", "-c", world, "-p", env, "--prune")

    assert {"app", "lib", "tool", "extra"} == set(packages(env))


def test_what_another_program_added_and_nothing_needs_is_not_pruned(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "app")
    log = (env / "conda-meta/history").read_text()
    hognose("install", "-y", "-c", world, "-p", env, "tool")
    (env / "conda-meta/history").write_text(log)
    rewrite(env, "tool", requested_specs=[])
    hognose("install", "-y", "-c", world, "-p", env, "extra")

    hognose("update", "-y", "-c", world, "-p", env, "--prune")

    assert {"app", "lib", "tool", "extra"} == set(packages(env))


def test_a_plan_says_why_a_package_is_pruned(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "app", "tool")
    rewrite(env, "tool", requested_specs=[])

    result = hognose("update", "-d", "--json", "-c", world, "-p", env, "--prune")

    assert {"tool": ["nothing that is asked for needs it"]} == json.loads(result.out)["removed"]


@pytest.fixture
def chain(tmp_path):
    """Return a channel: `top` needs `middle`, that needs `bottom` and `aside`."""
    channel = tmp_path / "chain"
    make_package(channel, "bottom", "1")
    make_package(channel, "aside", "1")
    make_package(channel, "middle", "1", depends=["bottom", "aside"])
    make_package(channel, "top", "1", depends=["middle"])
    index_channel(channel)
    return channel


def test_a_plan_says_what_a_package_needs_that_goes_with_another(hognose, chain, env):
    hognose("create", "-y", "-c", chain, "-p", env, "top")

    result = hognose("remove", "-d", "--json", "-p", env, "bottom")

    assert {
        "aside": ["nothing that is asked for needs it"],
        "bottom": [],
        "middle": ["needs `bottom`"],
        "top": ["needs `middle`"],
    } == json.loads(result.out)["removed"]


def test_what_was_asked_for_and_goes_because_of_another_is_told(hognose, chain, env):
    hognose("create", "-y", "-c", chain, "-p", env, "top", "aside")

    said = hognose("remove", "-d", "-p", env, "middle").err

    assert "`top`, which was asked for, goes too: it needs `middle`" in said
    assert 1 == said.count("which was asked for")


def test_a_spec_that_is_given_twice_is_one_request(hognose, world, env):
    hognose("create", "-y", "-c", world, "-p", env, "tool", "tool")

    assert [("tool",)] == [record.requested_specs for record in PrefixRecord.collect(env)]
