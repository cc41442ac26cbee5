"""Activation and deactivation as a list of steps, and as a script for a shell.

The steps are computed here, from what the environment asks for and from the variables as they are
now, and contain no conditions: a script only sets, unsets and runs. Activating on top of another
environment puts that one aside, and deactivating brings it back. What a variable was before is
kept in `CONDA_ENV_SHLVL_<level>_<name>`, where py-rattler keeps it too.
"""

from __future__ import annotations

import enum
import os
from typing import TYPE_CHECKING

from hognose.shell.prefix_settings import PrefixSettings
from hognose.shell.shells import Shell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class PathModificationBehavior(enum.Enum):
    """What becomes of the search path that the shell has already."""

    Prepend = "prepend"
    Append = "append"
    Replace = "replace"


class ActivationVariables:
    """The variables as they are before activation.

    Attributes:
        current_prefix: The environment that is active now, or None.
        current_path: The directories that are to follow the environment's own on the search path.
        path_modification_behavior: Whether the script puts all these before the shell's own path,
            behind it, or in its place.
        current_env: All variables; what is needed to come back to them is kept aside.
    """

    __slots__ = (
        "current_env",
        "current_path",
        "current_prefix",
        "path_modification_behavior",
    )

    def __init__(
        self,
        current_prefix: str | os.PathLike[str] | None = None,
        current_path: Iterable[str | os.PathLike[str]] | None = None,
        path_modification_behavior: PathModificationBehavior = PathModificationBehavior.Prepend,
        *,
        current_env: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the values; see the attributes."""
        self.current_prefix = None if current_prefix is None else os.fspath(current_prefix)
        self.current_path = tuple(os.fspath(path) for path in current_path or ())
        self.path_modification_behavior = path_modification_behavior
        self.current_env = dict(current_env or {})

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> ActivationVariables:
        """Take everything from the variables of a process; the search path is then replaced."""
        environ = os.environ if environ is None else environ
        path = environ.get("PATH", "")
        return cls(
            environ.get("CONDA_PREFIX") or None,
            path.split(os.pathsep) if path else (),
            PathModificationBehavior.Replace,
            current_env=environ,
        )

    @property
    def level(self) -> int:
        """How many environments are active on top of each other."""
        text = self.current_env.get("CONDA_SHLVL", "")
        return int(text) if text.isascii() and text.isdigit() else 0

    def __repr__(self) -> str:
        return (
            f"ActivationVariables(current_prefix={self.current_prefix!r}, "
            f"current_path={self.current_path!r}, "
            f"path_modification_behavior={self.path_modification_behavior})"
        )


class ActivationResult:
    """A script for a shell to evaluate, and the search path that it sets.

    Attributes:
        script: The script's text; lines end with a line feed, whatever the shell.
        path: The directories of the search path, without those that the shell adds by itself.
    """

    __slots__ = ("path", "script")

    def __init__(self, script: str, path: list[Path]) -> None:
        """Keep both."""
        self.script = script
        self.path = path

    def __repr__(self) -> str:
        return f"ActivationResult({self.script!r}, {self.path!r})"


class SetVariable:
    """Set and export a variable."""

    __slots__ = __match_args__ = ("name", "value")

    def __init__(self, name: str, value: str) -> None:
        """Keep the name and the value."""
        self.name = name
        self.value = value


class UnsetVariable:
    """Remove a variable."""

    __slots__ = __match_args__ = ("name",)

    def __init__(self, name: str) -> None:
        """Keep the name."""
        self.name = name


class SetPath:
    """Change the search path."""

    __slots__ = __match_args__ = ("paths", "behavior")

    def __init__(self, paths: tuple[str, ...], behavior: PathModificationBehavior) -> None:
        """Keep the directories, and what becomes of the others."""
        self.paths = paths
        self.behavior = behavior


class RunScript:
    """Run a script in the shell."""

    __slots__ = __match_args__ = ("path",)

    def __init__(self, path: str) -> None:
        """Keep the script's path."""
        self.path = path


Step = SetVariable | UnsetVariable | SetPath | RunScript


def activate(
    prefix: str | os.PathLike[str],
    activation_variables: ActivationVariables | None = None,
    shell: Shell | None = None,
    platform: object = None,
    *,
    name: str | None = None,
) -> ActivationResult:
    """Make the script that activates an environment.

    Args:
        prefix: The environment's directory; it need not exist.
        activation_variables: The variables as they are now. Without them the script assumes that
            no environment is active.
        shell: The language of the script; bash if not given.
        platform: The platform of the environment, a `Platform` or its name; this machine's if not
            given. It decides which directories go on the path, and how they are separated.
        name: What the environment is called; if given, `CONDA_DEFAULT_ENV` and
            `CONDA_PROMPT_MODIFIER` are set too.

    Raises:
        ActivationError: If the environment's variables cannot be read, or the shell cannot hold
            one of them.
    """
    shell = shell or Shell.bash
    variables = activation_variables or ActivationVariables()
    is_windows = _is_windows(platform)
    steps = activation_steps(prefix, variables, shell, is_windows=is_windows, name=name)
    return _result(steps, shell, is_windows=is_windows)


def deactivate(
    activation_variables: ActivationVariables,
    shell: Shell | None = None,
    platform: object = None,
) -> ActivationResult:
    """Make the script that deactivates the active environment and brings back the one below.

    Args:
        activation_variables: The variables as they are now, best from
            `ActivationVariables.from_environ`: without `current_prefix` nothing is done.
        shell: The language of the script; bash if not given.
        platform: The platform of the environment; this machine's if not given.

    Raises:
        ActivationError: If an environment's variables cannot be read.
    """
    shell = shell or Shell.bash
    is_windows = _is_windows(platform)
    steps = deactivation_steps(activation_variables, shell, is_windows=is_windows)
    return _result(steps, shell, is_windows=is_windows)


def activation_steps(
    prefix: str | os.PathLike[str],
    variables: ActivationVariables,
    shell: Shell,
    *,
    is_windows: bool = os.name == "nt",
    name: str | None = None,
) -> list[Step]:
    """List the steps of an activation, in order.

    Deactivation of what is active -> search path -> CONDA_... -> the environment's variables ->
    its scripts.
    """
    settings = _settings(prefix, shell, is_windows=is_windows)
    level, env = variables.level, variables.current_env
    steps: list[Step] = []
    path = variables.current_path
    before = dict(env)
    if variables.current_prefix is not None:
        active = _settings(variables.current_prefix, shell, is_windows=is_windows)
        steps += _put_aside(active, before, level)
        path = tuple(entry for entry in path if entry not in active.paths)
        level = max(level, 1)
    level += 1
    steps.append(SetPath((*settings.paths, *path), variables.path_modification_behavior))
    steps.append(SetVariable("CONDA_SHLVL", str(level)))
    if variables.current_prefix is not None:
        steps.append(SetVariable(_saved("CONDA_PREFIX", level), variables.current_prefix))
    steps.append(SetVariable("CONDA_PREFIX", settings.prefix))
    if name is not None:
        steps += _name_steps(name, before, level)
    for key, value in settings.variables.items():
        if key in before:
            steps.append(SetVariable(_saved(key, level), before[key]))
        steps.append(SetVariable(key, value))
    steps += [RunScript(script) for script in settings.activate_scripts]
    return steps


def deactivation_steps(
    variables: ActivationVariables, shell: Shell, *, is_windows: bool = os.name == "nt"
) -> list[Step]:
    """List the steps of a deactivation, in order.

    The environment's scripts -> its variables -> search path -> CONDA_... -> and, if another
    environment was put aside, that one's variables and scripts.
    """
    if variables.current_prefix is None:
        return []
    env, level = dict(variables.current_env), variables.level
    active = _settings(variables.current_prefix, shell, is_windows=is_windows)
    steps = _put_aside(active, env, level)
    path = [entry for entry in variables.current_path if entry not in active.paths]
    below = env.get(_saved("CONDA_PREFIX", level))
    restored = None if below is None else _settings(below, shell, is_windows=is_windows)
    if restored is not None:
        path = [*restored.paths, *path]
    steps.append(SetPath(tuple(path), PathModificationBehavior.Replace))
    names = ("CONDA_DEFAULT_ENV", "CONDA_PROMPT_MODIFIER")
    steps += [step for key in names if key in env for step in _restore(key, env, level)]
    steps += _restore("CONDA_PREFIX", env, level)
    steps += [
        UnsetVariable(key) for key in variables.current_env if key.startswith(_saved("", level))
    ]
    if restored is None or level <= 1:
        steps.append(UnsetVariable("CONDA_SHLVL"))
        return steps
    steps.append(SetVariable("CONDA_SHLVL", str(level - 1)))
    steps += [SetVariable(key, value) for key, value in restored.variables.items()]
    steps += [RunScript(script) for script in restored.activate_scripts]
    return steps


def render(steps: Iterable[Step], shell: Shell, *, separator: str = os.pathsep) -> str:
    """Write steps as a script."""
    lines = [shell.preamble()]
    for step in steps:
        match step:
            case SetVariable(name, value):
                lines.append(shell.set_variable(name, value))
            case UnsetVariable(name):
                lines.append(shell.unset_variable(name))
            case RunScript(path):
                lines.append(shell.run_script(path))
            case SetPath(paths, PathModificationBehavior.Replace):
                lines.append(shell.set_path(paths, separator=separator))
            case SetPath(paths, PathModificationBehavior.Append):
                lines.append(shell.append_path(paths, separator=separator))
            case SetPath(paths, _):
                lines.append(shell.prepend_path(paths, separator=separator))
    return "".join(lines)


def _result(steps: list[Step], shell: Shell, *, is_windows: bool) -> ActivationResult:
    from pathlib import Path

    # The sh family speaks of colons on Windows too.
    separator = ";" if is_windows and shell.extension != "sh" else ":"
    path = next((step.paths for step in steps if isinstance(step, SetPath)), ())
    script = render(steps, shell, separator=separator)
    return ActivationResult(script, [Path(entry) for entry in path])


def _settings(prefix: str | os.PathLike[str], shell: Shell, *, is_windows: bool) -> PrefixSettings:
    return PrefixSettings.read(
        prefix, script_extensions=shell.script_extensions, is_windows=is_windows
    )


def _put_aside(active: PrefixSettings, env: dict[str, str], level: int) -> list[Step]:
    """Take back what the active environment did; `env` then holds the values from before it."""
    steps: list[Step] = [RunScript(script) for script in active.deactivate_scripts]
    for key in active.variables:
        steps += _restore(key, env, level)
    return steps


def _restore(name: str, env: dict[str, str], level: int) -> list[Step]:
    before = env.get(_saved(name, level))
    if before is None:
        env.pop(name, None)
        return [UnsetVariable(name)]
    env[name] = before
    return [SetVariable(name, before)]


def _name_steps(name: str, before: Mapping[str, str], level: int) -> list[Step]:
    steps: list[Step] = []
    for key, value in (
        ("CONDA_DEFAULT_ENV", name),
        ("CONDA_PROMPT_MODIFIER", f"({name}) "),
    ):
        if key in before:
            steps.append(SetVariable(_saved(key, level), before[key]))
        steps.append(SetVariable(key, value))
    return steps


def _saved(name: str, level: int) -> str:
    return f"CONDA_ENV_SHLVL_{level}_{name}"


def _is_windows(platform: object) -> bool:
    return os.name == "nt" if platform is None else str(platform).startswith("win-")
