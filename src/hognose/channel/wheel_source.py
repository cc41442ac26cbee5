"""Get wheels: pip finds, fetches and builds them, with everything that they need.

pip runs in a subprocess and uses its own configuration, so mirrors, proxies and credentials that
are set up for pip are used.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hognose.channel.disk_errors import explain_disk_errors
from hognose.channel.requirement_reader import NO_PIP_HINT
from hognose.errors import ChannelBuildError

if TYPE_CHECKING:
    from collections.abc import Sequence


def collect_wheels(
    requirements: Sequence[str | os.PathLike[str]],
    directory: str | os.PathLike[str],
    *,
    interpreter: str | os.PathLike[str] = sys.executable,
    with_dependencies: bool = True,
) -> list[Path]:
    """Put the wheels for requirements, and for what these need, into a directory.

    Args:
        requirements: What pip understands: `rich`, `numpy>=2`, `httpx[http2]`; paths of wheels;
            directories of projects, which are built. A bare word is never a path.
        directory: Where the wheels go; made if it is missing.
        interpreter: A Python that has pip. The wheels are for it.
        with_dependencies: Whether to get what the requirements need as well.

    Returns:
        The wheels that were put there, sorted by name.

    Raises:
        ChannelBuildError: The interpreter has no pip, a path does not exist, or pip gives up; has
            `output`, the end of what pip said.
    """
    if not requirements:
        return []
    arguments = [_argument(requirement) for requirement in requirements]
    target = Path(directory)
    with explain_disk_errors("put wheels into", target):
        target.mkdir(parents=True, exist_ok=True)
    before = set(target.iterdir())
    command = [
        os.fspath(interpreter),
        "-m",
        "pip",
        "wheel",
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar=off",
        f"--wheel-dir={target}",
        *([] if with_dependencies else ["--no-deps"]),
        "--",
        *arguments,
    ]
    try:
        process = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        message = f"`{interpreter}` does not run: {error.strerror or error}"
        raise ChannelBuildError(message, path=str(interpreter)) from error
    if process.returncode != 0:
        raise _explain(process.stdout, str(interpreter), arguments)
    return sorted(path for path in set(target.iterdir()) - before if path.name.endswith(".whl"))


def _argument(requirement: str | os.PathLike[str]) -> str:
    """Give a requirement as pip gets it; paths become absolute."""
    text = os.fspath(requirement)
    is_path = not isinstance(requirement, str) or text.startswith(".") or os.sep in text
    if is_path and "://" not in text:
        path, bracket, extras = text.partition("[")
        if not os.path.exists(path):
            message = f"there is no wheel or project at `{path}`"
            raise ChannelBuildError(message, path=path)
        return f"{os.path.abspath(path)}{bracket}{extras}"
    if not text.strip() or text.startswith("-"):
        message = f"not a requirement: {text!r}"
        raise ChannelBuildError(message)
    return text


def _explain(output: str, interpreter: str, arguments: Sequence[str]) -> ChannelBuildError:
    """Make an error of pip's output: its own last error lines, without the noise around them."""
    if "No module named pip" in output:
        message = f"`{interpreter}` has no pip, which finds and builds wheels"
        return ChannelBuildError(message, hint=NO_PIP_HINT, path=interpreter)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    reason = errors[-1] if errors else (lines[-1] if lines else "it says nothing")
    message = f"pip finds no wheels for {', '.join(f'`{text}`' for text in arguments)}: {reason}"
    return ChannelBuildError(message, output="\n".join(lines[-40:]))
