"""The subdirs of a channel, and the operating systems and architectures behind them (CEP 26)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Self, final

from hognose.errors import ParseArchError, ParseSubdirError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Arch", "Platform", "Subdir")

# Each operating system with its subdirs' suffixes; the suffix names the architecture, where the
# table below does not say otherwise.
_SUFFIXES: Final = {
    "linux": ("32 64 aarch64 armv6l armv7l loongarch64 ppc64le ppc64 ppc s390x riscv32 riscv64"),
    "freebsd": "32 64 arm64 ppc64le ppc64",
    "osx": "64 arm64",
    "ios": "arm64",
    "iossimulator": "arm64 64",
    "android": "aarch64 armv7a 64 32",
    "win": "32 64 arm64",
    "emscripten": "wasm32 wasm64",
    "wasi": "wasm32",
    "zos": "z",
}
_ARCH_OF_SUFFIX: Final = {"32": "x86", "64": "x86_64"}
_NOT_UNIX: Final = frozenset({"win", "wasi", "zos"})
_SUBDIR = re.compile(r"[a-z0-9]+-[a-z0-9]+")


@final
class Arch:
    """A processor architecture, such as `x86_64` or `aarch64`; one object for each."""

    __slots__ = ("_name",)

    _name: str

    def __new__(cls, name: str | Arch) -> Self:
        """Return the architecture of a name.

        Raises:
            ParseArchError: If there is no such architecture.
        """
        if isinstance(name, Arch):
            return name
        found = _ARCHS.get(name)
        if found is None:
            raise ParseArchError(name, f"the known ones are {', '.join(sorted(_ARCHS))}")
        return found

    def __str__(self) -> str:
        return self._name

    def __repr__(self) -> str:
        return f"Arch({self._name})"

    def __lt__(self, other: Arch) -> bool:
        return self._name < other._name if isinstance(other, Arch) else NotImplemented

    def __reduce__(self) -> tuple[Any, ...]:
        return Arch, (self._name,)


@final
class Platform:
    """A subdir of a channel: an operating system with an architecture, or `noarch`.

    There is one object for each of the 34 known subdirs, so `is` compares them. `Subdir` is
    another name of this class.

    >>> Platform("osx-arm64").arch, Platform("osx-arm64").only_platform
    (Arch(arm64), 'osx')
    """

    __slots__ = ("_name", "arch", "only_platform")

    _name: str
    arch: Arch | None
    """The architecture, None for `noarch`."""
    only_platform: str | None
    """The operating system (`linux`, `osx`, `win`, ...), None for `noarch`."""

    def __new__(cls, subdir: str | Platform) -> Self:
        """Return the platform of a subdir.

        Raises:
            ParseSubdirError: If it is not one of the known subdirs.
        """
        if isinstance(subdir, Platform):
            return subdir
        found = _PLATFORMS.get(subdir)
        if found is None:
            rule = "it is not a known subdir"
            if not _SUBDIR.fullmatch(subdir):
                rule = "a subdir is `noarch` or has the form `<os>-<arch>`"
            known = ", ".join(name for name in _PLATFORMS if name.partition("-")[0] in subdir)
            raise ParseSubdirError(subdir, rule, hint=f"Known: {known}." if known else None)
        return found

    @classmethod
    def current(cls) -> Self:
        """Return the platform of the running interpreter.

        Raises:
            ParseSubdirError: If no subdir fits it.
        """
        import platform as host
        import struct
        import sys

        return cls(subdir_of_machine(sys.platform, host.machine(), struct.calcsize("P") * 8))

    @classmethod
    def all(cls) -> Iterator[Self]:
        """Yield every known platform, `noarch` first."""
        yield from _PLATFORMS.values()

    @property
    def is_noarch(self) -> bool:
        """Whether this is `noarch`."""
        return self.only_platform is None

    @property
    def is_linux(self) -> bool:
        """Whether the operating system is Linux."""
        return self.only_platform == "linux"

    @property
    def is_osx(self) -> bool:
        """Whether the operating system is macOS."""
        return self.only_platform == "osx"

    @property
    def is_windows(self) -> bool:
        """Whether the operating system is Windows."""
        return self.only_platform == "win"

    @property
    def is_unix(self) -> bool:
        """Whether the operating system is a Unix; Emscripten counts as one, WASI does not."""
        return self.only_platform is not None and self.only_platform not in _NOT_UNIX

    def __str__(self) -> str:
        return self._name

    def __repr__(self) -> str:
        return f"Platform({self._name})"

    def __lt__(self, other: Platform) -> bool:
        return self._name < other._name if isinstance(other, Platform) else NotImplemented

    def __reduce__(self) -> tuple[Any, ...]:
        return Platform, (self._name,)


Subdir = Platform


def subdir_of_machine(system: str, machine: str, pointer_bits: int) -> str:
    """Return the subdir for what Python says about a machine.

    Args:
        system: As `sys.platform` has it.
        machine: As `platform.machine()` has it.
        pointer_bits: 32 for a 32-bit interpreter, which needs 32-bit packages on any processor.
    """
    system = system.rstrip("0123456789") if system.startswith("freebsd") else system
    os_name = {"darwin": "osx", "win32": "win", "cygwin": "win"}.get(system, system)
    machine = machine.lower()
    if machine in {"x86_64", "amd64", "x64"} or re.fullmatch(r"i[3-6]86|x86", machine):
        suffix = "32" if pointer_bits == 32 or machine.endswith("86") else "64"
    elif machine in {"arm64", "aarch64"}:
        suffix = "aarch64" if os_name in {"linux", "android"} else "arm64"
    elif machine in {"armv7l", "armv8l"}:
        suffix = "armv7l"
    else:
        suffix = machine
    return f"{os_name}-{suffix}"


def _make_tables() -> tuple[dict[str, Arch], dict[str, Platform]]:
    archs: dict[str, Arch] = {}
    platforms: dict[str, Platform] = {}

    def add(subdir: str, only_platform: str | None, arch: Arch | None) -> None:
        made: Platform = object.__new__(Platform)
        made._name, made.only_platform, made.arch = subdir, only_platform, arch
        platforms[subdir] = made

    add("noarch", None, None)
    for os_name, suffixes in _SUFFIXES.items():
        for suffix in suffixes.split():
            name = _ARCH_OF_SUFFIX.get(suffix, suffix)
            arch = archs.get(name)
            if arch is None:
                arch = archs[name] = object.__new__(Arch)
                arch._name = name
            add(f"{os_name}-{suffix}", os_name, arch)
    return archs, platforms


_ARCHS, _PLATFORMS = _make_tables()
