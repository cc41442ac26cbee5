"""Records in files that are not called as their packages are; other programs may leave them.

Nothing but the content counts when records are read, so such a package is there. When it goes, its
record has to be found.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.errors import HognoseError
from hognose.types import PrefixRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("find_misnamed_records",)


def find_misnamed_records(prefix: str, records: Iterable[PrefixRecord]) -> dict[str, str]:
    """Return the names that the files of records have, by the names that they should have.

    Costs a look at each record's file; only where one is missing all are read.

    Args:
        prefix: The environment.
        records: The records to look for.
    """
    folder = f"{prefix}/conda-meta"
    missing = {
        name
        for record in records
        if not os.path.lexists(f"{folder}/{(name := record.record_file_name)}")
    }
    if not missing:
        return {}
    found = {}
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".json"):
            continue
        try:
            proper = PrefixRecord.from_path(f"{folder}/{name}").record_file_name
        except (HognoseError, OSError):
            continue
        if proper in missing:
            found[proper] = name
    return found
