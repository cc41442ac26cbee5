"""What this machine says about itself; one question a function, nothing remembered."""

from __future__ import annotations

import os
import re
import sys

__all__ = (
    "glibc_version",
    "linux_version",
    "macos_version",
    "microarchitecture",
    "windows_version",
)

# A variable, so that type checkers look at all branches wherever they run.
_SYSTEM: str = sys.platform
_KERNEL = re.compile(r"[0-9]+\.[0-9]+(\.[0-9]+)?(\.[0-9]+)?")
_TWO_NUMBERS = re.compile(r"[0-9]+\.[0-9]+")
_CHILD_TIME_LIMIT = 5.0


def linux_version() -> str | None:
    """Return the kernel's version without what a distribution added to it."""
    if _SYSTEM != "linux":
        return None
    found = _KERNEL.match(os.uname().release)
    return found[0] if found else None


def glibc_version() -> str | None:
    """Return `MAJOR.MINOR` of the GNU C library, or None if there is none.

    An interpreter that was linked against another C library does not know; then `getconf`, which
    belongs to the system, is asked.
    """
    if _SYSTEM != "linux":
        return None
    try:
        answer = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (OSError, ValueError):
        answer = _ask(["getconf", "GNU_LIBC_VERSION"])
    found = _TWO_NUMBERS.search(answer) if answer.startswith("glibc") else None
    return found[0] if found else None


def macos_version() -> str | None:
    """Return `MAJOR.MINOR` of macOS.

    An interpreter that was built for macOS 10 is told 10.16 by every later system; `sw_vers` with
    that courtesy switched off tells the truth.
    """
    if _SYSTEM != "darwin":
        return None
    import platform

    version = platform.mac_ver()[0]
    if not version or version.startswith("10.16"):
        truth = {**os.environ, "SYSTEM_VERSION_COMPAT": "0"}
        version = _ask(["sw_vers", "-productVersion"], environ=truth) or version
    found = _TWO_NUMBERS.match(version)
    return found[0] if found else version or None


def windows_version() -> str | None:
    """Return `MAJOR.MINOR.BUILD` of Windows."""
    if _SYSTEM != "win32":
        return None
    # The first fields are what the process is told for the sake of compatibility.
    version: tuple[int, ...] = getattr(sys, "getwindowsversion")().platform_version  # noqa: B009
    return ".".join(str(part) for part in version[:3])


def microarchitecture() -> str | None:
    """Return archspec's name for the processor, the most specific one that fits."""
    from archspec import cpu

    try:
        name = cpu.host().name
    except (KeyError, OSError, ValueError):
        return None
    return str(name)


def _ask(command: list[str], environ: dict[str, str] | None = None) -> str:
    import subprocess

    try:
        answer = subprocess.run(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_CHILD_TIME_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip()
