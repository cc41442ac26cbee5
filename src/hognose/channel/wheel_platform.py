"""Which conda subdir and which Pythons a wheel's tags mean (PEP 425, PEP 600)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from hognose.errors import ChannelBuildError

if TYPE_CHECKING:
    from hognose.channel.wheel import WheelTags

_LEGACY_GLIBC: Final = {"1": (2, 5), "2010": (2, 12), "2014": (2, 17)}
_LINUX: Final = re.compile(
    r"(?:manylinux_(?P<major>\d+)_(?P<minor>\d+)|manylinux(?P<legacy>1|2010|2014)|linux)"
    r"_(?P<machine>.+)"
)
_MACOS: Final = re.compile(r"macosx_(?P<major>\d+)_(?P<minor>\d+)_(?P<machine>.+)")
_LINUX_SUBDIRS: Final = {
    "x86_64": "linux-64",
    "i686": "linux-32",
    "aarch64": "linux-aarch64",
    "armv7l": "linux-armv7l",
    "armv6l": "linux-armv6l",
    "ppc64le": "linux-ppc64le",
    "ppc64": "linux-ppc64",
    "s390x": "linux-s390x",
    "riscv64": "linux-riscv64",
    "loongarch64": "linux-loongarch64",
}
_MACOS_SUBDIRS: Final = {
    "x86_64": ("osx-64",),
    "arm64": ("osx-arm64",),
    "universal2": ("osx-arm64", "osx-64"),
}
_WINDOWS_SUBDIRS: Final = {
    "win32": "win-32",
    "win_amd64": "win-64",
    "win_arm64": "win-arm64",
}


class WheelTarget(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """For what a conda package made from a wheel is.

    Attributes:
        subdir: The subdir that it belongs to.
        is_noarch_python: Whether it is linked as `noarch: python` (CEP 20).
        minor: The minor version of Python 3 that it needs, or None for any.
        is_lowest_minor: Whether later minor versions do as well.
        abi_tag: The interpreter that its modules were compiled for, such as `cp311`, or None.
        glibc: The lowest glibc that its tags promise to work with, or None if they do not say.
        macos: The lowest macOS, or None.
    """

    subdir: str
    is_noarch_python: bool
    minor: int | None = None
    is_lowest_minor: bool = False
    abi_tag: str | None = None
    glibc: tuple[int, ...] | None = None
    macos: tuple[int, ...] | None = None


def choose_target(tags: WheelTags, file_name: str, *, preferred: str | None = None) -> WheelTarget:
    """Decide what a wheel becomes.

    Args:
        tags: The wheel's tags.
        file_name: Its name, for errors.
        preferred: The subdir to choose if its tags mean several.

    Raises:
        ChannelBuildError: It is for no CPython 3, or for a platform that conda has no subdir for.
    """
    platforms = dict(_iter_platforms(tags))
    if not platforms:
        hint = (
            "conda has no name for musl's C library: use an interpreter that is linked to glibc"
            if any(tag.startswith("musllinux") for tag in tags.platform)
            else None
        )
        message = f"no conda subdir for the platform of `{file_name}`"
        raise ChannelBuildError(message, path=file_name, hint=hint)
    subdir = preferred if preferred in platforms else next(iter(platforms))
    glibc, macos = platforms[subdir]
    versions = [match for tag in tags.python if (match := re.fullmatch(r"(py|cp)3(\d*)", tag))]
    if not versions:
        message = f"`{file_name}` is not for CPython 3"
        raise ChannelBuildError(message, path=file_name)
    version = min(versions, key=lambda match: int(match[2] or 0))
    minor = int(version[2]) if version[2] else None
    abi = next((tag for tag in tags.abi if re.fullmatch(r"cp3\d+t?", tag)), None)
    if abi is not None:
        minor = int(abi.removeprefix("cp3").removesuffix("t"))
    elif "abi3" not in tags.abi and "none" not in tags.abi:
        message = f"`{file_name}` is for an interpreter that conda has no package of"
        raise ChannelBuildError(message, path=file_name)
    return WheelTarget(
        subdir=subdir,
        is_noarch_python=abi is None or subdir.startswith("win-"),
        minor=minor,
        # py311 means 3.11 and later, as does cp311 with the stable ABI; cp311 alone means 3.11.
        is_lowest_minor=abi is None and (version[1] == "py" or "abi3" in tags.abi),
        abi_tag=abi,
        glibc=glibc,
        macos=macos,
    )


def _iter_platforms(
    tags: WheelTags,
) -> list[tuple[str, tuple[tuple[int, ...] | None, tuple[int, ...] | None]]]:
    """List the subdirs that platform tags mean, with the lowest glibc and macOS of each."""
    found: dict[str, tuple[tuple[int, ...] | None, tuple[int, ...] | None]] = {}
    for tag in tags.platform:
        if tag == "any":
            return [("noarch", (None, None))]
        if (match := _LINUX.fullmatch(tag)) and match["machine"] in _LINUX_SUBDIRS:
            subdir = _LINUX_SUBDIRS[match["machine"]]
            glibc: tuple[int, ...] | None = None
            if match["major"]:
                glibc = int(match["major"]), int(match["minor"])
            elif match["legacy"]:
                glibc = _LEGACY_GLIBC[match["legacy"]]
            before = found[subdir][0] if subdir in found else None
            found[subdir] = (min(filter(None, (glibc, before)), default=None), None)
        elif match := _MACOS.fullmatch(tag):
            macos = int(match["major"]), int(match["minor"])
            for subdir in _MACOS_SUBDIRS.get(match["machine"], ()):
                earlier = found[subdir][1] if subdir in found else None
                found[subdir] = (None, min(filter(None, (macos, earlier))))
        elif tag in _WINDOWS_SUBDIRS:
            found[_WINDOWS_SUBDIRS[tag]] = (None, None)
    return list(found.items())
