"""The table `[tool.cx]`: which channels, which packages, who takes over."""

from __future__ import annotations

import os

from hognose.errors import ConfigError

TYPE_CHECKING = False  # as in `typing`, whose import would double the start-up time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
DELEGATES = ("conda", "hognose")


class Settings:
    """What a bootstrap does unless options say otherwise.

    A plain class: it is on the way of commands that import the standard library only.

    Attributes:
        channels: The channels, highest priority first.
        packages: The specs of what is installed.
        exclude: The names of packages to leave out of the solution.
        delegate: The program that other commands are handed to: `conda` or `hognose`.
        lock_file: The path of the lock file that comes with the program, None if there is none.
    """

    __slots__ = ("channels", "delegate", "exclude", "lock_file", "packages")

    def __init__(
        self,
        *,
        channels: tuple[str, ...],
        packages: tuple[str, ...],
        exclude: tuple[str, ...] = (),
        delegate: str = "conda",
        lock_file: str | None = None,
    ) -> None:
        """Keep the values."""
        self.channels = channels
        self.packages = packages
        self.exclude = exclude
        self.delegate = delegate
        self.lock_file = lock_file

    @classmethod
    def load(cls, path: str | None = None, *, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings: from a file, from the one that `CX_CONFIG` names, or our own.

        The file is TOML with a table `[tool.cx]`: `cx.toml`, `pixi.toml`, `pyproject.toml`. The
        key `lockfile` in it, relative to the file, names a lock file to install.

        Raises:
            ConfigError: If the file cannot be read, or a value is of the wrong kind.
        """
        environ = os.environ if environ is None else environ
        chosen = path or environ.get("CX_CONFIG") or None
        source = chosen or os.path.join(_DATA, "cx.toml")
        table = _read_table(source)
        lock_file = _text(table, "lockfile", source, default="")
        if lock_file:
            lock_file = os.path.join(os.path.dirname(os.path.abspath(source)), lock_file)
        elif chosen is None:
            lock_file = embedded_lock_file() or ""
        delegate = _text(table, "delegate", source, default="conda")
        if delegate not in DELEGATES:
            message = f"{source}: `delegate` is {delegate!r}"
            raise ConfigError(message, hint=f"it can be {' or '.join(DELEGATES)}", path=source)
        return cls(
            channels=_texts(table, "channels", source) or ("conda-forge",),
            packages=_texts(table, "packages", source),
            exclude=_texts(table, "exclude", source),
            delegate=delegate,
            lock_file=lock_file or None,
        )


def embedded_lock_file() -> str | None:
    """The path of the lock file that a build has put into the program, None if there is none."""
    path = os.path.join(_DATA, "cx.lock")
    try:
        return path if os.path.getsize(path) else None
    except OSError:
        return None


def _read_table(path: str) -> dict[str, Any]:
    import tomllib

    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except OSError as error:
        message = f"the configuration cannot be read: {path}: {error.strerror}"
        raise ConfigError(message, path=path) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"the configuration is not TOML: {path}: {error}"
        raise ConfigError(message, path=path) from error
    table = document.get("tool", {}).get("cx")
    if not isinstance(table, dict):
        message = f"the configuration has no table `[tool.cx]`: {path}"
        raise ConfigError(message, path=path)
    return table


def _texts(table: dict[str, Any], key: str, source: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if isinstance(value, dict):
        value = [name if spec in ("*", "") else f"{name} {spec}" for name, spec in value.items()]
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        message = f"{source}: `{key}` is not a list of texts"
        raise ConfigError(message, path=source)
    return tuple(value)


def _text(table: dict[str, Any], key: str, source: str, *, default: str) -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        message = f"{source}: `{key}` is not a text"
        raise ConfigError(message, path=source)
    return value
