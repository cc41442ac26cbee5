"""Which field of a spec no record has, and what there is instead: `its license is MIT`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hognose.solve.conflict import enumerate_texts
from hognose.types import MatchSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hognose.types import RepoDataRecord

_MAX_SHOWN = 3


class _Field(msgspec.Struct, frozen=True):
    """A field of specs and records.

    Attributes:
        attribute: Its name in both.
        key: Its name in the brackets of a spec.
        one: What a value is called.
        several: What values are called.
        is_opaque: Whether values tell a reader little, so that a long list of them is left out.
    """

    attribute: str
    key: str
    one: str
    several: str
    is_opaque: bool = False


# In the order in which they are looked at: what people choose by comes before what follows from it.
_FIELDS = (
    _Field("build", "build", "build", "builds"),
    _Field("build_number", "build_number", "build number", "build numbers"),
    _Field("flags", "flags", "flag", "flags"),
    _Field("track_features", "track_features", "tracked feature", "tracked features"),
    _Field("features", "features", "feature", "features"),
    _Field("license", "license", "license", "licenses"),
    _Field("license_family", "license_family", "license family", "license families"),
    _Field("subdir", "subdir", "subdir", "subdirs"),
    _Field("file_name", "fn", "file name", "file names"),
    _Field("url", "url", "URL", "URLs", is_opaque=True),
    _Field("md5", "md5", "MD5 digest", "MD5 digests", is_opaque=True),
    _Field("sha256", "sha256", "SHA-256 digest", "SHA-256 digests", is_opaque=True),
)


def describe_unmet_field(spec: MatchSpec, records: Sequence[RepoDataRecord]) -> str:
    """Say what no record has of all that a spec demands besides the version.

    Args:
        spec: What is demanded.
        records: At least one, of versions that meet the spec.

    Returns:
        A sentence about "it", the package; of fields that only together are too much, it is about
        the last one, and what those have that meet the others.
    """
    for field in _FIELDS:
        wanted = getattr(spec, field.attribute)
        if wanted is None or wanted == ():
            continue
        demand = MatchSpec(f"{records[0].name}[{field.key}={_quote(wanted)}]")
        fitting = [record for record in records if demand.matches(record)]
        if not fitting:
            return _describe(field, records)
        records = fitting
    channels = dict.fromkeys(str(record.channel) for record in records if record.channel)
    return f"it is only in {enumerate_texts(_shorten(list(channels)))}"


def _quote(value: object) -> str:
    """A value as it is written in the brackets of a spec."""
    if isinstance(value, tuple):
        return f"[{','.join(map(str, value))}]"
    escaped = _text_of(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _text_of(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _describe(field: _Field, records: Sequence[RepoDataRecord]) -> str:
    found: dict[str, None] = {}
    for record in records:
        value = getattr(record, field.attribute)
        values = value if isinstance(value, tuple) else (value,)
        found.update((_text_of(v), None) for v in values if v is not None and v != "")
    texts = list(found)
    if not texts:
        return f"it has no {field.several}"
    if len(texts) == 1:
        return f"its {field.one} is {texts[0]}"
    if field.is_opaque and len(texts) > _MAX_SHOWN:
        return f"none of its {len(records)} archives has this {field.one}"
    return f"its {field.several} are {enumerate_texts(_shorten(texts))}"


def _shorten(texts: list[str]) -> list[str]:
    return texts if len(texts) <= _MAX_SHOWN else [*texts[:2], f"{len(texts) - 2} others"]
