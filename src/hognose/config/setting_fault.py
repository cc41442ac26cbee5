"""The error about a setting: where it is said, which one it is, and what is wrong with it."""

from __future__ import annotations

from hognose._url_secrets import redact
from hognose.errors import ConfigError

__all__ = ("setting_fault",)


def setting_fault(key: str, said: str, *, source: str, hint: str | None = None) -> ConfigError:
    """Return the error; without the value, and without the secrets that a key may hold.

    Args:
        key: The setting, or the entry of one.
        said: What follows the key in the message: `: REASON`, or a blank and a sentence's rest.
        source: Where it is said; empty for a program.
        hint: What to do.
    """
    shown = redact(key)
    where = f"{source}: " if source else ""
    return ConfigError(f"{where}`{shown}`{said}", hint=hint, path=source, key=shown)
