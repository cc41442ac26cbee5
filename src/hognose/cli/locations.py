"""Where environments are: the root prefix, the directories of named environments, and the names."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hognose.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hognose.config import Config

__all__ = ("envs_dirs", "named_prefix", "root_prefix", "root_without_config")

_VARIABLES = ("CONDA_ROOT_PREFIX", "MAMBA_ROOT_PREFIX")


def root_prefix(environ: Mapping[str, str] = os.environ, config: Config | None = None) -> Path:
    """Return the root prefix; it need not exist.

    The first of: `CONDA_ROOT_PREFIX` (which `cx` sets) and `MAMBA_ROOT_PREFIX`; `root-prefix` of
    the configuration; the conda environment of the interpreter that runs; `~/.cx`, if `cx` has
    been there; `hognose` below `XDG_DATA_HOME`, if that is set; `~/.hognose`. That last one is
    short on purpose: paths of environments are written into `#!` lines and binaries.

    Raises:
        ConfigError: The configuration cannot be read.
    """
    named = _from_environment(environ)
    if named is not None:
        return named
    config = _loaded(environ) if config is None else config
    if config.root_prefix:
        return _absolute(config.root_prefix, environ)
    found = root_without_config(environ)
    if found is not None:
        return found
    if environ.get("XDG_DATA_HOME"):
        return Path(environ["XDG_DATA_HOME"]) / "hognose"
    return _home(environ) / ".hognose"


def root_without_config(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the root prefix that is there, or that the environment names; None if there is none.

    This one may hold configuration files itself.
    """
    named = _from_environment(environ)
    if named is not None:
        return named
    own = Path(sys.prefix)
    if _is_environment(own):
        return own.parent.parent if own.parent.name == "envs" else own
    bootstrapped = Path(environ.get("CX_PREFIX") or _home(environ) / ".cx")
    return bootstrapped if _is_environment(bootstrapped) else None


def envs_dirs(environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Return where named environments lie; a new one is made in the first.

    Those are `envs-dirs` of the configuration, and `envs` below the root prefix.

    Raises:
        ConfigError: The configuration cannot be read.
    """
    config = _loaded(environ)
    root = root_prefix(environ, config)
    given = [_absolute(text, environ) for text in config.envs_dirs or ()]
    return tuple(dict.fromkeys((*given, root / "envs")))


def named_prefix(name: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the prefix of a name: where it is, or where it would be made.

    Raises:
        UsageError: No environment can be called so.
        ConfigError: The configuration cannot be read.
    """
    if name in {"base", "root"}:
        return root_prefix(environ)
    if name in {"", ".", ".."} or set(name) & set("/\\:# ") or name.startswith("~"):
        raise UsageError(f"`{name}` cannot be the name of an environment")
    places = [folder / name for folder in envs_dirs(environ)]
    return next((place for place in places if _is_environment(place)), places[0])


def _from_environment(environ: Mapping[str, str]) -> Path | None:
    return next((Path(environ[name]) for name in _VARIABLES if environ.get(name)), None)


def _loaded(environ: Mapping[str, str]) -> Config:
    from hognose.cli.settings import load_config

    return load_config(environ)


def _absolute(text: str, environ: Mapping[str, str]) -> Path:
    if text == "~" or text.startswith(("~/", "~\\")):
        return _home(environ) / text[2:]
    return Path(os.path.abspath(os.path.expanduser(text)))


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or environ.get("USERPROFILE") or os.path.expanduser("~"))


def _is_environment(prefix: Path) -> bool:
    return (prefix / "conda-meta" / "history").is_file()
