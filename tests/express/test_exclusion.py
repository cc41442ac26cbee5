"""Which packages go when some are excluded."""

from __future__ import annotations

import pytest

from hognose.express import exclude_packages
from hognose.types import RepoDataRecord


def records(graph: str) -> list[RepoDataRecord]:
    """Read `a->b,c d` as: a needs b and c, d needs nothing."""
    made = []
    for item in graph.split():
        name, _, needs = item.partition("->")
        depends = [f"{need} >=1" for need in needs.split(",") if need]
        made.append(RepoDataRecord.create(name=name, version="1", build="0", depends=depends))
    return made


def kept(graph: str, *excluded: str, requested: tuple[str, ...] = ()) -> list[str]:
    return [
        str(r.name) for r in exclude_packages(records(graph), excluded, requested=requested).kept
    ]


@pytest.mark.parametrize(
    ("graph", "excluded", "expected"),
    [
        ("a->b b->c c", ["a"], []),
        ("a->c b->c c", ["a"], ["b", "c"]),
        ("d->a a->c b->c c", ["d"], ["b", "c"]),
        ("a->shared b->only-b,shared only-b shared", ["a", "b"], []),
        ("a->b b c", [], ["a", "b", "c"]),
        ("a->b b", ["nothing"], ["a", "b"]),
        ("a->b b->c c", ["c"], ["a", "b"]),
    ],
)
def test_what_only_excluded_packages_need_goes_with_them(
    graph: str, excluded: list[str], expected: list[str]
) -> None:
    assert kept(graph, *excluded) == expected


def test_a_requested_package_stays_with_what_it_needs() -> None:
    assert kept("a->b b->c c", "a", requested=("b",)) == ["b", "c"]


def test_an_excluded_package_goes_even_if_it_was_requested() -> None:
    assert kept("a->b b", "a", requested=("a",)) == []


def test_packages_that_need_each_other_do_not_keep_each_other() -> None:
    assert kept("a->b b->c c->b d", "a") == ["d"]


def test_a_cycle_that_no_excluded_package_led_to_stays() -> None:
    assert kept("a b->c c->b", "a") == ["b", "c"]


def test_what_is_needed_through_an_excluded_package_alone_goes() -> None:
    assert kept("top->mid mid->low low", "mid") == ["top"]


def test_virtual_packages_and_constraints_play_no_part() -> None:
    made = records("a->__unix,b b c")
    made[2].constrains = ("b >=1",)
    assert [str(r.name) for r in exclude_packages(made, ["a"]).kept] == ["c"]


def test_each_removal_has_its_reason_and_names_are_sorted() -> None:
    exclusion = exclude_packages(records("top->solver solver->lib lib z->solver"), ["solver"])
    assert list(exclusion.removed) == ["lib", "solver"]
    assert exclusion.removed["solver"] == "excluded, though needed by top, z"
    assert exclusion.removed["lib"] == "needed only by solver"
