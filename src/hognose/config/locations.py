"""Where configuration files are, in the order in which they are read: a later one wins."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("config_search_paths", "search_paths", "user_config_path")


def search_paths(environ: Mapping[str, str], *, root_prefix: Path | None = None) -> list[Path]:
    """Return every place where a configuration file, or a folder of conda's, may be.

    conda's files come first, then those that all tools built on rattler share and ours, of which
    the user's count more than the system's::

        /etc/conda | /var/lib/conda | root prefix | ~/.config/conda | ~/.conda | ~ | environment
        $CONDARC | $MAMBARC
        /etc/rattler | /etc/hognose
        ~/.config/rattler | $RATTLER_HOME | ~/.config/hognose
        $HOGNOSE_HOME or ~/.hognose | $HOGNOSE_CONFIG

    In each of conda's folders that is `.condarc`, `condarc`, `condarc.d` and mamba's `.mambarc`;
    at home the first and the last of them.

    Args:
        environ: The environment.
        root_prefix: The root prefix, if there is one.
    """
    home = _home(environ)
    conda: list[Path] = []
    for folder in _conda_folders(environ, root_prefix, home):
        names = (".condarc",) if folder == home else (".condarc", "condarc", "condarc.d")
        conda += [folder / name for name in (*names, ".mambarc")]
    conda += [Path(environ[name]) for name in ("CONDARC", "MAMBARC") if environ.get(name)]
    tools = [path for path, _ in config_search_paths(environ=environ)]
    return list(dict.fromkeys((*conda, *tools)))


def config_search_paths(
    tool: str = "hognose", environ: Mapping[str, str] | None = None
) -> list[tuple[Path, bool]]:
    """Return where the TOML files of a tool may be, and which of them other tools share.

    A later one wins. The `config.toml` in the folders named `rattler` is the shared one.

    Args:
        tool: The tool, such as `pixi`.
        environ: The environment; this process's by default.
    """
    environ = os.environ if environ is None else environ
    home = _home(environ)
    system = Path(environ.get("PROGRAMDATA", "C:/ProgramData")) if os.name == "nt" else Path("/etc")
    config = _config_home(environ, home)
    name = "config.toml"
    places = [(system / "rattler" / name, True), (system / tool / name, False)]
    if config is not None:
        places.append((config / "rattler" / name, True))
    if environ.get("RATTLER_HOME"):
        places.append((Path(environ["RATTLER_HOME"]) / name, True))
    if config is not None:
        places.append((config / tool / name, False))
    variable = tool.upper().replace("-", "_")
    if environ.get(f"{variable}_HOME"):
        places.append((Path(environ[f"{variable}_HOME"]) / name, False))
    elif home is not None:
        places.append((home / f".{tool}" / name, False))
    if environ.get(f"{variable}_CONFIG"):
        places.append((Path(environ[f"{variable}_CONFIG"]), False))
    return places


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
