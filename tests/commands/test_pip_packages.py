"""What commands show of packages that pip installed, and what they do to them."""

import json
import sys

import pytest

from hognose.channel import index_channel
from support.foreign_installer import install_as_pip
from support.package_maker import make_package, make_python

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def python_channel(tmp_path):
    """Return a channel with two minor versions of `python`, and `idna` in two versions."""
    directory = tmp_path / "python-channel"
    make_python(directory, "3.8.1", runs=True)
    make_python(directory, f"{VERSION}.1", runs=True)
    for version in ("3.10", "3.11"):
        make_package(
            directory,
            "idna",
            version,
            noarch="python",
            depends=["python"],
            files={
                "site-packages/idna.py": f"version = '{version}'\n",
                f"site-packages/idna-{version}.dist-info/RECORD": "idna.py,,\n",
                f"site-packages/idna-{version}.dist-info/INSTALLER": "conda\n",
            },
        )
    index_channel(directory)
    return directory


@pytest.fixture
def env(hognose, python_channel, tmp_path):
    """Return an environment with `click` from pip, and `idna` replaced by pip's."""
    prefix = tmp_path / "env"
    words = ("create", "-p", prefix, "-c", python_channel, f"python={VERSION}", "idna=3.10")
    result = hognose(*words)
    assert 0 == result.status, result.err
    site = prefix / f"lib/python{VERSION}/site-packages"
    install_as_pip(site, "click", "8.1", {"click.py": ""})
    install_as_pip(site, "idna", "3.7", {"idna.py": "version = '3.7'\n"})
    return prefix


def test_they_are_listed_as_condas_tools_do(hognose, env):
    lines = hognose("list", "-p", env).out.splitlines()

    assert ["click", "8.1", "pypi_0", "pypi"] == lines[2].split()
    assert [["idna", "3.10"], ["idna", "3.7"]] == sorted(line.split()[:2] for line in lines[3:5])


def test_they_are_in_the_document(hognose, env):
    rows = json.loads(hognose("list", "-p", env, "click", "--json").out)["packages"]

    assert [("click", "8.1", "pypi", "pypi")] == [
        (row["name"], row["version"], row["channel"], row["subdir"]) for row in rows
    ]


def test_they_are_left_out_if_that_is_asked(hognose, env):
    assert "pypi" not in hognose("list", "-p", env, "--no-pip").out
    assert 1 == hognose("list", "-p", env, "--no-pip", "click").status


def test_an_explicit_list_has_only_condas(hognose, env):
    assert "click" not in hognose("list", "-p", env, "--explicit").out


def test_what_an_update_takes_from_pip_is_told_before(hognose, env, python_channel):
    result = hognose("update", "-d", "-p", env, "-c", python_channel, "idna=3.11")

    said = " ".join(result.err.split())
    assert "idna 3.7 (pip) is in its place by now, and loses 5 files to this change" in said
    assert "idna==3.7` brings back what is lost" in said


def test_nothing_is_taken_from_pip_where_nobody_can_be_asked(hognose, env, python_channel):
    result = hognose("update", "-p", env, "-c", python_channel, "idna=3.11")

    assert 1 == result.status
    assert "version = '3.7'\n" == (env / f"lib/python{VERSION}/site-packages/idna.py").read_text()


def test_what_the_next_python_does_not_find_is_told_before(hognose, env, python_channel):
    words = ("install", "-d", "--json", "-p", env, "-c", python_channel, "python=3.8")

    rows = json.loads(hognose(*words).out)["foreign"]

    assert [("click", "left behind"), ("idna", "left behind")] == [
        (row["name"], row["happens"]) for row in rows
    ]


def test_what_an_update_takes_from_pip_is_gone_afterwards(hognose, env, python_channel):
    hognose("update", "-y", "-p", env, "-c", python_channel, "idna=3.11")

    site = env / f"lib/python{VERSION}/site-packages"
    assert ["idna-3.11.dist-info"] == [path.name for path in site.glob("idna-*")]
    assert "nothing is wrong" in hognose("doctor", "-p", env).err


