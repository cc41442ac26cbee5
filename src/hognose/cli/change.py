"""Changing an environment: plan, show the plan, ask, carry it out. Shared by several commands."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from hognose.cli import options
from hognose.progress import install_progress

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from hognose.cli.session import Session
    from hognose.console import Console
    from hognose.install import Transaction
    from hognose.types import MatchSpec, Platform, PrefixRecord, RepoDataRecord

__all__ = ("change_environment", "human_size")

_SIGNS = {
    "install": "+",
    "remove": "-",
    "upgrade": "↑",
    "downgrade": "↓",
    "rebuild": "~",
    "reinstall": "↻",
}


def change_environment(
    session: Session,
    arguments: argparse.Namespace,
    *,
    prefix: Path,
    installed: Sequence[PrefixRecord],
    wanted: Sequence[RepoDataRecord],
    specs: Sequence[MatchSpec] | None,
    platform: Platform,
    reinstall: Collection[str] = (),
) -> int:
    """Bring a prefix from what is installed to exactly what is wanted.

    Prints the plan, asks on a terminal unless told not to, and draws progress.

    Args:
        session: What to work with.
        arguments: The shared transaction options.
        prefix: The environment; made if it is not there.
        installed: What it has now.
        wanted: What it is to have.
        specs: What was asked for, to be noted in the records; None leaves the records alone.
        platform: The platform of the environment.
        reinstall: Names of packages to link again although they stay the same.

    Returns:
        The exit status; 0 also where the user said no.
    """
    from hognose.install import install, plan_transaction

    console = session.console
    options.require_not_frozen(prefix, arguments)
    transaction = plan_transaction(installed, wanted, platform=platform, reinstall=reinstall)
    if transaction.is_empty and installed:
        return _finish(console, arguments, prefix, transaction, "nothing to do")
    _show_plan(console, transaction, prefix)
    if arguments.dry_run:
        return _finish(console, arguments, prefix, transaction, "dry run: nothing was changed")
    if not (arguments.yes or console.quiet or console.confirm("Proceed?")):
        console.step("nothing was changed")
        return 0
    start = time.perf_counter()
    with install_progress(console) as reporter:
        install(
            wanted,
            prefix,
            cache=session.cache,
            client=session.client,
            platform=platform,
            reinstall=reinstall,
            requested_specs=specs,
            reporter=reporter,
            override_frozen=arguments.override_frozen_env,
            command=" ".join(sys.argv),
        )
    _register(console, prefix)
    _remove_menus(prefix, transaction)
    seconds = time.perf_counter() - start
    done = f"{len(transaction.operations)} changes in {seconds:.1f} s"
    return _finish(console, arguments, prefix, transaction, done)


def _register(console: Console, prefix: Path) -> None:
    """Have conda's tools list the environment; a home that cannot be written to is no error."""
    from hognose.install import environments_file, register_environment

    try:
        register_environment(prefix, environments_file())
    except OSError as error:
        console.warn(f"{prefix} is not in the list of environments: {error}")


def _remove_menus(prefix: Path, transaction: Transaction) -> None:
    """Take the menu items of the packages that are gone off the desktop."""
    if (prefix / "conda-meta" / "menus").is_dir():
        from hognose.install import remove_menus, system_registry

        gone = {item.name for item in transaction.operations if item.new is None}
        remove_menus(prefix, packages=gone, registry=system_registry())


def human_size(count: int) -> str:
    """Return a number of bytes in the unit that makes it short."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _show_plan(console: Console, transaction: Transaction, prefix: Path) -> None:
    if console.quiet:
        return
    console.step(f"plan for {prefix}")
    new = {operation.name: operation.new for operation in transaction.operations}
    rows = []
    for name, old_release, new_release, direction in transaction.differences():
        record = new[name]
        source = "" if record is None else _channel_name(record.channel)
        size = "" if record is None or record.size is None else human_size(record.size)
        rows.append((_SIGNS[direction], name, old_release, new_release, source, size))
    header = ("", "package", "from", "to", "channel", "size")
    shown = [
        (title, *cells)
        for title, *cells in zip(header, *rows, strict=True)
        if any(cells) or title == "package"
    ]
    if rows:
        titles, *lines = zip(*shown, strict=True)
        console.table(titles, lines, to_err=True)
    console.detail(_summarise(transaction))


def _summarise(transaction: Transaction) -> str:
    counts: dict[str, int] = {}
    for *_, direction in transaction.differences():
        counts[direction] = counts.get(direction, 0) + 1
    parts = [f"{number} to {direction}" for direction, number in counts.items()]
    total = sum(record.size or 0 for record in transaction.installed)
    if total:
        parts.append(f"packages of {human_size(total)}")
    return ", ".join(parts) or "an empty environment"


def _channel_name(channel: str) -> str:
    return channel.rstrip("/").rsplit("/", 1)[-1]


def _finish(
    console: Console,
    arguments: argparse.Namespace,
    prefix: Path,
    transaction: Transaction,
    done: str,
) -> int:
    if getattr(arguments, "json", False):
        from hognose.cli.json_output import print_json

        print_json(
            {
                "success": True,
                "prefix": os.fspath(prefix),
                "dry_run": arguments.dry_run,
                "actions": [_action(operation) for operation in transaction.operations],
            },
            console,
        )
    console.success(f"{prefix}: {done}")
    return 0


def _action(operation: Any) -> dict[str, Any]:
    return {
        "name": operation.name,
        "action": operation.direction,
        "from": None if operation.old is None else operation.old.file_stem,
        "to": None if operation.new is None else operation.new.file_stem,
        "url": None if operation.new is None else operation.new.url,
    }
