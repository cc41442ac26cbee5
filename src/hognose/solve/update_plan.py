"""Changing an installed set: what stays, what moves, and what that means for each package.

An installed package that no spec asks for is wanted as well, but softly: where it and the specs
exclude each other it is given up, and reported as removed.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

from hognose._several import require_several
from hognose.errors import UnsolvableError
from hognose.solve.solver import solve
from hognose.solve.task import by_name, with_text
from hognose.types import PackageRecord, RepoDataRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hognose.solve.package_source import PackageSource
    from hognose.types import MatchSpec


class UpdateMode(Enum):
    """How much of what is installed may change.

    ======= ==================== ==================== =======================
    mode    packages of specs    other packages       without a dependent
    ======= ==================== ==================== =======================
    KEEP    stay if they fit     stay as they are     stay
    MINIMAL best that fits       change only if must  stay
    ALL     best that fits       best that fits       stay
    PRUNE   best that fits       change only if must  go
    ======= ==================== ==================== =======================
    """

    KEEP = "keep"
    MINIMAL = "minimal"
    ALL = "all"
    PRUNE = "prune"


class Change(msgspec.Struct, frozen=True):
    """A package that stays under its name and changes.

    Attributes:
        old: What is installed.
        new: What takes its place.
    """

    old: RepoDataRecord
    new: RepoDataRecord


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """What an installed set becomes. Each list is sorted by name.

    Attributes:
        records: The new set, each record after what it depends on.
        added: Packages whose names are new.
        upgraded: Packages that get a higher version, or a higher build number of the same one.
        downgraded: Packages that get a lower version, or a lower build number of the same one.
        rebuilt: Packages that get another build of the same version and build number.
        removed: Packages that go.
        unchanged: Packages that stay.
    """

    records: tuple[RepoDataRecord, ...]
    added: tuple[RepoDataRecord, ...]
    upgraded: tuple[Change, ...]
    downgraded: tuple[Change, ...]
    rebuilt: tuple[Change, ...]
    removed: tuple[RepoDataRecord, ...]
    unchanged: tuple[RepoDataRecord, ...]


def update(
    installed: Iterable[RepoDataRecord],
    specs: Iterable[MatchSpec | str],
    sources: Sequence[PackageSource | Sequence[RepoDataRecord]],
    *,
    mode: UpdateMode | str = UpdateMode.MINIMAL,
    requested: Iterable[MatchSpec | str] | None = None,
    **options: Any,
) -> Update:
    """Find the environment that an installed one becomes.

    Args:
        installed: What is installed.
        specs: What is asked for now; replaces earlier requests for the same names.
        sources: As in `solve`.
        mode: How much may change.
        requested: What was asked for earlier, which still holds; by default what the installed
            records note in their `requested_specs`.
        options: Further arguments of `solve`, except `locked_packages`. With `KEEP`,
            `pinned_packages` holds beside what is installed.

    Raises:
        UnsolvableError: The specs and earlier requests exclude each other; with `KEEP`, also:
            they need a change of what is installed.
        SolveCancelledError, InvalidMatchSpecError, SolverBackendError, TypeError: As in `solve`.
    """
    mode = UpdateMode(mode)
    present = by_name(require_several("installed", installed))
    wanted = [with_text(spec) for spec in require_several("specs", specs)]
    named = {spec.name.exact for _, spec in wanted}
    earlier = _requests_of(present.values()) if requested is None else requested
    asked = dict.fromkeys(text for text, _ in wanted)
    asked |= dict.fromkeys(
        text
        for text, spec in map(with_text, require_several("requested", earlier))
        if spec.name.exact not in named
    )
    others = {name: record for name, record in present.items() if name not in named}
    if mode is UpdateMode.KEEP:
        pins = by_name(options.pop("pinned_packages", ()))
        options["pinned_packages"] = tuple({**others, **pins}.values())
        # A package that is asked for again stays if it meets the spec.
        options["locked_packages"] = tuple(present.values())
    elif mode is not UpdateMode.ALL:
        options["locked_packages"] = tuple(others.values())
    elif present:
        sources = [*sources, _InstalledPackages(present)]
    # What others need comes after them, so that it is there for them and not they for it.
    ordered = reversed(PackageRecord.sort_topologically(present.values()))
    wished = [str(record.name) for record in ordered if record.name not in named]
    soft = [] if mode is UpdateMode.PRUNE else wished
    found = _solve_softly(list(asked), soft, sources, options, is_hard=mode is UpdateMode.KEEP)
    return _compare(present, found)


class _InstalledPackages:
    """A source of last resort: a package that no channel has any more need not go."""

    channel = "installed packages"

    def __init__(self, present: dict[str, RepoDataRecord]) -> None:
        self._present = present

    def load_records(self, name: str) -> list[RepoDataRecord]:
        return [self._present[name]] if name in self._present else []


def _requests_of(records: Iterable[RepoDataRecord]) -> list[str]:
    return [text for record in records for text in getattr(record, "requested_specs", ())]


def _solve_softly(
    asked: list[str],
    soft: list[str],
    sources: Sequence[PackageSource | Sequence[RepoDataRecord]],
    options: dict[str, Any],
    *,
    is_hard: bool,
) -> list[RepoDataRecord]:
    """Solve with as many of the soft specs as go with the others."""
    while True:
        try:
            return solve(
                [*asked, *(name for name in soft if name not in asked)], sources, **options
            )
        except UnsolvableError as error:
            blamed = set(getattr(error.conflict, "specs", ())) - set(asked)
            # A back end that explains nothing blames them all.
            given_up = blamed if error.conflict is not None else set(soft)
            if is_hard or not given_up:
                raise
            soft = [name for name in soft if name not in given_up]


def _compare(present: dict[str, RepoDataRecord], found: list[RepoDataRecord]) -> Update:
    """Sort out what became of each package."""
    new = by_name(found)
    kinds: dict[str, list[Change]] = {"up": [], "down": [], "other": []}
    unchanged = []
    for name in sorted(new.keys() & present.keys()):
        change = Change(present[name], new[name])
        if change.old.identity == change.new.identity:
            unchanged.append(new[name])
            continue
        old_rank = change.old.version, change.old.build_number
        new_rank = change.new.version, change.new.build_number
        kind = "other" if old_rank == new_rank else "up" if old_rank < new_rank else "down"
        kinds[kind].append(change)
    return Update(
        records=tuple(found),
        added=tuple(new[name] for name in sorted(new.keys() - present.keys())),
        upgraded=tuple(kinds["up"]),
        downgraded=tuple(kinds["down"]),
        rebuilt=tuple(kinds["other"]),
        removed=tuple(present[name] for name in sorted(present.keys() - new.keys())),
        unchanged=tuple(unchanged),
    )
