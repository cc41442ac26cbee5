"""Every record of a large repodata file, decoded in one walk.

Finding out first where the records lie, as for single names, would read the file twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.repodata.format_selection import PackageFormatSelection, is_hidden
from hognose.repodata.placement import WireRecord
from hognose.repodata.record_scan import UNFORESEEN, RecordScan
from hognose.types import wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from hognose.repodata.large_file import LargeFile
    from hognose.repodata.placement import Placement
    from hognose.types import ChannelInfo, RepoDataRecord

__all__ = ("load_every_record",)


def load_every_record(
    file: LargeFile,
    selection: PackageFormatSelection,
    placement_for: Callable[[ChannelInfo], Placement],
) -> list[RepoDataRecord] | None:
    """Decode the records of a file, in their order.

    Args:
        file: The file.
        selection: Which ones count.
        placement_for: Tells from what the file says of itself where its archives lie.

    Returns:
        None where the file has to be looked at more closely: it is not written as index programs
        write it, or something is wrong with it or with a record.

    Raises:
        OSError: The file cannot be read.
    """
    found: dict[str, list[RepoDataRecord]] = {".tar.bz2": [], ".conda": []}
    # What is left out because it is not what its file name says hides an older format, too.
    left_out: set[str] = set()
    placement: Placement | None = None

    def keep(suffix: str, records: dict[str, WireRecord], _start: int, _length: int) -> None:
        nonlocal placement
        if placement is None:
            placement = placement_for(scan.info())
        placed = placement.place(None, records, records.values())
        if len(placed) < len(records):
            left_out.update(records)
        found[suffix] += placed

    scan = RecordScan(file.source(), keep, wire.json_decoder(dict[str, WireRecord]))
    try:
        removed = frozenset(scan.run().removed)
    except UNFORESEEN:
        return None
    tar_bz2, conda = (_without(removed, records) for records in found.values())
    if selection is PackageFormatSelection.ONLY_TAR_BZ2:
        return tar_bz2
    if selection is PackageFormatSelection.ONLY_CONDA:
        return conda
    if selection is PackageFormatSelection.PREFER_CONDA and tar_bz2:
        newer = (left_out - removed).union(record.file_name for record in conda)
        hidden = {each.file_name for each in tar_bz2 if is_hidden(each.file_name, newer)}
        tar_bz2 = _without(hidden, tar_bz2)
    tar_bz2 += conda
    return tar_bz2


def _without(file_names: AbstractSet[str], records: list[RepoDataRecord]) -> list[RepoDataRecord]:
    if not file_names:
        return records
    return [record for record in records if record.file_name not in file_names]
