"""From the words of a command line, and from an environment, to the specs of a solve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.errors import InvalidMatchSpecError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hognose.config import Config
    from hognose.types import MatchSpec, PrefixRecord

__all__ = (
    "NOT_NEEDED",
    "merge_specs",
    "parse_spec",
    "read_pins",
    "requests_to_note",
)


NOT_NEEDED = "nothing that is asked for needs it"
"""Why a package goes that came as a dependency, as plans say it."""


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


def requests_to_note(prefix: Path, installed: Sequence[PrefixRecord]) -> dict[str, MatchSpec]:
    """Return what is noted as asked for, besides what is new, when a request is noted; by name.

    Raises:
        OSError: The log of the environment cannot be read.
    """
    from hognose.install import names_from_others, read_whole_history
    from hognose.install import requests_to_note as of_packages

    return of_packages(installed, names_from_others(read_whole_history(prefix, installed)))


def merge_specs(asked_before: dict[str, MatchSpec], new: Sequence[MatchSpec]) -> list[MatchSpec]:
    """Return all specs; a new one takes the place of what was asked of the same name before."""
    replaced = {spec.name.exact for spec in new}
    kept = [spec for name, spec in asked_before.items() if name not in replaced]
    return [*kept, *new]
