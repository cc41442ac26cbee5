"""Convert a wheel into a conda package.

| the wheel is for | subdir | kind | files |
| --- | --- | --- | --- |
| any machine | `noarch` | `noarch: python` | `site-packages/`, `python-scripts/` |
| one platform, any Python or the stable ABI | the platform's | `noarch: python` (CEP 20) | same |
| one platform, one CPython | the platform's | ordinary | `lib/pythonX.Y/site-packages/`, `bin/` |

Windows wheels for one CPython take the second form with a pinned Python, since commands are
programs there which only the installer can make. The `.dist-info` directory stays, with `conda` as
installer and a `RECORD` of the files as they are packaged.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from hognose.channel.dependencies import Dependencies, plan_dependencies
from hognose.channel.disk_errors import explain_disk_errors
from hognose.channel.interpreter import libc_requirement
from hognose.channel.requirement_reader import read_requirements
from hognose.channel.staged_package import (
    DEFAULT_LEVEL,
    BuiltPackage,
    PackageFacts,
    write_package,
)
from hognose.channel.wheel import Wheel
from hognose.channel.wheel_platform import WheelTarget, choose_target
from hognose.channel.wheel_staging import StagedWheel
from hognose.errors import ChannelBuildError
from hognose.types import AboutJson

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from hognose.channel.requirement_reader import DistributionRequirements

_CONDA_NAME: Final = re.compile(r"[a-z0-9_][a-z0-9_.-]*")


def build_package_from_wheel(
    wheel_path: str | os.PathLike[str],
    output_dir: str | os.PathLike[str],
    *,
    requirements: DistributionRequirements | None = None,
    conda_names: Mapping[str, str] | None = None,
    others: Mapping[str, DistributionRequirements] | None = None,
    site_packages: str | None = None,
    subdir: str | None = None,
    interpreter: str | os.PathLike[str] = sys.executable,
    build_number: int = 0,
    timestamp_ms: int | None = None,
    level: int = DEFAULT_LEVEL,
) -> BuiltPackage:
    """Make a conda package from a wheel.

    Args:
        wheel_path: The wheel.
        output_dir: The channel's directory; the package goes into a subdir of it.
        requirements: What the wheel needs, if that has been read already (`read_requirements`).
        conda_names: conda's names of distributions, by PyPI's normalised names; others are called
            as they are written, in lower case.
        others: Distributions whose extras can be resolved, by PyPI's normalised names.
        site_packages: For a wheel for one CPython, where its Python looks for packages; default
            is `lib/pythonX.Y/site-packages`.
        subdir: Which subdir to choose for a wheel that is for several.
        interpreter: A Python with pip, which reads the requirements and for which markers are
            evaluated.
        build_number: The package's build number.
        timestamp_ms: When the wheel was published, for callers who know that (an index's
            `upload-time`, PEP 700), in milliseconds since the epoch. Default is the time of the
            wheel's newest file, and none where the wheel only holds dates that say nothing.
        level: The compression level, 1 to 19.

    Returns:
        What was written.

    Raises:
        ChannelBuildError: The wheel cannot be read, is damaged, is for something that conda has no
            place for, or its files would leave the package.
        ArchiveError: The package cannot be written.
    """
    with (
        Wheel(wheel_path) as wheel,
        explain_disk_errors("convert wheel", wheel.path),
        tempfile.TemporaryDirectory(prefix="hognose-wheel-") as stage,
    ):
        if requirements is None:
            requirements = read_requirements([wheel.question()], interpreter=interpreter)[0]
        target = choose_target(wheel.tags, wheel.path.name, preferred=subdir)
        names = conda_names or {}
        name = names.get(requirements.canonical_name, conda_name(wheel.name))
        if _CONDA_NAME.fullmatch(name) is None:
            message = f"`{name}` is no name for a conda package"
            raise ChannelBuildError(message, path=str(wheel.path))
        dependencies = plan_dependencies(requirements, conda_names=names, others=others or {})
        if dependencies.needs_machine and target.subdir == "noarch":
            target = msgspec.structs.replace(target, subdir=_own_subdir(interpreter))
        points = wheel.entry_points()
        staged = StagedWheel(
            wheel, Path(stage), name=name, target=target, site_packages=site_packages
        )
        staged.write(points)
        facts = PackageFacts(
            name=name,
            version=requirements.version,
            build=f"{_build_prefix(target)}h{{hash}}_{build_number}",
            build_number=build_number,
            subdir=target.subdir,
            depends=_depends(target, dependencies, staged.glibc),
            is_noarch_python=target.is_noarch_python,
            entry_points=tuple(map(str, points)) if target.is_noarch_python else (),
            timestamp_ms=wheel.timestamp_ms if timestamp_ms is None else timestamp_ms,
            purls=(f"pkg:pypi/{requirements.canonical_name}@{requirements.version}",),
            about=_about(wheel),
            placeholders=staged.placeholders,
        )
        return write_package(stage, facts, output_dir, level=level)


def conda_name(name: str) -> str:
    """Give the name of the conda package that is made from a distribution of this name."""
    return name.lower()


def _own_subdir(interpreter: str | os.PathLike[str]) -> str:
    from hognose.channel.interpreter import detect_interpreter

    return detect_interpreter(interpreter).subdir


def _build_prefix(target: WheelTarget) -> str:
    if target.abi_tag is not None:
        return target.abi_tag.replace("cp", "py", 1)
    return "py"


def _depends(
    target: WheelTarget, dependencies: Dependencies, glibc: tuple[int, ...] | None
) -> tuple[str, ...]:
    """Put together what the package needs: Python first, then the machine, then the rest."""
    lowest = dependencies.lowest_minor
    highest = dependencies.highest_minor
    asked = dependencies.python.split(",") if dependencies.python else []
    if target.abi_tag is not None or (target.minor is not None and not target.is_lowest_minor):
        asked, lowest, highest = [], target.minor, target.minor
    elif target.minor is not None:
        lowest = max(target.minor, lowest or 0)
    # `>=3.9` and a lower bound of our own are one lower bound.
    plain = [int(part.removeprefix(">=3.")) for part in asked if re.fullmatch(r">=3\.\d+", part)]
    bounds = [*plain, *([] if lowest is None else [lowest])]
    python = ",".join(
        (
            *([f">=3.{max(bounds)}"] if bounds else []),
            *(part for part in asked if re.fullmatch(r">=3\.\d+", part) is None),
            *([] if highest is None else [f"<3.{highest + 1}.0a0"]),
        )
    )
    depends = [f"python {python}" if python else "python"]
    if target.abi_tag is not None:
        version = f"3.{target.minor}"
        depends.append(f"python_abi {version}.* *_{target.abi_tag}")
    if target.subdir == "noarch" and dependencies.system is not None:
        depends.append(dependencies.system)
    depends.extend(libc_requirement(target.glibc or glibc))
    if target.macos is not None:
        depends.append(f"__osx >={'.'.join(map(str, target.macos))}")
    return (*depends, *dependencies.depends)


def _about(wheel: Wheel) -> AboutJson:
    urls: dict[str, str] = {}
    for line in wheel.headers("Project-URL"):
        label, _, url = line.partition(",")
        urls[re.sub(r"[^a-z]", "", label.lower())] = url.strip()

    def first(*labels: str, header: str | None = None) -> tuple[str, ...]:
        found = wheel.header(header) if header else None
        found = found or next((urls[label] for label in labels if urls.get(label)), None)
        return (found,) if found else ()

    return AboutJson(
        summary=wheel.header("Summary"),
        license=_license(wheel),
        home=first("homepage", "home", "source", "repository", header="Home-page"),
        dev_url=first("source", "sourcecode", "repository", "github", "code"),
        doc_url=first("documentation", "docs"),
        source_url=None,
        extra={"wheel": wheel.path.name},
    )


def _license(wheel: Wheel) -> str | None:
    """The licence: an expression, else a short name, else what the classifiers say."""
    text = wheel.header("License-Expression") or wheel.header("License")
    if text is not None and "\n" not in text and len(text) < 100:
        return text
    names = [
        line.rpartition("::")[2].strip()
        for line in wheel.headers("Classifier")
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    return " OR ".join(names) or None
