"""What an `environment.yml` asks for besides conda packages: variables, and its `pip` section."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

import msgspec

from hognose.console import counted
from hognose.errors import InstallerError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from hognose.cli.request import Request
    from hognose.console import Console
    from hognose.install import PythonInfo
    from hognose.types import Platform

__all__ = ("complete", "require_pip_may_install", "with_pip")


def with_pip(request: Request, platform: Platform, console: Console) -> Request:
    """Return the request with `pip` among its specs, if it needs pip and does not ask for it.

    Raises:
        InstallerError: The environment is for another platform, so that its pip cannot run here.
    """
    from hognose.types import MatchSpec, Platform

    if not request.requirements:
        return request
    if platform != Platform.current():
        message = f"the `pip` section cannot be installed for {platform} on this machine"
        raise InstallerError(message, hint="leave it out, or run this where the environment runs")
    if any(spec.name.exact == "pip" for spec in request.specs):
        return request
    console.warn("there is a `pip` section, and `pip` is not asked for: it is added")
    return msgspec.structs.replace(request, specs=(*request.specs, MatchSpec("pip")))


def require_pip_may_install(prefix: Path, python: PythonInfo | None) -> None:
    """Refuse before anything is changed where pip would refuse afterwards (PEP 668).

    Args:
        prefix: The environment.
        python: The Python that it is to have.

    Raises:
        InstallerError: The environment says that another program manages its Python packages.
    """
    if python is None or os.environ.get("PIP_BREAK_SYSTEM_PACKAGES"):
        return
    marker = prefix / os.path.dirname(python.site_packages) / "EXTERNALLY-MANAGED"
    if marker.is_file():
        message = f"pip may install nothing in {prefix}, which is marked as externally managed"
        hint = f"leave the `pip` section out, or remove {marker} if the environment is yours"
        raise InstallerError(message, path=prefix, hint=hint)


def complete(
    prefix: Path,
    request: Request,
    console: Console,
    arguments: argparse.Namespace,
    *,
    offline: bool = False,
) -> None:
    """Do what is left of a request when its packages are in place; pip offline, if that is asked.

    Raises:
        InstallerError: The variables cannot be kept, or pip does not succeed.
    """
    if request.variables:
        from hognose.install import set_environment_variables

        set_environment_variables(prefix, request.variables)
    if request.requirements:
        files = " ".join(f"-f {shlex.quote(file)}" for file in arguments.files)
        go_on = f"hognose update -p {shlex.quote(os.fspath(prefix))} {files}"
        _install_requirements(prefix, request, console, go_on=go_on, offline=offline)


def _install_requirements(
    prefix: Path, request: Request, console: Console, *, go_on: str, offline: bool
) -> None:
    # pip's output goes to standard error: standard output may hold a JSON document.
    import subprocess

    from hognose.shell import environment_variables

    words = [word for line in request.requirements for word in _words(line)]
    environment = environment_variables(prefix)
    if offline:
        environment["PIP_NO_INDEX"] = "1"
    python = _python(prefix)
    console.step(f"pip install {shlex.join(words)}")
    quietly = ["--quiet"] if console.quiet else []
    sys.stderr.flush()
    done = subprocess.run(
        [python, "-m", "pip", "install", "--disable-pip-version-check", *quietly, *words],
        cwd=request.directory,
        env=environment,
        stdout=sys.stderr,
        check=False,
    )
    if done.returncode:
        message = (
            f"pip ended with status {done.returncode}, and said above why: the conda packages are "
            f"in {prefix}, what pip was to install is not"
        )
        hint = f"when the cause is mended, `{go_on}` goes on from there"
        raise InstallerError(message, path=prefix, hint=hint)
    console.detail(f"{counted(len(request.requirements), 'requirement')} installed by pip")


def _words(line: str) -> list[str]:
    """Split a line as pip splits one of a requirements file: options have their values beside."""
    text = line.partition(" #")[0].strip()
    return shlex.split(text) if text.startswith("-") else [text]


def _python(prefix: Path) -> str:
    place = prefix / "python.exe" if os.name == "nt" else prefix / "bin" / "python"
    return os.fspath(place)
