"""Conflicts as text and as data: ranges, limits, and what survives a journey."""

from __future__ import annotations

import pickle

import msgspec
import pytest

from hognose.errors import UnsolvableError
from hognose.solve import Conflict, solve
from support.explanations import check_explanation
from support.toy_packages import conflict, packages


def test_versions_next_to_each_other_become_ranges() -> None:
    check_explanation(
        """\
        `app` cannot be installed:
        ├─ app 1, 2, 4 and 5 need `x >9`, but there is only x 1
        └─ app 3 needs `y`, but no channel has a package `y`
        """,
        ["app"],
        packages("app 1: x >9", "app 2: x >9", "app 3: y", "app 4: x >9", "app 5: x >9", "x 1"),
    )


def test_many_ranges_are_abbreviated() -> None:
    check_explanation(
        """\
        `app` cannot be installed:
        ├─ app 1, 3, ..., 13 need `x >9`, but there is only x 1
        └─ app 2, 4, ..., 12 need `y`, but no channel has a package `y`
        """,
        ["app"],
        packages(
            *[f"app {i}: x >9" for i in range(1, 14, 2)],
            *[f"app {i}: y" for i in range(2, 14, 2)],
            "x 1",
        ),
    )


def test_many_demands_are_abbreviated() -> None:
    check_explanation(
        """\
        `app` and `lib 1.*` cannot be installed together:
        ├─ app needs `core >=0`, `core >=1` or 6 others like these
        │  └─ core needs `lib >=2`
        └─ `lib 1.*`, which contradicts `lib >=2` of core
        """,
        ["app", "lib 1.*"],
        packages(
            "lib 1.0",
            "lib 2.0",
            *[f"app {i}: core >={i}" for i in range(8)],
            *[f"core {i}: lib >=2" for i in range(9)],
        ),
    )


def test_an_explanation_is_capped() -> None:
    many = [f"p{i}" for i in range(60)]
    texts = [f"a 1: {'; '.join(many)}", *(f"{name} 1: q{name} >9" for name in many)]
    assert 40 >= len(str(conflict(["a"], packages(*texts))).splitlines())


def test_an_explanation_is_data_too() -> None:
    found = conflict(["a", "b"], packages("a 1: c <2", "b 1: c >=2", "c 1", "c 2"))
    assert ("a", "b") == found.specs
    assert {"a", "b", "c"} == set(found.packages)
    assert ["a", "b"] == [node.demands[0] for node in found.reasons]
    assert ("c <2",) == found.reasons[0].reasons[0].demands
    assert found == msgspec.json.decode(msgspec.json.encode(found), type=Conflict)


def test_the_error_survives_pickling() -> None:
    with pytest.raises(UnsolvableError) as caught:
        solve(["a"], [packages("b 1")])
    copy = pickle.loads(pickle.dumps(caught.value))
    assert copy.conflict == caught.value.conflict
    assert str(copy) == str(caught.value)


def test_a_chain_without_end_is_cut() -> None:
    chain = packages(*(f"p{number} 1: p{number + 1}" for number in range(1500)))
    found = conflict(["p0"], chain)
    assert "`p0` cannot be installed:" == str(found).splitlines()[0]
    assert str(found).endswith("└─ and so on")
    node = found.reasons[0]
    while node.reasons:
        (node,) = node.reasons
    assert "and so on" == node.problem
