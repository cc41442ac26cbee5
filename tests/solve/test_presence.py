"""`why`: how a package came into an environment."""

from __future__ import annotations

import pytest

from hognose.solve import objections, why
from hognose.types import PrefixRecord
from support.toy_packages import package, packages

ENVIRONMENT = packages(
    "app 1: web >=2; lib",
    "tool 3: lib <3",
    "web 2: lib >=1 | extra <9",
    "lib 2: base",
    "base 1",
    "extra 5",
)


def test_a_package_is_explained_by_what_needs_it_and_what_limits_it() -> None:
    expected = """lib 2 0
  needed by
    app → lib
    tool → lib
  in this version because
    app 1 0 needs `lib`
    tool 3 0 needs `lib <3`
    web 2 0 needs `lib >=1`"""
    assert expected == str(why("lib", ENVIRONMENT, specs=["app", "tool 3.*"]))


def test_the_way_from_each_request_is_the_shortest() -> None:
    found = why("base", ENVIRONMENT, specs=["app", "web"])
    assert (("app", "lib", "base"), ("web", "lib", "base")) == found.chains


def test_a_request_is_told_in_its_own_words() -> None:
    found = why("App", ENVIRONMENT, specs=["app >=1", "lib"])
    assert ("app >=1",) == found.requested
    assert "app 1 0\n  asked for: `app >=1`" == str(found)


def test_a_constraint_limits_without_needing() -> None:
    found = why("extra", ENVIRONMENT, specs=["app"])
    assert () == found.chains
    assert (
        str(found)
        == """extra 5 0
  nothing needs it
  in this version because
    web 2 0 works only with `extra <9`"""
    )


def test_without_requests_the_ways_begin_where_nothing_leads_to() -> None:
    assert (("app", "lib"), ("tool", "lib")) == why(ENVIRONMENT[3], ENVIRONMENT).chains


def test_requests_are_read_from_installed_records() -> None:
    values = {name: getattr(ENVIRONMENT[0], name) for name in ENVIRONMENT[0].__struct_fields__}
    app = PrefixRecord(**values, requested_specs=("app 1.*",))
    found = why("lib", [app, *ENVIRONMENT[1:]])
    assert (("app", "lib"),) == found.chains
    assert ("app 1.*",) == why("app", [app, *ENVIRONMENT[1:]]).requested


def test_what_stands_against_newer_versions_is_told() -> None:
    candidates = packages(
        "lib 1", "lib 2", "lib 2.5", "lib 2.7: base >=2", "lib 3 x_0", "lib 3 y_1"
    )
    found = why("lib", ENVIRONMENT, specs=["app"], candidates=candidates)
    assert [
        "3 does not fit: tool 3 0 needs `lib <3`",
        "2.7 does not fit: it needs `base >=2`, and base 1 is here",
        "2.5 would fit: an update would bring it",
    ] == [str(version) for version in found.newer]


def test_packages_in_a_circle_end() -> None:
    circle = packages("a 1: b", "b 1: a")
    assert (("a", "b"),) == why("b", circle, specs=["a"]).chains
    assert "nothing needs it" in str(why("b", circle))


def test_many_ways_are_cut_short() -> None:
    users = [package(f"user{number} 1: lib") for number in range(20)]
    shown = str(why("lib", [*users, package("lib 1")]))
    assert "... and 13 other ways" in shown


def test_a_package_that_is_not_there_cannot_be_explained() -> None:
    with pytest.raises(ValueError, match="no package `numpy`"):
        why("numpy", ENVIRONMENT)


def test_objections_are_the_demands_that_do_not_fit_together() -> None:
    there = packages("a 1: lib <2", "b 1: | lib !=3", "lib 1", "tool 1")
    found = objections(packages("lib 3: tool >=2", "tool 2"), there)
    assert {
        "lib": (
            "a 1 0 needs `lib <2`",
            "b 1 0 works only with `lib !=3`",
            "it needs `tool >=2`, and tool 1 is here",
        ),
        "tool": (),
    } == found


def test_a_condition_that_does_not_hold_is_no_objection() -> None:
    there = packages('a 1: lib <2[when="other"]', "lib 1")
    assert {"lib": ()} == objections(packages("lib 2"), there)
    assert {"lib": ('a 1 0 needs `lib <2[when="other"]`',)} == objections(
        packages("lib 2"), [*there, *packages("other 1")]
    )
