"""The shared solve cases: real questions, with what py-rattler 0.28 answered.

Not every answer is the same, nor should it be. Ours gives each spec's package, in the order of the
specs, the best candidate that the earlier ones leave (`tests/laws/test_solve_universes.py` holds
it to that), so at the first spec where the answers differ ours is never the worse one. Packages
that no spec names can differ either way: both solvers decide those with conflicts earlier, and
do not meet the same conflicts. Where more of them are older than newer, the reason is in
`ACCEPTED`.

Validity is checked with py-rattler's own match specs, on records that the solver had no hand in.
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from hognose.errors import UnsolvableError
from hognose.repodata import SparseRepoData
from hognose.solve import Conflict, solve
from hognose.types import Channel, MatchSpec
from support import shared_data
from support.call_gauge import CallGauge
from support.toy_packages import outcome

if TYPE_CHECKING:
    from hognose.types import RepoDataRecord

rattler = pytest.importorskip("rattler")

Case = dict[str, Any]

# Answers that are worse by the measure of `compare`, each with the reason.
ACCEPTED = {
    "linux-64-0348": "fsspec is required before s3fs and gets its newest version, which only an s3fs "
    "of old goes with; py-rattler lets fsspec be one version older",
    "osx-arm64-0441": "a conflict lets cctools be decided before clang, and the newest cctools is "
    "for clang 19; py-rattler takes clang 20 with an older cctools",
}


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


def records_of(case: Case, file_names: set[str]) -> dict[str, RepoDataRecord]:
    """Records of a case's channels by name, for file names."""
    sources = [source(c, s) for c in case["channels"] for s in case["subdirs"]]
    names = {file_name.rsplit("-", 2)[0] for file_name in file_names}
    return {
        name: record
        for name in names
        for found in sources
        if found is not None
        for record in found.load_records(name)
        if record.file_name in file_names
    }


def compare(case: Case, ours: dict[str, RepoDataRecord]) -> tuple[str, int]:
    """By how much our answer is better, where it is not the same: the written measure.

    The packages of the specs count first, in the order of the specs: the first one that differs
    decides. If none differs in version or build number, all packages that both answers have count,
    one each.

    Returns:
        Where the difference is (a name, or `the rest`), and by how much ours is better; below 0 it
        is worse.
    """
    theirs = records_of(case, set(case["rattler"]["packages"]))

    def better(name: str) -> int:
        keys = [
            (not record.track_features, record.version, record.build_number)
            for record in (ours[name], theirs[name])
        ]
        return (keys[0] > keys[1]) - (keys[0] < keys[1])

    roots = dict.fromkeys(str(MatchSpec(spec).name.exact) for spec in case["specs"])
    for root in roots:
        if better(root):
            return root, better(root)
        if ours[root].build != theirs[root].build:
            break  # a tie; from here on the two follow different builds
    return "the rest", sum(better(name) for name in ours.keys() & theirs.keys())


def check(cases: list[Case]) -> float:
    """Check the cases, and return which share of the answers is the same."""
    same = []
    worse = {}
    for case in cases:
        records = ask(case)
        assert (records is not None) == (case["kind"] == "solvable"), case["id"]
        if records is not None:
            assert [] == faults(case, records), case["id"]
            same.append({r.file_name for r in records} == set(case["rattler"]["packages"]))
            if not same[-1]:
                where, by_how_much = compare(case, {r.name: r for r in records})
                if by_how_much < 0:
                    worse[case["id"]] = f"{where}: {by_how_much}"
    assert set() == worse.keys() - ACCEPTED.keys(), worse
    return sum(same) / len(same)


@pytest.mark.parametrize("number", ["linux-64-0066", "win-64-0532", "linux-64-0095"])
def test_a_hard_case_looks_every_few_milliseconds_whether_to_stop(number: str) -> None:
    (case,) = (case for case in all_cases() if case["id"] == number)
    sources = [source(c, s) for c in case["channels"] for s in case["subdirs"]]
    gauge = CallGauge()
    with gauge, suppress(UnsolvableError):
        solve(
            case["specs"],
            [found for found in sources if found is not None],
            virtual_packages=case["virtual_packages"],
            cancelled=gauge.look,
        )
    assert gauge.most < 100_000


@pytest.mark.timeout(120)
def test_some_shared_cases_are_answered_as_well_as_by_py_rattler() -> None:
    assert check(all_cases()[::16]) >= 0.8


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_shared_cases_are_answered_as_well_as_by_py_rattler() -> None:
    assert check(all_cases()) >= 0.9
