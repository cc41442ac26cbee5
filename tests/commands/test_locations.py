"""Where environments of a name are, with and without anything being set up."""

import json
import os

import pytest

from hognose.cli.locations import envs_dirs, named_prefix, root_prefix


def make_environment(prefix):
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta/history").touch()


@pytest.fixture
def environ(private_home):
    return {"HOME": str(private_home)}


def test_a_new_user_needs_nothing_but_a_name(hognose, channel, private_home):
    result = hognose("create", "-n", "work", "-c", channel, "lib")

    assert 0 == result.status, result.err
    assert (private_home / ".hognose/envs/work/conda-meta/history").is_file()
    (listed,) = json.loads(hognose("env", "list", "--json").out)["environments"]
    assert "work" == listed["name"]


def test_the_variables_come_first(environ, tmp_path):
    environ |= {"CONDA_ROOT_PREFIX": "/a", "MAMBA_ROOT_PREFIX": "/b"}
    assert "/a" == os.fspath(root_prefix(environ))
    del environ["CONDA_ROOT_PREFIX"]
    assert "/b" == os.fspath(root_prefix(environ))


def test_the_configuration_comes_next(environ, private_home):
    make_environment(private_home / ".cx")
    (private_home / ".condarc").write_text("root_prefix: ~/mine\n")

    assert private_home / "mine" == root_prefix(environ)


def test_what_cx_made_is_used(environ, private_home):
    make_environment(private_home / ".cx")

    assert private_home / ".cx" == root_prefix(environ)


def test_the_data_directory_is_used_where_one_is_named(environ, tmp_path):
    assert tmp_path / "hognose" == root_prefix(environ | {"XDG_DATA_HOME": str(tmp_path)})


def test_without_anything_it_is_in_the_home_directory(environ, private_home):
    assert private_home / ".hognose" == root_prefix(environ)


def test_directories_of_the_configuration_come_before_the_root_prefix(environ, private_home):
    (private_home / ".condarc").write_text("envs_dirs: [~/first, /second]\n")

    assert [f"{private_home}/first", "/second", f"{private_home}/.hognose/envs"] == list(
        map(os.fspath, envs_dirs(environ))
    )
    assert private_home / "first/new" == named_prefix("new", environ)


def test_an_environment_is_found_in_any_of_the_directories(environ, private_home):
    (private_home / ".condarc").write_text("envs_dirs: [~/first, ~/second]\n")
    make_environment(private_home / "second/there")

    assert private_home / "second/there" == named_prefix("there", environ)


def test_environments_of_all_directories_are_listed_by_name(hognose, channel, private_home):
    (private_home / ".condarc").write_text("envs_dirs: [~/first]\n")
    make_environment(private_home / ".hognose/envs/a")
    hognose("create", "-n", "b", "-c", channel, "lib")

    rows = json.loads(hognose("env", "list", "--json").out)["environments"]

    assert {"a", "b"} == {row["name"] for row in rows}


@pytest.mark.parametrize(
    "words",
    [
        ("activate",),
        ("run", "true"),
        ("spawn",),
        ("list",),
        ("why", "x"),
        ("install", "x"),
        ("update", "--all"),
        ("remove", "x"),
        ("unlink", "x"),
        ("history",),
        ("rollback",),
        ("doctor",),
        ("env", "remove"),
        ("env", "clone", "new"),
        ("env", "vars", "list"),
    ],
    ids=" ".join,
)
def test_every_command_says_the_same_of_an_environment_that_is_not_there(hognose, words, tmp_path):
    command, *rest = words
    options = ("-p", tmp_path / "nope")
    # What `run` runs has options of its own.
    given = (*words, *options) if command == "env" else (command, *options, *rest)

    result = hognose(*given)

    assert 2 == result.status
    assert f"error: there is no environment at {tmp_path}/nope" in result.err
    assert not result.out


def test_a_program_that_is_not_there_ends_as_in_a_shell(hognose, channel, tmp_path):
    hognose("create", "-p", tmp_path / "env", "-c", channel, "lib")

    result = hognose("run", "-p", tmp_path / "env", "no-such-program")

    assert 127 == result.status
    assert "no-such-program" in result.err
