"""Back ends: solvers that answer the same question, found by name.

Whoever has another solver offers it as an entry point of the group `hognose.solver_backends`: a
class, or a function without arguments, that gives a `SolverBackend`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from hognose.errors import SolveCancelledError, SolverBackendError, UnsolvableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hognose.solve.task import SolveTask
    from hognose.types import RepoDataRecord

GROUP = "hognose.solver_backends"


@runtime_checkable
class SolverBackend(Protocol):
    """Answers one question at a time."""

    def solve(self, task: SolveTask) -> Iterable[RepoDataRecord]:
        """Return the records of an environment, in any order.

        The records are those that `task.tiers` gave, or locked or pinned ones.

        Raises:
            UnsolvableError: There is none.
            SolverBackendError: The solver is not there, or cannot express the question.
        """
        ...


def find_backend(backend: str | SolverBackend) -> SolverBackend:
    """The back end of a name; an object is taken as it is.

    Raises:
        SolverBackendError: There is none of that name, or it cannot be loaded.
    """
    if not isinstance(backend, str):
        return backend
    if backend == "hognose":
        # Without a look at what is installed, which takes longer than a small solve.
        from hognose.solve.solver import HognoseBackend

        return HognoseBackend()
    from importlib.metadata import entry_points

    found = list(entry_points(group=GROUP, name=backend))
    if not found:
        raise SolverBackendError(
            f"no solver back end is called `{backend}`",
            hint=f"there are {', '.join(backend_names())}",
            backend=backend,
        )
    made: SolverBackend = found[0].load()()
    return made


def unsolvable(task: SolveTask, report: str) -> UnsolvableError:
    """The error of a back end that has no explanation but a text.

    The default back end looks for the conflict, so that an explanation has the same form, hints
    and data whoever solved. Where it finds none, or no time is left, the text has to do.

    Args:
        task: The question that has no answer.
        report: What the back end said.
    """
    import msgspec

    from hognose.solve.conflict import Conflict
    from hognose.solve.solver import HognoseBackend

    conflict = Conflict(specs=tuple(text for text, _ in task.specs), reasons=(), report=report)
    try:
        HognoseBackend().solve(task)
    except UnsolvableError as error:
        conflict = msgspec.structs.replace(error.conflict, report=report)
    except SolveCancelledError:
        pass
    return UnsolvableError(str(conflict), conflict=conflict)


def backend_names() -> list[str]:
    """The names of all back ends, the default first; those that lack their solver too."""
    from importlib.metadata import entry_points

    return list(dict.fromkeys(["hognose", *sorted(p.name for p in entry_points(group=GROUP))]))
