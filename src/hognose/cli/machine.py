"""What machine a solve is for: what was found, what the user says, and what had to be assumed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hognose.types import GenericVirtualPackage, Platform

__all__ = ("describe_assumptions", "machine_packages")

# What makes an example that helps: these are assumed to be so old that little can be installed.
_EXAMPLES = {"__osx": "13.0", "__glibc": "2.28", "__win": "10", "__linux": "5.10"}


def machine_packages(
    platform: Platform, asked_for: Sequence[str], environ: Mapping[str, str] = os.environ
) -> tuple[tuple[GenericVirtualPackage, ...], tuple[GenericVirtualPackage, ...]]:
    """Return the virtual packages of a machine, and those of them that are assumed.

    Args:
        platform: The machine's platform.
        asked_for: `NAME=VERSION[=BUILD]`, each in place of what was found or assumed; an empty
            version (`__cuda=`) takes the package away.
        environ: Where `CONDA_OVERRIDE_...` is read.

    Raises:
        VirtualPackageOverrideError: A variable cannot be used.
        UsageError: What is asked for has no name.
        InvalidTextError: What is asked for is no virtual package.
    """
    from hognose.types import GenericVirtualPackage
    from hognose.virtual_packages import VirtualPackageOverrides, assumed_packages, detect

    overrides = VirtualPackageOverrides.from_env(environ)
    found = {
        str(package.name): package for package in detect(platform=platform, overrides=overrides)
    }
    assumed = {
        str(package.name): package for package in assumed_packages(platform, overrides=overrides)
    }
    for text in asked_for:
        name, _, version = (part.strip() for part in text.partition("="))
        if not name:
            message = f"`{text}` is no virtual package"
            raise UsageError(message, hint="write `NAME=VERSION`: `--virtual-package __cuda=12.4`")
        if not name.startswith("__"):
            name = f"__{name}"
        assumed.pop(name, None)
        if version:
            found[name] = GenericVirtualPackage.parse(f"{name}={version}")
        else:
            found.pop(name, None)
    return tuple(found.values()), tuple(assumed.values())


def describe_assumptions(platform: Platform, assumed: Iterable[GenericVirtualPackage]) -> str:
    """Return what to tell the user of a machine that is not this one."""
    packages = list(assumed)
    what = ", ".join(f"{package.name}={package.version}" for package in packages)
    # The one that most packages ask about is the last: __glibc after __linux.
    name = str(packages[-1].name)
    example = f"--virtual-package {name}={_EXAMPLES.get(name, '1.0')}"
    variable = f"CONDA_OVERRIDE_{name.removeprefix('__').upper()}"
    return f"assumed for {platform}: {what}; `{example}` or `{variable}` changes it"
