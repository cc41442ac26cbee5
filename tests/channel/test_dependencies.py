import pytest

from hognose.channel.dependencies import format_version_spec, plan_dependencies
from hognose.channel.requirement_reader import (
    DistributionRequirements,
    MarkerOutcome,
    Requirement,
    Specifier,
)
from hognose.types import VersionSpec

ALWAYS = MarkerOutcome(
    applies=True, lowest_minor=None, highest_minor=None, needs_system=False, needs_machine=False
)
NEVER = MarkerOutcome(
    applies=False, lowest_minor=None, highest_minor=None, needs_system=False, needs_machine=False
)


def needs(name, *specifiers, extras=(), url=None, outcomes=(ALWAYS,)):
    return Requirement(
        name=name,
        canonical_name=name.lower().replace("_", "-").replace(".", "-"),
        extras=extras,
        url=url,
        specifiers=specifiers,
        outcomes=outcomes,
    )


def distribution(*requirements, name="demo", extras=(), python=None):
    return DistributionRequirements(
        canonical_name=name,
        version="1.0",
        extras=extras,
        requires_python=python,
        requirements=requirements,
        sys_platform="linux",
    )


def plan(found, names=None, *others):
    return plan_dependencies(
        found, conda_names=names or {}, others={other.canonical_name: other for other in others}
    )


@pytest.mark.parametrize(
    ("specifiers", "expected"),
    [
        ([], ""),
        ([Specifier("==", "1.0")], "==1.0"),
        ([Specifier("===", "1.0")], "==1.0"),
        ([Specifier("==", "1.*")], "1.*"),
        ([Specifier("!=", "1.*"), Specifier("<", "2"), Specifier(">=", "1")], ">=1,!=1.*,<2"),
        ([Specifier("~=", "1.4.2", "1.4.*")], ">=1.4.2,1.4.*"),
        ([Specifier("<", "2"), Specifier("<", "2")], "<2"),
        ([Specifier(">=", "1!2.0rc1.post2.dev3")], ">=1!2.0rc1.post2.dev3"),
    ],
)
def test_specifiers_are_written_as_conda_specs(specifiers, expected):
    assert expected == format_version_spec(specifiers)
    if expected:
        assert VersionSpec(expected) is not None


def test_requirements_are_sorted_and_joined():
    found = distribution(
        needs("b", Specifier("<", "2")), needs("a"), needs("b", Specifier(">", "1"))
    )
    assert plan(found).depends == ("a", "b >1,<2")


def test_names_come_from_the_table_or_as_written_in_lower_case():
    found = distribution(needs("Typing_Extensions"), needs("Foo.Bar"))
    assert plan(found, {"foo-bar": "foo_bar"}).depends == ("foo_bar", "typing_extensions")


def test_what_does_not_apply_is_not_needed_but_limits():
    limited = MarkerOutcome(
        applies=False, lowest_minor=11, highest_minor=None, needs_system=False, needs_machine=False
    )
    found = plan(distribution(needs("tomli", outcomes=(limited,))))
    assert (found.depends, found.lowest_minor, found.highest_minor) == ((), 11, None)


def test_the_system_is_limited_where_a_marker_depends_on_it():
    limited = MarkerOutcome(
        applies=False, lowest_minor=None, highest_minor=None, needs_system=True, needs_machine=False
    )
    assert plan(distribution(needs("colorama", outcomes=(limited,)))).system == "__linux"
    assert plan(distribution(needs("a"))).system is None


def test_extras_of_others_are_resolved():
    other = distribution(
        needs("tomli", Specifier(">=", "2"), outcomes=(NEVER, ALWAYS)),
        needs("always", outcomes=(ALWAYS, ALWAYS)),
        name="coverage",
        extras=("toml",),
    )
    found = distribution(needs("coverage", extras=("toml",)))
    assert plan(found, {}, other).depends == ("coverage", "tomli >=2")


def test_extras_of_itself_are_resolved_and_make_no_dependency_on_itself():
    found = distribution(
        needs("demo", extras=("all",), outcomes=(ALWAYS, ALWAYS)),
        needs("a", outcomes=(NEVER, ALWAYS)),
        extras=("all",),
    )
    assert plan(found).depends == ("a",)


def test_extras_that_ask_for_each_other_end():
    one = distribution(
        needs("two", extras=("x",), outcomes=(NEVER, ALWAYS)), name="one", extras=("x",)
    )
    two = distribution(
        needs("one", extras=("x",), outcomes=(NEVER, ALWAYS)), name="two", extras=("x",)
    )
    found = distribution(needs("one", extras=("x",)))
    assert plan(found, {}, one, two).depends == ("one", "two")


def test_what_an_unused_extra_needs_limits_nothing():
    limited = MarkerOutcome(
        applies=True, lowest_minor=None, highest_minor=13, needs_system=False, needs_machine=False
    )
    found = plan(distribution(needs("a", outcomes=(NEVER, limited)), extras=("x",)))
    assert (found.depends, found.highest_minor) == ((), None)


def test_of_an_address_the_name_is_kept():
    found = plan(distribution(needs("a", url="https://example.org/a.whl")))
    assert found.depends == ("a",)
