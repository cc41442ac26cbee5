"""The scalars of YAML 1.2."""

from __future__ import annotations

import math

import pytest

from hognose.errors import ParseLockFileError
from hognose.lock import load_yaml
from hognose.lock.yaml_document import load_raw_yaml


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1_0", "1_0"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("1e3", 1000.0),
        ("0o17", 15),
        ("017", 17),
        ("0x1F", 31),
        ("+12", 12),
        ("-.5", -0.5),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("Null", None),
        ("'1'", "1"),
        ("<<", "<<"),
        ("=", "="),
    ],
)
def test_the_core_schema_decides_what_a_scalar_is(text: str, expected: object) -> None:
    value = load_yaml(f"key: {text}\n")["key"]
    assert (type(value), value) == (type(expected), expected)


def test_not_a_number_is_a_number() -> None:
    assert math.isnan(load_yaml("key: .NaN")["key"])


@pytest.mark.parametrize("text", ["a: [1", "a: 1\na: 2\n", "a:\n\t- b", "a: b: c"])
@pytest.mark.parametrize("load", [load_yaml, load_raw_yaml])
def test_broken_text_is_an_error_with_a_line(load: type[object], text: str) -> None:
    with pytest.raises(ParseLockFileError, match="in line"):
        load(text)


def test_everything_that_yaml_has_can_be_read() -> None:
    text = "a: &x [1, {b: two}]\nc: *x\nd: |\n  text\n  more\n"
    both = ["1", {"b": "two"}]
    assert load_raw_yaml(text) == {"a": both, "c": both, "d": "text\nmore\n"}
