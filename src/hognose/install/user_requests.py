"""What an environment was asked for, by the notes in its records and by what those leave out.

conda and py-rattler note a request in the record of the package that it is about
(`requested_spec`, `requested_specs`: CEP 32), conda and mamba in the log as well. Some programs
note nothing, pixi for one. What came by them and is needed by nothing was asked for all the same:
nobody installs a package for its own dependencies' sake. It is noted as soon as hognose notes
anything, under its bare name, in the record and in the log, where all of them look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.install.conda_record import spec_of_note
from hognose.types import MatchSpec, dependencies, dependents, reachable

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from hognose.types import PackageRecord, PrefixRecord

__all__ = ("noted_requests", "requested_specs", "requests_to_note")


def noted_requests(installed: Iterable[PrefixRecord]) -> dict[str, MatchSpec]:
    """Return what the records say that they were asked for by, by name."""
    found: dict[str, MatchSpec] = {}
    for record in installed:
        for text in record.asked_by:
            spec = spec_of_note(text)
            if spec.name.exact == record.name:
                found[record.name] = spec
    return found


def requested_specs(installed: Iterable[PrefixRecord]) -> dict[str, MatchSpec]:
    """Return what the environment was asked for, by name.

    A package that no asked-for package needs counts as asked for by its name: it came out of a
    lock file, or from a tool that does not note requests, and nobody wants it gone.
    """
    records = list(installed)
    found = noted_requests(records)
    for unreached in _unreached(records, found):
        found[unreached] = MatchSpec(unreached)
    return found


def requests_to_note(
    installed: Iterable[PrefixRecord], from_others: Container[str] = ()
) -> dict[str, MatchSpec]:
    """Return what is noted as asked for when a request is noted, by name.

    Where no record has a note, that is what `requested_specs` returns. Where some have, it is what
    they say, and what nothing needs of the packages that a program brought that notes nothing.

    Args:
        installed: The packages of the environment.
        from_others: The names of those that came by such a program, as `names_from_others` finds.
    """
    records = list(installed)
    noted = noted_requests(records)
    if not noted:
        return requested_specs(records)
    found = {name: MatchSpec(name) for name in _unreached(records, noted) if name in from_others}
    return {**noted, **found}


def _unreached(records: Sequence[PackageRecord], asked: Iterable[str]) -> Iterator[str]:
    """Yield the names, as few as possible, that together with the asked-for ones reach all."""
    needs, needed_by = dependencies(records), dependents(records)
    reached = reachable(needs, asked)
    # Those that nothing needs, and then one of each circle that nothing outside of it needs.
    for start in sorted(needs, key=lambda name: (bool(needed_by.get(name)), name)):
        if start not in reached:
            yield start
            reached |= reachable(needs, [start])
