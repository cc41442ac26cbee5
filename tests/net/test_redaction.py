from __future__ import annotations

import pytest

from hognose.net import redact, without_secrets
from hognose.net.redaction import split_secrets, with_token


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.com/a/b", "https://example.com/a/b"),
        ("https://me:hush@example.com/a", "https://********@example.com/a"),
        ("https://me:hu@sh@example.com/a", "https://********@example.com/a"),
        ("https://hush@example.com/a", "https://********@example.com/a"),
        ("https://hush:@example.com/a", "https://********@example.com/a"),
        ("https://:hush@example.com", "https://********@example.com"),
        ("https://example.com/t/hush/a", "https://example.com/t/********/a"),
        ("https://example.com/x/t/hush", "https://example.com/x/t/********"),
        ("t/hush/a", "t/********/a"),
        ("https://example.com/t/noarch/a", "https://example.com/t/noarch/a"),
        ("https://example.com/a@b/c", "https://example.com/a@b/c"),
        ("https://example.com/a?token=hush&page=2", "https://example.com/a?********"),
        ("https://example.com/a?x=hush#part", "https://example.com/a?********#part"),
        ("https://example.com/#access_token=hush", "https://example.com/#access_token=********"),
        ("GET /a?sv=1&sig=hush HTTP/1.1", "GET /a?sv=1&sig=******** HTTP/1.1"),
        (
            "no route to http://a:hush@b:80/ or http://c:hush@d/",
            "no route to http://********@b:80/ or http://********@d/",
        ),
        ('a[url="https://h/a.conda?k=hush"]', 'a[url="https://h/a.conda?********"]'),
        ("/a/path/t/name", "/a/path/t/********"),
        ("file:///home/t/name/a", "file:///home/t/name/a"),
        ("file:///C:/t/a and https://h/t/hush", "file:///C:/t/a and https://h/t/********"),
        ("plain text", "plain text"),
    ],
)
def test_secrets_are_masked(text, expected):
    assert expected == redact(text)
    assert expected == redact(expected)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/a/b", ("https://example.com/a/b", "", "", "")),
        ("HTTPS://me:pw@example.com:8080/a", ("https://example.com:8080/a", "me:pw", "", "")),
        (
            "https://example.com/t/xy-1/a/b",
            ("https://example.com/a/b", "", "xy-1", "https://example.com"),
        ),
        (
            "https://example.com/t/xy-1/",
            ("https://example.com/", "", "xy-1", "https://example.com"),
        ),
        ("https://example.com/t/xy-1", ("https://example.com/", "", "xy-1", "https://example.com")),
        # conda takes a token wherever it stands.
        (
            "https://repo.example/api/v1/t/xy-1/mine",
            ("https://repo.example/api/v1/mine", "", "xy-1", "https://repo.example/api/v1"),
        ),
        (
            "https://127.0.0.1:8080/conda/t/xy-1",
            ("https://127.0.0.1:8080/conda", "", "xy-1", "https://127.0.0.1:8080/conda"),
        ),
        ("https://example.com/t/noarch/a", ("https://example.com/t/noarch/a", "", "", "")),
        ("https://example.com/t/", ("https://example.com/t/", "", "", "")),
        ("https://example.com/data?x=/t/a", ("https://example.com/data?x=/t/a", "", "", "")),
        ("https://me:********@example.com/a", ("https://example.com/a", "", "", "")),
        (
            "https://example.com/t/<TOKEN>/a",
            ("https://example.com/a", "", "", "https://example.com"),
        ),
        ("https://example.com", ("https://example.com", "", "", "")),
        ("file:///t/a/b", ("file:///t/a/b", "", "", "")),
        ("no url", ("no url", "", "", "")),
    ],
)
def test_secrets_are_taken_out(url, expected):
    found = split_secrets(url)

    assert expected == (found.url, found.login, found.token, found.token_place)
    assert expected[0].partition("?")[0] == without_secrets(url)
    if found.token:
        assert url.rstrip("/") == with_token(found.url, found.token_place, found.token).rstrip("/")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/a-1-0.conda?sig=hush", "https://h/a-1-0.conda"),
        ("https://h/a-1-0.conda#hush", "https://h/a-1-0.conda"),
        ("https://h/t/hush/t/hush/a", "https://h/a"),
        ("https://h/t/hush/t/hush", "https://h/"),
        ("https://t/a/b", "https://t/a/b"),
        ("https://me@t", "https://t"),
        ("https://h/x/t/noarch/t/hush/a", "https://h/x/t/noarch/a"),
        ("file:///a?b", "file:///a?b"),
    ],
)
def test_what_is_recorded_has_neither_query_nor_fragment(url, expected):
    assert expected == without_secrets(url)
    assert expected == without_secrets(expected)
