"""The scripts that a package may ask to be run when it comes or goes (CEP 32, CEP 34).

They run arbitrary code, so the library runs them only when told to, and lists those that it passed
over. The script of a package is `bin/.NAME-ACTION.sh`, on Windows `Scripts/.NAME-ACTION.bat`;
`post-unlink` is deprecated and never run.
"""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from hognose.errors import TransactionError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from hognose.types import PackageRecord, Platform

__all__ = ("LinkScript", "LinkScriptOutcome", "find_link_scripts", "run_link_script")

LinkScriptAction = Literal["pre-link", "post-link", "pre-unlink"]
_MESSAGES = ".messages.txt"
_POLL_SECONDS = 0.1
_GRACE_SECONDS = 2.0
_DYING_SECONDS = 0.5
# How a program is started in a process group of its own.
_OWN_GROUP: dict[str, Any] = (
    {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    if os.name == "nt"
    else {"process_group": 0}
)


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
    is_cancelled: Callable[[], bool] = lambda: False,
    popen: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen,
) -> LinkScriptOutcome:
    """Run one script and collect what it says.

    However this ends, the script and what it started in its process group have ended before.

    Args:
        script: The script.
        prefix: The environment that changes.
        environ: The variables to start from, by default the process's.
        root_prefix: The environment that the tool itself is installed in, or empty.
        timeout: Seconds after which the script counts as failed.
        is_cancelled: Asked several times a second; if it answers true, the script is ended.
        popen: What starts the process.

    Raises:
        TransactionError: It cannot be started, is cancelled, does not end in time, or ends with
            another status than zero; has `script` and `output`.
    """
    path = os.path.join(script.directory, script.path)
    what = f"the {script.action} script of {script.package}"
    variables = script_environment(
        script, prefix, os.environ if environ is None else environ, root_prefix=root_prefix
    )
    try:
        process = popen(
            _command(path, variables),
            env=variables,
            cwd=prefix,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for us: what the script started has to end as well.
            **_OWN_GROUP,
        )
    except OSError as error:
        message = f"{what} did not run: {error}"
        raise TransactionError(message, script=script, output="", path=path) from error
    try:
        said = _wait(process, timeout, is_cancelled)
    except BaseException:
        _end(process)
        raise
    output = (said or b"").decode(errors="replace")
    if said is None:
        _end(process)
        why = "was cancelled" if is_cancelled() else f"did not end within {timeout:g} s"
        raise TransactionError(f"{what} {why}", script=script, output="", path=path)
    if process.returncode:
        message = f"{what} ended with status {process.returncode}"
        if output.strip():
            message = f"{message}: {output.strip()}"
        raise TransactionError(message, script=script, output=output, path=path)
    return LinkScriptOutcome(script=script, output=output, messages=_take_messages(prefix))


def _command(path: str, variables: Mapping[str, str]) -> list[str]:
    if path.endswith(".bat"):
        return [variables.get("COMSPEC", "cmd.exe"), "/d", "/c", path]
    # Packages write these scripts for bash, and `/bin/sh` may be a smaller shell.
    return [shutil.which("bash") or "/bin/sh", path]


def _wait(
    process: subprocess.Popen[bytes], timeout: float | None, is_cancelled: Callable[[], bool]
) -> bytes | None:
    """Return what a process wrote; None if it is to be ended."""
    deadline = math.inf if timeout is None else time.monotonic() + timeout
    while time.monotonic() < deadline and not is_cancelled():
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=min(_POLL_SECONDS, deadline - time.monotonic()))[0]
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and its group: asked first, then by force."""
    _signal(process, force=False)
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _signal(process, force=True)
        process.wait()
        _await_group(process.pid)
        if process.stdout is not None:
            process.stdout.close()


def _signal(process: subprocess.Popen[bytes], *, force: bool) -> None:
    if sys.platform == "win32":
        # A signal goes to the one process there, and to none that it has started.
        with suppress(OSError):
            subprocess.run(_end_tree_command(process.pid), capture_output=True, check=False)
        process.kill()
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL if force else signal.SIGTERM)


def _await_group(group: int) -> None:
    """Wait until what is killed is gone: that is a moment after it was told to."""
    if sys.platform == "win32":
        return
    deadline = time.monotonic() + _DYING_SECONDS
    with suppress(ProcessLookupError, PermissionError):
        # One that nobody asks for its status stays as a name alone: in containers, for good.
        while time.monotonic() < deadline:
            os.killpg(group, 0)
            time.sleep(_DYING_SECONDS / 100)


def _end_tree_command(process: int) -> list[str]:
    """Return the command that ends a process of Windows and all that it has started."""
    program = os.path.join(os.environ.get("SYSTEMROOT", "C:\\Windows"), "System32", "taskkill.exe")
    return [program, "/F", "/T", "/PID", str(process)]


def _take_messages(prefix: str) -> str:
    path = os.path.join(prefix, _MESSAGES)
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        os.unlink(path)
    except FileNotFoundError:
        return ""
    return text
