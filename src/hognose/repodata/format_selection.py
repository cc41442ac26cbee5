"""Which of the two archives counts where a package is there as `.conda` and as `.tar.bz2`."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    Item = TypeVar("Item")

__all__ = ("PackageFormatSelection", "is_hidden", "select")


class PackageFormatSelection(enum.Enum):
    """What to take from a channel that has packages in two formats."""

    ONLY_TAR_BZ2 = "only-tar-bz2"
    """`.tar.bz2` archives alone."""
    ONLY_CONDA = "only-conda"
    """`.conda` archives alone."""
    PREFER_CONDA = "prefer-conda"
    """Both, without a `.tar.bz2` that is there as `.conda` too."""
    BOTH = "both"
    """Everything."""


def select(
    tar_bz2: Mapping[str, Item], conda: Mapping[str, Item], selection: PackageFormatSelection
) -> Iterator[tuple[str, Item]]:
    """Yield the file names that a selection takes, with what belongs to them."""
    if selection is not PackageFormatSelection.ONLY_CONDA:
        hides = selection is PackageFormatSelection.PREFER_CONDA and conda
        for file_name, item in tar_bz2.items():
            if not (hides and is_hidden(file_name, conda)):
                yield file_name, item
    if selection is not PackageFormatSelection.ONLY_TAR_BZ2:
        yield from conda.items()


def is_hidden(file_name: str, conda: Container[str]) -> bool:
    """Whether a package in the older format is there as `.conda` too."""
    return f"{file_name.removesuffix('.tar.bz2')}.conda" in conda
