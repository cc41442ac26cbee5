"""The log of an environment, `conda-meta/history` (CEP 32).

The log is made of blocks. A block names the time, the command and the tool, then the packages that
came (`+`) and went (`-`), then the specs that were asked for. The packages of all blocks up to one
are a revision. conda and mamba read and write the same file; what other programs do not write into
it is caught up with by `hognose.install.unlogged_changes`.
"""

from __future__ import annotations

import ast
import re
import shlex
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import InvalidChannelError
from hognose.install.conda_record import channel_of_record
from hognose.net import redact, without_secrets

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from hognose.install.transaction import Transaction
    from hognose.types import RepoDataRecord

__all__ = (
    "CATCH_UP",
    "HistoryBlock",
    "Revision",
    "channel_in_history",
    "format_block",
    "format_command",
    "format_history_block",
    "iter_revisions",
    "one_line",
    "package_in_history",
    "parse_history",
    "read_history",
    "unreadable_lines",
)

CATCH_UP = "(changed by another program)"
"""What stands for the command in a block that catches a log up: nobody can have typed it."""

_KNOWN_SERVERS = ("https://conda.anaconda.org/", "https://repo.anaconda.com/")
_HEAD = re.compile(r"==> (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) <==")
_TOOL = re.compile(r"# (\S+) version: (.+)")
_SPECS = re.compile(r"# (install|create|update|remove|neutered) specs: (.*)")
# conda can be told to count what pip installed, and then logs it; no archive of it is to be had.
_NOT_CONDAS = "pypi/pypi::"
# How much of a line that makes no sense is shown, in characters.
_SHOWN = 80


class HistoryBlock(msgspec.Struct, frozen=True, kw_only=True):
    """One action in an environment's log.

    Attributes:
        time: Local time, as `YYYY-MM-DD HH:MM:SS`.
        command: The command line.
        tool: The name of the program.
        tool_version: The version of the program.
        linked: The packages that came, as `channel/subdir::name-version-build`.
        unlinked: The packages that went.
        update_specs: The specs asked for.
        remove_specs: The specs asked to be removed.
        neutered_specs: The specs that were weakened by the solver.
        unreadable: The lines that have a known form and make no sense, as `line 7: '+'`.
    """

    time: str
    command: str = ""
    tool: str = ""
    tool_version: str = ""
    linked: tuple[str, ...] = ()
    unlinked: tuple[str, ...] = ()
    update_specs: tuple[str, ...] = ()
    remove_specs: tuple[str, ...] = ()
    neutered_specs: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def is_catch_up(self) -> bool:
        """Whether it tells what another program had changed without logging it."""
        return self.command == CATCH_UP


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """The packages of an environment after an action.

    Attributes:
        number: The position of the action in the log, from zero.
        block: The action.
        packages: The packages afterwards, as `channel/subdir::name-version-build`, sorted.
    """

    number: int
    block: HistoryBlock
    packages: tuple[str, ...]


def format_command(words: Iterable[str]) -> str:
    """Return a command line as it is logged: quoted for a shell, without secrets in addresses."""
    return shlex.join(redact(word) for word in words)


def format_history_block(
    transaction: Transaction,
    *,
    time: datetime,
    command: str = "",
    tool: str = "hognose",
    tool_version: str = "",
    update_specs: Sequence[str] = (),
    remove_specs: Sequence[str] = (),
    logged: Iterable[str] = (),
) -> str:
    """Return the block that describes a transaction, with its final line break.

    Secrets in addresses are taken out. What goes is written as `logged`, the packages in the log so
    far, have it: conda takes a package out of its list only by the very text that put it there.
    """
    spelled = {_stem(text): text for text in logged}
    return format_block(
        time=f"{time:%Y-%m-%d %H:%M:%S}",
        command=redact(" ".join(command.split())) or tool,
        tool=tool,
        tool_version=tool_version,
        linked=map(package_in_history, transaction.installed),
        unlinked=[
            spelled.get(one_line(record.file_stem)) or package_in_history(record)
            for record in transaction.removed
        ],
        update_specs=[redact(spec) for spec in update_specs],
        remove_specs=[redact(spec) for spec in remove_specs],
    )


def format_block(
    *,
    time: str,
    command: str,
    tool: str,
    tool_version: str,
    linked: Iterable[str],
    unlinked: Iterable[str],
    update_specs: Sequence[str] = (),
    remove_specs: Sequence[str] = (),
) -> str:
    """Return a block with these facts, none of them empty but for the specs and the version.

    conda reads the specs of blocks that have a command, and passes over all others. A block without
    a package means to it that there are none from then on, so that must not be written.
    """
    lines = [f"==> {time} <==", f"# cmd: {command}", f"# {tool} version: {tool_version}"]
    lines += sorted(f"-{package}" for package in unlinked)
    lines += sorted(f"+{package}" for package in linked)
    if update_specs:
        lines.append(f"# update specs: {[*update_specs]!r}")
    if remove_specs:
        lines.append(f"# remove specs: {[*remove_specs]!r}")
    return "\n".join(lines) + "\n"


def package_in_history(record: RepoDataRecord) -> str:
    """Return a package as a log names it: `channel/subdir::name-version-build`."""
    channel = channel_in_history(channel_of_record(record))
    return one_line(f"{channel}/{record.subdir}::{record.file_stem}")


