"""Dependency overrides: what the caller knows better than a record.

An override is a pair of specs: the records it is about, and what takes the place of their
dependencies on the name of the second spec. The first override that is about a record and has the
name counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hognose.errors import InvalidMatchSpecError
from hognose.solve.task import with_text
from hognose.types import MatchSpec, package_name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hognose.types import RepoDataRecord


class DependencyOverrides:
    """Puts other dependencies in the place of those that records have.

    Records that it changes are copies; `original` leads back.
    """

    def __init__(self, rules: Iterable[tuple[MatchSpec | str, MatchSpec | str]]) -> None:
        """Sort the rules by the name of what they replace.

        Raises:
            InvalidMatchSpecError: A replacement does not name one package.
        """
        self._rules: dict[str, list[tuple[MatchSpec, str]]] = {}
        self._originals: dict[int, tuple[RepoDataRecord, RepoDataRecord]] = {}
        for about, replacement in rules:
            text, spec = with_text(replacement)
            if spec.name.exact is None:
                raise InvalidMatchSpecError(text, "what replaces a dependency names one package")
            self._rules.setdefault(spec.name.exact, []).append((with_text(about)[1], text))

    def apply(self, records: Sequence[RepoDataRecord]) -> Sequence[RepoDataRecord]:
        """The records, with copies in the place of those that some rule changes."""
        return [self._apply(record) for record in records] if self._rules else records

    def _apply(self, record: RepoDataRecord) -> RepoDataRecord:
        depends = tuple(self._replace(record, text) for text in record.depends)
        if depends == record.depends:
            return record
        changed = msgspec.structs.replace(record, depends=tuple(dict.fromkeys(depends)))
        # The copy is kept too, so that its identity stays its own.
        self._originals[id(changed)] = record, changed
        return changed

    def _replace(self, record: RepoDataRecord, text: str) -> str:
        for about, replacement in self._rules.get(package_name_of(text), ()):
            if about.matches(record):
                return replacement
        return text

    def original(self, record: RepoDataRecord) -> RepoDataRecord:
        """The record as its source had it."""
        return self._originals.get(id(record), (record,))[0]
