"""What the machine offers, as virtual packages (CEP 30, CEP 46): `detect()`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose._lazy import attach

if TYPE_CHECKING:
    from hognose.virtual_packages.detection import assumed_packages as assumed_packages
    from hognose.virtual_packages.detection import detect as detect
    from hognose.virtual_packages.overrides import (
        VirtualPackageOverrides as VirtualPackageOverrides,
    )

__all__ = ("VirtualPackageOverrides", "assumed_packages", "detect")

__getattr__, __dir__ = attach(
    __name__,
    {
        "detection": ("assumed_packages", "detect"),
        "overrides": ("VirtualPackageOverrides",),
    },
)
