"""A toy ecosystem: packages and solver cases in a line each.

`"a 2 x_1: b >=1; c <3 | d"` is version 2, build `x_1` (number 1) of `a`, which depends on `b >=1`
and `c <3` and constrains `d`. The build is `0` if it is not given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hognose.errors import UnsolvableError
from hognose.solve import Conflict, solve
from hognose.types import RepoDataRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

CHANNEL = "https://example.org/toys/"


def package(text: str, **fields: Any) -> RepoDataRecord:
    """The record of one package; `fields` are further fields of it."""
    head, _, demands = text.partition(":")
    depends, _, constrains = demands.partition("|")
    name, version, *build = head.split()
    build_string = build[0] if build else "0"
    channel = fields.pop("channel", CHANNEL)
    file_name = f"{name}-{version}-{build_string}{fields.pop('extension', '.conda')}"
    values = {
        "build": build_string,
        "build_number": int(build_string.rpartition("_")[2]),
        "subdir": "noarch",
        "file_name": file_name,
        "channel": channel,
        "url": f"{channel}noarch/{file_name}",
        **fields,
    }
    return RepoDataRecord.create(
        name=name, version=version, depends=_split(depends), constrains=_split(constrains), **values
    )


def packages(*texts: str, **fields: Any) -> list[RepoDataRecord]:
    """The records of several packages."""
    return [package(text, **fields) for text in texts]


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def answer(specs: Sequence[str], *sources: Any, **options: Any) -> list[str]:
    """Solve, and return `name version` of each record, sorted; the build too unless it is `0`."""
    return sorted(
        f"{r.name} {r.version}" + (f" {r.build}" if r.build != "0" else "")
        for r in solve(specs, sources, **options)
    )


def outcome(specs: Sequence[str], *sources: Any, **options: Any) -> list[RepoDataRecord] | Conflict:
    """Solve, and return the records, or why there are none."""
    try:
        return solve(specs, sources, **options)
    except UnsolvableError as error:
        found: Conflict = error.conflict
        return found


def conflict(specs: Sequence[str], *sources: Any, **options: Any) -> Conflict:
    """Solve what has no answer, and return why."""
    found = outcome(specs, *sources, **options)
    assert isinstance(found, Conflict), f"there is an answer: {found}"
    return found
