"""Selectors: which lines and entries of an `environment.yml` are for a platform (CEP 24)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hognose.errors import ParseEnvironmentYamlError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hognose.types.platform import Platform

__all__ = ("evaluate_selector", "has_comment_selectors", "select_lines")

MAX_DEPTH: Final = 64
_COMMENT = re.compile(r"#\s*\[([A-Za-z0-9_ ()]+)\]\s*$")
_TOKEN = re.compile(r"\s*(?:([()])|([A-Za-z0-9_]+))")
_UNSUPPORTED = re.compile(r"py[0-9]*k?|np|build_platform")


def variables_of(platform: Platform) -> dict[str, bool]:
    """Return the variables of comment selectors and their values on a platform."""
    arch = str(platform.arch)
    is_linux, is_osx, is_win = platform.is_linux, platform.is_osx, platform.is_windows
    is_64 = arch == "x86_64"
    return {
        "unix": is_linux or is_osx,
        "linux": is_linux,
        "linux32": is_linux and arch == "x86",
        "linux64": is_linux and is_64,
        "osx": is_osx,
        "osx64": is_osx and is_64,
        "win": is_win,
        "win32": is_win and arch == "x86",
        "win64": is_win and is_64,
        "x86": is_64 or arch == "x86",
        "x86_64": is_64,
        "x64": is_64,
        "armv6l": arch == "armv6l",
        "armv7l": arch == "armv7l",
        "aarch64": arch == "aarch64",
        "arm64": arch == "arm64",
        "ppc64le": arch == "ppc64le",
        "s390x": arch == "s390x",
    }


def has_comment_selectors(text: str) -> bool:
    """Return whether a line of a document ends in a comment of the form `# [linux]`."""
    return any(_COMMENT.search(line, _comment_start(line)) for line in text.splitlines())


def select_lines(text: str, platform: Platform) -> str:
    """Return a document without the lines whose comment selector is false on a platform.

    The lines that go are left empty, so that the places in later messages are right.

    Raises:
        ParseEnvironmentYamlError: If a selector is no expression, or has an unknown variable.
    """
    variables = variables_of(platform)
    kept = []
    for line in text.splitlines(keepends=True):
        found = _COMMENT.search(line, _comment_start(line))
        if found is None:
            kept.append(line)
        elif evaluate_selector(found[1], variables):
            kept.append(line[: found.start()].rstrip() + "\n")
        else:
            kept.append("\n")
    return "".join(kept)


def evaluate_selector(expression: str, variables: Mapping[str, bool]) -> bool:
    """Return the value of variables joined by `and`, `or`, `not` and parentheses.

    Raises:
        ParseEnvironmentYamlError: If it is no such expression, or has an unknown variable.
    """
    return _Evaluator(expression, variables).value()


class _Evaluator:
    """Computes while it reads, descending once for each parenthesis."""

    def __init__(self, expression: str, variables: Mapping[str, bool]) -> None:
        self.expression = expression
        self.variables = variables
        self.words: list[str] = []
        position = 0
        stripped = expression.rstrip()
        while position < len(stripped):
            found = _TOKEN.match(stripped, position)
            if found is None:
                raise self.error(f"`{stripped[position]}` has no meaning")
            self.words.append(found[1] or found[2])
            position = found.end()
        self.words.reverse()
        if self.words.count("(") > MAX_DEPTH or self.words.count("not") > MAX_DEPTH:
            raise self.error(f"more than {MAX_DEPTH} parentheses or `not`")

    def value(self) -> bool:
        result = self.alternatives()
        if self.words:
            raise self.error(f"`and` or `or` is missing before `{self.words[-1]}`")
        return result

    def alternatives(self) -> bool:
        result = self.conjunction()
        while self.words and self.words[-1] == "or":
            self.words.pop()
            other = self.conjunction()
            result = result or other
        return result

    def conjunction(self) -> bool:
        result = self.operand()
        while self.words and self.words[-1] == "and":
            self.words.pop()
            other = self.operand()
            result = result and other
        return result

    def operand(self) -> bool:
        word = self.words.pop() if self.words else ""
        if word == "not":
            return not self.operand()
        if word == "(":
            result = self.alternatives()
            if not self.words or self.words.pop() != ")":
                raise self.error("a `(` has no `)`")
            return result
        if word not in self.variables:
            what = f"`{word}` is no variable" if word.isidentifier() else "a variable is missing"
            if _UNSUPPORTED.fullmatch(word):
                what = f"`{word}` is a variable of recipes only"
            raise self.error(f"{what}; known: {', '.join(self.variables)}")
        return self.variables[word]

    def error(self, rule: str) -> ParseEnvironmentYamlError:
        return ParseEnvironmentYamlError(self.expression, f"in the selector: {rule}")


def _comment_start(line: str) -> int:
    """Return where the last `#` of a line is, or its end: where to look for a selector."""
    position = line.rfind("#")
    return len(line) if position < 0 else position
