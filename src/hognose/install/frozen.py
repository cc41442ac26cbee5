"""Environments that must not be changed: the marker `conda-meta/frozen` (CEP 22).

A marker that holds no readable message is as strong as one that does, whatever it is: a folder, a
file that may not be read, or a link that leads nowhere.
"""

from __future__ import annotations

import os
from contextlib import suppress

import msgspec

from hognose.errors import FrozenEnvironmentError

__all__ = ("FROZEN_MARKER", "freeze", "frozen_message", "require_not_frozen", "thaw")

FROZEN_MARKER = "conda-meta/frozen"


class _Marker(msgspec.Struct, frozen=True, omit_defaults=True):
    message: str = ""


# Made once: msgspec crashes where several threads make the first one at the same time.
_MARKER = msgspec.json.Decoder(_Marker)


def frozen_message(prefix: str | os.PathLike[str]) -> str | None:
    """Return the reason that the marker gives, empty where it gives none; None if not frozen."""
    try:
        with open(os.path.join(prefix, FROZEN_MARKER), "rb") as file:
            data = file.read()
    except OSError:
        return "" if os.path.lexists(os.path.join(prefix, FROZEN_MARKER)) else None
    try:
        return _MARKER.decode(data).message
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def require_not_frozen(
    prefix: str | os.PathLike[str], *, override: str = "override_frozen=True"
) -> None:
    """Refuse to go on with a frozen environment.

    Args:
        prefix: The environment.
        override: How the caller's user can go on anyway: an option or argument, as typed.

    Raises:
        FrozenEnvironmentError: The environment is frozen; has `path` and `reason`.
    """
    reason = frozen_message(prefix)
    if reason is None:
        return
    shown = os.fspath(prefix)
    message = f"the environment is marked as frozen and is not changed: {shown}"
    if reason:
        message = f"{message}\n\n{_indented(reason)}\n"
    hint = f"use `{override}` to change it all the same, at your own risk"
    raise FrozenEnvironmentError(message, hint=hint, path=shown, reason=reason)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def freeze(prefix: str | os.PathLike[str], message: str = "") -> None:
    """Mark an environment as frozen, with a reason for whoever tries to change it.

    Raises:
        OSError: The mark cannot be written; what was there is as it was.
    """
    path = os.path.join(prefix, FROZEN_MARKER)
    # A name that nobody can have put a link at, and a new file: nothing is written elsewhere.
    part = f"{path}.{os.urandom(6).hex()}"
    try:
        with open(part, "xb") as file:
            file.write(msgspec.json.encode(_Marker(message)) if message else b"")
        os.replace(part, path)
    except OSError:
        with suppress(FileNotFoundError):
            os.unlink(part)
        raise


def thaw(prefix: str | os.PathLike[str]) -> bool:
    """Remove the mark; return whether there was one."""
    try:
        os.unlink(os.path.join(prefix, FROZEN_MARKER))
    except FileNotFoundError:
        return False
    return True
