"""Reverse dependencies: which packages need one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from hognose.errors import HognoseError
from hognose.types import (
    GenericVirtualPackage,
    MatchSpec,
    PackageRecord,
    RepoDataRecord,
    package_name_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ("DependencyKind", "Dependent", "Target", "find_dependents", "name_of_target")

DependencyKind = Literal["depends", "constrains", "extra_depends", "run_exports"]

Target = str | PackageRecord | GenericVirtualPackage


class Dependent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A package that refers to the one in question.

    Attributes:
        record: The package.
        dependency: The dependency through which it does, as text.
        kind: The field that holds it.
        extra: The optional group that it belongs to, for `extra_depends`.
        run_export_kind: `weak`, `strong` and so on, for `run_exports`.
    """

    record: RepoDataRecord
    dependency: str
    kind: DependencyKind
    extra: str | None = None
    run_export_kind: str | None = None


def name_of_target(target: Target) -> str:
    """Return the name of what is asked for, in lower case."""
    return str(target if isinstance(target, str) else target.name).lower()


def find_dependents(records: Iterable[RepoDataRecord], target: Target) -> Iterator[Dependent]:
    """Yield a record for each of its dependencies that the target meets.

    A name is met by every dependency on that name, a record or a virtual package only by those
    whose spec allows it.
    """
    name = name_of_target(target)
    answers: dict[str, bool] = {}

    def is_met(dependency: str) -> bool:
        # A channel's records repeat each other's dependencies.
        answer = answers.get(dependency)
        if answer is None:
            answer = answers[dependency] = _allows(dependency, name, target)
        return answer

    for record in records:
        for dependency in record.depends:
            if is_met(dependency):
                yield Dependent(record=record, dependency=dependency, kind="depends")
        for dependency in record.constrains:
            if is_met(dependency):
                yield Dependent(record=record, dependency=dependency, kind="constrains")
        for extra, group in record.extra_depends.items():
            for dependency in group:
                if is_met(dependency):
                    yield Dependent(
                        record=record, dependency=dependency, kind="extra_depends", extra=extra
                    )
        if record.run_exports is not None:
            for kind in record.run_exports.__struct_fields__:
                for dependency in getattr(record.run_exports, kind):
                    if is_met(dependency):
                        yield Dependent(
                            record=record,
                            dependency=dependency,
                            kind="run_exports",
                            run_export_kind=kind,
                        )


def _allows(dependency: str, name: str, target: Target) -> bool:
    if package_name_of(dependency) != name:
        return False
    if isinstance(target, str):
        return True
    try:
        spec = MatchSpec(dependency)
    except HognoseError:
        # What no tool can parse is needed by nobody; the record that holds it is still usable.
        return False
    return spec.matches(target)
