"""The log of an environment, `conda-meta/history` (CEP 32), and the registry of environments.

The log is made of blocks. A block names the time, the command and the tool, then the packages that
came (`+`) and went (`-`), then the specs that were asked for. The packages of all blocks up to one
are a revision. conda and mamba read and write the same file; what other programs do not write into
it is caught up with by `hognose.install.unlogged_changes`.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hognose.net import redact, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from hognose.install.transaction import Transaction
    from hognose.types import RepoDataRecord

__all__ = (
    "CATCH_UP",
    "HistoryBlock",
    "Revision",
    "channel_in_history",
    "environments_file",
    "format_block",
    "format_command",
    "format_history_block",
    "iter_revisions",
    "package_in_history",
    "parse_history",
    "read_history",
    "register_environment",
    "registered_environments",
    "unregister_environment",
)

CATCH_UP = "(changed by another program)"
"""What stands for the command in a block that catches a log up: nobody can have typed it."""

_KNOWN_SERVERS = ("https://conda.anaconda.org/", "https://repo.anaconda.com/")
_HEAD = re.compile(r"==> (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) <==")
_TOOL = re.compile(r"# (\S+) version: (.+)")
_SPECS = re.compile(r"# (install|create|update|remove|neutered) specs: (.*)")
# conda can be told to count what pip installed, and then logs it; no archive of it is to be had.
_NOT_CONDAS = "pypi/pypi::"


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
) -> str:
    """Return the block that describes a transaction, with its final line break.

    Secrets in addresses are taken out.
    """
    return format_block(
        time=f"{time:%Y-%m-%d %H:%M:%S}",
        command=redact(" ".join(command.split())) or tool,
        tool=tool,
        tool_version=tool_version,
        linked=_packages_in_history(transaction.installed),
        unlinked=_packages_in_history(transaction.removed),
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
    return f"{channel_in_history(record.channel)}/{record.subdir}::{record.file_stem}"


def _packages_in_history(records: Iterable[RepoDataRecord]) -> list[str]:
    return list(map(package_in_history, records))


# The same few channels again and again, and 15 µs to take one apart.
@lru_cache(maxsize=64)
def channel_in_history(channel: str) -> str:
    """Return a channel as conda writes it: by name where everybody knows it, else by its URL."""
    from hognose.types import Channel

    if not channel:
        return "unknown"
    known = Channel(without_secrets(channel))
    url = known.canonical_name
    return known.name if url.startswith(_KNOWN_SERVERS) and known.name else url.rstrip("/")


def parse_history(text: str) -> tuple[HistoryBlock, ...]:
    """Read a log; lines that belong to no block or have no known form are passed over.

    Other programs leave passwords and tokens in what they write. They are taken out.
    """
    blocks: list[HistoryBlock] = []
    lines: list[str] = []
    time = ""
    for line in map(str.strip, text.splitlines()):
        head = _HEAD.fullmatch(line)
        if head is None:
            lines.append(line)
            continue
        if time:
            blocks.append(_parse_block(time, lines))
        time, lines = head[1], []
    if time:
        blocks.append(_parse_block(time, lines))
    return tuple(blocks)


def _parse_block(time: str, lines: Iterable[str]) -> HistoryBlock:
    command = tool = tool_version = ""
    packages: dict[str, list[str]] = {"+": [], "-": []}
    specs: dict[str, tuple[str, ...]] = {"update": (), "remove": (), "neutered": ()}
    for line in lines:
        if line[:1] in packages:
            packages[line[0]].append(redact(line[1:]))
        elif line.startswith("# cmd: "):
            command = redact(line.removeprefix("# cmd: "))
        elif found := _SPECS.fullmatch(line):
            kind = found[1] if found[1] in specs else "update"
            specs[kind] += tuple(map(redact, _parse_specs(found[2])))
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
    )


def _parse_specs(text: str) -> tuple[str, ...]:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    items = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(str(item) for item in items)


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
    """
    state: set[str] = set()
    is_listed_anew = False
    for number, block in enumerate(blocks):
        if is_listed_anew and block.tool == "conda":
            state.clear()
        is_listed_anew = not (block.linked or block.unlinked)
        state.difference_update(block.unlinked)
        state.update(text for text in block.linked if not text.startswith(_NOT_CONDAS))
        yield Revision(number=number, block=block, packages=tuple(sorted(state)))


def environments_file(environ: Mapping[str, str] | None = None) -> Path:
    """Return the registry that conda's family of tools share, `~/.conda/environments.txt`.

    Args:
        environ: Where the home directory is read from, by default the process's environment.
    """
    environ = os.environ if environ is None else environ
    home = environ.get("USERPROFILE") if os.name == "nt" else environ.get("HOME")
    return Path(home or Path.home(), ".conda", "environments.txt")


def registered_environments(file: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the prefixes in a registry, in its order, without those that are gone."""
    return tuple(
        line for line in _lines(file) if os.path.exists(os.path.join(line, "conda-meta", "history"))
    )


def register_environment(prefix: str | os.PathLike[str], file: str | os.PathLike[str]) -> bool:
    """Add a prefix to a registry; return whether it was not in it yet, under any path.

    One line is appended in one write, so tools that register at the same time do not lose each
    other's lines.
    """
    line = os.path.abspath(prefix)
    known = _lines(file)
    if line in known or os.path.realpath(line) in map(os.path.realpath, known):
        return False
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "ab", buffering=0) as stream:
        stream.write(f"{line}\n".encode())
    return True


def unregister_environment(prefix: str | os.PathLike[str], file: str | os.PathLike[str]) -> bool:
    """Take a prefix, and those that are gone, out of a registry; return whether it was in it."""
    line = os.path.abspath(prefix)
    before = _lines(file)
    after = [path for path in registered_environments(file) if path != line]
    if after != before:
        part = f"{os.fspath(file)}.{os.getpid()}.part"
        Path(part).write_text("".join(f"{path}\n" for path in after), encoding="utf-8")
        os.replace(part, file)
    return line in before


def _lines(file: str | os.PathLike[str]) -> list[str]:
    try:
        text = Path(file).read_text("utf-8")
    except FileNotFoundError:
        return []
    return [line.strip() for line in text.splitlines() if line.strip()]
