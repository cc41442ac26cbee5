"""Which candidate is tried first.

::

    locked < no track_features < channel (if flexible) < version < build number
           < versions of the dependencies < timestamp < file name

The first line is a sort when the table is made. The second matters for candidates of equal rank
that are still possible when the name is decided, and is worked out then. Among the dependency
names that all of them share, in alphabetical order, the one whose build allows the highest version
wins; a build with several specs on one name counts with the lowest of what they allow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from hognose.errors import InvalidVersionError
from hognose.solve.candidates import Candidates, iter_bits, version_key
from hognose.types import package_name_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hognose.types import RepoDataRecord, Version

# A candidate's rank is one integer, of which less is better. From the highest bits down it holds
# whether the record is locked, whether it has track_features, its tier, version and build number.
_BUILD_NUMBERS = 1 << 40
_TIERS = 1 << 80
_FEATURES = 1 << 100
_LOCKED = 1 << 101


class SpecMasks(Protocol):
    """Evaluates dependency texts: all that the order needs from the problem."""

    def mask_of_text(self, text: str) -> tuple[Candidates, int]:
        """The table of the name that a dependency is about, and the candidates it allows."""
        ...


def make_candidates(
    name: str,
    records: Sequence[RepoDataRecord],
    *,
    tiers: Sequence[int] = (),
    lowest: bool = False,
    locked: Collection[str] = (),
) -> Candidates:
    """Sort the records of a name and make their table.

    Records whose version cannot be read are left out: they have no place in the order.

    Args:
        name: The package name.
        records: Its records.
        tiers: The tier of each record, where a better tier beats a better version.
        lowest: Whether lower versions are better.
        locked: File names of the records that are preferred to all others.
    """
    try:
        versions, keys, indices = _rank_versions([record.version for record in records])
    except InvalidVersionError:
        good = [position for position, record in enumerate(records) if _has_order(record)]
        return make_candidates(
            name,
            [records[position] for position in good],
            tiers=[tiers[position] for position in good] if tiers else (),
            lowest=lowest,
            locked=locked,
        )
    step = _BUILD_NUMBERS if lowest else -_BUILD_NUMBERS
    decorated = []
    for position, record in enumerate(records):
        rank = indices[position] * step - record.build_number
        if record.track_features_source:
            rank += _FEATURES
        if tiers:
            rank += tiers[position] * _TIERS
        if locked and record.file_name in locked:
            rank -= _LOCKED
        decorated.append((rank, -(record.timestamp_ms or 0), record.file_name, position))
    decorated.sort()
    return Candidates(
        name,
        [records[entry[3]] for entry in decorated],
        [entry[0] for entry in decorated],
        versions,
        keys,
        [indices[entry[3]] for entry in decorated],
    )


def _has_order(record: RepoDataRecord) -> bool:
    try:
        version_key(record.version)
    except InvalidVersionError:
        return False
    return True


def _rank_versions(found: list[Version]) -> tuple[list[Version], list[str], list[int]]:
    """The distinct versions, lowest first, their keys, and each given version's index in them."""
    keys = list(map(version_key, found))
    by_key = dict(zip(keys, found, strict=True))
    ordered = sorted(by_key)
    index_of = {key: index for index, key in enumerate(ordered)}
    return [by_key[key] for key in ordered], ordered, [index_of[key] for key in keys]


def order_group(table: Candidates, group: int, masks: SpecMasks, *, lowest: bool) -> list[int]:
    """Bring candidates of equal rank into the order of the versions their dependencies allow.

    Args:
        table: The table they are in.
        group: Their mask.
        masks: Evaluates their dependencies.
        lowest: Whether lower versions of the dependencies are better.

    Returns:
        Their values (masks of one bit), best first.
    """
    bits = iter_bits(group)
    by_name: list[dict[str, list[str]]] = []
    for bit in bits:
        names: dict[str, list[str]] = {}
        for text in table.records[bit - 1].depends:
            names.setdefault(package_name_of(text), []).append(text)
        by_name.append(names)
    shared = set(by_name[0]).intersection(*by_name[1:])
    # Texts that all candidates have on a name cannot tell them apart.
    telling = sorted(
        name for name in shared if any(n[name] != by_name[0][name] for n in by_name[1:])
    )
    best: dict[str, tuple[bool, bool, int]] = {}
    scored = []
    for bit, names in zip(bits, by_name, strict=True):
        score = []
        for name in telling:
            for text in names[name]:
                if text not in best:
                    best[text] = _best_version(*masks.mask_of_text(text), lowest=lowest)
            allowed = [best[text] for text in names[name]]
            found = [key for key in allowed if not key[0]]
            score.append(max(found) if found else (True, False, 0))
        # The sort is stable, and the table is sorted by timestamp already.
        scored.append((score, bit))
    scored.sort()
    return [1 << bit for _, bit in scored]


def _best_version(table: Candidates, mask: int, *, lowest: bool) -> tuple[bool, bool, int]:
    """The highest version in a mask, as a key of which less is better.

    The key says whether there is none, whether it has track_features, and where it is.
    """
    if not mask:
        return True, False, 0
    index, value = table.highest_version(mask)
    has_features = bool(table.record_of(value).track_features_source)
    return False, has_features, index if lowest else -index
