"""How a change alters what an environment is asked for, for people and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hognose.console import Console
    from hognose.types import MatchSpec, PrefixRecord

__all__ = ("changed_requests", "tell_of_requests")


def changed_requests(
    specs: Iterable[MatchSpec] | None, installed: Sequence[PrefixRecord]
) -> dict[str, dict[str, str | None]]:
    """Return by name what was asked for, `from`, and is asked for in its place, `to`.

    Only what differs is told of; None stands for nothing.

    Args:
        specs: What is asked for from now on; None where the requests are left alone.
        installed: The packages, with what each was asked for by.
    """
    if specs is None:
        return {}
    from hognose.install import recorded_specs
    from hognose.types import MatchSpec

    before = _by_name(map(MatchSpec, recorded_specs(installed)))
    after = _by_name(specs)
    return {
        name: {"from": before.get(name), "to": after.get(name)}
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    }


def tell_of_requests(requests: dict[str, dict[str, str | None]], console: Console) -> None:
    """Say what is asked for from now on, where no change of packages shows it."""
    for name, request in requests.items():
        old, new = request["from"], request["to"]
        if new is None:
            console.hint(f"`{name}` is not asked for any more")
        else:
            no_longer = "" if old is None else f", and no longer `{old}`"
            console.hint(f"`{new}` is asked for now{no_longer}")


def _by_name(specs: Iterable[MatchSpec]) -> dict[str, str]:
    texts: dict[str, list[str]] = {}
    for spec in specs:
        texts.setdefault(str(spec.name), []).append(str(spec))
    return {name: ", ".join(sorted(each)) for name, each in texts.items()}
