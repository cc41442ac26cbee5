"""What pip leaves in an environment: a wheel unpacked, in the place of what was there."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING

from support.wheel_maker import make_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def install_as_pip(
    site_packages: Path,
    name: str,
    version: str,
    files: Mapping[str, bytes | str],
    *,
    installer: str = "pip",
    dist_info: Mapping[str, bytes | str] = {},
) -> None:
    """Put a distribution into a site-packages folder; another version of it is removed first.

    Args:
        site_packages: The folder.
        name: The distribution's name.
        version: Its version.
        files: Its modules, by path.
        installer: Who says to have done it.
        dist_info: More files of its metadata, by name.
    """
    for old in site_packages.glob(f"{name}-*.dist-info"):
        for line in (old / "RECORD").read_text().splitlines():
            (site_packages / line.split(",")[0]).unlink(missing_ok=True)
        shutil.rmtree(old, ignore_errors=True)
    members = {"INSTALLER": f"{installer}\n", **dist_info}
    wheel = make_wheel(site_packages.parent, name, version, files=files, dist_info=members)
    for path in files:
        # pip makes files anew, and writes through no link.
        (site_packages / path).unlink(missing_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site_packages)
    wheel.unlink()
