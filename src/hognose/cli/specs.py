"""From the words of a command line, and from an environment, to the specs of a solve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hognose.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hognose.types import MatchSpec, PrefixRecord

__all__ = ("merge_specs", "read_spec_file", "read_specs", "requested_specs")


def read_specs(words: Sequence[str], files: Sequence[str] = ()) -> list[MatchSpec]:
    """Parse specs from the command line, and from files with one spec a line (CEP 23).

    Raises:
        InvalidMatchSpecError: One of them is no spec.
        UsageError: A file cannot be read, or is an explicit one.
    """
    from hognose.types import MatchSpec

    texts = list(words)
    for file in files:
        texts += read_spec_file(file)
    return [MatchSpec(text) for text in texts]


def read_spec_file(file: str) -> list[str]:
    """Return the specs in a file: a line each; what follows `#` is a comment.

    Raises:
        UsageError: The file cannot be read, or lists URLs (`@EXPLICIT`).
    """
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
    texts = [line.partition(" #")[0].strip() for line in lines]
    texts = [text for text in texts if text and not text.startswith("#")]
    if "@EXPLICIT" in texts:
        raise UsageError(f"{file} lists packages by URL, and nothing is left to solve")
    return texts


def requested_specs(installed: Iterable[PrefixRecord]) -> dict[str, MatchSpec]:
    """Return what the environment was asked for, by name.

    Where no record says that anybody asked for it, the packages that nothing else needs count as
    asked for.
    """
    from hognose.types import MatchSpec, dependents

    records = list(installed)
    found: dict[str, MatchSpec] = {}
    for record in records:
        for text in record.requested_specs:
            spec = MatchSpec(text)
            if spec.name.exact == record.name:
                found[record.name] = spec
    if not found:
        found = {
            name: MatchSpec(name) for name, others in dependents(records).items() if not others
        }
    return found


def merge_specs(asked_before: dict[str, MatchSpec], new: Sequence[MatchSpec]) -> list[MatchSpec]:
    """Return all specs; a new one takes the place of what was asked of the same name before."""
    replaced = {spec.name.exact for spec in new}
    kept = [spec for name, spec in asked_before.items() if name not in replaced]
    return [*kept, *new]
