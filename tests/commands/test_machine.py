"""For which machine a solve is: what is told of assumptions, and how they are replaced."""

import json

import pytest

from hognose.channel import index_channel
from hognose.cli.machine import describe_assumptions, machine_packages
from hognose.errors import InvalidTextError
from hognose.types import Platform
from support.package_maker import make_package


@pytest.fixture
def mac(tmp_path):
    """Return a channel in which `lib` 2 needs a newer macOS than is assumed."""
    directory = tmp_path / "mac"
    make_package(directory, "lib", "1.0", subdir="osx-arm64")
    make_package(directory, "lib", "2.0", subdir="osx-arm64", depends=["__osx >=11.0"])
    index_channel(directory)
    return directory


def versions(result):
    assert 0 == result.status, result.err
    return {row["name"]: row["version"] for row in json.loads(result.out)["packages"]}


def test_what_is_assumed_of_a_foreign_machine_is_told(hognose, mac):
    result = hognose("solve", "-c", mac, "--platform", "osx-arm64", "lib")

    assert 0 == result.status, result.err
    assert "assumed for osx-arm64: __osx=0" in result.err
    assert "`--virtual-package __osx=13.0`" in result.err
    assert "`CONDA_OVERRIDE_OSX`" in result.err


def test_an_option_replaces_what_is_assumed_and_nothing_is_told(hognose, mac):
    words = ("-c", mac, "--platform", "osx-arm64", "--virtual-package", "__osx=13.0", "lib")

    assert {"lib": "2.0"} == versions(hognose("solve", *words, "--json"))
    assert "assumed" not in hognose("solve", *words).err


def test_a_variable_does_too(hognose, mac, monkeypatch):
    monkeypatch.setenv("CONDA_OVERRIDE_OSX", "13.0")

    result = hognose("solve", "-c", mac, "--platform", "osx-arm64", "lib")

    assert "2.0" in result.out
    assert "assumed" not in result.err


def test_a_lock_tells_once_for_each_platform(hognose, mac, channel, tmp_path):
    make_package(mac, "lib", "1.0", subdir="linux-64")
    make_package(mac, "lib", "1.0", subdir="linux-aarch64")
    index_channel(mac)
    platforms = ("linux-64", "osx-arm64", "linux-aarch64")
    words = [word for name in platforms for word in ("--platform", name)]

    result = hognose("lock", "-c", mac, "lib", "-o", tmp_path / "x.lock", *words)

    assert 0 == result.status, result.err
    assert 2 == result.err.count("assumed for")
    assert "linux-64: 1 package\n" in result.err


def test_a_lock_names_the_platform_that_failed(hognose, channel, tmp_path):
    result = hognose(
        *("lock", "-c", channel, "lib", "-o", tmp_path / "x.lock"),
        *("--platform", "linux-64", "--platform", "osx-arm64"),
    )

    assert 1 == result.status
    assert "error: osx-arm64: " in result.err
    assert not (tmp_path / "x.lock").exists()


def test_a_package_of_the_machine_can_be_taken_away_or_added(hognose, channel):
    refused = hognose("solve", "-c", channel, "gpu")
    found = hognose("solve", "-c", channel, "gpu", "--virtual-package", "cuda=12.4", "--json")

    assert 1 == refused.status
    assert {"gpu": "1.0"} == versions(found)


def test_an_empty_version_takes_a_package_away():
    packages, assumed = machine_packages(Platform("linux-64"), ["__glibc="], {})

    assert "__glibc" not in {str(package.name) for package in packages}
    assert () == assumed


def test_a_build_can_be_given():
    packages, _ = machine_packages(Platform("linux-64"), ["__archspec=1=skylake"], {})

    assert "__archspec=1=skylake" in map(str, packages)


def test_what_is_no_virtual_package_is_refused():
    with pytest.raises(InvalidTextError):
        machine_packages(Platform("linux-64"), ["__cuda=1=2=3"], {})


def test_the_example_is_about_what_matters_most():
    _, assumed = machine_packages(Platform("linux-aarch64"), [], {})

    text = describe_assumptions(Platform("linux-aarch64"), assumed)

    assert text.startswith("assumed for linux-aarch64: __linux=3.10, __glibc=2.17; ")
    assert "--virtual-package __glibc=2.28" in text


@pytest.mark.parametrize("text", ["", "=1", " = 1"])
def test_a_virtual_package_without_a_name_is_a_wrong_command_line(hognose, mac, text):
    result = hognose("solve", "-c", mac, "--virtual-package", text, "lib")

    assert 2 == result.status
    assert f"`{text}` is no virtual package" in result.err
