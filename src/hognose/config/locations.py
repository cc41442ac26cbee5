"""Where configuration files are, in the order in which they are read: a later one wins."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("search_paths", "user_config_path")


def search_paths(environ: Mapping[str, str], *, root_prefix: Path | None = None) -> list[Path]:
    """Return every place where a configuration file, or a folder of conda's, may be.

    conda's files come first, then those that all tools built on rattler share, then ours::

        /etc/conda | /var/lib/conda | root prefix | ~/.config/conda | ~/.conda | ~ | environment
        $CONDARC | $MAMBARC
        /etc/rattler | ~/.config/rattler
        /etc/hognose | ~/.config/hognose | ~/.hognose | $HOGNOSE_CONFIG

    In each of conda's folders that is `.condarc`, `condarc`, `condarc.d` and mamba's `.mambarc`;
    at home the first and the last of them.

    Args:
        environ: The environment.
        root_prefix: The root prefix, if there is one.
    """
    home = _home(environ)
    system = Path(environ.get("PROGRAMDATA", "C:/ProgramData")) if os.name == "nt" else Path("/etc")
    config = _config_home(environ, home)
    conda: list[Path] = []
    for folder in _conda_folders(environ, root_prefix, home):
        names = (".condarc",) if folder == home else (".condarc", "condarc", "condarc.d")
        conda += [folder / name for name in (*names, ".mambarc")]
    conda += [Path(environ[name]) for name in ("CONDARC", "MAMBARC") if environ.get(name)]
    shared = [system / "rattler" / "config.toml"]
    own = [system / "hognose" / "config.toml"]
    if config is not None:
        shared.append(config / "rattler" / "config.toml")
        own.append(config / "hognose" / "config.toml")
    if home is not None:
        own.append(home / ".hognose" / "config.toml")
    if environ.get("HOGNOSE_CONFIG"):
        own.append(Path(environ["HOGNOSE_CONFIG"]))
    return list(dict.fromkeys((*conda, *shared, *own)))


def _conda_folders(
    environ: Mapping[str, str], root_prefix: Path | None, home: Path | None
) -> list[Path]:
    if os.name == "nt":
        folders = [Path("C:/ProgramData/conda")]
    else:
        folders = [Path("/etc/conda"), Path("/var/lib/conda")]
    if root_prefix is not None:
        folders.append(root_prefix)
    if environ.get("XDG_CONFIG_HOME"):
        folders.append(Path(environ["XDG_CONFIG_HOME"]) / "conda")
    if home is not None:
        folders += [home / ".config" / "conda", home / ".conda", home]
    if environ.get("CONDA_PREFIX"):
        folders.append(Path(environ["CONDA_PREFIX"]))
    return folders


def user_config_path(environ: Mapping[str, str]) -> Path:
    """Return the file that `hognose config set` writes to."""
    if environ.get("HOGNOSE_CONFIG"):
        return Path(environ["HOGNOSE_CONFIG"])
    home = _home(environ)
    config = _config_home(environ, home)
    return (config or Path.cwd()) / "hognose" / "config.toml"


def _home(environ: Mapping[str, str]) -> Path | None:
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(home) if home else None


def _config_home(environ: Mapping[str, str], home: Path | None) -> Path | None:
    if environ.get("XDG_CONFIG_HOME"):
        return Path(environ["XDG_CONFIG_HOME"])
    if os.name == "nt" and environ.get("APPDATA"):
        return Path(environ["APPDATA"])
    if home is None:
        return None
    if sys.platform == "darwin":
        return home / "Library" / "Application Support"
    return home / ".config"
