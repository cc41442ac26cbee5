from __future__ import annotations

import pytest

from hognose.net import redact, without_secrets
from hognose.net.redaction import split_secrets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.com/a/b", "https://example.com/a/b"),
        ("https://me:hush@example.com/a", "https://me:********@example.com/a"),
        ("https://me:hu@sh@example.com/a", "https://me:********@example.com/a"),
        ("https://hush@example.com/a", "https://********@example.com/a"),
        ("https://:hush@example.com", "https://:********@example.com"),
        ("https://example.com/t/hush/a", "https://example.com/t/********/a"),
        ("https://example.com/x/t/hush", "https://example.com/x/t/********"),
        ("https://example.com/a@b/c", "https://example.com/a@b/c"),
        ("https://example.com/a?token=hush&page=2", "https://example.com/a?token=********&page=2"),
        (
            "https://s3/a?X-Amz-Credential=hush&X-Amz-Signature=hush&X-Amz-Date=1",
            "https://s3/a?X-Amz-Credential=********&X-Amz-Signature=********&X-Amz-Date=1",
        ),
        ("https://blob/a?sv=1&sig=hush", "https://blob/a?sv=1&sig=********"),
        (
            "no route to http://a:hush@b:80/ or http://c:hush@d/",
            "no route to http://a:********@b:80/ or http://c:********@d/",
        ),
        ("/a/path/t/name", "/a/path/t/********"),
        ("plain text", "plain text"),
    ],
)
def test_secrets_are_masked(text, expected):
    assert expected == redact(text)
    assert expected == redact(expected)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/a/b", ("https://example.com/a/b", "", "")),
        ("HTTPS://me:pw@example.com:8080/a", ("https://example.com:8080/a", "me:pw", "")),
        ("https://example.com/t/xy-1/a/b", ("https://example.com/a/b", "", "xy-1")),
        ("https://example.com/t/xy-1/", ("https://example.com/", "", "xy-1")),
        ("https://example.com/t/xy-1", ("https://example.com/", "", "xy-1")),
        ("https://example.com/table/t/a", ("https://example.com/table/t/a", "", "")),
        ("https://example.com", ("https://example.com", "", "")),
        ("file:///t/a/b", ("file:///t/a/b", "", "")),
        ("no url", ("no url", "", "")),
    ],
)
def test_secrets_are_taken_out(url, expected):
    assert expected == split_secrets(url)
    assert expected[0] == without_secrets(url)
