"""A name's candidates as a sorted table, in which a set of candidates is an integer.

Bit 0 stands for "not installed" (`ABSENT`), bit i for the i-th best candidate, counted from 1. So
the best of a set is its lowest bit. Specs become masks: a version range costs a bisection and two
XORs, a build string one look at each distinct build.

Tables are made for every name that a solve reaches, decided or not: whatever only decided names
need (who depends on what, groups of equal rank) is worked out when it is first asked for.
"""

from __future__ import annotations

from itertools import accumulate, groupby
from operator import attrgetter, or_
from typing import TYPE_CHECKING

from hognose.solve.clause import ABSENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hognose.types import MatchSpec, RepoDataRecord, Version


# The key whose order is the order of versions; `hognose.types` keeps it from those who need
# no such speed.
version_key = attrgetter("_key")


_BLOCK = 16


class Candidates:
    """The candidates of one name, best first. Does not change, so that solves may share it.

    Args:
        name: The package name.
        records: The candidates, best first.
        ranks: What each candidate was sorted by.
        versions: The distinct versions, lowest first.
        version_keys: Their keys, whose order is theirs.
        version_indices: For each candidate, the index of its version in `versions`.

    Attributes:
        all: The mask of all candidates.
        domain: The mask of all candidates and ABSENT.
    """

    __slots__ = (
        "_build_masks",
        "_constrainers",
        "_cumulative",
        "_dependents",
        "all",
        "domain",
        "name",
        "ranks",
        "records",
        "version_indices",
        "version_keys",
        "versions",
    )

    def __init__(
        self,
        name: str,
        records: Sequence[RepoDataRecord],
        ranks: Sequence[int],
        versions: list[Version],
        version_keys: list[str],
        version_indices: list[int],
    ) -> None:
        self.name = name
        self.records = records
        self.ranks = ranks
        self.versions = versions
        self.version_indices = version_indices
        self.version_keys = version_keys
        self.domain = (2 << len(records)) - 1
        self.all = self.domain ^ ABSENT
        self._cumulative: list[int] | None = None
        self._build_masks: dict[str, int] | None = None
        self._dependents: dict[int, dict[str, int]] = {}
        self._constrainers: dict[int, dict[str, int]] = {}

    def record_of(self, value: int) -> RepoDataRecord:
        """The candidate of a mask with one bit."""
        return self.records[value.bit_length() - 2]

    def records_of(self, mask: int) -> list[RepoDataRecord]:
        """The candidates of a mask, best first."""
        return [self.records[bit - 1] for bit in iter_bits(mask & ~ABSENT)]

    def mask_of(self, spec: MatchSpec) -> int:
        """The candidates that match a spec, whose name is taken to be this one."""
        mask = self.all
        if spec.version is not None:
            mask &= self._mask_of_versions(
                spec.version.mask_of_keys(self.version_keys, self.versions)
            )
        if spec.build is not None and mask:
            builds = self._builds()
            matching = 0
            for build, build_mask in builds.items():
                if build_mask & mask and spec.build.matches(build):
                    matching |= build_mask
            mask &= matching
        if mask and spec.has_qualifiers:
            for bit in iter_bits(mask):
                if not spec.matches(self.records[bit - 1]):
                    mask ^= 1 << bit
        return mask

    def _mask_of_versions(self, version_mask: int) -> int:
        """The candidates whose versions have the indices in a mask."""
        cumulative = self._cumulative or self._accumulate()
        result = 0
        start = 0
        while version_mask:
            gap = (version_mask & -version_mask).bit_length() - 1
            version_mask >>= gap
            run = (~version_mask & (version_mask + 1)).bit_length() - 1
            version_mask >>= run
            result |= cumulative[start + gap + run] ^ cumulative[start + gap]
            start += gap + run
        return result

    def _accumulate(self) -> list[int]:
        # Entry i is the mask of the candidates of the i lowest versions: as the masks of versions
        # are disjoint, any run of them is the XOR of two entries.
        masks = [0] * len(self.versions)
        position = 1
        for index, run in groupby(self.version_indices):
            count = sum(1 for _ in run)
            masks[index] |= ((1 << count) - 1) << position
            position += count
        self._cumulative = [0, *accumulate(masks, or_)]
        return self._cumulative

    def highest_version(self, mask: int) -> tuple[int, int]:
        """The highest version in a mask that is not empty.

        Returns:
            Its index in `versions`, and the value of the best candidate that has it.
        """
        cumulative = self._cumulative or self._accumulate()
        low, high = 0, len(self.versions)
        while high - low > 1:
            middle = (low + high) // 2
            if mask & ~cumulative[middle]:
                low = middle
            else:
                high = middle
        of_version = mask & (cumulative[high] ^ cumulative[low])
        return low, of_version & -of_version

    def all_of_version(self, index: int) -> int:
        """The candidates of one version, by its index in `versions`."""
        return self._mask_of_versions(1 << index)

    def _builds(self) -> dict[str, int]:
        if self._build_masks is None:
            self._build_masks = {}
            for position, record in enumerate(self.records, 1):
                self._build_masks[record.build] = (
                    self._build_masks.get(record.build, 0) | 1 << position
                )
        return self._build_masks

    def dependents_of(self, text: str, value: int) -> int:
        """The candidates near one of them that have the same text among their dependencies.

        Near are those of the same block of the table. Looking at all candidates would make
        clauses that say more, and cost more than they save: most are never tried. Blocks of 16
        instead of 64 make solves 10% faster, though conflicts are a fifth more.
        """
        block = (value.bit_length() - 2) // _BLOCK
        masks = self._dependents.get(block)
        if masks is None:
            masks = self._dependents[block] = {}
            bit = 1
            for record in self.records[block * _BLOCK : (block + 1) * _BLOCK]:
                for dependency in record.depends:
                    masks[dependency] = masks.get(dependency, 0) | bit
                bit <<= 1
        return masks[text] << (block * _BLOCK + 1)

    def constrainers_of(self, text: str, value: int) -> int:
        """The same for constraints."""
        block = (value.bit_length() - 2) // _BLOCK
        masks = self._constrainers.get(block)
        if masks is None:
            masks = self._constrainers[block] = {}
            bit = 1
            for record in self.records[block * _BLOCK : (block + 1) * _BLOCK]:
                for constraint in record.constrains:
                    masks[constraint] = masks.get(constraint, 0) | bit
                bit <<= 1
        return masks[text] << (block * _BLOCK + 1)

    def extra_dependents_of(self, extra: str, text: str) -> int:
        """The candidates that have a text among the dependencies of one of their extras."""
        return sum(
            1 << position
            for position, record in enumerate(self.records, 1)
            if text in record.extra_depends.get(extra, ())
        )

    def has_equal_after(self, value: int) -> bool:
        """Whether the candidate after one has the same rank."""
        position = value.bit_length() - 1
        ranks = self.ranks
        return position < len(ranks) and ranks[position] == ranks[position - 1]

    def group_of(self, value: int) -> int:
        """The candidates of the same rank as one: they differ in more than the order looked at."""
        first = last = value.bit_length() - 2
        rank = self.ranks[first]
        while first and self.ranks[first - 1] == rank:
            first -= 1
        while last + 1 < len(self.ranks) and self.ranks[last + 1] == rank:
            last += 1
        return (2 << (last + 1)) - (2 << first)


def iter_bits(mask: int) -> list[int]:
    """The positions of the bits of a mask, lowest first."""
    bits = []
    while mask:
        low = mask & -mask
        bits.append(low.bit_length() - 1)
        mask ^= low
    return bits
