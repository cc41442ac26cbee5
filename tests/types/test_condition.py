"""Conditions of dependencies (CEP 43)."""

import pytest

from hognose.errors import InvalidMatchSpecError
from hognose.types import MatchSpec
from hognose.types.condition import Condition


def evaluate(text, *true):
    return Condition.parse(text).evaluate(lambda spec: str(spec.name) in true)


@pytest.mark.parametrize(
    ("text", "true", "expected"),
    [
        ("a", "a", True),
        ("a and b", "a", False),
        ("a or b and c", "a", True),
        ("(a or b) and c", "a", False),
        ("(a or b) and c", "bc", True),
        ("((a))", "a", True),
    ],
)
def test_and_binds_more_tightly_than_or(text, true, expected):
    assert expected is evaluate(text, *true)


def test_the_specs_are_found_from_left_to_right():
    condition = Condition.parse('python>=3.10 and (b[build="x and y"] or __linux)')

    assert ["python", "b", "__linux"] == [str(spec.name) for spec in condition.specs()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python>=3.10", "python>=3.10"),
        ("python >= 3.10", "python>=3.10"),
        ("a  and  (b or c)", "a and (b or c)"),
        ("(a and b) or c", "a and b or c"),
        ("a 1.*", 'a[version="1.*"]'),
        ("android or order", "android or order"),
    ],
)
def test_a_condition_is_written_as_cep_43_has_it(text, expected):
    assert expected == str(Condition.parse(text))
    assert Condition.parse(text) == Condition.parse(expected)


@pytest.mark.parametrize(
    "text", ["", "and a", "a and", "a or or b", "(a", "a)", "a (b)", "a[when=b]", "('"]
)
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(InvalidMatchSpecError):
        Condition.parse(text)


def test_a_spec_has_its_condition_parsed():
    condition = MatchSpec('numpy>=2[when="python>=3.10"]').condition

    assert condition is not None
    assert MatchSpec("python >=3.10") == condition.spec
