"""What a change would do, for people and as data; downgrades and removals apart, with reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hognose._url_secrets import without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hognose.console import Console
    from hognose.install import Transaction
    from hognose.types import RepoDataRecord

__all__ = ("find_reasons", "human_size", "plan_document", "show_plan", "summarise")

_SIGNS = {
    "install": "+",
    "remove": "-",
    "upgrade": "↑",
    "downgrade": "↓",
    "rebuild": "~",
    "reinstall": "↻",
}
# What nobody asked for, and nobody should have to look for.
_APART = {"downgrade": "downgraded", "remove": "removed"}


def show_plan(
    console: Console,
    transaction: Transaction,
    prefix: Path,
    *,
    reasons: Mapping[str, Sequence[str]],
    requirements: Sequence[str] = (),
) -> None:
    """Print what a transaction changes, on standard error.

    Args:
        console: Where to.
        transaction: The change.
        prefix: The environment.
        reasons: Why packages go, or go down, as `find_reasons` returns it.
        requirements: What pip installs afterwards.
    """
    console.step(f"plan for {prefix}")
    differences = transaction.differences()
    _show_table(console, transaction, [row for row in differences if row[3] not in _APART])
    for direction, heading in _APART.items():
        rows = [row for row in differences if row[3] == direction]
        if rows:
            console.detail(f"{heading}:")
            _show_table(console, transaction, rows, reasons)
    if requirements:
        console.detail(f"afterwards pip installs: {', '.join(requirements)}")
    console.detail(summarise(transaction))


def plan_document(transaction: Transaction, reasons: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return what `--json` tells of a transaction.

    `actions` has all changes; `downgraded` and `removed` have the names of those that nobody may
    have asked for, each with its reasons, as `find_reasons` returns them.
    """
    return {
        "actions": [_action(operation) for operation in transaction.operations],
        **{
            heading: {
                item.name: list(reasons.get(item.name, ()))
                for item in transaction.operations
                if item.direction == direction
            }
            for direction, heading in _APART.items()
        },
    }


def summarise(transaction: Transaction) -> str:
    """Return in a line how many packages go where."""
    counts: dict[str, int] = {}
    for *_, direction in transaction.differences():
        counts[direction] = counts.get(direction, 0) + 1
    parts = [f"{number} to {direction}" for direction, number in counts.items()]
    total = sum(record.size or 0 for record in transaction.installed)
    if total:
        parts.append(f"packages of {human_size(total)}")
    return ", ".join(parts) or "an empty environment"


def human_size(count: int) -> str:
    """Return a number of bytes in the unit that makes it short."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _show_table(
    console: Console,
    transaction: Transaction,
    differences: Sequence[tuple[str, str, str, str]],
    reasons: Mapping[str, Sequence[str]] | None = None,
) -> None:
    if not differences:
        return
    from hognose.install import channel_of_record

    new = {operation.name: operation.new for operation in transaction.operations}
    rows = []
    for name, old_release, new_release, direction in differences:
        record = new[name]
        source = "" if record is None else _channel_name(channel_of_record(record))
        size = "" if record is None or record.size is None else human_size(record.size)
        reason = "; ".join(reasons.get(name, ())) if reasons else ""
        rows.append((_SIGNS[direction], name, old_release, new_release, source, size, reason))
    header = ("", "package", "from", "to", "channel", "size", "because")
    shown = [
        (title, *cells)
        for title, *cells in zip(header, *rows, strict=True)
        if any(cells) or title == "package"
    ]
    titles, *lines = zip(*shown, strict=True)
    console.table(titles, lines, to_err=True, least=("size", "channel"), whole=("because",))


def find_reasons(
    transaction: Transaction, wanted: Sequence[RepoDataRecord], otherwise: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return what stands against each package that goes, or goes down, by name.

    Args:
        transaction: The change.
        wanted: What the environment is to have in the end.
        otherwise: By name, why a package goes if none of these objects.
    """
    from hognose.solve import objections

    apart = [item for item in transaction.operations if item.direction in _APART]
    found = objections((item.old for item in apart if item.old is not None), wanted)
    for item in apart:
        if item.new is None and not found.get(item.name) and item.name in otherwise:
            found[item.name] = (otherwise[item.name],)
    return found


def _channel_name(channel: str) -> str:
    return channel.rstrip("/").rsplit("/", 1)[-1]


def _action(operation: Any) -> dict[str, Any]:
    return {
        "name": operation.name,
        "action": operation.direction,
        "from": None if operation.old is None else operation.old.file_stem,
        "to": None if operation.new is None else operation.new.file_stem,
        "url": None if operation.new is None else without_secrets(operation.new.url),
    }
