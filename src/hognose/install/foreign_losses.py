"""What a transaction means to packages that another installer put into the environment.

Told before a change is made. Their files stay where conda's package of the same name only goes;
where it is linked anew, they are lost, with the metadata that would belie what is there. For
another Python they have to be installed again.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from hognose.install.foreign_packages import (
    ForeignPackage,
    TakenFiles,
    find_foreign_packages,
    find_taken_files,
    read_file_list,
)
from hognose.install.recorded_paths import find_unsafe_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hognose.install.transaction import Transaction

__all__ = ("ForeignLosses", "ForeignPaths", "find_foreign_losses", "find_foreign_paths")

# Where installers of Python packages put programs.
_PROGRAMS = ("bin/", "Scripts/")


class ForeignLosses(msgspec.Struct, frozen=True, kw_only=True):
    """The foreign packages that a transaction touches.

    Attributes:
        staying: Foreign packages in the places of conda packages that go; their files stay.
        overwritten: Foreign packages in the places of conda packages that are linked anew, with all
            files that they lose.
        stranded: Those that the environment's Python does not read afterwards.
        python: The Python afterwards, as `3.13`, or empty.
    """

    staying: tuple[TakenFiles, ...] = ()
    overwritten: tuple[TakenFiles, ...] = ()
    stranded: tuple[ForeignPackage, ...] = ()
    python: str = ""

    @property
    def to_install_again(self) -> tuple[ForeignPackage, ...]:
        """The packages that pip has to install again for them to work, each once."""
        lost = [item.foreign for item in self.overwritten]
        return tuple(dict.fromkeys([*lost, *self.stranded]))


class ForeignPaths(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of files of foreign packages, relative to the prefix.

    Attributes:
        staying: Files of conda packages that go which belong to foreign packages by now.
        going: Files of foreign packages that go, because the same distribution is linked anew.
    """

    staying: frozenset[str] = frozenset()
    going: frozenset[str] = frozenset()


def find_foreign_losses(
    prefix: str | os.PathLike[str], transaction: Transaction
) -> ForeignLosses | None:
    """Look what foreign packages a transaction touches; None where it touches none.

    Args:
        prefix: The environment, as it is before the transaction.
        transaction: The plan.
    """
    before, after = transaction.current_python, transaction.python
    if before is None:
        return None
    is_left = after is None or after.site_packages != before.site_packages
    start = f"{before.site_packages}/"
    if not is_left and not any(
        any(path.startswith(start) for path in record.files) for record in transaction.removed
    ):
        return None
    current = (*transaction.unchanged, *transaction.removed)
    foreign = find_foreign_packages(prefix, current, before.site_packages)
    if not foreign:
        return None
    linked = {item.name for item in transaction.operations if item.new is not None}
    taken = find_taken_files(prefix, transaction.removed, foreign, linked=() if is_left else linked)
    gone = {item.name for item in transaction.operations if item.new is None}
    stranded = foreign if is_left else ()
    taken = tuple(
        item
        if item.package in gone or item.foreign in stranded
        else msgspec.structs.replace(
            item, paths=tuple(sorted({*item.paths, *_own_files(prefix, item, foreign)}))
        )
        for item in taken
    )
    losses = ForeignLosses(
        staying=tuple(item for item in taken if item.package in gone),
        overwritten=tuple(
            item for item in taken if item.package not in gone and item.foreign not in stranded
        ),
        stranded=stranded,
        python="" if after is None else f"{after.major}.{after.minor}",
    )
    return losses if losses.staying or losses.overwritten or losses.stranded else None


def find_foreign_paths(prefix: str | os.PathLike[str], transaction: Transaction) -> ForeignPaths:
    """Find the files of foreign packages that a transaction leaves, and those that it removes.

    Args:
        prefix: The environment, as it is before the transaction.
        transaction: The plan.
    """
    python, after = transaction.current_python, transaction.python
    if python is None or not transaction.removed:
        return ForeignPaths()
    current = (*transaction.unchanged, *transaction.removed)
    foreign = find_foreign_packages(prefix, current, python.site_packages)
    is_left = after is None or after.site_packages != python.site_packages
    linked = () if is_left else {op.name for op in transaction.operations if op.new is not None}
    taken = find_taken_files(prefix, transaction.removed, foreign, linked=linked)
    going = frozenset(
        path
        for item in taken
        if item.package in linked
        for path in _own_files(prefix, item, foreign)
    )
    return ForeignPaths(
        staying=frozenset(path for item in taken for path in item.paths) - going, going=going
    )


def _own_files(
    prefix: str | os.PathLike[str], item: TakenFiles, foreign: Sequence[ForeignPackage]
) -> set[str]:
    """Return the modules, metadata and programs of a package that conda's takes the place of.

    Nothing of a package that only has files of the same names as conda's, nothing that another
    foreign package has as well, and nothing that is no place for Python packages.
    """
    if not item.is_same_distribution:
        return set()
    places = (f"{item.foreign.metadata.rpartition('/')[0]}/", *_PROGRAMS)
    own = {
        path for path in read_file_list(prefix, item.foreign.metadata) if path.startswith(places)
    }
    for other in foreign if own else ():
        if other != item.foreign:
            own.difference_update(read_file_list(prefix, other.metadata))
    return set() if find_unsafe_path(os.path.abspath(prefix), sorted(own)) else own
