"""`solve` against brute force, on small random universes of packages."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hognose.errors import SolverBackendError, UnsolvableError
from hognose.solve import Conflict, solve
from hognose.solve.candidates import iter_bits
from hognose.solve.order import make_candidates
from hognose.types import MatchSpec
from support.toy_packages import outcome, packages

if TYPE_CHECKING:
    from hognose.types import RepoDataRecord

NAMES = "abcd"
Choice = dict[str, "RepoDataRecord | None"]

words = st.sampled_from(["and", "or"])
ranges = st.sampled_from(["", ">=2", "<2", "==1", "==2", "!=2", ">=2,<3", "3.*", ">=9"])
demands = st.builds("{} {}".format, st.sampled_from(NAMES), ranges).map(str.strip)
conditional = st.builds(
    '{}[when="{}"]'.format, demands, demands | st.builds("{} {} {}".format, demands, words, demands)
)


@st.composite
def universes(
    draw: st.DrawFn, dependencies: st.SearchStrategy[str] = demands | conditional
) -> list[RepoDataRecord]:
    texts = []
    for name in NAMES:
        for version in range(1, draw(st.integers(0, 3)) + 1):
            depends = draw(st.lists(dependencies, max_size=3))
            constrains = draw(st.lists(demands, max_size=1))
            texts.append(f"{name} {version}: {'; '.join(depends)} | {'; '.join(constrains)}")
    return packages(*texts)


questions = st.lists(demands, min_size=1, max_size=3)


def fits(choice: Choice, specs: list[str]) -> bool:
    def matches(spec: MatchSpec) -> bool:
        record = choice[str(spec.name)]
        return record is not None and spec.matches(record)

    def is_met(text: str, *, absent: bool) -> bool:
        spec = MatchSpec(text)
        if spec.condition is not None and not spec.condition.evaluate(matches):
            return True
        return matches(spec) or (absent and choice[str(spec.name)] is None)

    return all(is_met(spec, absent=False) for spec in specs) and all(
        is_met(text, absent=absent)
        for record in choice.values()
        if record is not None
        for texts, absent in ((record.depends, False), (record.constrains, True))
        for text in texts
    )


def all_answers(universe: list[RepoDataRecord], specs: list[str]) -> list[Choice]:
    options = [[None, *(r for r in universe if r.name == name)] for name in NAMES]
    choices = [dict(zip(NAMES, records, strict=True)) for records in product(*options)]
    return [choice for choice in choices if fits(choice, specs)]


@settings(max_examples=250, deadline=None)
@given(universes(), questions)
def test_an_answer_is_found_if_there_is_one_and_its_roots_are_the_best(
    universe: list[RepoDataRecord], specs: list[str]
) -> None:
    answers = all_answers(universe, specs)
    records = outcome(specs, universe)
    if isinstance(records, Conflict):
        assert [] == answers
        assert str(records)
        # The specs that the explanation names have no answer by themselves.
        assert [] == all_answers(universe, list(records.specs))
        return
    found: Choice = {**dict.fromkeys(NAMES), **{record.name: record for record in records}}
    assert fits(found, specs)
    for root in dict.fromkeys(spec.split()[0] for spec in specs):
        best = max(str(choice[root].version) for choice in answers)  # type: ignore[union-attr]
        assert best == str(found[root].version)  # type: ignore[union-attr]
        answers = [choice for choice in answers if choice[root] == found[root]]


@pytest.mark.parametrize("backend", ["libsolv", "pubgrub", "resolvo"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_back_end_finds_an_answer_if_there_is_one(backend: str, data: st.DataObject) -> None:
    # Only PubGrub has a way to say what a condition means.
    universe = data.draw(universes(demands | conditional if backend == "pubgrub" else demands))
    specs = data.draw(questions)
    try:
        records = solve(specs, [universe], backend=backend)
    except SolverBackendError as error:
        pytest.skip(str(error))
    except UnsolvableError:
        assert [] == all_answers(universe, specs)
    else:
        found: Choice = {**dict.fromkeys(NAMES), **{record.name: record for record in records}}
        assert fits(found, specs)


@settings(max_examples=100, deadline=None)
@given(universes(), questions)
def test_nothing_is_installed_that_nothing_needs(
    universe: list[RepoDataRecord], specs: list[str]
) -> None:
    records = outcome(specs, universe)
    if isinstance(records, Conflict):
        return
    there = {record.name: record for record in records}
    needed = {spec.split()[0] for spec in specs}
    for record in records:
        for spec in map(MatchSpec, record.depends):
            if spec.condition is None or spec.condition.evaluate(
                lambda s: s.name.exact in there and s.matches(there[s.name.exact])
            ):
                needed.add(str(spec.name))
    assert needed == set(there)


@settings(max_examples=100, deadline=None)
@given(universes(), questions, st.randoms(use_true_random=False))
def test_the_order_of_records_changes_nothing(
    universe: list[RepoDataRecord], specs: list[str], random: object
) -> None:
    shuffled = list(universe)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random
    assert outcome(specs, universe) == outcome(specs, shuffled)


versions = st.sampled_from(["1", "1.0", "1.1", "1.1a1", "2", "2.0.post1", "2!0.1", "10", "dev"])
builds = st.sampled_from(["py_0", "py39_0", "py310_1", "h12_7"])
records = st.lists(st.tuples(versions, builds, st.booleans()), unique=True, max_size=12)
specs = st.builds(
    "a {} {}".format,
    st.sampled_from(["*", ">=1.1", "<2", "1.*", "==1", "!=1.1", "1|2", ">1,<10", "=2", "~=1.0"]),
    st.sampled_from(["*", "py*", "*_0", "h12_7", "^py3.*$"]),
)


@settings(max_examples=300, deadline=None)
@given(records, specs, specs)
def test_masks_are_the_sets_of_candidates_that_match(
    found: list[tuple[str, str, bool]], first: str, second: str
) -> None:
    universe = [
        record
        for version, build, has_features in found
        for record in packages(
            f"a {version} {build}", track_features=("x",) if has_features else ()
        )
    ]
    table = make_candidates("a", universe)
    masks = [table.mask_of(MatchSpec(text)) for text in (first, second)]
    for text, mask in zip((first, second), masks, strict=True):
        expected = [record for record in table.records if MatchSpec(text).matches(record)]
        assert expected == table.records_of(mask)
    both = [r for r in table.records_of(masks[0]) if MatchSpec(second).matches(r)]
    assert both == table.records_of(masks[0] & masks[1])


@given(st.integers(0, 2**80))
def test_bits_of_a_mask_add_up_to_it(mask: int) -> None:
    assert mask == sum(1 << bit for bit in iter_bits(mask))


@settings(max_examples=200, deadline=None)
@given(records, specs)
def test_the_highest_version_in_a_mask_is_found_by_bisection(
    found: list[tuple[str, str, bool]], spec: str
) -> None:
    table = make_candidates(
        "a", [r for version, build, _ in found for r in packages(f"a {version} {build}")]
    )
    mask = table.mask_of(MatchSpec(spec))
    if mask:
        index, value = table.highest_version(mask)
        assert max(record.version for record in table.records_of(mask)) == table.versions[index]
        assert table.record_of(value).version == table.versions[index]
