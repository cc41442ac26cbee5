"""Which virtual packages a platform has (CEP 30, CEP 46)."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from hognose.errors import ParseSubdirError, VirtualPackageOverrideError
from hognose.types import Platform
from hognose.virtual_packages import VirtualPackageOverrides, assumed_packages, detect
from hognose.virtual_packages.cuda import CudaFacts, detect_cuda

FOREIGN_LINUX = "linux-ppc64le" if str(Platform.current()) != "linux-ppc64le" else "linux-64"


def texts(platform, environ=None, **overrides):
    if overrides:
        found = detect(platform=platform, overrides=VirtualPackageOverrides(**overrides))
    else:
        found = detect(platform=platform, environ=environ or {})
    return [str(package) for package in found]


def named(packages):
    return {text.partition("=")[0]: text for text in packages}


def test_the_own_platform_has_what_the_machine_says():
    found = named(texts(None))
    assert found["__archspec"].startswith("__archspec=1=")
    assert not found["__archspec"].endswith("=0")
    if sys.platform == "linux":
        release = os.uname().release
        assert found["__unix"] == "__unix=0=0"
        assert release.startswith(found["__linux"].split("=")[1])
        library = (
            os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in os.confstr_names else ""
        )
        if (library or "").startswith("glibc"):
            assert found["__glibc"] == f"__glibc={library.split()[1]}=0"
        assert "__osx" not in found
        assert "__win" not in found


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        (
            "linux-aarch64",
            ["__unix=0=0", "__linux=3.10=0", "__glibc=2.17=0", "__archspec=1=aarch64"],
        ),
        (
            "linux-riscv64",
            ["__unix=0=0", "__linux=3.10=0", "__glibc=2.17=0", "__archspec=1=riscv64"],
        ),
        ("linux-s390x", ["__unix=0=0", "__linux=3.10=0", "__glibc=2.17=0", "__archspec=0=s390x"]),
        ("osx-arm64", ["__unix=0=0", "__osx=0=0", "__archspec=1=aarch64"]),
        ("osx-64", ["__unix=0=0", "__osx=0=0", "__archspec=1=x86_64"]),
        ("win-64", ["__win=10.0.17763=0", "__archspec=1=x86_64"]),
        ("win-32", ["__win=10.0.17763=0", "__archspec=1=x86"]),
        ("emscripten-wasm32", ["__unix=0=0", "__archspec=0=wasm32"]),
        ("freebsd-64", ["__unix=0=0", "__archspec=1=x86_64"]),
        ("zos-z", ["__archspec=0=z"]),
    ],
)
def test_another_platform_has_documented_defaults(platform, expected):
    if platform == str(Platform.current()):
        pytest.skip("it is this machine's own")
    assert expected == texts(platform)


def test_the_assumed_packages_of_another_platform_are_named():
    assert ["__linux=3.10=0", "__glibc=2.17=0"] == [
        str(package) for package in assumed_packages(FOREIGN_LINUX)
    ]
    overrides = VirtualPackageOverrides(libc="2.28")
    assert ["__linux=3.10=0"] == [
        str(package) for package in assumed_packages(FOREIGN_LINUX, overrides=overrides)
    ]
    assert assumed_packages(Platform.current()) == ()


def test_the_environment_overrides_what_is_detected():
    environ = {
        "CONDA_OVERRIDE_GLIBC": "2.99",
        "CONDA_OVERRIDE_LINUX": "9.8.7",
        "CONDA_OVERRIDE_CUDA": "12.4",
        "CONDA_OVERRIDE_CUDA_ARCH": "8.6",
        "CONDA_OVERRIDE_ARCHSPEC": "zen5",
        "CONDA_OVERRIDE_OSX": "14.0",
        "CONDA_OVERRIDE_WIN": "11",
        "CONDA_OVERRIDE_UNIX": "7",
    }
    own = "linux-64" if sys.platform != "linux" else str(Platform.current())
    assert texts(own, environ) == [
        "__unix=0=0",
        "__linux=9.8.7=0",
        "__glibc=2.99=0",
        "__cuda=12.4=0",
        "__cuda_arch=8.6=0",
        "__archspec=1=zen5",
    ]
    assert "__osx=14.0=0" in texts("osx-64", environ)
    assert "__win=11=0" in texts("win-64", environ)


def test_explicit_overrides_hide_the_environment():
    overrides = VirtualPackageOverrides(libc="2.5")
    found = detect(
        platform=FOREIGN_LINUX, overrides=overrides, environ={"CONDA_OVERRIDE_LINUX": "9.9"}
    )
    assert "__glibc=2.5=0" in map(str, found)
    assert "__linux=3.10=0" in map(str, found)


def test_an_empty_override_removes_only_what_may_be_absent():
    empty = dict.fromkeys(
        (f"CONDA_OVERRIDE_{name}" for name in ["ARCHSPEC", "CUDA", "GLIBC", "LINUX", "OSX", "WIN"]),
        "",
    )
    assert named(texts(FOREIGN_LINUX, empty)).keys() == {"__unix", "__linux", "__archspec"}
    assert texts("osx-64", empty) == texts("osx-64")
    assert texts("win-64", empty) == texts("win-64")


def test_a_compute_capability_needs_cuda():
    assert texts(FOREIGN_LINUX, cuda_arch="8.6") == texts(FOREIGN_LINUX)
    assert "__cuda_arch=8.6=0" in texts(FOREIGN_LINUX, cuda="12", cuda_arch="8.6")
    assert "__cuda_arch" not in named(texts(FOREIGN_LINUX, cuda="12", cuda_arch=""))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GLIBC", "2.17 or so"),
        ("CUDA", "newest!"),
        ("CUDA_ARCH", "9.0a"),
        ("CUDA_ARCH", "9"),
        ("LINUX", "6"),
        ("LINUX", "6.1-generic"),
        ("OSX", "-"),
        ("ARCHSPEC", "not a build"),
    ],
)
def test_an_override_that_makes_no_sense_is_named(name, value):
    with pytest.raises(VirtualPackageOverrideError) as caught:
        detect(platform="linux-64", environ={f"CONDA_OVERRIDE_{name}": value})
    assert f"CONDA_OVERRIDE_{name}" in str(caught.value)
    assert value in str(caught.value)


def test_an_unknown_platform_is_refused():
    with pytest.raises(ParseSubdirError):
        detect(platform="linux-65")


def test_a_driver_that_does_not_answer_counts_as_no_driver():
    hold = threading.Event()

    def ask():
        hold.wait()
        return CudaFacts("12.4")

    try:
        assert detect_cuda(time_limit=0.01, ask=ask) == CudaFacts()
    finally:
        hold.set()


def test_a_driver_that_answers_is_believed():
    assert detect_cuda(ask=lambda: CudaFacts("12.4", "8.6")) == CudaFacts("12.4", "8.6")
