"""Every text comes back from every reader, and most are written plain."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hognose.lock import load_yaml
from hognose.lock.yaml_document import load_raw_yaml
from hognose.lock.yaml_scalar import format_scalar


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_any_text_comes_back_from_every_reader(text: str) -> None:
    document = f"key: {format_scalar(text)}\n- ".removesuffix("- ")
    assert load_raw_yaml(document)["key"] == text
    assert load_yaml(document)["key"] == text
    assert yaml.safe_load(document)["key"] == text
    assert "\n" not in format_scalar(text)


@given(st.from_regex(r"[-+.0-9eExXoO_:a-fTZnyN~]{1,12}", fullmatch=True))
def test_texts_that_look_like_numbers_come_back_as_texts(text: str) -> None:
    document = f"key: {format_scalar(text)}\n"
    assert load_yaml(document)["key"] == text
    assert yaml.safe_load(document)["key"] == text


@pytest.mark.parametrize(
    "text",
    [
        "python >=3.10,<3.11.0a0",
        "python_abi 3.10.* *_cp310",
        "https://conda.anaconda.org/conda-forge/linux-64/x264-1!164.3095-h166bdaf_2.tar.bz2",
        "BSD-3-Clause AND MIT",
        "2023c",
        "1.2.3",
        "__glibc",
        "6bd8da22ab7d4e7b6bd8da22ab7d4e7b",
        "=1",
        "~=1.0",
        "é",
        "a'b",
    ],
)
def test_ordinary_texts_are_written_plain(text: str) -> None:
    assert format_scalar(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.0", "'1.0'"),
        ("1e5", "'1e5'"),
        ("1_0", "'1_0'"),
        ("12:30", "'12:30'"),
        ("no", "'no'"),
        ("null", "'null'"),
        ("", "''"),
        (">=3", "'>=3'"),
        ("it's: x", "'it''s: x'"),
        ("a #b", "'a #b'"),
        (" a", "' a'"),
        ("a\nb", '"a\\nb"'),
        ("\x85", '"\\u0085"'),
        ("64" * 16, f"'{'64' * 16}'"),
        ("1" * 30 + "e1", f"'{'1' * 30}e1'"),
    ],
)
def test_what_a_reader_could_misread_is_quoted(text: str, expected: str) -> None:
    assert format_scalar(text) == expected