def test_a_repair_leaves_what_pip_put_in_the_place_of_a_package(hognose, env):
    first = hognose("doctor", "--repair", "-y", "-p", env)
    second = hognose("doctor", "-p", env)

    assert "nothing to do" in first.err
    assert "left as another installer put it there: idna" in first.err
    assert "version = '3.7'\n" == (env / f"lib/python{VERSION}/site-packages/idna.py").read_text()
    assert ["replaced", "foreign", "foreign"] == [
        line.split()[0] for line in second.out.splitlines()
    ]


def test_removing_the_package_that_pip_replaced_leaves_pips(hognose, env):
    result = hognose("remove", "-y", "-p", env, "idna")

    assert 0 == result.status, result.err
    assert "stays with its files" in " ".join(result.err.split())
    assert "version = '3.7'\n" == (env / f"lib/python{VERSION}/site-packages/idna.py").read_text()


@pytest.fixture
def broken_module(tmp_path):
    """Return a channel with `python` and a package that has modules which do not compile."""
    directory = tmp_path / "broken-module"
    make_python(directory, f"{VERSION}.1", runs=True)
    bad = {f"site-packages/bad{number}.py": "no python\n" for number in range(5)}
    make_package(directory, "app", "1", noarch="python", depends=["python"], files=bad)
    good = {"site-packages/good.py": "x = 1\n"}
    make_package(directory, "good", "1", noarch="python", depends=["python"], files=good)
    index_channel(directory)
    return directory


def test_modules_that_do_not_compile_are_named(hognose, broken_module, tmp_path):
    words = ("create", "-y", "-c", broken_module, "--compile", "app")

    few = hognose(*words, "-p", tmp_path / "one")
    all_ = hognose(*words, "-p", tmp_path / "two", "-v")
    document = json.loads(hognose(*words, "-p", tmp_path / "three", "--json").out)

    assert "5 modules could not be compiled" in few.err
    assert (False, True) == ("bad4.py" in few.err, "bad4.py" in all_.err)
    assert 5 == len(document["without_byte_code"])


def compiled(prefix):
    return [path.name.partition(".")[0] for path in prefix.rglob("*.pyc")]


def test_packages_get_byte_code_where_the_others_have_it(hognose, broken_module, tmp_path):
    env = tmp_path / "compiled"
    hognose("create", "-y", "-c", broken_module, "-p", env, "--compile", "good")
    (env / f"lib/python{VERSION}/site-packages/good.py").unlink()

    hognose("doctor", "-p", env, "--repair", "-y")

    assert ["good"] == compiled(env)


def test_a_renamed_environment_keeps_its_byte_code(hognose, broken_module, tmp_path):
    hognose("create", "-y", "-c", broken_module, "-p", tmp_path / "old", "--compile", "good")

    hognose("env", "rename", "-y", "-p", tmp_path / "old", tmp_path / "new")

    assert ["good"] == compiled(tmp_path / "new")


def test_packages_get_none_where_the_others_have_none(hognose, broken_module, tmp_path):
    env = tmp_path / "plain"
    hognose("create", "-y", "-c", broken_module, "-p", env, "good")

    hognose("install", "-y", "-c", broken_module, "-p", env, "app")

    assert [] == compiled(env)


@pytest.mark.parametrize("action", ["clone", "rename"])
def test_what_pip_replaced_is_the_same_in_another_place(hognose, env, tmp_path, action):
    site = env / f"lib/python{VERSION}/site-packages"
    before = {path.relative_to(site).as_posix() for path in site.rglob("*")}

    result = hognose("env", action, "-y", "-p", env, tmp_path / "other")

    assert 0 == result.status, result.err
    other = tmp_path / f"other/lib/python{VERSION}/site-packages"
    assert before == {path.relative_to(other).as_posix() for path in other.rglob("*")}
    assert "version = '3.7'\n" == (other / "idna.py").read_text()
