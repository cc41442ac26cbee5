"""The parser of a command's options: errors like all others, and help that fits the terminal."""

from __future__ import annotations

import argparse
import re
import textwrap
from typing import TYPE_CHECKING, Any, NoReturn

from hognose.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("CommandParser",)

# Lines longer than this are hard to follow, however wide the terminal is.
_WIDEST = 100
_ENTRY = re.compile(r"  +(\S.*?)  +(?=\S)")


class HelpFormatter(argparse.HelpFormatter):
    """Wraps descriptions to the width of the terminal, and leaves their tables tables."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Take the width of the terminal, or of `COLUMNS`, up to a width that reads well."""
        super().__init__(*arguments, **options)
        self._width = min(self._width, _WIDEST)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        paragraphs = text.split("\n\n")
        return "\n\n".join(self._fill_paragraph(each, width, indent) for each in paragraphs)

    def _fill_paragraph(self, text: str, width: int, indent: str) -> str:
        lines = text.splitlines()
        if not all(line.startswith("  ") for line in lines):
            return textwrap.fill(
                " ".join(text.split()), width, initial_indent=indent, subsequent_indent=indent
            )
        return "\n".join(_fill_entry(line, width, indent) for line in lines)

    def _get_default_metavar_for_positional(self, action: argparse.Action) -> str:
        return action.dest.upper()


def _fill_entry(line: str, width: int, indent: str) -> str:
    """Wrap the right column of `  NAME  what it is`, below where it starts."""
    found = _ENTRY.match(line)
    hang = " " * (found.end() if found else 4)
    return textwrap.fill(
        line,
        max(width, len(hang) + 20),
        initial_indent=indent,
        subsequent_indent=indent + hang,
        drop_whitespace=True,
        break_on_hyphens=False,
        break_long_words=False,
        replace_whitespace=False,
    )


class _Actions(argparse._SubParsersAction):  # type: ignore[type-arg]  # generic in stubs only
    """The actions of a command; what the list of them says of one describes it in its own help."""

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser:
        """Add an action."""
        text = options.get("help", "")
        options.setdefault("description", f"{text[:1].upper()}{text[1:]}.")
        parser: argparse.ArgumentParser = super().add_parser(name, **options)
        return parser


class CommandParser(argparse.ArgumentParser):
    """A parser that raises errors, for what runs a command to tell of; its children are alike."""

    def __init__(self, **options: Any) -> None:
        """Make the parser of a command, or of one of its actions."""
        options.setdefault("formatter_class", HelpFormatter)
        options.setdefault("allow_abbrev", False)
        super().__init__(**options)
        self.register("action", "parsers", _Actions)

    def parse_known_args(  # type: ignore[override]  # the overloads differ in the namespace alone
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse words; those of a list may stand in several places, with options in between."""
        found, rest = super().parse_known_args(args, namespace)
        lists = [each for each in self._get_positional_actions() if each.nargs in {"*", "+"}]
        if not (lists and rest):
            return found, rest
        # argparse fills a list from one place, and leaves over what comes after a further option.
        end = rest.index("--") if "--" in rest else len(rest)
        words = [word for word in rest[:end] if not word.startswith("-")] + rest[end + 1 :]
        setattr(found, lists[-1].dest, [*getattr(found, lists[-1].dest), *words])
        return found, [word for word in rest[:end] if word.startswith("-")]

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with a command line.

        Raises:
            UsageError: Always.
        """
        from hognose.net import redact

        near = self._near(message)
        meant = f"did you mean `{near}`? " if near else ""
        raise UsageError(redact(message), hint=f"{meant}`{self.prog} --help` shows the options")

    def _near(self, message: str) -> str | None:
        """The option that a word which is none comes closest to."""
        from difflib import get_close_matches

        _, mark, words = message.partition("unrecognized arguments: ")
        word = words.partition(" ")[0].partition("=")[0]
        if not (mark and word.startswith("--")):
            return None
        known = [text for text in self._option_string_actions if text.startswith("--")]
        return next(iter(get_close_matches(word, known, n=1)), None)
