"""Arguments of `install` that make no sense are refused before anything is touched."""

import os
from pathlib import Path

import pytest

from hognose.errors import LinkError, ParseSubdirError
from hognose.install import (
    LinkOptions,
    Reporter,
    clone_environment,
    execute_transaction,
    install,
    plan_transaction,
    repair,
)
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
        (
            {"requested_specs": [1]},
            TypeError,
            "`requested_specs` takes a value of the kind MatchSpec, not int",
        ),
        ({"installed": ["numpy"]}, TypeError, "`installed` has values of the kind PrefixRecord"),
        ({"installed": "numpy"}, TypeError, "`installed` takes several values"),
        ({"reinstall": [1]}, TypeError, "`reinstall` has values of the kind str, not int"),
        ({"ignored": [None]}, TypeError, "`ignored` has values of the kind str, not None"),
        (
            {"link_options": {}},
            TypeError,
            "`link_options` takes a value of the kind LinkOptions, not dict",
        ),
        ({"workers": "4"}, TypeError, "`workers` takes a value of the kind int, not str"),
        ({"is_cancelled": False}, TypeError, "`is_cancelled` is a function, not bool"),
        ({"reporter": Reporter}, TypeError, r"not the class Reporter: write `Reporter\(...\)`"),
    ],
)
def test_what_makes_no_sense_is_named(environment, given, error, message):
    with pytest.raises(error, match=message):
        environment.install(**given)
    assert not environment.prefix.exists()


@pytest.mark.parametrize("record", ["numpy", None, {"name": "numpy"}])
def test_records_are_records(environment, record):
    message = "`records` has values of the kind RepoDataRecord"
    with pytest.raises(TypeError, match=message):
        environment.install(record)
    with pytest.raises(TypeError, match="`wanted` has values of the kind RepoDataRecord"):
        plan_transaction([], [record])
    assert not environment.prefix.exists()


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("client", None, "`client` takes a value of the kind Client, not None"),
        ("client", Client, r"`client` is an object, not the class Client: write `Client\(...\)`"),
        ("cache", "/tmp/pkgs", "`cache` takes a value of the kind PackageCache, not str"),
    ],
)
def test_packages_come_out_of_a_cache_by_a_client(environment, name, given, message):
    environment.install(environment.package("a", files={"x": "x"}))
    before = sorted(environment.prefix.rglob("*"))
    clone = environment.prefix.parent / "clone"
    with Client() as client:
        means = {"cache": environment.cache, "client": client, name: given}
        with pytest.raises(TypeError, match=message):
            install([], environment.prefix, **means)
        with pytest.raises(TypeError, match=message):
            clone_environment(environment.prefix, clone, **means)
        with pytest.raises(TypeError, match=message):
            repair(environment.prefix, ["a"], **means)
    assert before == sorted(environment.prefix.rglob("*"))
    assert not clone.exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"transaction": []}, "`transaction` takes a value of the kind Transaction, not list"),
        ({"fetch": None}, "`fetch` is a function, not None"),
        ({"options": {}}, "`options` takes a value of the kind ExecutionOptions, not dict"),
        ({"reporter": Reporter}, "not the class Reporter"),
    ],
)
def test_a_plan_is_carried_out_with_what_it_takes(environment, given, message):
    arguments = {"transaction": plan_transaction([], []), "fetch": str, **given}
    with pytest.raises(TypeError, match=message):
        execute_transaction(target_prefix=environment.prefix, **arguments)
    assert not environment.prefix.exists()


def test_names_may_come_one_by_one(environment):
    package = environment.package("a", files={"x": "x"})
    environment.install(package)
    result = environment.install(package, reinstall=(name for name in ["a"]))
    assert ["reinstall"] == [item.kind for item in result.operations]


@pytest.mark.parametrize(
    ("prefix", "error", "message"),
    [
        ("", LinkError, "the environment's path is empty"),
        ("my\nenv", LinkError, r"has a line break in it: .*my\\nenv"),
        (b"/tmp/env", TypeError, "a str or a path of one, not bytes"),
        (None, TypeError, "`target_prefix` is a str or a path of one, not NoneType"),
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
