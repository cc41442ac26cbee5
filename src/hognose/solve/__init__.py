"""The solver: from specs and records to the records of an environment, or to the reason why not.

`solve` is the verb. It knows records, never a gateway: whoever calls it passes sources, which are
asked for records name by name.
"""

from typing import TYPE_CHECKING

from hognose._lazy import attach

__all__ = (
    "Change",
    "Conflict",
    "ConflictNode",
    "ExcludeNewer",
    "HognoseBackend",
    "NewerVersion",
    "PackageSource",
    "Presence",
    "PresenceDemand",
    "SharedTables",
    "SolveStatistics",
    "SolveStrategy",
    "SolveTask",
    "SolverBackend",
    "Update",
    "UpdateMode",
    "backend_names",
    "objections",
    "reachable_records",
    "refuse_new_syntax",
    "solve",
    "solve_many",
    "unsolvable",
    "update",
    "why",
    "write_files",
)

if TYPE_CHECKING:
    from hognose.solve.backend import SolverBackend as SolverBackend
    from hognose.solve.backend import backend_names as backend_names
    from hognose.solve.backend import unsolvable as unsolvable
    from hognose.solve.conflict import Conflict as Conflict
    from hognose.solve.conflict import ConflictNode as ConflictNode
    from hognose.solve.options import ExcludeNewer as ExcludeNewer
    from hognose.solve.options import SolveStrategy as SolveStrategy
    from hognose.solve.package_source import PackageSource as PackageSource
    from hognose.solve.platforms import solve_many as solve_many
    from hognose.solve.presence import NewerVersion as NewerVersion
    from hognose.solve.presence import Presence as Presence
    from hognose.solve.presence import PresenceDemand as PresenceDemand
    from hognose.solve.presence import objections as objections
    from hognose.solve.presence import why as why
    from hognose.solve.repodata_files import reachable_records as reachable_records
    from hognose.solve.repodata_files import refuse_new_syntax as refuse_new_syntax
    from hognose.solve.repodata_files import write_files as write_files
    from hognose.solve.solver import HognoseBackend as HognoseBackend
    from hognose.solve.solver import SolveStatistics as SolveStatistics
    from hognose.solve.solver import solve as solve
    from hognose.solve.tables import SharedTables as SharedTables
    from hognose.solve.task import SolveTask as SolveTask
    from hognose.solve.update_plan import Change as Change
    from hognose.solve.update_plan import Update as Update
    from hognose.solve.update_plan import UpdateMode as UpdateMode
    from hognose.solve.update_plan import update as update

__getattr__, __dir__ = attach(
    __name__,
    {
        "backend": ("SolverBackend", "backend_names", "unsolvable"),
        "conflict": ("Conflict", "ConflictNode"),
        "options": ("ExcludeNewer", "SolveStrategy"),
        "package_source": ("PackageSource",),
        "platforms": ("solve_many",),
        "presence": ("NewerVersion", "Presence", "PresenceDemand", "objections", "why"),
        "repodata_files": ("reachable_records", "refuse_new_syntax", "write_files"),
        "solver": ("HognoseBackend", "SolveStatistics", "solve"),
        "tables": ("SharedTables",),
        "task": ("SolveTask",),
        "update_plan": ("Change", "Update", "UpdateMode", "update"),
    },
)
