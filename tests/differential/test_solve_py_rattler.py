"""The shared solve cases: real questions, with what py-rattler 0.28 answered.

Not every answer is the same, nor should it be. Ours gives each spec's package, in the order of the
specs, the best candidate that the earlier ones leave (`tests/laws/test_solve_universes.py` holds
it to that), so at the first spec where the answers differ ours is never the worse one. Packages
that no spec names can differ either way: both solvers decide those with conflicts earlier, and
do not meet the same conflicts.

Validity is checked with py-rattler's own match specs, on records that the solver had no hand in.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from hognose.repodata import SparseRepoData
from hognose.solve import Conflict
from hognose.types import Channel, MatchSpec
from support import shared_data
from support.toy_packages import outcome

if TYPE_CHECKING:
    from hognose.types import RepoDataRecord

rattler = pytest.importorskip("rattler")

Case = dict[str, Any]


@cache
def all_cases() -> list[Case]:
    lines = shared_data.read_zst("solve-cases/public.jsonl.zst").splitlines()
    return [json.loads(line) for line in lines]


@cache
def source(channel: str, subdir: str) -> SparseRepoData | None:
    path = shared_data.require("channels") / channel / subdir / "repodata.json.zst"
    return SparseRepoData(Channel(channel), subdir, path) if path.exists() else None


def ask(case: Case) -> list[RepoDataRecord] | None:
    sources = [source(c, s) for c in case["channels"] for s in case["subdirs"]]
    present = [found for found in sources if found is not None]
    found = outcome(case["specs"], *present, virtual_packages=case["virtual_packages"])
    if not isinstance(found, Conflict):
        return found
    first_line = str(found).splitlines()[0]
    assert set(found.specs) <= set(case["specs"])
    assert all(f"`{spec}`" in first_line for spec in found.specs)
    return None


@cache
def their_spec(text: str) -> Any:
    return rattler.MatchSpec(text)


def their_record(name: str, version: str, build: str, number: int = 0, subdir: str = "") -> Any:
    return rattler.PackageRecord(
        name=name,
        version=rattler.VersionWithSource(version),
        build=rattler.package.build_string.BuildString(build),
        build_number=number,
        subdir=subdir or "noarch",
        arch=None,
        platform=None,
    )


def faults(case: Case, records: list[RepoDataRecord]) -> list[str]:
    """Every demand of the specs and records that the records do not meet."""
    there = {
        r.name: their_record(r.name, str(r.version), r.build, r.build_number, r.subdir)
        for r in records
    }
    found = ["a name is there twice"] if len(there) != len(records) else []
    for text in case["virtual_packages"]:
        name, version, build = text.split("=")
        there[name] = their_record(name, version, build)

    def is_met(text: str, *, absent: bool) -> bool:
        spec = their_spec(text)
        record = there.get(spec.name.normalized)
        return absent if record is None else spec.matches(record)

    found += [f"spec {spec}" for spec in case["specs"] if not is_met(spec, absent=False)]
    for record in records:
        found += [f"{record}: {t}" for t in record.depends if not is_met(t, absent=False)]
        found += [f"{record}: {t}" for t in record.constrains if not is_met(t, absent=True)]
    return found


def first_worse_root(case: Case, records: list[RepoDataRecord]) -> str | None:
    """At the first spec whose package differs in version or build number: is ours the worse?"""
    ours = {record.name: record for record in records}
    file_names = set(case["rattler"]["packages"])
    for spec in case["specs"]:
        name = MatchSpec(spec).name.exact
        assert name is not None
        sources = [source(c, s) for c in case["channels"] for s in case["subdirs"]]
        (theirs,) = (
            record
            for found in sources
            if found is not None
            for record in found.load_records(name)
            if record.file_name in file_names
        )
        keys = [
            (not record.track_features, record.version, record.build_number)
            for record in (ours[name], theirs)
        ]
        if keys[0] != keys[1]:
            return None if keys[0] > keys[1] else f"{case['id']}: {ours[name]} < {theirs}"
        if ours[name].build != theirs.build:
            # A tie that the versions of dependencies decide; what follows is not comparable.
            return None
    return None


def check(cases: list[Case]) -> float:
    """Check the cases, and return which share of the answers is the same."""
    same = []
    for case in cases:
        records = ask(case)
        assert (records is not None) == (case["kind"] == "solvable"), case["id"]
        if records is not None:
            assert [] == faults(case, records), case["id"]
            assert first_worse_root(case, records) is None
            same.append({r.file_name for r in records} == set(case["rattler"]["packages"]))
    return sum(same) / len(same)


@pytest.mark.timeout(120)
def test_some_shared_cases_are_answered_as_well_as_by_py_rattler() -> None:
    assert check(all_cases()[::16]) >= 0.8


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_shared_cases_are_answered_as_well_as_by_py_rattler() -> None:
    assert check(all_cases()) >= 0.9
