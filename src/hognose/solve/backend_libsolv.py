"""The back end `libsolv`: the C solver of mamba and conda, through its Python bindings.

The bindings read no conda repodata and no match specs, even where libsolv itself was built with
conda support, and they need not: a set of candidates becomes a capability that those candidates
provide, and a candidate's place in its table becomes its version. So libsolv searches the same
candidate masks as the default back end::

    dependency `b >=2`    the solvable requires what only the allowed candidates of b provide
    constrains `b >=2`    the solvable conflicts with what the other candidates of b provide
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hognose.errors import InvalidTextError, SolverBackendError
from hognose.solve.backend import unsolvable
from hognose.solve.candidates import Candidates, iter_bits
from hognose.solve.clause import ABSENT
from hognose.solve.encoding import Problem
from hognose.solve.options import SolveStrategy
from hognose.types import package_name_of

if TYPE_CHECKING:
    from hognose.solve.task import SolveTask
    from hognose.types import MatchSpec, RepoDataRecord

_NOTHING = "nothing"


class LibsolvBackend:
    """Solves with libsolv, which has to be given all records that the specs reach.

    Extras and conditional dependencies are beyond it, and a solve can be neither cancelled nor
    timed once libsolv has it. Builds of equal rank are taken by their timestamps.
    """

    name = "libsolv"

    def solve(self, task: SolveTask) -> list[RepoDataRecord]:
        """Find an environment.

        Raises:
            UnsolvableError: There is none; the explanation is that of the default back end, and
                libsolv's own is in the conflict's `report`.
            SolverBackendError: The bindings are not there, or cannot express the question.
            SolveCancelledError: It was time to stop.
        """
        try:
            solv = import_module("solv")
        except ImportError as error:
            raise SolverBackendError(
                "the back end `libsolv` needs the Python bindings of libsolv (`solv`)",
                hint="install them with `pip install 'hognose[libsolv]'`",
                backend=self.name,
            ) from error
        if task.strategy is SolveStrategy.LOWEST_DIRECT:
            message = "the back end `libsolv` cannot express the strategy `lowest-direct`"
            raise SolverBackendError(message, backend=self.name)
        return _Question(solv, task).answer()


class _Question:
    """The packages that a task reaches, as solvables of a pool."""

    def __init__(self, solv: Any, task: SolveTask) -> None:
        self._solv = solv
        self._task = task
        self._problem = Problem(task)
        self._pool = solv.Pool()
        self._pool.setdisttype(solv.Pool.DISTTYPE_RPM)
        self._pool.setarch("noarch")
        self._repo = self._pool.add_repo("records")
        self._solvables: dict[int, list[Any]] = {}  # per variable, by place in its table
        self._records: dict[int, RepoDataRecord] = {}
        self._capabilities: dict[tuple[int, int], Any] = {}
        self._jobs = [self._job(*self._target(text, spec)) for text, spec in task.specs]
        variables = [self._problem.variable_of(p.name) for p in task.virtual_packages]
        self._jobs += [self._job(v, self._table(v).all) for v in variables]
        self._expand_all()
        for text, spec in task.constraints:
            self._constrain(text, spec)

    def answer(self) -> list[RepoDataRecord]:
        """Ask libsolv."""
        self._problem.tick()
        self._pool.createwhatprovides()
        solver = self._pool.Solver()
        problems = solver.solve(self._jobs)
        if problems:
            raise unsolvable(self._task, "\n".join(map(str, problems)))
        chosen = [self._records[solvable.id] for solvable in solver.transaction().newsolvables()]
        return [record for record in chosen if not record.name.startswith("__")]

    def _table(self, variable: int) -> Candidates:
        table = self._problem.tables[variable]
        assert table is not None, "extras are refused"
        return table

    def _members(self, variable: int) -> list[Any]:
        """The solvables of a name; the best has the highest version."""
        members = self._solvables.get(variable)
        if members is None:
            members = self._solvables[variable] = []
            table = self._table(variable)
            for place, record in enumerate(table.records):
                solvable = self._repo.add_solvable()
                solvable.name = table.name
                solvable.evr = str(len(table.records) - place)
                solvable.arch = "noarch"
                solvable.add_provides(
                    self._pool.Dep(table.name).Rel(self._solv.REL_EQ, self._pool.Dep(solvable.evr))
                )
                members.append(solvable)
                self._records[solvable.id] = record
        return members

    def _expand_all(self) -> None:
        """Give every solvable what it requires and conflicts with."""
        done: set[int] = set()
        constraints: list[tuple[Any, str]] = []
        while todo := self._solvables.keys() - done:
            variable = min(todo)
            done.add(variable)
            table = self._table(variable)
            for record, solvable in zip(table.records, self._members(variable), strict=True):
                if record.extra_depends:
                    self._refuse(f"the extras of {record}")
                for text in record.depends:
                    solvable.add_requires(self._requirement(text))
                if self._problem.python_needs_pip and table.name == "python":
                    solvable.add_requires(self._requirement("pip"))
                constraints += [(solvable, text) for text in record.constrains]
        for solvable, text in constraints:
            # Of the names that nothing requires, none is ever installed.
            if self._problem.find(package_name_of(text)) in self._solvables:
                try:
                    variable, mask = self._target(text)
                except InvalidTextError:
                    solvable.add_requires(self._pool.Dep(_NOTHING))
                    continue
                forbidden = self._table(variable).all & ~mask
                members = self._members(variable)
                if any(members[bit - 1].id == solvable.id for bit in iter_bits(forbidden)):
                    # libsolv overlooks what a solvable has against itself.
                    solvable.add_requires(self._pool.Dep(_NOTHING))
                elif forbidden:
                    solvable.add_conflicts(self._capability(variable, forbidden))

    def _target(self, text: str, spec: MatchSpec | None = None) -> tuple[int, int]:
        variable, mask, rich = self._problem.target_of(text, spec)
        if rich is not None:
            self._refuse(f"`{text}`")
        return variable, mask

    def _requirement(self, text: str) -> Any:
        try:
            return self._capability(*self._target(text))
        except InvalidTextError:
            return self._pool.Dep(_NOTHING)

    def _capability(self, variable: int, mask: int) -> Any:
        """What the candidates of a mask provide, and nobody else."""
        found = self._capabilities.get((variable, mask))
        if found is None:
            table = self._table(variable)
            found = self._pool.Dep(f"{table.name} ({len(self._capabilities)})")
            self._capabilities[variable, mask] = found
            members = self._members(variable)
            for bit in iter_bits(mask & ~ABSENT):
                members[bit - 1].add_provides(found)
        return found

    def _job(self, variable: int, mask: int) -> Any:
        flags = self._solv.Job.SOLVER_INSTALL | self._solv.Job.SOLVER_SOLVABLE_PROVIDES
        return self._pool.Job(flags, self._capability(variable, mask).id)

    def _constrain(self, text: str, spec: MatchSpec) -> None:
        variable = self._problem.find(spec.name.exact or "")
        if variable not in self._solvables:
            return
        variable, mask = self._target(text, spec)
        for bit in iter_bits(self._table(variable).all & ~mask):
            self._members(variable)[bit - 1].add_requires(self._pool.Dep(_NOTHING))

    def _refuse(self, what: str) -> None:
        message = f"the back end `libsolv` cannot express {what}"
        hint = "the back end `hognose` can"
        raise SolverBackendError(message, hint=hint, backend=LibsolvBackend.name)
