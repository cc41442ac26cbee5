"""`conda-meta/state`: the variables that an environment sets when it is activated (CEP 32)."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from hognose.archive import rename
from hognose.errors import InstallerError
from hognose.install.prefix_lock import PrefixLock
from hognose.shell import is_variable_name

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = (
    "read_environment_variables",
    "require_variable_names",
    "set_environment_variables",
)

# What conda writes for a variable that is to be absent.
_UNSET = "***unset***"


def read_environment_variables(prefix: str | os.PathLike[str]) -> dict[str, str]:
    """Return the variables that activation sets, without those that it takes away.

    Raises:
        InstallerError: The file is there and cannot be used.
    """
    variables = _read(_path(prefix))["env_vars"]
    return {name: value for name, value in variables.items() if value != _UNSET}


def require_variable_names(variables: Mapping[str, str | None]) -> None:
    """Refuse variables that no activation script can set.

    Raises:
        ValueError: A name is none that every shell can set, or a value holds a NUL character.
    """
    for name, value in variables.items():
        if not is_variable_name(name):
            raise ValueError(f"no environment variable can be called {name!r}")
        if "\0" in (value or ""):
            raise ValueError(f"the value of {name} holds a NUL character")


def set_environment_variables(
    prefix: str | os.PathLike[str],
    variables: Mapping[str, str | None],
    *,
    lock_timeout: float = 60.0,
) -> None:
    """Add variables to those that activation sets; None takes one out again.

    The file is replaced in one step, and keeps what else is in it.

    Args:
        prefix: The environment.
        variables: Values by name.
        lock_timeout: Seconds to wait while another process changes the environment.

    Raises:
        InstallerError: The file is there and cannot be used, or another process is changing the
            environment.
        ValueError: As `require_variable_names`.
        OSError: The file cannot be written.
    """
    # What is there already can be taken out, whatever it is called.
    require_variable_names({name: value for name, value in variables.items() if value is not None})
    path = _path(prefix)
    with PrefixLock(os.path.abspath(prefix), timeout=lock_timeout):
        _update(path, variables)


def _update(path: str, variables: Mapping[str, str | None]) -> None:
    state = _read(path)
    kept = {**state["env_vars"], **variables}
    state["env_vars"] = {name: value for name, value in kept.items() if value is not None}
    temporary = f"{path}.{os.urandom(6).hex()}"
    try:
        with open(temporary, "x", encoding="utf-8") as stream:
            json.dump(state, stream, ensure_ascii=False, indent=2)
        rename(temporary, path)
    except OSError:
        if os.path.lexists(temporary):
            os.unlink(temporary)
        raise


def _path(prefix: str | os.PathLike[str]) -> str:
    return os.path.join(os.path.abspath(prefix), "conda-meta", "state")


def _read(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as stream:
            state = json.load(stream)
    except FileNotFoundError:
        return {"version": 1, "env_vars": {}}
    except (OSError, ValueError, RecursionError) as error:
        raise InstallerError(f"{path} cannot be read: {error}", path=path) from error
    if not isinstance(state, dict) or not isinstance(state.setdefault("env_vars", {}), dict):
        raise InstallerError(f"{path} does not hold what activation needs", path=path)
    return state
