"""`solve`: from specs and sources of records to the records of an environment."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from hognose._collector import collector_paused
from hognose._several import require_several
from hognose.errors import UnsolvableError
from hognose.solve.backend import find_backend
from hognose.solve.clause import ABSENT, Unsatisfiable
from hognose.solve.encoding import Problem
from hognose.solve.options import ExcludeNewer, SolveStrategy
from hognose.solve.overrides import DependencyOverrides
from hognose.solve.package_source import Tiers
from hognose.solve.task import SolveTask, by_name, make_tick, to_seconds, with_text
from hognose.types import (
    ChannelPriority,
    GenericVirtualPackage,
    MatchSpec,
    PackageRecord,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from hognose.solve.backend import SolverBackend
    from hognose.solve.package_source import PackageSource
    from hognose.solve.tables import SharedTables
    from hognose.types import RepoDataRecord


def solve(
    specs: Iterable[MatchSpec | str],
    sources: Sequence[PackageSource | Sequence[RepoDataRecord]],
    *,
    virtual_packages: Iterable[GenericVirtualPackage | str] = (),
    locked_packages: Iterable[RepoDataRecord] = (),
    pinned_packages: Iterable[RepoDataRecord] = (),
    constraints: Iterable[MatchSpec | str] = (),
    channel_priority: ChannelPriority = ChannelPriority.STRICT,
    strategy: SolveStrategy | str = SolveStrategy.HIGHEST,
    exclude_newer: ExcludeNewer | datetime | timedelta | None = None,
    timeout: float | timedelta | None = None,
    cancelled: Callable[[], bool] | None = None,
    dependency_overrides: Iterable[tuple[MatchSpec | str, MatchSpec | str]] = (),
    excluded_candidates: Mapping[str, str] | None = None,
    add_pip_as_python_dependency: bool = False,
    backend: str | SolverBackend = "hognose",
    clock: Callable[[], float] = time.monotonic,
) -> list[RepoDataRecord]:
    """Find an environment that meets the specs, with the best versions that fit together.

    The packages of the specs come first, in their order; each gets its best candidate that the
    earlier choices leave. The answer depends only on the input, not on the order of records in a
    source. Records are loaded name by name, only for names that the solve reaches.

    May be called in several threads at once, though they take turns. While it runs, Python's
    collector of reference cycles rests in the whole process, and is as it was afterwards
    (`hognose.solve.collector` says what that means for other threads).

    Args:
        specs: What must be installed.
        sources: Records, or objects that load them by name; those of one channel make a tier, the
            first tier is the one of highest priority.
        virtual_packages: What the target machine offers; nothing else starting with `__` exists.
        locked_packages: Records that are preferred if their package is needed, for instance
            those that are installed. They need not be in a source.
        pinned_packages: Records that are the only choice if their package is needed.
        constraints: Specs that hold for a package if it is installed.
        channel_priority: Strict takes a name only from the first channel that has it; flexible
            prefers earlier channels to higher versions; disabled looks at versions alone.
        strategy: Which versions are better: `highest`, `lowest` or `lowest-direct`.
        exclude_newer: Hide what was published after a date, or within an age counted from now.
        timeout: After how many seconds to give up.
        cancelled: Asked every few milliseconds, while records are loaded and a failure is
            explained too; the solve stops when it answers True.
        dependency_overrides: Pairs of specs: the records meant, and what takes the place of their
            dependencies on the name of the second spec. The records returned are unchanged.
        excluded_candidates: Records that may not be used, by URL, each with the reason, which an
            explanation tells. Exclusion beats being locked or pinned.
        add_pip_as_python_dependency: Whether python brings pip, though no record says so.
        backend: Who solves: `hognose`, the name of another one that is installed, or an object.
        clock: The clock for `timeout`, in seconds.

    Returns:
        The records, each after what it depends on.

    Raises:
        UnsolvableError: Nothing meets the specs; says why, and has it as data in `conflict`.
        SolveCancelledError: The time ran out, or `cancelled` said so.
        InvalidMatchSpecError: A spec is not valid, or does not name one package.
        SolverBackendError: The back end is not there, or has no way to express what is asked.
        TypeError: There is one value where several are taken.
    """
    seconds = to_seconds(timeout)
    tick = make_tick(seconds, cancelled, clock)
    solver = find_backend(backend)
    wanted = tuple(with_text(spec) for spec in require_several("specs", specs))
    age = ExcludeNewer.parse(exclude_newer)
    overrides = DependencyOverrides(dependency_overrides)
    require_several("sources", sources)
    tiers = Tiers(
        sources,
        priority=channel_priority,
        exclude_newer=age,
        requested_channels={
            spec.name.exact: spec.channel
            for _, spec in wanted
            if spec.channel is not None and spec.name.exact is not None
        },
        excluded=excluded_candidates or {},
        overrides=overrides,
        tick=tick,
    )
    task = SolveTask(
        specs=wanted,
        constraints=tuple(with_text(spec) for spec in require_several("constraints", constraints)),
        tiers=tiers,
        virtual_packages=tuple(
            GenericVirtualPackage.parse(package) if isinstance(package, str) else package
            for package in require_several("virtual_packages", virtual_packages)
        ),
        locked=by_name(require_several("locked_packages", locked_packages)),
        pinned=by_name(require_several("pinned_packages", pinned_packages)),
        channel_priority=channel_priority,
        strategy=SolveStrategy(strategy),
        exclude_newer=age,
        add_pip_as_python_dependency=add_pip_as_python_dependency,
        timeout=seconds,
        tick=tick,
    )
    with collector_paused():
        answer = solver.solve(task)
        if tick is not None:
            tick()
        found = PackageRecord.sort_topologically(answer)
    return [overrides.original(record) for record in found]


class SolveStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """How much work a solve was.

    Attributes:
        names: How many package names it reached.
        candidates: How many records they have.
        decisions: How often a candidate was tried.
        conflicts: How often one was taken back.
    """

    names: int = 0
    candidates: int = 0
    decisions: int = 0
    conflicts: int = 0


class HognoseBackend:
    """The solver of this package: a clause learner over masks of candidates.

    Args:
        shared: Tables of candidates that other solves with some of the same records use too.

    Attributes:
        statistics: How much work the last solve was.
    """

    name = "hognose"

    def __init__(self, shared: SharedTables | None = None) -> None:
        """Start without statistics."""
        self._shared = shared
        self.statistics = SolveStatistics()

    def solve(self, task: SolveTask) -> list[RepoDataRecord]:
        """Find an environment; the records come in any order.

        Raises:
            UnsolvableError: There is none.
            SolveCancelledError: It was time to stop.
        """
        problem = Problem(task, self._shared)
        search = problem.search
        try:
            values = search.solve(problem.root_clauses(task.specs, task.constraints))
        except Unsatisfiable as unsatisfiable:
            from hognose.solve.explain import explain

            conflict = explain(problem, unsatisfiable.core, task.virtual_packages)
            raise UnsolvableError(str(conflict), conflict=conflict) from None
        finally:
            self.statistics = SolveStatistics(
                names=len(problem.names),
                candidates=sum(len(table.records) for table in problem.tables if table),
                decisions=search.decisions,
                conflicts=search.conflicts,
            )
            problem.close()
        return [
            table.record_of(value)
            for table, value in zip(problem.tables, values, strict=True)
            if table is not None and value != ABSENT and not table.name.startswith("__")
        ]
