"""Arguments of `install` that make no sense are refused before anything is touched."""

import os
from pathlib import Path

import pytest

from hognose.errors import LinkError, ParseSubdirError
from hognose.install import LinkOptions, install
from hognose.net import Client


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"workers": 0}, ValueError, "`workers` is at least 1, not 0"),
        ({"platform": "amiga-68"}, ParseSubdirError, "amiga-68"),
        ({"target_prefix_override": "opt/env"}, LinkError, "not absolute: 'opt/env'"),
        ({"reinstall": "numpy"}, TypeError, "`reinstall` takes several values"),
        ({"execute_link_scripts": "numpy"}, TypeError, "`execute_link_scripts` takes several"),
        ({"requested_specs": "numpy"}, TypeError, "`requested_specs` takes several values"),
    ],
)
def test_what_makes_no_sense_is_named(environment, given, error, message):
    with pytest.raises(error, match=message):
        environment.install(**given)
    assert not environment.prefix.exists()


@pytest.mark.parametrize(
    ("prefix", "error", "message"),
    [
        ("", LinkError, "the environment's path is empty"),
        ("my\nenv", LinkError, r"has a line break in it: .*my\\nenv"),
        (b"/tmp/env", TypeError, "a str or a path of one, not bytes"),
    ],
)
def test_the_path_of_an_environment_is_text(environment, prefix, error, message, monkeypatch):
    environment.cache.root.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(environment.cache.root)
    before = os.listdir()

    with Client() as client, pytest.raises(error, match=message):
        install([], prefix, cache=environment.cache, client=client)
    assert before == os.listdir()


@pytest.mark.parametrize("target", ["/opt/env", "C:\\\\env", Path("/opt/env")])
def test_the_final_path_may_be_one_of_another_platform(environment, target):
    environment.install(target_prefix_override=target)
    assert (environment.prefix / "conda-meta/history").is_file()


def test_a_platform_may_be_a_name(environment):
    environment.install(environment.package("a"), platform="linux-64")
    assert (environment.prefix / "conda-meta/a-1-0.json").is_file()


@pytest.mark.parametrize("name", ["clobber", "external_symlinks", "sign_binaries"])
def test_ways_of_linking_that_do_not_exist_are_named(name):
    with pytest.raises(ValueError, match=f"`{name}` is one of .*, not 'frob'"):
        LinkOptions(**{name: "frob"})
