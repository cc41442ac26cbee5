"""Records out of their JSON texts, many in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.errors import InvalidPackageFileError
from hognose.repodata.placement import WireRecord
from hognose.types import wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    import msgspec

__all__ = ("decode_records",)


def decode_records(texts: Mapping[str, msgspec.Raw], *, what: str) -> dict[str, WireRecord]:
    """Decode the records of some file names.

    Args:
        texts: For each file name its record.
        what: The file or the URL that they are from, for errors.

    Raises:
        InvalidPackageFileError: A record is malformed; the error names its file.
    """
    if not texts:
        return {}
    # A fifth faster than a call for each.
    text = b"[%b]" % b",".join(texts.values())
    try:
        records = wire.decode_json(text, list[WireRecord], what=what)
    except InvalidPackageFileError as error:
        raise _name_the_record(texts, error, what) from error
    return dict(zip(texts, records, strict=True))


def _name_the_record(
    texts: Mapping[str, msgspec.Raw], error: InvalidPackageFileError, what: str
) -> InvalidPackageFileError:
    for file_name, raw in texts.items():
        try:
            wire.decode_json(bytes(raw), WireRecord, what=f"{what}: {file_name}")
        except InvalidPackageFileError as exact:
            return exact
    return error
