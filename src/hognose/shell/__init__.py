"""Activation and deactivation of environments, in the words of every common shell.

`activate` and `deactivate` make scripts for a shell to evaluate; `environment_variables` gives the
activated environment as a dictionary; `run` starts a program in it and `spawn` an interactive
shell. Making, changing and removing environments is `hognose.install`.
"""

from __future__ import annotations

from hognose._lazy import attach

TYPE_CHECKING = False  # as in `typing`, whose import would double the start-up time

if TYPE_CHECKING:
    from hognose.shell.activation import ActivationResult as ActivationResult
    from hognose.shell.activation import ActivationVariables as ActivationVariables
    from hognose.shell.activation import (
        PathModificationBehavior as PathModificationBehavior,
    )
    from hognose.shell.activation import activate as activate
    from hognose.shell.activation import deactivate as deactivate
    from hognose.shell.execution import environment_variables as environment_variables
    from hognose.shell.execution import run as run
    from hognose.shell.prefix_settings import PrefixSettings as PrefixSettings
    from hognose.shell.prefix_settings import is_variable_name as is_variable_name
    from hognose.shell.prefix_settings import path_entries as path_entries
    from hognose.shell.process import exec_program as exec_program
    from hognose.shell.process import run_program as run_program
    from hognose.shell.shells import Shell as Shell
    from hognose.shell.subshell import spawn as spawn

__all__ = (
    "ActivationResult",
    "ActivationVariables",
    "PathModificationBehavior",
    "PrefixSettings",
    "Shell",
    "activate",
    "deactivate",
    "environment_variables",
    "exec_program",
    "is_variable_name",
    "path_entries",
    "run",
    "run_program",
    "spawn",
)

__getattr__, __dir__ = attach(
    __name__,
    {
        "activation": (
            "ActivationResult",
            "ActivationVariables",
            "PathModificationBehavior",
            "activate",
            "deactivate",
        ),
        "prefix_settings": ("PrefixSettings", "is_variable_name", "path_entries"),
        "execution": ("environment_variables", "run"),
        "process": ("exec_program", "run_program"),
        "shells": ("Shell",),
        "subshell": ("spawn",),
    },
)
