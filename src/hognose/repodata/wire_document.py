"""What a repodata document, and a shard of one, looks like on the wire (CEP 16, 36 and 48)."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec
from msgspec import field

__all__ = ("WireDocument",)

Record = TypeVar("Record")


class _Revision(msgspec.Struct, Generic[Record], gc=False):
    """The records of a later revision, under their file names without the ending."""

    conda: dict[str, Record] = {}
    tar_bz2: dict[str, Record] = field(name="tar.bz2", default_factory=dict)


class WireDocument(msgspec.Struct, Generic[Record], gc=False):
    """Records under their file names, decoded or as text; made ready by `settle`."""

    packages: dict[str, Record] = {}
    conda_packages: dict[str, Record] = field(name="packages.conda", default_factory=dict)
    v3: _Revision[Record] | None = None
    removed: tuple[str, ...] = ()

    def settle(self) -> None:
        """Put records of later revisions beside the others, and leave out what was withdrawn."""
        if self.v3 is not None:
            for stem, record in self.v3.tar_bz2.items():
                self.packages.setdefault(f"{stem}.tar.bz2", record)
            for stem, record in self.v3.conda.items():
                self.conda_packages.setdefault(f"{stem}.conda", record)
            self.v3 = None
        for file_name in self.removed:
            self.packages.pop(file_name, None)
            self.conda_packages.pop(file_name, None)
