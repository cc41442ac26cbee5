"""conda's advice on activation, taken out of its output."""

from __future__ import annotations

import io

import pytest

from hognose.express.output_filter import copy_filtered, is_filtered, name_in_arguments

ADVICE = b"""#
# To activate this environment, use
#
#     $ conda activate myenv
#
# To deactivate an active environment, use
#
#     $ conda deactivate

"""


@pytest.mark.parametrize(
    ("words", "has_terminal", "expected"),
    [
        ("create -n x", False, True),
        ("create -n x", True, False),
        ("create -n x -y", True, True),
        ("create -n x --yes", True, True),
        ("env create", False, True),
        ("env list", False, False),
        ("install create", False, False),
        ("", False, False),
    ],
)
def test_only_creation_is_filtered_and_never_where_somebody_may_be_asked(
    words: str, *, has_terminal: bool, expected: bool
) -> None:
    assert is_filtered(words.split(), has_terminal=has_terminal) is expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("create -n one", "one"),
        ("create --name two", "two"),
        ("create --name=three", "three"),
        ("create -p ./here", None),
        ("create -n", None),
    ],
)
def test_the_name_is_found_among_the_arguments(words: str, expected: str | None) -> None:
    assert name_in_arguments(words.split()) == expected


def test_the_advice_is_left_out_and_its_name_returned() -> None:
    target = io.BytesIO()
    source = io.BytesIO(b"before\n" + ADVICE + b"after\n")
    assert copy_filtered(source, target) == "myenv"
    assert target.getvalue() == b"before\n#\nafter\n"


def test_quotes_round_a_name_are_taken_off() -> None:
    text = ADVICE.replace(b"activate myenv", b'activate "my env"')
    assert copy_filtered(io.BytesIO(text), io.BytesIO()) == "my env"


def test_other_bytes_pass_whatever_they_are() -> None:
    target = io.BytesIO()
    assert copy_filtered(io.BytesIO(b"\xff\xfe\n# comment\nno end"), target) is None
    assert target.getvalue() == b"\xff\xfe\n# comment\nno end"
