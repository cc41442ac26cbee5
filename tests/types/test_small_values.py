"""Platforms, architectures, noarch types, virtual packages, file names."""

import pickle

import pytest

from hognose.errors import InvalidTextError, ParseArchError, ParseSubdirError
from hognose.types import (
    Arch,
    ArchiveIdentifier,
    GenericVirtualPackage,
    NoArchType,
    Platform,
    Subdir,
)
from hognose.types.platform import subdir_of_machine


def test_there_are_34_platforms_and_one_object_for_each():
    assert len(list(Platform.all())) == 34
    assert Platform("linux-64") is Platform("linux-64")
    assert Subdir is Platform
    assert Platform("osx-64") is pickle.loads(pickle.dumps(Platform("osx-64")))


@pytest.mark.parametrize(
    ("subdir", "system", "arch", "is_unix"),
    [
        ("linux-64", "linux", "x86_64", True),
        ("linux-aarch64", "linux", "aarch64", True),
        ("osx-arm64", "osx", "arm64", True),
        ("win-32", "win", "x86", False),
        ("emscripten-wasm32", "emscripten", "wasm32", True),
        ("wasi-wasm32", "wasi", "wasm32", False),
        ("zos-z", "zos", "z", False),
    ],
)
def test_a_platform_is_a_system_and_an_architecture(subdir, system, arch, is_unix):
    platform = Platform(subdir)

    assert system == platform.only_platform
    assert platform.arch is Arch(arch)
    assert is_unix is platform.is_unix
    assert subdir == str(platform)


def test_noarch_is_no_system():
    noarch = Platform("noarch")

    assert noarch.is_noarch
    assert noarch.arch is None
    assert not noarch.is_linux
    assert not noarch.is_osx
    assert not noarch.is_windows
    assert not noarch.is_unix


def test_unknown_platforms_and_architectures_are_refused():
    with pytest.raises(ParseSubdirError, match="linux-64"):
        Platform("linux-65")
    with pytest.raises(ParseArchError):
        Arch("x87")


@pytest.mark.parametrize(
    ("system", "machine", "bits", "expected"),
    [
        ("linux", "x86_64", 64, "linux-64"),
        ("linux", "x86_64", 32, "linux-32"),
        ("linux", "i686", 32, "linux-32"),
        ("linux", "aarch64", 64, "linux-aarch64"),
        ("linux", "armv7l", 32, "linux-armv7l"),
        ("linux", "ppc64le", 64, "linux-ppc64le"),
        ("darwin", "arm64", 64, "osx-arm64"),
        ("win32", "AMD64", 64, "win-64"),
        ("win32", "ARM64", 64, "win-arm64"),
        ("freebsd14", "amd64", 64, "freebsd-64"),
        ("emscripten", "wasm32", 32, "emscripten-wasm32"),
    ],
)
def test_the_subdir_of_a_machine_is_known(system, machine, bits, expected):
    assert expected == subdir_of_machine(system, machine, bits)
    Platform(expected)


def test_the_running_platform_is_one_of_them():
    assert Platform.current() in set(Platform.all())


def test_noarch_fields_have_three_values():
    assert NoArchType(None) is NoArchType(False)
    assert NoArchType(True) is NoArchType("generic")
    assert NoArchType("python").python
    assert not NoArchType(None)
    assert NoArchType("generic") is pickle.loads(pickle.dumps(NoArchType("generic")))
    with pytest.raises(ValueError, match="noarch"):
        NoArchType("x")


def test_a_virtual_package_has_three_parts():
    package = GenericVirtualPackage.parse("__glibc=2.17=0")

    assert str(package) == "__glibc=2.17=0"
    assert package == GenericVirtualPackage("__glibc", "2.17", "0")
    assert package < GenericVirtualPackage("__glibc", "2.28")
    assert GenericVirtualPackage.parse("__unix") == GenericVirtualPackage("__unix", "0", "0")
    assert package == pickle.loads(pickle.dumps(package))
    with pytest.raises(InvalidTextError):
        GenericVirtualPackage.parse("a=1=2=3")
    with pytest.raises(AttributeError):
        package.name = "x"


@pytest.mark.parametrize(
    "name", ["a-1.conda", "a-1-0.zip", "a-1-.conda", "--.conda", "d/a-1-0.conda", ""]
)
def test_what_is_no_archive_name_is_refused(name):
    assert ArchiveIdentifier.try_parse(name) is None
    with pytest.raises(InvalidTextError):
        ArchiveIdentifier.parse(name)
