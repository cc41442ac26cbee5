"""Records that are written beside the journal, and come into `conda-meta` with the commit.

That of a package is written as soon as its files are there, while others are still on their way:
at the end everything waits for it. What turns out differently in the end is written once more.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.install.installed_record import altered_record, new_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hognose.install.arrangement import Arrangement
    from hognose.install.journal import Journal
    from hognose.install.package_linker import LinkedPackage
    from hognose.types import PrefixRecord

__all__ = ("WaitingRecords",)


class WaitingRecords:
    """The records of one transaction that are new or altered."""

    def __init__(
        self, prefix: str, journal: Journal, specs: Mapping[str, tuple[str, ...]] | None
    ) -> None:
        """Prepare for a transaction.

        Args:
            prefix: The environment, absolute.
            journal: Where the records wait.
            specs: What packages were asked for by, by their names; None leaves that alone in the
                records of packages that stay.
        """
        self._prefix = prefix
        self._journal = journal
        self._specs = specs
        self._written: dict[str, str] = {}

    def write(self, package: LinkedPackage) -> str:
        """Write the record of a package that was linked, again if need be; return its file name.

        Raises:
            OSError: It cannot be written.
        """
        name = str(package.record.name)
        record = new_record(package, (self._specs or {}).get(name, ()))
        self._written[name] = record.record_file_name
        self._write(record)
        return record.record_file_name

    def complete(
        self,
        linked: Sequence[LinkedPackage],
        unchanged: Iterable[PrefixRecord],
        arrangement: Arrangement,
        *,
        altered: Iterable[str],
    ) -> tuple[str, ...]:
        """Write what is not written yet, or not as it has to be; return all file names.

        Args:
            linked: The packages that came.
            unchanged: The records of those that stay.
            arrangement: Where their files are in the end.
            altered: Names of packages whose files are others than when they were linked.

        Raises:
            OSError: One cannot be written.
        """
        late = {*altered, *arrangement.final_places}
        names = []
        for package in linked:
            name = str(package.record.name)
            written = None if name in late else self._written.get(name)
            names.append(self.write(package) if written is None else written)
        for record in unchanged:
            final_places = arrangement.final_places.get(str(record.name))
            changed = altered_record(record, self._specs, final_places)
            if changed is not None:
                self._write(changed)
                self._keep_time(changed.record_file_name)
                names.append(changed.record_file_name)
        return tuple(names)

    def _keep_time(self, file_name: str) -> None:
        # It tells since when the package is there: `find_unlogged_packages` goes by it.
        try:
            time = os.stat(f"{self._prefix}/conda-meta/{file_name}").st_mtime_ns
        except FileNotFoundError:
            # It is in a file of another name.
            return
        os.utime(self._journal.record_path(file_name), ns=(time, time))

    def _write(self, record: PrefixRecord) -> None:
        path = self._journal.record_path(record.record_file_name)
        with open(path, "wb", buffering=0) as file:
            view = memoryview(record.encode())
            while view:
                view = view[file.write(view) :]
