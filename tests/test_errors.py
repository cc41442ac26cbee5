"""Errors carry their facts across process borders and say what, where and what to do."""

import pickle

import pytest

from hognose import errors
from hognose.errors import ArchiveError, HognoseError, InvalidTextError, InvalidVersionError

ALL_ERRORS = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("kind", ALL_ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_survives_pickling_with_its_facts(kind):
    if issubclass(kind, InvalidTextError):
        error = kind("1..2", "a segment is empty", position=2, hint="write it out")
    else:
        error = kind("it broke", hint="mend it", path="/x")

    restored = pickle.loads(pickle.dumps(error))

    assert kind is type(restored)
    assert str(error) == str(restored)
    assert vars(error) == vars(restored)


@pytest.mark.parametrize("kind", ALL_ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_has_the_common_root_and_a_docstring(kind):
    assert issubclass(kind, HognoseError)
    assert kind.__doc__


def test_an_error_of_bad_text_names_text_rule_and_position():
    error = InvalidVersionError("1..2", "a segment is empty", position=2)

    assert str(error) == "invalid version '1..2': a segment is empty (at character 3)"
    assert isinstance(error, ValueError)


def test_long_text_is_abbreviated_in_the_message_but_kept_as_a_fact():
    error = InvalidVersionError("1" * 10_000, "too long")

    assert len(str(error)) < 300
    assert len(error.text) == 10_000


def test_the_hint_is_a_line_of_its_own():
    error = ArchiveError("x.conda: it is cut off", hint="fetch it again", path="x.conda")

    assert str(error) == "x.conda: it is cut off\nfetch it again"
    assert error.message == "x.conda: it is cut off"
    assert error.path == "x.conda"
