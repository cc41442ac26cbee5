"""What a user says about a machine, in place of what it says itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

import msgspec

from hognose.errors import VirtualPackageOverrideError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("VirtualPackageOverrides",)

_LINUX_VERSION = re.compile(r"[0-9]+\.[0-9]+(\.[0-9]+)?(\.[0-9]+)?")
_COMPUTE_CAPABILITY = re.compile(r"[0-9]+\.[0-9]+")


class VirtualPackageOverrides(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Values that replace what is detected; None leaves a value to detection.

    The empty text means that the package is absent, for `__cuda`, `__cuda_arch` and `__glibc`. The
    others have to be there for their platform (CEP 30), so for them the empty text is ignored.
    An override for a platform other than the target is ignored too.

    Attributes:
        archspec: The build string of `__archspec`, a microarchitecture.
        cuda: The version of `__cuda`.
        cuda_arch: The version of `__cuda_arch`, `MAJOR.MINOR`; without `__cuda` it has no effect.
        libc: The version of `__glibc`.
        linux: The version of `__linux`.
        osx: The version of `__osx`.
        win: The version of `__win`.
    """

    archspec: str | None = None
    cuda: str | None = None
    cuda_arch: str | None = None
    libc: str | None = None
    linux: str | None = None
    osx: str | None = None
    win: str | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the variables `CONDA_OVERRIDE_ARCHSPEC`, `..._CUDA`, `..._GLIBC` and so on.

        Raises:
            VirtualPackageOverrideError: A value cannot be what it is meant to be.
        """
        values = {name: environ.get(variable) for name, variable in _VARIABLES.items()}
        made = cls(**{name: _strip(value) for name, value in values.items()})
        made.check()
        return made

    def check(self) -> None:
        """Raise an error for a value that cannot be used.

        Raises:
            VirtualPackageOverrideError: As it says.
        """
        for name, variable in _VARIABLES.items():
            value: str | None = getattr(self, name)
            if value:
                _check_value(name, variable, value)


_VARIABLES = {
    "archspec": "CONDA_OVERRIDE_ARCHSPEC",
    "cuda": "CONDA_OVERRIDE_CUDA",
    "cuda_arch": "CONDA_OVERRIDE_CUDA_ARCH",
    "libc": "CONDA_OVERRIDE_GLIBC",
    "linux": "CONDA_OVERRIDE_LINUX",
    "osx": "CONDA_OVERRIDE_OSX",
    "win": "CONDA_OVERRIDE_WIN",
}


def _strip(value: str | None) -> str | None:
    return None if value is None else value.strip()


def _check_value(name: str, variable: str, value: str) -> None:
    from hognose.types import GenericVirtualPackage, Version

    if name == "cuda_arch":
        if not _COMPUTE_CAPABILITY.fullmatch(value):
            rule = f"`{variable}` is a compute capability, `MAJOR.MINOR`"
            raise VirtualPackageOverrideError(value, rule)
        return
    if name == "linux":
        if not _LINUX_VERSION.fullmatch(value):
            raise VirtualPackageOverrideError(value, f"`{variable}` has two to four numbers")
        return
    try:
        GenericVirtualPackage("__archspec", "1", value) if name == "archspec" else Version(value)
    except ValueError as error:
        raise VirtualPackageOverrideError(value, f"`{variable}`: {error}") from error
