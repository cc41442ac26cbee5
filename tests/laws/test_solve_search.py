"""The search against brute force, on small random problems of sets."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hognose.solve.clause import ABSENT, Clause, Unsatisfiable
from hognose.solve.search import Search

Rule = tuple[int, int, int, int]  # variable, its mask (no ABSENT), other variable, its mask


class Problem:
    """Variables with rules "a value in the mask needs the other variable in the other mask"."""

    def __init__(self, sizes: list[int], roots: list[tuple[int, int]], rules: list[Rule]) -> None:
        self.domains = [(1 << (size + 1)) - 1 for size in sizes]
        self.roots = [(v % len(sizes), m & self.domains[v % len(sizes)] & ~1) for v, m in roots]
        self.rules = []
        for a, source, b, target in rules:
            a, b = a % len(sizes), b % len(sizes)
            if a != b:
                self.rules.append((a, source & self.domains[a] & ~1, b, target & self.domains[b]))

    def expand(self, variable: int, value: int) -> list[Clause]:
        return [
            Clause(((a, self.domains[a] & ~source), (b, target)), origin=(a, source, b, target))
            for a, source, b, target in self.rules
            if a == variable and source & value
        ]

    def search(self, *, lowest: bool = True) -> Search:
        def prefer(variable: int, mask: int) -> int:
            return mask & -mask if lowest else 1 << (mask.bit_length() - 1)

        search = Search(self.expand, prefer)
        for domain in self.domains:
            search.add_variable(domain)
        return search

    def root_clauses(self) -> list[Clause]:
        return [Clause((root,), origin=root) for root in self.roots]

    def holds(self, values: tuple[int, ...] | list[int]) -> bool:
        return all(values[v] & m for v, m in self.roots) and all(
            not values[a] & source or values[b] & target for a, source, b, target in self.rules
        )

    def is_satisfiable(self) -> bool:
        ranges = [[1 << i for i in range(d.bit_length())] for d in self.domains]
        return any(self.holds(values) for values in product(*ranges))


masks = st.integers(0, 31)
problems = st.builds(
    Problem,
    st.lists(st.integers(1, 3), min_size=2, max_size=6),
    st.lists(st.tuples(st.integers(0, 5), masks), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 5), masks, st.integers(0, 5), masks), max_size=24),
)


@settings(max_examples=600, deadline=None)
@given(problems, st.booleans())
def test_search_agrees_with_brute_force(problem: Problem, lowest: bool) -> None:  # noqa: FBT001
    search = problem.search(lowest=lowest)
    try:
        values = search.solve(problem.root_clauses())
    except Unsatisfiable as unsatisfiable:
        assert not problem.is_satisfiable()
        _assert_core_is_contradictory(problem, unsatisfiable.core)
    else:
        assert problem.holds(values)
        assert all(value & (value - 1) == 0 for value in values)


def _assert_core_is_contradictory(problem: Problem, core: list[Clause]) -> None:
    ranges = [[1 << i for i in range(d.bit_length())] for d in problem.domains]
    assert all(clause.origin is not None for clause in core)
    assert not any(
        all(any(values[v] & m for v, m in clause.literals) for clause in core)
        for values in product(*ranges)
    )


@settings(max_examples=300, deadline=None)
@given(problems)
def test_learned_clauses_follow_from_the_given_ones(problem: Problem) -> None:
    search = problem.search()
    try:
        search.solve(problem.root_clauses())
    except Unsatisfiable:
        return
    ranges = [[1 << i for i in range(d.bit_length())] for d in problem.domains]
    for values in product(*ranges):
        if problem.holds(values):
            for clause in search.learned:
                assert any(values[v] & m for v, m in clause.literals)


def test_value_that_nothing_needs_is_absent() -> None:
    problem = Problem([2, 2], [(0, 0b110)], [])
    assert [0b10, ABSENT] == problem.search().solve(problem.root_clauses())


def test_value_is_expanded_once() -> None:
    asked: list[tuple[int, int]] = []
    problem = Problem([3, 3, 1], [(0, 14), (1, 14)], [(0, 2, 2, 2), (1, 2, 2, 1), (1, 4, 2, 1)])

    def expand(variable: int, value: int) -> list[Clause]:
        asked.append((variable, value))
        return problem.expand(variable, value)

    search = Search(expand, lambda _, mask: mask & -mask)
    for domain in problem.domains:
        search.add_variable(domain)
    search.solve(problem.root_clauses())
    assert len(asked) == len(set(asked))


def test_tick_can_stop_the_search() -> None:
    class StopError(Exception):
        pass

    def tick() -> None:
        raise StopError

    problem = Problem([3], [(0, 14)], [])
    search = Search(problem.expand, lambda _, mask: mask & -mask, tick)
    search.add_variable(problem.domains[0])
    with pytest.raises(StopError):
        search.solve(problem.root_clauses())


def test_a_closed_search_searches_no_more() -> None:
    problem = Problem([3], [(0, 14)], [])
    search = problem.search()
    search.close()
    with pytest.raises(ValueError, match="the search is closed"):
        search.solve(problem.root_clauses())
