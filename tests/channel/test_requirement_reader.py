import sys
import venv

import pytest

from hognose.channel.requirement_reader import (
    DistributionQuestion,
    Specifier,
    read_requirements,
)
from hognose.errors import ChannelBuildError

MINOR = sys.version_info[1]


def read(*requirements, extras=(), requires_python=None, version="1.0", name="demo"):
    question = DistributionQuestion(
        name=name,
        version=version,
        requires_python=requires_python,
        extras=extras,
        requirements=requirements,
    )
    return read_requirements([question])[0]


def test_names_and_versions_are_normalised():
    found = read("Foo_Bar.baz [B,a] >= 1.0-RC1", name="My_Demo", version="v1.0-1")
    assert (found.canonical_name, found.version) == ("my-demo", "1.0.post1")
    requirement = found.requirements[0]
    assert (requirement.name, requirement.canonical_name) == ("Foo_Bar.baz", "foo-bar-baz")
    assert requirement.extras == ("a", "b")
    assert requirement.specifiers == (Specifier(">=", "1.0rc1"),)


def test_a_compatible_release_names_its_family():
    found = read("a~=1.4.2", "b~=2!1.2")
    assert found.requirements[0].specifiers == (Specifier("~=", "1.4.2", "1.4.*"),)
    assert found.requirements[1].specifiers == (Specifier("~=", "2!1.2", "2!1.*"),)


def test_a_marker_about_python_holds_for_a_range():
    found = read(f"a; python_version < '3.{MINOR + 2}'", f"b; python_version < '3.{MINOR}'")
    now, before = (requirement.outcomes[0] for requirement in found.requirements)
    assert (now.applies, now.lowest_minor, now.highest_minor) == (True, None, MINOR + 1)
    assert (before.applies, before.lowest_minor, before.highest_minor) == (False, MINOR, None)


def test_a_marker_about_the_system_holds_here_only():
    outcome = read("a; sys_platform == 'win32'").requirements[0].outcomes[0]
    assert (outcome.applies, outcome.needs_system, outcome.needs_machine) == (
        sys.platform == "win32",
        True,
        False,
    )


def test_a_marker_about_system_and_machine_is_tried_with_both():
    text = (
        "a; sys_platform == 'cygwin' or (sys_platform == 'win32' and platform_machine == 'AMD64')"
    )
    outcome = read(text).requirements[0].outcomes[0]
    assert outcome.needs_system


def test_a_marker_about_the_machine_is_noted():
    outcome = read("a; platform_machine == 'x86_64'").requirements[0].outcomes[0]
    assert outcome.needs_machine


def test_a_marker_that_is_always_true_limits_nothing():
    outcome = read("a; python_version >= '3.0'").requirements[0].outcomes[0]
    assert (outcome.applies, outcome.lowest_minor, outcome.highest_minor) == (True, None, None)


def test_extras_have_outcomes_of_their_own():
    found = read("a; extra == 'x'", "b; extra != 'x'", extras=("Y_y", "x"))
    assert found.extras == ("x", "y-y")
    assert [[o.applies for o in r.outcomes] for r in found.requirements] == [
        [False, True, False],
        [True, False, True],
    ]


def test_an_old_python_requirement_is_ignored_as_pip_does():
    assert read(requires_python=">=3.6.*").requires_python is None
    assert read(requires_python=">=3.6").requires_python == (Specifier(">=", "3.6"),)


@pytest.mark.parametrize("text", ["a b c", "a; nonsense == 1", "@ http://x"])
def test_a_broken_requirement_names_the_distribution(text):
    with pytest.raises(ChannelBuildError, match="the metadata of `demo` cannot be read"):
        read(text)


def test_a_version_that_is_none_is_an_error():
    with pytest.raises(ChannelBuildError, match="the metadata of `demo` cannot be read"):
        read(version="one")


def test_no_questions_start_no_process(tmp_path):
    assert read_requirements([], interpreter=tmp_path / "none") == []


def test_an_interpreter_without_pip_is_explained(tmp_path):
    venv.create(tmp_path, with_pip=False)
    question = DistributionQuestion(
        name="a", version="1", requires_python=None, extras=(), requirements=()
    )
    with pytest.raises(ChannelBuildError, match="has no pip") as caught:
        read_requirements([question], interpreter=tmp_path / "bin" / "python")
    assert "ensurepip" in caught.value.hint