def one_line(text: str) -> str:
    """Return a text that can be no more than a part of a line, whoever wrote it down."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


def _stem(text: str) -> str:
    """Return `name-version-build` of a package as a log names it."""
    return text.rpartition("::")[2]


# The same few channels again and again, and 15 µs to take one apart.
@lru_cache(maxsize=64)
def channel_in_history(channel: str) -> str:
    """Return a channel as conda writes it: by name where everybody knows it, else by its URL."""
    from hognose.types import Channel

    if not channel:
        return "unknown"
    bare = without_secrets(channel)
    try:
        known = Channel(bare)
    except InvalidChannelError:
        # What another program wrote down is no reason not to log what happened.
        return bare
    url = known.canonical_name
    return known.name if url.startswith(_KNOWN_SERVERS) and known.name else url.rstrip("/")


def parse_history(text: str) -> tuple[HistoryBlock, ...]:
    """Read a log; lines that belong to no block or have no known form are passed over.

    So are lines that do have one and still make no sense, but those are named in their block. Other
    programs leave passwords and tokens in what they write. They are taken out.
    """
    blocks: list[HistoryBlock] = []
    lines: list[tuple[int, str]] = []
    time = ""
    for number, line in enumerate(map(str.strip, text.split("\n")), 1):
        head = _HEAD.fullmatch(line)
        if head is None:
            lines.append((number, line))
            continue
        if time:
            blocks.append(_parse_block(time, lines))
        time, lines = head[1], []
    if time:
        blocks.append(_parse_block(time, lines))
    return tuple(blocks)


def _parse_block(time: str, lines: Iterable[tuple[int, str]]) -> HistoryBlock:
    command = tool = tool_version = ""
    packages: dict[str, list[str]] = {"+": [], "-": []}
    specs: dict[str, tuple[str, ...]] = {"update": (), "remove": (), "neutered": ()}
    unreadable: list[str] = []
    for number, line in lines:
        if line[:1] in packages:
            if _names_package(line[1:]):
                packages[line[0]].append(redact(line[1:]))
            else:
                unreadable.append(_describe_line(number, line))
        elif line.startswith("# cmd: "):
            command = redact(line.removeprefix("# cmd: "))
        elif found := _SPECS.fullmatch(line):
            texts = _parse_specs(found[2])
            if texts is None:
                unreadable.append(_describe_line(number, line))
            else:
                specs[found[1] if found[1] in specs else "update"] += tuple(map(redact, texts))
        elif found := _TOOL.fullmatch(line):
            tool, tool_version = found.groups()
    return HistoryBlock(
        time=time,
        command=command,
        tool=tool,
        tool_version=tool_version,
        linked=tuple(packages["+"]),
        unlinked=tuple(packages["-"]),
        update_specs=specs["update"],
        remove_specs=specs["remove"],
        neutered_specs=specs["neutered"],
        unreadable=tuple(unreadable),
    )


def _describe_line(number: int, line: str) -> str:
    shown = redact(line)
    return f"line {number}: {shown if len(shown) <= _SHOWN else f'{shown[:_SHOWN]}...'!r}"


def _names_package(text: str) -> bool:
    parts = _stem(text).rsplit("-", 2)
    return len(parts) == 3 and all(parts)


def _parse_specs(text: str) -> tuple[str, ...] | None:
    """Read specs as a list of Python's or divided by commas; None where it is no such list."""
    if not text.startswith(("[", "(", "'", '"')):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        # The last two where it is nested too deeply for Python's parser.
        return None
    items = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(items) if all(isinstance(item, str) for item in items) else None


def read_history(prefix: str | os.PathLike[str]) -> tuple[HistoryBlock, ...]:
    """Read the log of an environment; empty where there is none."""
    try:
        return parse_history(Path(prefix, "conda-meta", "history").read_text("utf-8", "replace"))
    except FileNotFoundError:
        return ()


def iter_revisions(blocks: Iterable[HistoryBlock]) -> Iterable[Revision]:
    """Yield the state of the environment after each block of its log.

    A block of an old tool may list what was there instead of what changed; it is told by having no
    signs, and such lines are not read. conda takes a block without packages, which it writes where
    only requests changed, for an empty environment, and lists everything in its next one.

    Programs name one channel in several ways, each by its own configuration, so that a package may
    go under another text than it came by.
    """
    state: dict[str, str] = {}
    is_listed_anew = False
    for number, block in enumerate(blocks):
        if is_listed_anew and block.tool == "conda":
            state.clear()
        is_listed_anew = not (block.linked or block.unlinked)
        for text in block.unlinked:
            state.pop(_stem(text), None)
        for text in block.linked:
            if not text.startswith(_NOT_CONDAS):
                state[_stem(text)] = text
        yield Revision(number=number, block=block, packages=tuple(sorted(state.values())))


def unreadable_lines(blocks: Iterable[HistoryBlock]) -> list[str]:
    """Return a message for each line of a log that makes no sense."""
    return [
        f"passed over in conda-meta/history, because it makes no sense: {line}"
        for block in blocks
        for line in block.unreadable
    ]
