"""What an environment asks activation to do: directories, variables and scripts (CEP 32)."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from hognose.errors import ActivationError

if TYPE_CHECKING:
    from collections.abc import Sequence

_WINDOWS_RUNTIMES = ("ucrt64", "clang64", "mingw64", "clangarm64")


class PrefixSettings:
    """The settings of one environment.

    A plain class, as all of this layer: `hognose run` should not wait for imports.

    Attributes:
        prefix: The environment's directory.
        paths: What belongs on the search path, in order.
        variables: The variables to set: those of `etc/conda/env_vars.d/*.json` in file order, then
            those of `conda-meta/state`, which win.
        activate_scripts: The files in `activate.d`, in the order of their names.
        deactivate_scripts: The files in `deactivate.d`, in the reverse order of their names.
    """

    __slots__ = ("activate_scripts", "deactivate_scripts", "paths", "prefix", "variables")

    def __init__(
        self,
        *,
        prefix: str,
        paths: tuple[str, ...],
        variables: dict[str, str],
        activate_scripts: tuple[str, ...],
        deactivate_scripts: tuple[str, ...],
    ) -> None:
        """Keep the values."""
        self.prefix = prefix
        self.paths = paths
        self.variables = variables
        self.activate_scripts = activate_scripts
        self.deactivate_scripts = deactivate_scripts

    @classmethod
    def read(
        cls,
        prefix: str | os.PathLike[str],
        *,
        script_extensions: Sequence[str] = ("sh",),
        is_windows: bool = os.name == "nt",
    ) -> PrefixSettings:
        """Read the settings of an environment; a directory with nothing in it has none.

        Args:
            prefix: The environment's directory.
            script_extensions: The extensions of the scripts to take, without the dot.
            is_windows: Whether the environment is one for Windows.

        Raises:
            ActivationError: If a file with variables cannot be read.
        """
        directory = os.path.abspath(os.fspath(prefix))
        hooks = os.path.join(directory, "etc", "conda")
        return cls(
            prefix=directory,
            paths=path_entries(directory, is_windows=is_windows),
            variables=_read_variables(directory),
            activate_scripts=_scripts(os.path.join(hooks, "activate.d"), script_extensions),
            deactivate_scripts=_scripts(os.path.join(hooks, "deactivate.d"), script_extensions)[
                ::-1
            ],
        )


def path_entries(prefix: str, *, is_windows: bool = os.name == "nt") -> tuple[str, ...]:
    """List the directories that an environment adds to the search path, in order (CEP 32)."""
    if not is_windows:
        return (os.path.join(prefix, "bin"),)
    library = os.path.join(prefix, "Library")
    runtimes = (os.path.join(library, runtime, "bin") for runtime in _WINDOWS_RUNTIMES)
    runtime = next((path for path in runtimes if os.path.isdir(path)), None)
    return (
        prefix,
        *(() if runtime is None else (runtime,)),
        os.path.join(library, "mingw-w64", "bin"),
        os.path.join(library, "usr", "bin"),
        os.path.join(library, "bin"),
        os.path.join(prefix, "Scripts"),
        os.path.join(prefix, "bin"),
    )


def _scripts(directory: str, extensions: Sequence[str]) -> tuple[str, ...]:
    endings = tuple(f".{extension}" for extension in extensions)
    found = (name for name in _names(directory) if name.endswith(endings))
    return tuple(os.path.join(directory, name) for name in sorted(found))


def _names(directory: str) -> list[str]:
    try:
        with os.scandir(directory) as entries:
            return [entry.name for entry in entries if entry.is_file()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        message = f"the directory cannot be read: {directory}: {error.strerror}"
        raise ActivationError(message, path=directory) from error


def _read_variables(prefix: str) -> dict[str, str]:
    variables: dict[str, str] = {}
    directory = os.path.join(prefix, "etc", "conda", "env_vars.d")
    for name in sorted(_names(directory)):
        if name.endswith(".json"):
            path = os.path.join(directory, name)
            variables |= _strings(_read_object(path), path)
    path = os.path.join(prefix, "conda-meta", "state")
    if os.path.isfile(path):
        values = _read_object(path).get("env_vars", {})
        # conda and py-rattler export the names of the state file in upper case.
        variables |= {name.upper(): value for name, value in _strings(values, path).items()}
    return variables


def _read_object(path: str) -> dict[str, object]:
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except OSError as error:
        message = f"the environment's variables cannot be read: {path}: {error.strerror}"
        raise ActivationError(message, path=path) from error
    except (ValueError, RecursionError) as error:
        message = f"the environment's variables are not JSON: {path}: {error}"
        raise ActivationError(message, path=path) from error
    if not isinstance(document, dict):
        message = f"the environment's variables are not a JSON object: {path}"
        raise ActivationError(message, path=path)
    return document


def _strings(document: object, path: str) -> dict[str, str]:
    """Take the entries that are texts; conda's own files may hold other things beside them."""
    if not isinstance(document, dict):
        message = f"the environment's variables are not a JSON object: {path}"
        raise ActivationError(message, path=path)
    variables = {name: value for name, value in document.items() if isinstance(value, str)}
    for name in variables:
        if not is_variable_name(name):
            message = f"{path} has a variable that no shell can set: {name!r}"
            hint = "take it out; for `conda-meta/state`, `hognose env vars unset` does"
            raise ActivationError(message, path=path, variable=name, hint=hint)
    return variables


def is_variable_name(name: str) -> bool:
    """Tell whether an activation script can carry a variable of that name without harm."""
    plain = name.replace("_", "a").replace("(", "a").replace(")", "a")  # Windows has `(x86)`
    return plain.isascii() and plain.isalnum() and not (name[0].isdigit() or name[0] in "()")
