"""Clauses over variables whose values are the bits of a mask: the language of the search.

A *variable* is a small integer with a finite domain. A set of its values is a bit mask in an
`int`; bit 0 is `ABSENT`, the value of a variable that nobody needs. A *literal* `(variable, mask)`
holds if the variable's value is in the mask, and a *clause* says that one of its literals holds.
"""

from __future__ import annotations

import msgspec

ABSENT = 1
Literal = tuple[int, int]


class Clause(msgspec.Struct, eq=False, gc=False):
    """At least one literal holds.

    Attributes:
        literals: `(variable, mask)` pairs, one per variable.
        origin: Whatever the giver of the clause wants to remember; None for learned clauses.
        antecedents: For a learned clause, the clauses it was derived from.
        facts: For a learned clause, literals left out because they can never hold again.
    """

    literals: tuple[Literal, ...]
    origin: object = None
    antecedents: tuple[Clause, ...] = ()
    facts: tuple[Literal, ...] = ()


class Unsatisfiable(Exception):  # noqa: N818  # a result of the search, not a mistake
    """No assignment satisfies the clauses.

    Attributes:
        core: Given clauses that cannot hold together.
    """

    def __init__(self, core: list[Clause]) -> None:
        """Keep the clauses."""
        super().__init__(f"{len(core)} clauses contradict each other")
        self.core = core
