"""The order of records, and whether they are one environment."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hognose.errors import ValidatePackageRecordsError
from hognose.types import (
    PackageRecord,
    dependencies,
    dependents,
    package_name_of,
    problems,
    reachable,
    validate,
)
from hognose.types import sort_topologically as sort


def make(name, *depends, version="1", constrains=()):
    return PackageRecord.create(
        name=name, version=version, build="0", depends=depends, constrains=tuple(constrains)
    )


def names(records):
    return [str(record.name) for record in records]


def test_dependencies_come_first():
    assert names(sort([make("c", "b"), make("b", "a >=1"), make("a")])) == ["a", "b", "c"]


def test_a_circle_is_ordered_too():
    assert names(sort([make("c", "a"), make("a", "b"), make("b", "a")])) == ["a", "c", "b"]


def test_a_thousand_records_in_a_chain_do_not_exhaust_the_stack():
    chain = [make(f"p{i}", f"p{i + 1}") for i in range(5000)]

    assert names(sort(chain))[0] == "p4999"


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30), st.randoms())
def test_the_order_is_topological_without_circles_and_independent_of_the_input(edges, rng):
    acyclic = {(max(edge), min(edge)) for edge in edges if edge[0] != edge[1]}
    records = [
        make(f"n{i}", *(f"n{low}" for high, low in sorted(acyclic) if high == i)) for i in range(10)
    ]
    expected = sort(records)
    shuffled = random.Random(rng.random()).sample(records, len(records))

    assert names(expected) == names(sort(shuffled))
    position = {record.name: index for index, record in enumerate(expected)}
    for record in records:
        for text in record.depends:
            assert position[package_name_of(text)] < position[record.name]


def test_dependents_are_found_by_name():
    found = dependents([make("a"), make("b", "a"), make("c", "a >=1", "b")])

    assert found == {"a": ["b", "c"], "b": ["c"], "c": []}


def test_dependencies_outside_of_the_set_are_left_out():
    found = dependencies([make("a", "__glibc", "other"), make("b", "a", "a >=1", "b")])

    assert found == {"a": [], "b": ["a", "a", "b"]}


def test_what_is_reachable_stays_in_the_graph_and_ends_in_circles():
    circle = dependencies([make("a", "b"), make("b", "a", "c"), make("c"), make("d", "a")])

    assert reachable(circle, ["a", "unknown"]) == {"a", "b", "c"}
    assert reachable(circle, []) == set()


def test_a_whole_environment_has_no_problems():
    validate([make("a"), make("b", "a >=1", "__glibc >=2.17")])


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        ([make("b", "a")], "package `b=1=0` has dependency `a`, which is not in the environment"),
        (
            [make("a"), make("b", "a >=2")],
            "has dependency `a >=2`, but the environment has `a=1=0`",
        ),
        ([make("a"), make("b", constrains=["a <1"])], "has constraint `a <1`"),
        ([make("a"), make("a", version="2")], "is there beside"),
    ],
)
def test_what_does_not_fit_is_named(records, problem):
    assert problem in problems(records)[0]
    with pytest.raises(ValidatePackageRecordsError, match="package `"):
        validate(records)


def test_a_constraint_on_an_absent_package_is_no_problem():
    assert problems([make("b", constrains=["a <1"])]) == []
