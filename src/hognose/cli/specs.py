"""From the words of a command line, and from an environment, to the specs of a solve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.errors import InvalidMatchSpecError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from hognose.config import Config
    from hognose.types import MatchSpec, PrefixRecord

__all__ = (
    "merge_specs",
    "noted_requests",
    "parse_spec",
    "read_pins",
    "requested_specs",
)


def parse_spec(text: str) -> MatchSpec:
    """Parse a spec for packages to install: it has to name one.

    Raises:
        InvalidMatchSpecError: It is no spec, or a pattern for names.
    """
    from hognose.types import MatchSpec

    spec = MatchSpec(text, exact_names_only=False)
    if spec.name.exact is None:
        rule = f"a name is needed here, not the pattern `{spec.name}`"
        hint = f"`hognose search '{spec.name}'` shows the names that it stands for"
        raise InvalidMatchSpecError(text, rule, hint=hint)
    return spec


def read_pins(prefix: Path | None, config: Config) -> list[tuple[MatchSpec, str]]:
    """Return what must hold for packages that are installed, each with where that is written.

    Args:
        prefix: An environment, whose `conda-meta/pinned` counts.
        config: The configuration, whose `pinned_packages` count.

    Raises:
        UsageError: The file cannot be read, or a line is no spec.
    """
    found = [
        (text, "`pinned_packages` of the configuration") for text in config.pinned_packages or ()
    ]
    if prefix is not None:
        file = prefix / "conda-meta" / "pinned"
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            lines = []
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} cannot be read: {error}") from error
        found += [(line.partition("#")[0].strip(), str(file)) for line in lines]
    return [(_parse_pin(text, place), place) for text, place in found if text]


def _parse_pin(text: str, place: str) -> MatchSpec:
    from hognose.types import MatchSpec

    try:
        return MatchSpec(text)
    except InvalidMatchSpecError as error:
        raise UsageError(f"{place}: {error}") from error


def noted_requests(installed: Iterable[PrefixRecord]) -> dict[str, MatchSpec]:
    """Return what the records say that they were asked for by, by name."""
    from hognose.types import MatchSpec

    found: dict[str, MatchSpec] = {}
    for record in installed:
        for text in record.asked_by:
            spec = MatchSpec(text)
            if spec.name.exact == record.name:
                found[record.name] = spec
    return found


def requested_specs(installed: Iterable[PrefixRecord]) -> dict[str, MatchSpec]:
    """Return what the environment was asked for, by name.

    A package that no asked-for package needs counts as asked for by its name: it came out of a
    lock file, or from a tool that does not note requests, and nobody wants it gone.
    """
    from hognose.types import MatchSpec

    records = list(installed)
    found = noted_requests(records)
    for unreached in _unreached(records, found):
        found[unreached] = MatchSpec(unreached)
    return found


def _unreached(records: Sequence[PrefixRecord], asked: Iterable[str]) -> Iterator[str]:
    """Yield the names, as few as possible, that together with the asked-for ones reach all."""
    from hognose.types import dependencies, dependents, reachable

    needs, needed_by = dependencies(records), dependents(records)
    reached = reachable(needs, asked)
    # Those that nothing needs, and then one of each circle that nothing outside of it needs.
    for start in sorted(needs, key=lambda name: (bool(needed_by.get(name)), name)):
        if start not in reached:
            yield start
            reached |= reachable(needs, [start])


def merge_specs(asked_before: dict[str, MatchSpec], new: Sequence[MatchSpec]) -> list[MatchSpec]:
    """Return all specs; a new one takes the place of what was asked of the same name before."""
    replaced = {spec.name.exact for spec in new}
    kept = [spec for name, spec in asked_before.items() if name not in replaced]
    return [*kept, *new]
