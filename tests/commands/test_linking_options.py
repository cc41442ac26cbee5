"""What the commands' options ask of the installer."""

from __future__ import annotations

import os

import pytest

from hognose.channel import index_channel
from support.package_maker import File, make_package


@pytest.fixture
def scripted(tmp_path):
    """Return a channel whose `setup` has a post-link script, and whose `twin` ships the same file."""
    channel = tmp_path / "scripted"
    script = File('#!/bin/sh\necho done > "$PREFIX/ran"\n', executable=True)
    make_package(
        channel, "setup", "1.0", files={"bin/.setup-post-link.sh": script, "share/same": "a\n"}
    )
    make_package(channel, "twin", "1.0", files={"share/same": "b\n"})
    index_channel(channel)
    return channel


def test_link_scripts_are_skipped_and_named(hognose, scripted, tmp_path):
    result = hognose("create", "-y", "-c", scripted, "-p", tmp_path / "env", "setup")

    assert not (tmp_path / "env/ran").exists()
    assert "not run: the link scripts of setup" in result.err
    assert "`--link-scripts setup`" in result.err


def test_what_a_script_has_to_say_is_shown(hognose, tmp_path):
    script = File('#!/bin/sh\necho "now log in" > "$PREFIX/.messages.txt"\n', executable=True)
    channel = tmp_path / "telling"
    make_package(channel, "tell", "1.0", files={"bin/.tell-post-link.sh": script})
    index_channel(channel)

    result = hognose(
        "create", "-y", "-c", channel, "-p", tmp_path / "env", "--link-scripts", "tell", "tell"
    )

    assert "now log in" in result.err


@pytest.mark.parametrize("name", ["setup", "all"])
def test_a_package_that_is_named_may_run_its_script(hognose, scripted, tmp_path, name):
    hognose("create", "-y", "-c", scripted, "-p", tmp_path / "env", "--link-scripts", name, "setup")

    assert "done\n" == (tmp_path / "env/ran").read_text()


def test_another_package_may_not(hognose, scripted, tmp_path):
    hognose(
        "create", "-y", "-c", scripted, "-p", tmp_path / "env", "--link-scripts", "twin", "setup"
    )

    assert not (tmp_path / "env/ran").exists()


def test_files_can_be_copied_so_that_nothing_is_shared_with_the_cache(hognose, channel, tmp_path):
    hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", "--copy", "lib")

    assert 1 == os.stat(tmp_path / "env/lib/lib.txt").st_nlink


def test_clobbering_can_be_an_error(hognose, scripted, tmp_path):
    result = hognose(
        "create",
        "-y",
        "-c",
        scripted,
        "-p",
        tmp_path / "env",
        "--clobber",
        "error",
        "setup",
        "twin",
    )

    assert result.status == 1
    assert "share/same" in result.err
    assert not (tmp_path / "env").exists()


@pytest.mark.parametrize("command", ["remove", "unlink"])
def test_a_package_that_goes_may_run_its_script_if_told(hognose, tmp_path, command):
    channel, env = tmp_path / "leaving", tmp_path / "env"
    script = File('#!/bin/sh\necho "$ROOT_PREFIX" > "$PREFIX/ran"\n', executable=True)
    make_package(channel, "leave", "1.0", files={"bin/.leave-pre-unlink.sh": script})
    index_channel(channel)

    hognose("create", "-y", "-c", channel, "-p", env, "leave")
    result = hognose(command, "-y", "-p", env, "leave")
    assert "not run: the link scripts of leave" in result.err
    assert "`--link-scripts leave` would have let them run" in result.err
    assert not (env / "ran").exists()

    hognose("install", "-y", "-c", channel, "-p", env, "leave")
    result = hognose(command, "-y", "-p", env, "--link-scripts", "leave", "leave")
    assert 0 == result.status, result.err
    assert os.path.isabs((env / "ran").read_text().strip())


@pytest.mark.parametrize("command", ["remove", "unlink"])
def test_a_plan_says_which_scripts_will_not_run(hognose, tmp_path, command):
    channel, env = tmp_path / "leaving", tmp_path / "env"
    script = File("#!/bin/sh\n", executable=True)
    make_package(channel, "leave", "1.0", files={"bin/.leave-pre-unlink.sh": script})
    index_channel(channel)
    hognose("create", "-y", "-c", channel, "-p", env, "leave")

    told = hognose(command, "--dry-run", "-p", env, "leave").err
    allowed = hognose(command, "--dry-run", "-p", env, "--link-scripts", "leave", "leave").err

    assert "will not run: the pre-unlink scripts of leave" in told
    assert "`--link-scripts leave` lets them run" in told
    assert "will not run" not in allowed


@pytest.mark.parametrize("command", ["link", "clone", "rename", "rollback", "repair"])
def test_every_command_that_links_lets_scripts_run_if_told(hognose, scripted, tmp_path, command):
    env, target = tmp_path / "env", tmp_path / "target"
    scripts = ["--link-scripts", "setup"]
    (archive,) = scripted.glob("*/setup-*.conda")
    assert 0 == hognose("create", "-y", "-c", scripted, "-p", env, "setup").status

    if command == "link":
        result = hognose("link", "-y", "-p", env, archive, *scripts)
    elif command in {"clone", "rename"}:
        result = hognose("env", command, "-y", "-p", env, *scripts, target)
    elif command == "rollback":
        hognose("remove", "-y", "-p", env, "setup")
        result = hognose("rollback", "-y", "-p", env, *scripts)
    else:
        (env / "share/same").unlink()
        result = hognose("doctor", "--repair", "-y", "-c", scripted, "-p", env, *scripts)

    assert 0 == result.status, result.err
    assert "done\n" == ((target if target.exists() else env) / "ran").read_text()
