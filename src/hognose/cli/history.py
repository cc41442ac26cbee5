"""`hognose history`.

List the revisions of an environment: when which command changed what. With a number, show one
revision's changes. `hognose rollback` brings one back.

What other programs changed without logging it is a revision of its own, without a command. The last
one may not be in the log yet, and has no time then: the next change writes it down.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from hognose.console import Console
    from hognose.install import HistoryBlock


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("revision", nargs="?", type=int, help="the revision to show")
    options.add_prefix_options(parser)
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Print the revisions."""
    from hognose.install import iter_revisions, unreadable_lines

    prefix = options.find_settled_environment(arguments, console)
    blocks = _read_blocks(prefix, console)
    for message in unreadable_lines(blocks):
        console.warn(message)
    revisions = list(iter_revisions(blocks))
    chosen = revisions
    if arguments.revision is not None:
        chosen = [item for item in revisions if item.number == arguments.revision]
        if not chosen:
            raise UsageError(f"{prefix} has no revision {arguments.revision}")
    if arguments.json:
        from hognose.cli.json_output import print_json

        rows = [
            {
                "revision": revision.number,
                "time": revision.block.time,
                "command": revision.block.command,
                "by_another_program": revision.block.is_catch_up,
                "tool": f"{revision.block.tool} {revision.block.tool_version}".strip(),
                "linked": revision.block.linked,
                "unlinked": revision.block.unlinked,
                "specs": revision.block.update_specs,
                "packages": revision.packages,
            }
            for revision in chosen
        ]
        document = {"success": True, "prefix": os.fspath(prefix), "revisions": rows}
        print_json(document, console)
        return 0
    if arguments.revision is not None:
        block = chosen[0].block
        time = block.time or "not in the log yet"
        console.result(f"# revision {arguments.revision}, {time}: {_shorten(block.command)}")
        for sign, packages in (("-", block.unlinked), ("+", block.linked)):
            for text in packages:
                console.result(f"{sign}{text}")
        return 0
    console.result(f"# {prefix}")
    console.table(
        ("revision", "time", "new", "gone", "packages", "command"),
        (
            (
                str(revision.number),
                revision.block.time or "-",
                f"+{len(revision.block.linked)}",
                f"-{len(revision.block.unlinked)}",
                str(len(revision.packages)),
                _shorten(revision.block.command),
            )
            for revision in revisions
        ),
        least=("packages",),
    )
    return 0


def _read_blocks(prefix: Path, console: Console) -> Sequence[HistoryBlock]:
    """Read the log, and what it lacks where the records can be read."""
    from hognose.errors import HognoseError
    from hognose.install import read_history, read_whole_history
    from hognose.types import PrefixRecord

    try:
        return read_whole_history(prefix, PrefixRecord.collect(prefix))
    except HognoseError as error:
        console.warn(f"what other programs changed cannot be told: {error.message}")
        return read_history(prefix)


def _shorten(command: str) -> str:
    """Leave out the directory of the program, if it is one."""
    if command.startswith("("):
        return command
    program, space, rest = command.partition(" ")
    return f"{os.path.basename(program)}{space}{rest}"
