"""The scripts that a package may ask to be run when it comes or goes (CEP 32, CEP 34).

They run arbitrary code, so the library runs them only when told to, and lists those that it passed
over. The script of a package is `bin/.NAME-ACTION.sh`, on Windows `Scripts/.NAME-ACTION.bat`;
`post-unlink` is deprecated and never run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Literal

import msgspec

from hognose.errors import TransactionError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from hognose.types import PackageRecord, Platform

__all__ = ("LinkScript", "LinkScriptOutcome", "find_link_scripts", "run_link_script")

LinkScriptAction = Literal["pre-link", "post-link", "pre-unlink"]
_MESSAGES = ".messages.txt"


class LinkScript(msgspec.Struct, frozen=True, kw_only=True):
    """A script of a package.

    Attributes:
        package: The package's name.
        version: The package's version.
        build_number: The package's build number.
        action: When it wants to run.
        path: The script relative to the folder it is in: the prefix, or for `pre-link` the
            extracted package.
        directory: That folder.
    """

    package: str
    version: str
    build_number: int
    action: LinkScriptAction
    path: str
    directory: str


class LinkScriptOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a script did.

    Attributes:
        script: The script.
        output: What it wrote to its standard output and standard error.
        messages: What it left in `.messages.txt` for the user.
    """

    script: LinkScript
    output: str = ""
    messages: str = ""


def link_script_path(name: str, action: LinkScriptAction, platform: Platform) -> str:
    """Return where a package has its script, relative to the prefix or the package."""
    if platform.is_windows:
        return f"Scripts/.{name}-{action}.bat"
    return f"bin/.{name}-{action}.sh"


def find_link_scripts(
    packages: Iterable[tuple[PackageRecord, Collection[str], str]],
    action: LinkScriptAction,
    platform: Platform,
) -> tuple[LinkScript, ...]:
    """Find the scripts among the files of packages.

    Args:
        packages: Records in the order in which their scripts shall run, each with its paths and
            the folder that these are in.
        action: The kind of script.
        platform: The platform that is installed for.
    """
    found = []
    for record, paths, directory in packages:
        path = link_script_path(record.name, action, platform)
        if path in paths:
            found.append(
                LinkScript(
                    package=str(record.name),
                    version=str(record.version),
                    build_number=record.build_number,
                    action=action,
                    path=path,
                    directory=directory,
                )
            )
    return tuple(found)


def script_environment(
    script: LinkScript, prefix: str, environ: Mapping[str, str], *, root_prefix: str = ""
) -> dict[str, str]:
    """Return the environment variables that a script sees."""
    folder = os.path.join(script.directory, os.path.dirname(script.path))
    path = environ.get("PATH", os.defpath)
    return {
        **environ,
        "ROOT_PREFIX": root_prefix,
        "PREFIX": prefix,
        "SOURCE_DIR": script.directory,
        "PKG_NAME": script.package,
        "PKG_VERSION": script.version,
        "PKG_BUILDNUM": str(script.build_number),
        "PATH": f"{folder}{os.pathsep}{path}",
    }


def run_link_script(
    script: LinkScript,
    prefix: str,
    *,
    environ: Mapping[str, str] | None = None,
    root_prefix: str = "",
    timeout: float | None = None,
    run: Callable[..., subprocess.CompletedProcess[bytes]] = subprocess.run,
) -> LinkScriptOutcome:
    """Run one script and collect what it says.

    Args:
        script: The script.
        prefix: The environment that changes.
        environ: The variables to start from, by default the process's.
        root_prefix: The environment that the tool itself is installed in, or empty.
        timeout: Seconds after which the script counts as failed.
        run: What starts the process.

    Raises:
        TransactionError: It cannot be started, does not end in time, or ends with another status
            than zero; has `script` and `output`.
    """
    path = os.path.join(script.directory, script.path)
    variables = script_environment(
        script, prefix, os.environ if environ is None else environ, root_prefix=root_prefix
    )
    if path.endswith(".bat"):
        command = [variables.get("COMSPEC", "cmd.exe"), "/d", "/c", path]
    else:
        # Packages write these scripts for bash, and `/bin/sh` may be a smaller shell.
        command = [shutil.which("bash") or "/bin/sh", path]
    try:
        done = run(
            command,
            env=variables,
            cwd=prefix,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"the {script.action} script of {script.package} did not run: {error}"
        raise TransactionError(message, script=script, output="", path=path) from error
    output = done.stdout.decode(errors="replace")
    if done.returncode:
        message = (
            f"the {script.action} script of {script.package} ended with status {done.returncode}"
        )
        if output.strip():
            message = f"{message}: {output.strip()}"
        raise TransactionError(message, script=script, output=output, path=path)
    return LinkScriptOutcome(script=script, output=output, messages=_take_messages(prefix))


def _take_messages(prefix: str) -> str:
    path = os.path.join(prefix, _MESSAGES)
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        os.unlink(path)
    except FileNotFoundError:
        return ""
    return text
