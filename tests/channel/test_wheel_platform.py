import pytest

from hognose.channel.wheel import WheelTags
from hognose.channel.wheel_platform import choose_target
from hognose.errors import ChannelBuildError


def target(tag, preferred=None):
    name = f"a-1-{tag}.whl"
    return choose_target(WheelTags.parse(name), name, preferred=preferred)


@pytest.mark.parametrize(
    ("tag", "subdir", "noarch", "minor", "lowest", "abi"),
    [
        ("py3-none-any", "noarch", True, None, True, None),
        ("py2.py3-none-any", "noarch", True, None, True, None),
        ("py311-none-any", "noarch", True, 11, True, None),
        ("cp311-none-any", "noarch", True, 11, False, None),
        ("py3-none-manylinux_2_17_x86_64", "linux-64", True, None, True, None),
        ("cp39-abi3-manylinux_2_17_x86_64", "linux-64", True, 9, True, None),
        ("cp311-cp311-manylinux_2_17_aarch64", "linux-aarch64", False, 11, False, "cp311"),
        ("cp313-cp313t-manylinux_2_28_x86_64", "linux-64", False, 13, False, "cp313t"),
        ("cp311-cp311-linux_x86_64", "linux-64", False, 11, False, "cp311"),
        ("cp311-cp311-win_amd64", "win-64", True, 11, False, "cp311"),
        ("cp311-cp311-macosx_11_0_arm64", "osx-arm64", False, 11, False, "cp311"),
    ],
)
def test_tags_mean_subdirs_and_pythons(tag, subdir, noarch, minor, lowest, abi):
    found = target(tag)
    assert (
        found.subdir,
        found.is_noarch_python,
        found.minor,
        found.is_lowest_minor,
        found.abi_tag,
    ) == (subdir, noarch, minor, lowest, abi)


@pytest.mark.parametrize(
    ("tag", "glibc"),
    [
        ("manylinux1_x86_64", (2, 5)),
        ("manylinux2010_x86_64", (2, 12)),
        ("manylinux2014_x86_64", (2, 17)),
        ("manylinux_2_28_x86_64", (2, 28)),
        ("manylinux_2_28_x86_64.manylinux_2_17_x86_64", (2, 17)),
        ("linux_x86_64", None),
    ],
)
def test_the_lowest_promised_glibc_counts(tag, glibc):
    assert glibc == target(f"cp311-cp311-{tag}").glibc


def test_one_of_several_subdirs_can_be_chosen():
    tag = "cp311-cp311-macosx_10_9_universal2"
    assert target(tag).subdir == "osx-arm64"
    assert target(tag, "osx-64").subdir == "osx-64"
    assert target(tag, "linux-64").subdir == "osx-arm64"


def test_the_lowest_macos_counts():
    assert target("cp311-cp311-macosx_11_0_arm64.macosx_12_0_arm64").macos == (11, 0)


@pytest.mark.parametrize(
    ("tag", "match"),
    [
        ("pp39-pypy39_pp73-manylinux_2_17_x86_64", "not for CPython 3"),
        ("py2-none-any", "not for CPython 3"),
        ("cp311-cp311-musllinux_1_1_x86_64", "no conda subdir"),
        ("cp311-cp311-emscripten_3_1_58_wasm32", "no conda subdir"),
    ],
)
def test_what_conda_has_no_place_for_is_an_error(tag, match):
    with pytest.raises(ChannelBuildError, match=match):
        target(tag)


def test_musl_is_explained():
    with pytest.raises(ChannelBuildError, match="musl's C library"):
        target("cp311-cp311-musllinux_1_1_x86_64")
