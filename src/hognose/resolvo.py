"""The solver back end `resolvo`: the Rust solver, through py-rattler.

It lies outside `hognose.solve` because py-rattler answers only inside an event loop, and the
solver's layer knows none. `solve(..., backend="resolvo")` finds it as an entry point.
"""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hognose.errors import SolveCancelledError, SolverBackendError
from hognose.solve import reachable_records, refuse_new_syntax, unsolvable, write_files
from hognose.types import ChannelPriority

if TYPE_CHECKING:
    from hognose.solve import SolveTask
    from hognose.types import RepoDataRecord

__all__ = ("ResolvoBackend",)


class ResolvoBackend:
    """Solves with py-rattler, which has to read all records that the specs reach.

    A solve cannot be cancelled once the Rust side has it; a timeout counts.
    """

    name = "resolvo"

    def solve(self, task: SolveTask) -> list[RepoDataRecord]:
        """Find an environment; not to be called from a thread whose event loop runs.

        Raises:
            UnsolvableError: There is none; the explanation is that of the default back end, and
                py-rattler's own is in the conflict's `report`.
            SolverBackendError: py-rattler is not installed, or cannot express the question.
            SolveCancelledError: It was time to stop.
        """
        try:
            import rattler
            from rattler.exceptions import SolverError
        except ImportError as error:
            raise SolverBackendError(
                "the back end `resolvo` needs the package py-rattler",
                hint="install it with `pip install 'hognose[resolvo]'`",
                backend=self.name,
            ) from error
        if task.channel_priority is ChannelPriority.FLEXIBLE:
            raise SolverBackendError(
                "the back end `resolvo` knows no flexible channel priority", backend=self.name
            )
        records, tiers = reachable_records(task)
        refuse_new_syntax(task, records, self.name)
        with tempfile.TemporaryDirectory(prefix="hognose-") as folder:
            files = write_files(records, tiers, Path(folder))
            opened = [
                rattler.SparseRepoData(
                    rattler.Channel(file.channel or "unknown"), file.subdir or "noarch", file.path
                )
                for file in files
            ]
            by_name = {
                (str(sparse.subdir), name): record
                for sparse, file in zip(opened, files, strict=True)
                for name, record in file.records.items()
            }
            try:
                answer = asyncio.run(_ask(rattler, task, opened))
            except SolverError as error:
                raise _translate(error, task) from None
            finally:
                for sparse in opened:
                    sparse.close()
            if task.tick is not None:
                task.tick()
            return [by_name[str(found.subdir), found.file_name] for found in answer]


async def _ask(rattler: Any, task: SolveTask, opened: list[Any]) -> list[Any]:
    build_string = rattler.package.build_string.BuildString

    def same(record: RepoDataRecord) -> list[Any]:
        return [
            found
            for sparse in opened
            for found in sparse.load_records(rattler.PackageName(record.name))
            if found.file_name == record.file_name
        ][:1]

    answer: list[Any] = await rattler.solve_with_sparse_repodata(
        [rattler.MatchSpec(str(spec)) for _, spec in task.specs],
        opened,
        locked_packages=[found for record in task.locked.values() for found in same(record)],
        virtual_packages=[
            rattler.GenericVirtualPackage(
                rattler.PackageName(str(package.name)),
                rattler.Version(str(package.version)),
                build_string(str(package.build_string)),
            )
            for package in task.virtual_packages
        ],
        timeout=None if task.timeout is None else timedelta(seconds=task.timeout),
        # What a channel's place means has been seen to when the files were written.
        channel_priority=rattler.ChannelPriority.Disabled,
        strategy=task.strategy.value,
        constraints=[rattler.MatchSpec(str(spec)) for _, spec in task.constraints],
        add_pip_as_python_dependency=task.add_pip_as_python_dependency,
    )
    return answer


def _translate(error: Exception, task: SolveTask) -> Exception:
    text = str(error)
    if task.timeout is not None and "ancel" in text:
        return SolveCancelledError(f"the solve did not end within {task.timeout:g} seconds")
    return unsolvable(task, text)
