"""What a transaction means to packages that another installer put into the environment.

Told before a change is made. Their files stay where conda's package of the same name only goes;
where another conda package takes its place, they are lost. For another Python they have to be
installed again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hognose.install.foreign_packages import (
    ForeignPackage,
    TakenFiles,
    find_foreign_packages,
    find_taken_files,
)

if TYPE_CHECKING:
    import os

    from hognose.install.transaction import Transaction

__all__ = ("ForeignLosses", "find_foreign_losses", "find_foreign_paths")


class ForeignLosses(msgspec.Struct, frozen=True, kw_only=True):
    """The foreign packages that a transaction touches.

    Attributes:
        staying: Foreign packages in the places of conda packages that go; their files stay.
        overwritten: Foreign packages in the places of conda packages that are linked anew.
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
    taken = find_taken_files(prefix, transaction.removed, foreign)
    gone = {item.name for item in transaction.operations if item.new is None}
    stranded = foreign if is_left else ()
    losses = ForeignLosses(
        staying=tuple(item for item in taken if item.package in gone),
        overwritten=tuple(
            item for item in taken if item.package not in gone and item.foreign not in stranded
        ),
        stranded=stranded,
        python="" if after is None else f"{after.major}.{after.minor}",
    )
    return losses if losses.staying or losses.overwritten or losses.stranded else None


def find_foreign_paths(prefix: str | os.PathLike[str], transaction: Transaction) -> frozenset[str]:
    """Return the files of packages that go which belong to foreign packages by now."""
    python = transaction.current_python
    if python is None or not transaction.removed:
        return frozenset()
    current = (*transaction.unchanged, *transaction.removed)
    foreign = find_foreign_packages(prefix, current, python.site_packages)
    taken = find_taken_files(prefix, transaction.removed, foreign)
    return frozenset(path for item in taken for path in item.paths)
