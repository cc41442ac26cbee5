"""`solve`: what it answers, option by option."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from hognose.errors import (
    InvalidMatchSpecError,
    SolveCancelledError,
    UnsolvableError,
)
from hognose.solve import ExcludeNewer, SolveStrategy, solve
from hognose.types import ChannelPriority, GenericVirtualPackage, MatchSpec, VersionWithSource
from support.toy_packages import answer, package, packages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hognose.types import RepoDataRecord

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def at(day: int) -> int:
    """A day of January 2026 in milliseconds."""
    return round(datetime(2026, 1, day, tzinfo=UTC).timestamp() * 1000)


def test_the_highest_version_that_fits_is_taken() -> None:
    source = packages("a 1", "a 2: b >=2", "b 1", "b 3", "b 2")
    assert ["a 2", "b 3"] == answer(["a"], source)
    assert ["a 1"] == answer(["a <2"], source)


def test_a_dependency_takes_versions_away_from_what_needs_it() -> None:
    source = packages("a 2: b >=2", "a 1: b", "b 1", "b 2", "c 1: b <2")
    assert ["a 1", "b 1", "c 1"] == answer(["a", "c"], source)


def test_packages_of_earlier_specs_are_preferred() -> None:
    source = packages("a 2: c 1", "a 1: c", "b 2: c 2", "b 1: c", "c 1", "c 2")
    assert ["a 2", "b 1", "c 1"] == answer(["a", "b"], source)
    assert ["a 1", "b 2", "c 2"] == answer(["b", "a"], source)


def test_records_come_after_what_they_depend_on() -> None:
    source = packages("a 1: b", "b 1: c; d", "c 1: d", "d 1")
    assert ["d", "c", "b", "a"] == [record.name for record in solve(["a"], [source])]


def test_a_circle_of_dependencies_has_an_answer() -> None:
    source = packages("python 3: pip", "pip 1: python")
    assert ["pip 1", "python 3"] == answer(["python"], source)


def test_a_package_may_depend_on_itself() -> None:
    assert ["a 2"] == answer(["a"], packages("a 1: a >=2", "a 2: a >=2"))
    with pytest.raises(UnsolvableError):
        solve(["a <2"], [packages("a 1: a >=2", "a 2")])


def test_nothing_asked_is_nothing_installed() -> None:
    assert [] == solve([], [packages("a 1")])


def test_constrains_matters_only_if_the_package_is_there() -> None:
    source = packages("a 1: | b >=2", "b 1", "b 2")
    assert ["a 1"] == answer(["a"], source)
    assert ["a 1", "b 2"] == answer(["a", "b"], source)
    with pytest.raises(UnsolvableError):
        solve(["a", "b 1"], [source])


def test_constrains_counts_whichever_package_is_reached_first() -> None:
    source = packages("a 1: | c >=2", "b 1: c", "c 2", "c 1", "d 1: c <2")
    assert ["a 1", "b 1", "c 2"] == answer(["a", "b"], source)
    with pytest.raises(UnsolvableError):
        solve(["d", "a"], [source])


def test_a_candidate_with_an_unreadable_dependency_is_passed_over() -> None:
    source = packages("a 2: b >=<1", "a 1: b", "b 1")
    assert ["a 1", "b 1"] == answer(["a"], source)


def test_a_candidate_with_an_unreadable_version_is_passed_over() -> None:
    broken = package("a 9")
    broken.version = VersionWithSource.interned("9..!")
    assert ["a 1"] == answer(["a"], [broken, package("a 1")])


def test_higher_build_number_beats_build_string() -> None:
    source = packages("a 1 z_0", "a 1 b_10", "a 1 a_2")
    assert ["a 1 b_10"] == answer(["a"], source)


def test_track_features_makes_a_candidate_the_last_choice() -> None:
    source = [*packages("a 3", "a 4", track_features=("old",)), *packages("a 1", "a 2")]
    assert ["a 2"] == answer(["a"], source)
    assert ["a 4"] == answer(["a >2"], source)


def test_a_build_that_allows_newer_dependencies_is_preferred() -> None:
    source = [
        *packages("a 1 x_0: lib >=1,<2", timestamp_ms=at(9)),
        *packages("a 1 y_0: lib >=2,<3", timestamp_ms=at(1)),
        *packages("lib 1", "lib 2"),
    ]
    assert ["a 1 y_0", "lib 2"] == answer(["a"], source)


def test_a_bare_dependency_does_not_hide_the_pin_beside_it() -> None:
    source = packages("a 1 x_0: lib; lib <2", "a 1 y_0: lib; lib >=2", "lib 1", "lib 2")
    assert ["a 1 y_0", "lib 2"] == answer(["a"], source)


def test_the_newer_of_equal_builds_is_preferred() -> None:
    source = [package("a 1 x_0", timestamp_ms=at(1)), package("a 1 y_0", timestamp_ms=at(2))]
    assert ["a 1 y_0"] == answer(["a"], source)


def test_conda_hides_tar_bz2_of_the_same_package() -> None:
    conda = package("a 1")
    bzip = package("a 1", extension=".tar.bz2", timestamp_ms=at(9))
    for source in ([conda, bzip], [bzip, conda]):
        assert [conda] == solve(["a"], [source])


def test_the_answer_does_not_depend_on_the_order_of_records() -> None:
    source = packages("a 1 x_0: c; b", "a 1 y_0: b; c", "b 1 p_0", "b 1 q_0", "c 1 r_0", "c 1 s_0")
    assert answer(["a"], source) == answer(["a"], source[::-1])


# Options


def test_locked_packages_stay_if_they_fit() -> None:
    source = packages("a 1", "a 2", "b 1: a >=2")
    assert ["a 1"] == answer(["a"], source, locked_packages=source[:1])
    assert ["a 2", "b 1"] == answer(["a", "b"], source, locked_packages=source[:1])


def test_locked_packages_need_not_be_in_a_source() -> None:
    assert ["a 1"] == answer(["a"], packages("a 2"), locked_packages=packages("a 1"))


def test_locked_packages_are_not_installed_without_need() -> None:
    assert ["a 1"] == answer(["a"], packages("a 1", "b 1"), locked_packages=packages("b 1"))


def test_pinned_packages_are_the_only_choice() -> None:
    source = packages("a 1", "a 2", "b 1: a >=2")
    assert ["a 1"] == answer(["a"], source, pinned_packages=source[:1])
    with pytest.raises(UnsolvableError, match="with the pinned package a 1 0"):
        solve(["b"], [source], pinned_packages=source[:1])


def test_constraints_hold_for_what_is_installed() -> None:
    source = packages("a 1: b", "b 1", "b 2")
    assert ["a 1", "b 1"] == answer(["a"], source, constraints=["b <2", "zzz >7"])


def test_virtual_packages_are_needed_and_not_installed() -> None:
    source = packages("a 1", "a 2: __cuda >=12", "a 3: __cuda >=13")
    assert ["a 1"] == answer(["a"], source)
    assert ["a 2"] == answer(["a"], source, virtual_packages=["__cuda=12.4=0"])
    cuda = GenericVirtualPackage("__cuda", "13.0", "0")
    assert ["a 3"] == answer(["a"], source, virtual_packages=[cuda])


def test_virtual_packages_meet_build_strings() -> None:
    source = packages("a 1", "a 2: __archspec * x86_64_v3")
    assert ["a 2"] == answer(["a"], source, virtual_packages=["__archspec=1=x86_64_v3"])
    assert ["a 1"] == answer(["a"], source, virtual_packages=["__archspec=1=m1"])


def test_constrains_counts_for_virtual_packages() -> None:
    source = packages("a 1", "a 2: | __glibc >=2.28")
    assert ["a 2"] == answer(["a"], source)
    assert ["a 1"] == answer(["a"], source, virtual_packages=["__glibc=2.17=0"])


def test_lowest_strategy_takes_the_lowest_versions() -> None:
    source = packages("a 1: b", "a 2: b", "b 1", "b 2")
    assert ["a 1", "b 1"] == answer(["a"], source, strategy="lowest")
    assert ["a 1", "b 2"] == answer(["a"], source, strategy=SolveStrategy.LOWEST_DIRECT)
    assert ["a 2", "b 2"] == answer(["a"], source, strategy="highest")


def test_lowest_strategy_still_takes_the_highest_build() -> None:
    assert ["a 1 x_3"] == answer(["a"], packages("a 1 x_1", "a 1 x_3", "a 2"), strategy="lowest")


def channels() -> list[list[RepoDataRecord]]:
    """Two channels that both have `a`."""
    first = packages("a 1", channel="https://example.org/first/")
    return [first, packages("a 2", "b 1: a", channel="https://example.org/second/")]


def test_strict_priority_takes_a_name_from_the_first_channel_that_has_it() -> None:
    assert ["a 1", "b 1"] == answer(["b"], *channels())
    with pytest.raises(UnsolvableError):
        solve(["a >=2"], channels())


def test_flexible_priority_falls_back_to_lower_channels() -> None:
    flexible = ChannelPriority.FLEXIBLE
    assert ["a 1", "b 1"] == answer(["b"], *channels(), channel_priority=flexible)
    assert ["a 2"] == answer(["a >=2"], *channels(), channel_priority=flexible)


def test_disabled_priority_looks_at_versions_alone() -> None:
    disabled = ChannelPriority.DISABLED
    assert ["a 2", "b 1"] == answer(["b"], *channels(), channel_priority=disabled)


def test_sources_of_one_channel_are_one_tier() -> None:
    linux, noarch = packages("a 1"), packages("a 2")
    assert ["a 2"] == answer(["a"], linux, noarch)


def test_a_spec_can_ask_for_a_channel() -> None:
    spec = "https://example.org/second::a"
    assert ["a 2"] == answer([spec], *channels())


class Counted:
    """A source that notes which names it was asked for."""

    def __init__(self, records: Sequence[RepoDataRecord], channel: str) -> None:
        self.records = records
        self.channel = channel
        self.asked: list[str] = []

    def load_records(self, name: str) -> Sequence[RepoDataRecord]:
        self.asked.append(name)
        return [record for record in self.records if record.name == name]


def test_sources_are_asked_once_for_the_names_that_are_reached() -> None:
    source = Counted(packages("a 1: b; c", "b 1: c | x", "c 1", "d 1", "x 1"), "one")
    solve(["a"], [source])
    assert ["a", "b", "c"] == sorted(source.asked)


def test_strict_priority_does_not_ask_lower_channels_for_names_that_are_found() -> None:
    first, second = Counted(packages("a 1: b"), "one"), Counted(packages("a 2", "b 1"), "two")
    assert ["a 1", "b 1"] == answer(["a"], first, second)
    assert ["b"] == second.asked


def test_exclude_newer_hides_what_came_after_a_date() -> None:
    source = [package("a 1", timestamp_ms=at(1)), package("a 2", timestamp_ms=at(20))]
    assert ["a 1"] == answer(["a"], source, exclude_newer=NEW_YEAR + timedelta(days=9))
    assert ["a 2"] == answer(["a"], source, exclude_newer=NEW_YEAR + timedelta(days=30))


def test_exclude_newer_goes_by_the_time_of_indexing_where_there_is_one() -> None:
    source = [
        package("a 1", timestamp_ms=at(1)),
        package("a 2", timestamp_ms=at(1), indexed_timestamp_ms=at(20)),
    ]
    assert ["a 1"] == answer(["a"], source, exclude_newer=NEW_YEAR + timedelta(days=9))


def test_exclude_newer_can_be_an_age() -> None:
    source = [package("a 1", timestamp_ms=at(1))]
    assert ["a 1"] == answer(["a"], source, exclude_newer=timedelta(hours=1))


def test_exclude_newer_hides_undated_packages_unless_told() -> None:
    undated = packages("a 1")
    with pytest.raises(UnsolvableError):
        solve(["a"], [undated], exclude_newer=NEW_YEAR)
    keep = ExcludeNewer(cutoff=NEW_YEAR, keep_undated=True)
    assert ["a 1"] == answer(["a"], undated, exclude_newer=keep)


def test_exclude_newer_can_differ_for_a_package_and_a_channel() -> None:
    source = packages("a 1", "b 1", timestamp_ms=at(9), channel="https://example.org/x/")
    rule = ExcludeNewer(cutoff=NEW_YEAR, packages={"a": None})
    assert ["a 1"] == answer(["a"], source, exclude_newer=rule)
    with pytest.raises(UnsolvableError):
        solve(["b"], [source], exclude_newer=rule)
    rule = ExcludeNewer(cutoff=NEW_YEAR, channels={"https://example.org/x/": None})
    assert ["b 1"] == answer(["b"], source, exclude_newer=rule)


def test_a_hidden_conda_package_does_not_hide_its_tar_bz2() -> None:
    new = package("a 1", timestamp_ms=at(20))
    old = package("a 1", extension=".tar.bz2", timestamp_ms=at(1))
    assert [old] == solve(["a"], [[new, old]], exclude_newer=NEW_YEAR + timedelta(days=9))


def test_pip_can_be_added_to_python() -> None:
    source = packages("python 3", "pip 1: python", "a 1: python")
    assert ["a 1", "python 3"] == answer(["a"], source)
    with_pip = answer(["a"], source, add_pip_as_python_dependency=True)
    assert ["a 1", "pip 1", "python 3"] == with_pip


def test_an_extra_brings_its_dependencies() -> None:
    a = package("a 1", extra_depends={"plot": ("b >=2",), "web": ("c",)})
    source = [a, *packages("b 1", "b 2", "c 1", "d 1: a[extras=[web]]")]
    assert ["a 1"] == answer(["a"], source)
    assert ["a 1", "b 2"] == answer(["a[extras=[plot]]"], source)
    assert ["a 1", "b 2", "c 1", "d 1"] == answer(["a[extras=[plot]]", "d"], source)


def test_an_unknown_extra_brings_nothing() -> None:
    assert ["a 1"] == answer(["a[extras=[nothing]]"], packages("a 1"))


def test_an_extra_takes_away_versions_whose_extra_cannot_be_met() -> None:
    new = package("a 2", extra_depends={"plot": ("b >=9",)})
    old = package("a 1", extra_depends={"plot": ("b",)})
    source = [new, old, *packages("b 1", "c 1: a", "d 1: a[extras=[plot]]")]
    assert ["a 1", "b 1"] == answer(["a[extras=[plot]]"], source)
    # The extra turns up when the package has been looked at already.
    assert ["a 1", "b 1", "c 1", "d 1"] == answer(["c", "d"], source)


def test_a_condition_decides_whether_a_dependency_counts() -> None:
    source = packages('a 1: b[when="python >=3"]', "b 1", "python 2", "python 3")
    assert ["a 1"] == answer(["a"], source)
    assert ["a 1", "python 2"] == answer(["a", "python <3"], source)
    assert ["a 1", "b 1", "python 3"] == answer(["a", "python"], source)


def test_conditions_can_be_joined() -> None:
    both = packages('a 1: b[when="x and y"]', "b 1", "x 1", "y 1")
    assert ["a 1", "x 1"] == answer(["a", "x"], both)
    assert ["a 1", "b 1", "x 1", "y 1"] == answer(["a", "x", "y"], both)
    either = packages('a 1: b[when="x or y"]', "b 1", "x 1", "y 1")
    assert ["a 1"] == answer(["a"], either)
    assert ["a 1", "b 1", "y 1"] == answer(["a", "y"], either)


def test_a_condition_can_ask_for_a_virtual_package() -> None:
    source = packages('a 1: b[when="__win"]', "b 1")
    assert ["a 1"] == answer(["a"], source, virtual_packages=["__linux=6=0"])
    assert ["a 1", "b 1"] == answer(["a"], source, virtual_packages=["__win=10=0"])


def test_a_dependency_that_cannot_be_met_excludes_its_condition() -> None:
    source = packages('a 1: b >=9[when="python >=3"]', "b 1", "python 2", "python 3")
    assert ["a 1", "python 2"] == answer(["a", "python"], source)


def test_a_spec_of_the_caller_can_have_a_condition() -> None:
    source = packages("a 1", "b 1")
    specs = [MatchSpec("a"), MatchSpec('b[when="__win"]')]
    assert ["a 1"] == [f"{r.name} {r.version}" for r in solve(specs, [source])]
    assert ["a 1", "b 1"] == answer(
        ["a", 'b[when="__win"]'], source, virtual_packages=["__win=10=0"]
    )


def test_flags_choose_among_builds() -> None:
    source = [
        package("a 1 x_1", flags=("gpu", "blas:mkl")),
        package("a 1 y_0", flags=("blas:openblas",)),
    ]
    assert ["a 1 x_1"] == answer(["a"], source)
    assert ["a 1 y_0"] == answer(["a[flags=['blas:openblas']]"], source)
    assert ["a 1 x_1"] == answer(["a[flags=[gpu, 'blas:*']]"], source)


def test_an_override_takes_the_place_of_a_dependency() -> None:
    source = packages("a 1: b <2", "c 1: b <2", "b 1", "b 2")
    assert ["a 1", "b 2"] == answer(["a"], source, dependency_overrides=[("a", "b >=2")])
    assert ["b 1", "c 1"] == answer(["c"], source, dependency_overrides=[("a", "b >=2")])


def test_the_first_override_that_is_about_a_record_counts() -> None:
    source = packages("a 1: b <2", "a 2: b <2", "b 1", "b 2", "b 3")
    overrides = [("a >=2", "b 2"), (MatchSpec("a"), MatchSpec("b 3"))]
    assert ["a 2", "b 2"] == answer(["a"], source, dependency_overrides=overrides)
    assert ["a 1", "b 3"] == answer(["a 1"], source, dependency_overrides=overrides)


def test_an_override_adds_no_dependency_and_leaves_the_records_alone() -> None:
    source = packages("a 1: b", "b 1", "c 1")
    found = solve(["a"], [source], dependency_overrides=[("a", "b 1"), ("a", "c")])
    assert ["b", "a"] == [record.name for record in found]
    assert found[1] is source[0]
    assert ("b",) == source[0].depends


def test_an_override_counts_for_locked_and_pinned_packages() -> None:
    source = packages("b 1", "b 2")
    mine = packages("a 1: b 1")
    for option in ("locked_packages", "pinned_packages"):
        overrides = {option: mine, "dependency_overrides": [("a", "b 2")]}
        assert ["a 1", "b 2"] == answer(["a"], source, **overrides)


def test_an_override_names_one_package() -> None:
    several = MatchSpec("b*", exact_names_only=False)
    with pytest.raises(InvalidMatchSpecError, match="one package"):
        solve(["a"], [packages("a 1")], dependency_overrides=[("a", several)])


def test_excluded_candidates_are_not_used() -> None:
    source = packages("a 1", "a 2", "b 1: a 2")
    excluded = {source[1].url: "its licence is not accepted"}
    assert ["a 1"] == answer(["a"], source, excluded_candidates=excluded)
    with pytest.raises(UnsolvableError, match="its licence is not accepted"):
        solve(["b"], [source], excluded_candidates=excluded)


def test_exclusion_beats_a_lock_and_a_pin() -> None:
    source = packages("a 1", "a 2")
    excluded = {source[0].url: "not in the cache"}
    locked = answer(["a"], source, locked_packages=source[:1], excluded_candidates=excluded)
    assert ["a 2"] == locked
    with pytest.raises(UnsolvableError, match="pinned to a package that is left out") as caught:
        solve(["a"], [source], pinned_packages=source[:1], excluded_candidates=excluded)
    assert ("a 1 is left out: not in the cache",) == caught.value.conflict.hints


def test_an_excluded_conda_package_does_not_hide_its_tar_bz2() -> None:
    conda, bzip = package("a 1"), package("a 1", extension=".tar.bz2")
    assert [bzip] == solve(["a"], [[conda, bzip]], excluded_candidates={conda.url: "broken"})


def test_a_solve_can_be_cancelled_at_every_step() -> None:
    source = packages("a 2: b 2; c 2", "a 1: b; c", "b 2: c 1", "b 1: d", "c 2: b 1", "c 1", "d 1")

    def steps(specs: list[str], limit: int) -> int:
        left = iter(range(limit))
        with contextlib.suppress(UnsolvableError):
            solve(specs, [source], cancelled=lambda: next(left, None) is None)
        return limit - len(list(left))

    for specs in (["a"], ["a 2"]):
        needed = steps(specs, 1000)
        # Loading of each name, decisions, conflicts, and the search for the explanation.
        assert needed >= 4
        for limit in range(needed):
            with pytest.raises(SolveCancelledError):
                steps(specs, limit)


def test_a_solve_stops_when_it_is_cancelled() -> None:
    with pytest.raises(SolveCancelledError, match="cancelled"):
        solve(["a"], [packages("a 1", "a 2")], cancelled=lambda: True)


def test_a_solve_stops_when_its_time_is_up() -> None:
    ticks = iter(range(100))
    with pytest.raises(SolveCancelledError, match="within 1 seconds"):
        solve(["a"], [packages("a 1: b", "a 2: b", "b 1", "b 2")], timeout=1, clock=ticks.__next__)


def test_a_spec_without_a_name_is_refused() -> None:
    with pytest.raises(InvalidMatchSpecError):
        solve(["py*"], [packages("python 3")])
