"""`solve`: what would be installed, or why nothing can be."""

from __future__ import annotations

import json


def test_what_would_be_installed_is_shown_without_a_prefix(hognose, channel, tmp_path):
    result = hognose("solve", "-c", channel, "app", "--json")

    assert 0 == result.status, result.err
    names = sorted(record["name"] for record in json.loads(result.out)["packages"])
    assert ["app", "lib"] == names


def test_why_there_is_no_answer_is_told_as_data_too(hognose, channel):
    result = hognose("solve", "-c", channel, "app", "lib <1", "--json")

    assert 1 == result.status
    error = json.loads(result.out)["error"]
    assert "UnsolvableError" == error["type"]
    assert error["message"].startswith("`lib <1` cannot be installed")
    assert ["lib <1"] == error["conflict"]["specs"]
    assert "lib <1" == error["conflict"]["reasons"][0]["demands"][0]
