"""conda's advice on activation, taken out of its output and replaced by ours.

Bytes in, bytes out: what conda prints need not be text in any encoding.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in `typing`, whose import would double the start-up time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

_START = b"To activate this environment"
_COMMAND = b"#     $ conda activate "


def is_filtered(words: Sequence[str], *, has_terminal: bool) -> bool:
    """Whether the output of a command is filtered: nobody may be asked anything on it."""
    creates = list(words[:1]) == ["create"] or list(words[:2]) == ["env", "create"]
    return creates and (not has_terminal or "-y" in words or "--yes" in words)


def name_in_arguments(words: Sequence[str]) -> str | None:
    """Find the environment's name among the arguments."""
    for word, following in zip(words, [*words[1:], None], strict=True):
        if word in ("-n", "--name"):
            return following
        if word.startswith("--name="):
            return word.removeprefix("--name=")
    return None


def copy_filtered(source: IO[bytes], target: IO[bytes]) -> str | None:
    """Copy lines, without the block of advice; return the name that the advice mentions."""
    name: str | None = None
    in_block = False
    for line in source:
        if _START in line:
            in_block = True
            continue
        if in_block:
            if line.startswith(_COMMAND):
                text = line.removeprefix(_COMMAND).strip().strip(b'"')
                name = text.decode("utf-8", "replace")
            if line.startswith(b"#") or not line.strip():
                continue
            in_block = False
        target.write(line)
        target.flush()
    return name


def advice(name: str) -> str:
    """What to tell in place of conda's advice."""
    return (
        "#\n# To work in this environment, use\n#\n"
        f"#     $ cx shell {name}\n#\n"
        "# To leave it again, press Ctrl+D or type `exit`.\n#\n"
    )
