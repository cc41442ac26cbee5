"""The back ends: each gives a valid answer, says when there is none, and what it cannot express."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hognose.errors import SolverBackendError, UnsolvableError
from hognose.solve import SolverBackend, backend_names, solve
from hognose.types import ChannelPriority
from support.toy_packages import answer, conflict, package, packages

if TYPE_CHECKING:
    from hognose.solve import SolveTask
    from hognose.types import RepoDataRecord

NAMES = ("hognose", "libsolv", "pubgrub", "resolvo")


@pytest.fixture(params=NAMES)
def backend(request: pytest.FixtureRequest) -> str:
    """The name of each back end whose solver is installed."""
    name: str = request.param
    try:
        solve([], [packages("a 1")], backend=name)
    except SolverBackendError as error:
        pytest.skip(str(error))
    return name


def test_all_back_ends_are_found_by_name() -> None:
    assert "hognose" == backend_names()[0]
    assert set(NAMES) <= set(backend_names())


def test_an_unknown_back_end_is_named_with_those_there_are() -> None:
    with pytest.raises(SolverBackendError, match="`minisat`") as caught:
        solve(["a"], [packages("a 1")], backend="minisat")
    assert "there are hognose, " in str(caught.value)
    assert "minisat" == caught.value.backend


class First:
    """A back end that takes the first record of each spec."""

    def solve(self, task: SolveTask) -> list[RepoDataRecord]:
        return [task.tiers.load(spec.name.exact or "")[0][0] for _, spec in task.specs]


def test_a_back_end_can_be_an_object() -> None:
    assert isinstance(First(), SolverBackend)
    assert ["a 1"] == answer(["a"], packages("a 1", "a 2"), backend=First())


def test_the_highest_version_that_fits_is_taken(backend: str) -> None:
    source = packages("a 2: b >=2", "a 1: b", "b 1", "b 2", "c 1: b <2")
    assert ["a 2", "b 2"] == answer(["a"], source, backend=backend)
    assert ["a 1", "b 1", "c 1"] == answer(["a", "c"], source, backend=backend)


def test_no_answer_is_an_error_that_names_the_packages(backend: str) -> None:
    source = packages("a 1: b >=2", "b 1", "b 2", "c 1: b <2")
    with pytest.raises(UnsolvableError, match=r"(?s)(a.*c|c.*a)"):
        solve(["a", "c"], [source], backend=backend)
    for spec in ("unknown", "a >=7"):
        with pytest.raises(UnsolvableError):
            solve([spec], [source], backend=backend)


def test_every_back_end_explains_in_the_same_form(backend: str) -> None:
    source = packages("a 1: b >=2", "b 1", "b 2", "c 1: b <2", "numpy 1")
    with pytest.raises(UnsolvableError) as caught:
        solve(["a", "c"], [source], backend=backend)
    assert [
        "`a` and `c` cannot be installed together:",
        "├─ a 1 needs `b >=2`",
        "└─ c 1 needs `b <2`, which contradicts `b >=2` of a",
    ] == str(caught.value).splitlines()
    assert ("a", "c") == caught.value.conflict.specs
    assert ("did you mean `numpy`?",) == conflict(["numpi"], source, backend=backend).hints


def test_the_words_of_another_solver_are_kept(backend: str) -> None:
    found = conflict(["a >=2"], packages("a 1"), backend=backend)
    has_words_of_its_own = backend in {"libsolv", "resolvo"}
    assert has_words_of_its_own == bool(found.report)


def test_constrains_counts_only_for_what_is_installed(backend: str) -> None:
    source = packages("a 2: | b >=2", "a 1", "b 1", "b 2")
    assert ["a 2"] == answer(["a"], source, backend=backend)
    assert ["a 1", "b 1"] == answer(["b <2", "a"], source, backend=backend)


def test_a_package_that_rules_itself_out_is_never_taken(backend: str) -> None:
    source = packages("a 2: | a <2", "a 1")
    assert ["a 1"] == answer(["a"], source, backend=backend)


def test_constraints_of_the_caller_count(backend: str) -> None:
    source = packages("a 1: b", "b 1", "b 2")
    assert ["a 1", "b 1"] == answer(["a"], source, constraints=["b <2", "zz"], backend=backend)


def test_virtual_packages_are_what_there_is(backend: str) -> None:
    source = packages("a 1", "a 2: __cuda >=12", "a 3: __cuda >=13", "a 4: | __cuda <12")
    cuda = ["__cuda=12.4=0"]
    assert ["a 2"] == answer(["a"], source, virtual_packages=cuda, backend=backend)
    assert ["a 4"] == answer(["a"], source, backend=backend)


def test_locked_packages_stay_if_they_fit(backend: str) -> None:
    source = packages("a 1", "a 2", "b 1: a >=2")
    assert ["a 1"] == answer(["a"], source, locked_packages=source[:1], backend=backend)
    both = answer(["a", "b"], source, locked_packages=source[:1], backend=backend)
    assert ["a 2", "b 1"] == both


def test_pinned_packages_are_the_only_choice(backend: str) -> None:
    source = packages("a 1", "a 2", "b 1: a >=2")
    assert ["a 1"] == answer(["a"], source, pinned_packages=source[:1], backend=backend)
    with pytest.raises(UnsolvableError):
        solve(["b"], [source], pinned_packages=source[:1], backend=backend)


def test_overrides_exclusions_and_dates_count(backend: str) -> None:
    source = packages("a 1: b <2", "b 1", "b 2", "b 3")
    options: dict[str, Any] = {
        "dependency_overrides": [("a", "b >=2")],
        "excluded_candidates": {source[3].url: "not here"},
    }
    assert ["a 1", "b 2"] == answer(["a"], source, backend=backend, **options)
    found = solve(["a"], [source], backend=backend, **options)
    assert source[0] in found


def test_strict_priority_counts(backend: str) -> None:
    first = packages("a 1", channel="https://example.org/first/")
    second = packages("a 2", "b 1: a", channel="https://example.org/second/")
    assert ["a 1", "b 1"] == answer(["b"], first, second, backend=backend)
    disabled = ChannelPriority.DISABLED
    found = answer(["b"], first, second, channel_priority=disabled, backend=backend)
    assert ["a 2", "b 1"] == found


def test_the_lowest_strategy_counts(backend: str) -> None:
    source = packages("a 1: b", "a 2: b", "b 1", "b 2")
    assert ["a 1", "b 1"] == answer(["a"], source, strategy="lowest", backend=backend)


def test_pip_can_be_added_to_python(backend: str) -> None:
    source = packages("python 3", "pip 1: python")
    found = answer(["python"], source, add_pip_as_python_dependency=True, backend=backend)
    assert ["pip 1", "python 3"] == found


def test_extras_and_conditions_are_solved_or_refused(backend: str) -> None:
    source = [
        package("a 1", extra_depends={"plot": ("b >=2",)}),
        *packages("b 1", "b 2", 'c 1: b <2[when="d"]', "d 1"),
    ]
    if backend in {"libsolv", "resolvo"}:
        for spec in ("a[extras=[plot]]", "c"):
            with pytest.raises(SolverBackendError, match="cannot express"):
                solve([spec], [source], backend=backend)
    else:
        assert ["a 1", "b 2"] == answer(["a[extras=[plot]]"], source, backend=backend)
        assert ["b 1", "c 1", "d 1"] == answer(["c", "d", "b"], source, backend=backend)


def test_an_unreadable_dependency_excludes_its_package(backend: str) -> None:
    if backend == "resolvo":
        pytest.skip("py-rattler leaves the dependency out instead")
    source = packages("a 2: b >=<1", "a 1: b", "b 1")
    assert ["a 1", "b 1"] == answer(["a"], source, backend=backend)
