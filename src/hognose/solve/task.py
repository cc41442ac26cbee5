"""One question to a solver, in the form that every back end takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import SolveCancelledError
from hognose.solve.options import ExcludeNewer, SolveStrategy
from hognose.solve.package_source import Tiers
from hognose.types import ChannelPriority, GenericVirtualPackage, MatchSpec, RepoDataRecord

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta


class SolveTask(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a solver; the arguments of `solve`, brought into one form.

    What may be used of the sources (channel priority, age, exclusions, overrides) is decided in
    `tiers`, so that it holds with every back end.

    Attributes:
        specs: What must be installed, each with its text in the caller's own words.
        constraints: The same for what holds for a package if it is installed.
        tiers: The records that may be used, by name.
        virtual_packages: The only virtual packages there are.
        locked: Records that are preferred, by name.
        pinned: Records that are the only candidates of their names, by name.
        channel_priority: What the order of the channels means.
        strategy: Which versions are better.
        exclude_newer: What is too new; `tiers` sees to it.
        add_pip_as_python_dependency: Whether every python depends on pip.
        timeout: After how many seconds to give up.
        tick: Raises `SolveCancelledError` when it is time to stop; None if it never is.
    """

    specs: tuple[tuple[str, MatchSpec], ...]
    constraints: tuple[tuple[str, MatchSpec], ...] = ()
    tiers: Tiers
    virtual_packages: tuple[GenericVirtualPackage, ...] = ()
    locked: Mapping[str, RepoDataRecord] = {}
    pinned: Mapping[str, RepoDataRecord] = {}
    channel_priority: ChannelPriority = ChannelPriority.STRICT
    strategy: SolveStrategy = SolveStrategy.HIGHEST
    exclude_newer: ExcludeNewer | None = None
    add_pip_as_python_dependency: bool = False
    timeout: float | None = None
    tick: Callable[[], None] | None = None

    @property
    def direct(self) -> frozenset[str]:
        """The names that the specs are about."""
        return frozenset(spec.name.exact for _, spec in self.specs if spec.name.exact is not None)


def with_text(spec: MatchSpec | str) -> tuple[str, MatchSpec]:
    """A spec beside the words it came in."""
    return (spec, MatchSpec(spec)) if isinstance(spec, str) else (str(spec), spec)


def by_name(records: Iterable[RepoDataRecord]) -> dict[str, RepoDataRecord]:
    """Records by their names."""
    return {record.name: record for record in records}


def to_seconds(timeout: float | timedelta | None) -> float | None:
    """A time span in seconds."""
    if timeout is None or isinstance(timeout, int | float):
        return timeout
    return timeout.total_seconds()


def make_tick(
    seconds: float | None,
    cancelled: Callable[[], bool] | None,
    clock: Callable[[], float],
) -> Callable[[], None] | None:
    """What a search calls again and again, to be stopped by an exception."""
    if seconds is None and cancelled is None:
        return None
    deadline = None if seconds is None else clock() + seconds

    def tick() -> None:
        if cancelled is not None and cancelled():
            message = "the solve was cancelled"
            raise SolveCancelledError(message)
        if deadline is not None and clock() > deadline:
            message = f"the solve did not end within {seconds:g} seconds"
            raise SolveCancelledError(message, hint="allow it more time, or ask for less")

    return tick
