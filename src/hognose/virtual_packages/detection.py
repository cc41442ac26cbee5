"""Puts the virtual packages of a target platform together (CEP 30, CEP 46).

For a target other than this machine's own platform the versions are assumed, and they are the
lowest ones that current packages expect: what is solved with them installs on nearly every machine
of that kind. `assumed_packages` names them, so that a command can say so.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from hognose.types import GenericVirtualPackage, Platform
from hognose.virtual_packages import cuda, host
from hognose.virtual_packages.overrides import VirtualPackageOverrides

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("assumed_packages", "detect")

# glibc and the kernel of RHEL 7, whose glibc is still the base line of most conda packages.
_ASSUMED_GLIBC: Final = "2.17"
_ASSUMED_LINUX: Final = "3.10"
_ASSUMED_WINDOWS: Final = "10.0.17763"
# CEP 30 fixes this one: a package that asks for a version of macOS needs an override.
_ASSUMED_MACOS: Final = "0"

# The part of a subdir after the dash, as archspec calls it (CEP 30, appendix A). The version is 1
# for names that archspec's database has and 0 for those that it does not have.
_ARCHITECTURES: Final = {
    "32": ("1", "x86"),
    "64": ("1", "x86_64"),
    "aarch64": ("1", "aarch64"),
    "arm64": ("1", "aarch64"),
    "ppc64": ("1", "ppc64"),
    "ppc64le": ("1", "ppc64le"),
    "riscv64": ("1", "riscv64"),
}


def detect(
    *,
    platform: Platform | str | None = None,
    overrides: VirtualPackageOverrides | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[GenericVirtualPackage, ...]:
    """Return the virtual packages of a platform.

    Costs some 30 ms for finding out the microarchitecture, and up to 10 s where a graphics driver
    does not answer.

    Args:
        platform: The platform to solve for; None is this machine's own.
        overrides: What to use in place of detected values; None reads `CONDA_OVERRIDE_...` from
            `environ`, and `VirtualPackageOverrides()` overrides nothing.
        environ: Where the overrides are read; this process's by default.

    Raises:
        VirtualPackageOverrideError: An override cannot be used.
        ParseSubdirError: There is no such platform.
    """
    environ = os.environ if environ is None else environ
    target = Platform.current() if platform is None else Platform(platform)
    if overrides is None:
        overrides = VirtualPackageOverrides.from_env(environ)
    else:
        overrides.check()
    is_native = target == Platform.current()
    found = [*_system(target, overrides, is_native=is_native)]
    found += _cuda(target, overrides, is_native=is_native)
    found.append(_archspec(target, overrides, is_native=is_native))
    return tuple(GenericVirtualPackage(*parts) for parts in found)


def assumed_packages(
    platform: Platform | str, *, overrides: VirtualPackageOverrides | None = None
) -> tuple[GenericVirtualPackage, ...]:
    """Return those packages of a platform whose versions `detect` assumes rather than knows.

    They are none for this machine's own platform, and an override makes a version known.
    """
    target = Platform(platform)
    if target == Platform.current():
        return ()
    overrides = overrides or VirtualPackageOverrides()
    known = {
        "__linux": overrides.linux,
        "__glibc": overrides.libc,
        "__osx": overrides.osx,
        "__win": overrides.win,
        "__unix": "0",
    }
    return tuple(
        GenericVirtualPackage(*parts)
        for parts in _system(target, overrides, is_native=False)
        if not known[parts[0]]
    )


def _system(
    target: Platform, overrides: VirtualPackageOverrides, *, is_native: bool
) -> list[tuple[str, str, str]]:
    """The packages that name the operating system: name, version, build."""
    found = []
    if target.is_windows:
        version = overrides.win or (host.windows_version() if is_native else None)
        found.append(("__win", version or _ASSUMED_WINDOWS, "0"))
    if target.is_unix:
        found.append(("__unix", "0", "0"))
    if target.is_linux:
        version = overrides.linux or (host.linux_version() if is_native else None)
        found.append(("__linux", version or _ASSUMED_LINUX, "0"))
        libc = overrides.libc
        if libc is None:
            libc = host.glibc_version() if is_native else _ASSUMED_GLIBC
        if libc:
            found.append(("__glibc", libc, "0"))
    if target.is_osx:
        version = overrides.osx or (host.macos_version() if is_native else None)
        found.append(("__osx", version or _ASSUMED_MACOS, "0"))
    return found


def _cuda(
    target: Platform, overrides: VirtualPackageOverrides, *, is_native: bool
) -> list[tuple[str, str, str]]:
    if overrides.cuda == "":
        return []
    may_ask = is_native and (target.is_linux or target.is_windows)
    needs_answer = overrides.cuda is None or overrides.cuda_arch is None
    facts = cuda.detect_cuda() if may_ask and needs_answer else cuda.CudaFacts()
    version = overrides.cuda or facts.version
    if not version:
        return []
    capability = facts.lowest_capability if overrides.cuda_arch is None else overrides.cuda_arch
    found = [("__cuda", version, "0")]
    if capability:
        found.append(("__cuda_arch", capability, "0"))
    return found


def _archspec(
    target: Platform, overrides: VirtualPackageOverrides, *, is_native: bool
) -> tuple[str, str, str]:
    if overrides.archspec:
        return "__archspec", "1", overrides.archspec
    detected = host.microarchitecture() if is_native else None
    if detected is not None:
        return "__archspec", "1", detected
    suffix = str(target).partition("-")[2] or "noarch"
    version, name = _ARCHITECTURES.get(suffix, ("0", suffix))
    return "__archspec", version, name
