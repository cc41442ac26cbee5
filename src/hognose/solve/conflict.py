"""Why a solve has no answer, as data and as text.

::

    `python 3.8.*` and `lldb` cannot be installed together:
    └─ lldb 21.1.0 needs `python >=3.13,<3.14.0a0`, which contradicts `python 3.8.*`

How it is derived from the clauses that contradict each other is in `explain.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MAX_LINES = 40
_MAX_DEPTH = 10
_MAX_SHOWN_VERSIONS = 4
_MAX_SHOWN_DEMANDS = 3
# In a text of versions and builds, what there is only between two of them.
_PLURAL_MARKS = (", ", " to ", " and ")


class ConflictNode(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reason, with the reasons behind it.

    Attributes:
        package: The package that has the demand; empty for a demand of the caller.
        versions: Which versions of it: all that have the demand and are possible.
        demands: The spec, or the dependencies or constraints of its versions on one package.
        kind: `spec`, `constraint`, `depends`, `constrains` or `invalid` (a text that cannot be
            read).
        problem: What is wrong with the demand; empty if the reasons below say it.
        reasons: The demands of the packages that meet this one.
    """

    package: str = ""
    versions: str = ""
    demands: tuple[str, ...]
    kind: str
    problem: str = ""
    reasons: tuple[ConflictNode, ...] = ()

    def __str__(self) -> str:
        """The node's own sentence, without the reasons."""
        owner = f"{self.package} {self.versions}".rstrip()
        shown = [f"`{demand}`" for demand in self.demands]
        if len(shown) > _MAX_SHOWN_DEMANDS:
            more = len(shown) - _MAX_SHOWN_DEMANDS + 1
            shown[_MAX_SHOWN_DEMANDS - 1 :] = [f"{more} others like these"]
        demand = enumerate_texts(shown, "or")
        several = any(mark in self.versions for mark in _PLURAL_MARKS)
        sentence = {
            "spec": demand,
            "constraint": f"the constraint {demand}",
            "depends": f"{owner} {'need' if several else 'needs'} {demand}",
            "constrains": f"{owner} {'work' if several else 'works'} only with {demand}",
            "invalid": f"{owner} {'have' if several else 'has'} the demand {demand}, "
            "which cannot be read",
        }[self.kind]
        return f"{sentence}, {self.problem}" if self.problem else sentence


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """An explanation: demands that cannot all be met, none of which could be left out.

    Attributes:
        specs: The caller's own specs in it.
        constraints: The caller's constraints in it.
        pins: The pinned packages in it, as `name version build`.
        packages: The names of all packages in it.
        reasons: The demands of the caller, with what follows from each.
        hints: What may help, a sentence each.
        report: What another solver said, in its own words; empty if this one found the conflict.
    """

    specs: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    reasons: tuple[ConflictNode, ...]
    hints: tuple[str, ...] = ()
    report: str = ""

    @property
    def summary(self) -> str:
        """The first line: what cannot be had, in the caller's own words."""
        subject = enumerate_texts(f"`{spec}`" for spec in self.specs)
        together = " together" if len(self.specs) > 1 else ""
        limits = [f"the constraint `{text}`" for text in self.constraints]
        limits += [f"the pinned package {text}" for text in self.pins]
        with_limits = f" with {enumerate_texts(limits)}" if limits else ""
        if not subject:
            return f"nothing fits{with_limits}"
        return f"{subject} cannot be installed{together}{with_limits}"

    def __str__(self) -> str:
        """The summary, the reasons as a tree, and the hints."""
        first = self.summary
        roots: list[ConflictNode] = []
        for node in self.reasons:
            if node.kind == "spec" and len(self.reasons) == 1 and node.problem:
                first += f": {node.problem.removeprefix('but ')}"
            elif node.problem or node.kind != "spec":
                roots.append(node)
                continue
            # The summary names the spec, and what follows from it names the package.
            roots += node.reasons
        lines = list(_draw(tuple(roots), ""))
        if len(lines) > _MAX_LINES:
            hidden = len(lines) - _MAX_LINES + 1
            lines[_MAX_LINES - 1 :] = [f"... and {hidden} more reasons like these"]
        if not self.reasons and self.report:
            lines = self.report.splitlines()
        if lines:
            first = f"{first}:"
        return "\n".join([first, *lines, *(f"hint: {hint}" for hint in self.hints)])


def _draw(nodes: tuple[ConflictNode, ...], indent: str) -> Iterator[str]:
    if nodes and len(indent) >= 3 * _MAX_DEPTH:
        yield f"{indent}└─ and so on"
        return
    for node in nodes:
        is_last = node is nodes[-1]
        yield f"{indent}{'└─' if is_last else '├─'} {node}"
        yield from _draw(node.reasons, indent + ("   " if is_last else "│  "))


def enumerate_texts(texts: Iterable[str], word: str = "and") -> str:
    """Join texts as `a, b and c`."""
    *first, last = list(texts) or [""]
    return f"{', '.join(first)} {word} {last}" if first else last


def abbreviate(runs: list[tuple[str, str, bool]]) -> str:
    """Show runs of neighbouring versions, with the middle left out: `1.0, 1.2 to 1.5 and 2.0`.

    Args:
        runs: The first and the last version of each, and whether there are others between them.
    """
    texts: list[str] = []
    for first, last, is_long in runs:
        texts += [f"{first} to {last}"] if is_long else dict.fromkeys((first, last))
    if len(texts) > _MAX_SHOWN_VERSIONS:
        return ", ".join([*texts[:2], "...", texts[-1]])
    return enumerate_texts(texts)
