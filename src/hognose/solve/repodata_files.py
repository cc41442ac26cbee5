"""A question as repodata files, for solvers that read their records from there.

Such a solver has to be given everything that a search could reach. What may be used is decided
before (`Tiers`), so the files hold nothing else, and pinned packages are alone under their names.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import InvalidTextError, SolverBackendError
from hognose.types import MatchSpec, RepoData, RepoDataRecord, package_name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hognose.solve.task import SolveTask


class RepodataFile(msgspec.Struct, frozen=True):
    """One file: the records of a channel and a subdir.

    Attributes:
        channel: The channel.
        subdir: The subdir.
        tier: The lowest number of the tiers that the records are from.
        path: Where it lies.
        records: The records by file name.
    """

    channel: str
    subdir: str
    tier: int
    path: Path
    records: dict[str, RepoDataRecord]


def reachable_records(task: SolveTask) -> tuple[list[RepoDataRecord], list[int]]:
    """Every record that a solver could want, and the number of the tier of each."""
    waiting: list[str] = [spec.name.exact for _, spec in task.specs if spec.name.exact is not None]
    seen: set[str] = set(waiting)
    found: list[RepoDataRecord] = []
    numbers: list[int] = []
    while waiting:
        name = waiting.pop()
        if name.startswith("__"):
            continue
        if task.tick is not None:
            task.tick()
        records, tiers = _records_of(task, name)
        found += records
        numbers += tiers
        named = {package_name_of(text) for record in records for text in record.depends}
        if name == "python" and task.add_pip_as_python_dependency:
            named.add("pip")
        waiting += named - seen
        seen |= named
    return found, numbers


def _records_of(task: SolveTask, name: str) -> tuple[Sequence[RepoDataRecord], list[int]]:
    excluded, overrides = task.tiers.excluded, task.tiers.overrides
    pin = task.pinned.get(name)
    if pin is not None:
        return overrides.apply([] if pin.url in excluded else [pin]), [0]
    records, tiers = task.tiers.load(name)
    tiers = tiers or [0] * len(records)
    locked = task.locked.get(name)
    if locked is None or locked.url in excluded:
        return records, tiers
    if any(record.file_name == locked.file_name for record in records):
        return records, tiers
    return [*records, *overrides.apply([locked])], [*tiers, 0]


def write_files(
    records: Iterable[RepoDataRecord], tiers: Iterable[int], folder: Path
) -> list[RepodataFile]:
    """Write records to a file for each channel and subdir."""
    groups: dict[tuple[str, str], dict[str, RepoDataRecord]] = {}
    lowest: dict[tuple[str, str], int] = {}
    for record, tier in zip(records, tiers, strict=True):
        key = record.channel, record.subdir
        groups.setdefault(key, {})[record.file_name] = record
        lowest[key] = min(tier, lowest.get(key, tier))
    files = []
    for number, ((channel, subdir), group) in enumerate(groups.items()):
        repodata = RepoData()
        for name, record in group.items():
            is_conda = name.endswith(".conda")
            (repodata.conda_packages if is_conda else repodata.packages)[name] = record
        path = folder / f"{number}.json"
        path.write_bytes(repodata.encode())
        files.append(RepodataFile(channel, subdir, lowest[channel, subdir], path, group))
    return files


def refuse_new_syntax(task: SolveTask, records: Iterable[RepoDataRecord], backend: str) -> None:
    """Say so where a question needs what the other solver does not know.

    Raises:
        SolverBackendError: There are extras, conditions or flags in it.
    """
    for text, spec in (*task.specs, *task.constraints):
        _refuse(spec, text, backend)
    for record in records:
        if record.extra_depends:
            raise _refusal(f"the extras of {record}", backend)
        for text in (*record.depends, *record.constrains):
            if "[" in text:
                try:
                    _refuse(MatchSpec(text), text, backend)
                except InvalidTextError:
                    continue


def _refuse(spec: MatchSpec, text: str, backend: str) -> None:
    if spec.extras or spec.condition is not None or spec.flags:
        raise _refusal(f"`{text}`", backend)


def _refusal(what: str, backend: str) -> SolverBackendError:
    message = f"the back end `{backend}` cannot express {what}"
    return SolverBackendError(message, hint="the back end `hognose` can", backend=backend)
