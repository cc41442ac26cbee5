from __future__ import annotations

import random

import pytest

from hognose.net import Client, RetryPolicy
from hognose.net.retry import is_transient_status, parse_retry_after
from support.channel_server import ChannelServer


def test_pauses_double_and_end():
    policy = RetryPolicy(max_retries=3, first_delay=1.0)
    pauses = [policy.delay_after(attempt, random=lambda: 1.0) for attempt in range(4)]
    assert pauses == [1.0, 2.0, 4.0, None]


def test_pauses_are_spread_over_their_upper_half():
    policy = RetryPolicy(first_delay=1.0)
    assert policy.delay_after(1, random=lambda: 0.0) == 1.0
    assert policy.delay_after(1, random=lambda: 0.5) == 1.5


def test_no_pause_is_longer_than_the_limit():
    policy = RetryPolicy(max_retries=99, max_delay=5.0)
    assert policy.delay_after(50, random=lambda: 1.0) == 5.0
    assert policy.delay_after(0, random=lambda: 1.0, retry_after=3600.0) == 5.0


def test_a_server_can_make_a_pause_longer_and_not_shorter():
    policy = RetryPolicy(first_delay=1.0)
    assert policy.delay_after(0, random=lambda: 1.0, retry_after=9.0) == 9.0
    assert policy.delay_after(0, random=lambda: 1.0, retry_after=0.0) == 1.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("12", 12.0),
        (" 0 ", 0.0),
        ("-3", None),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
    ],
)
def test_the_field_is_read_as_seconds_or_as_a_date(text, expected):
    assert expected == parse_retry_after(text, now=10.0)


def test_what_may_pass_is_told_from_what_stays():
    assert [status for status in range(400, 600) if is_transient_status(status)] == [
        408,
        425,
        429,
        500,
        *range(502, 505),
        *range(506, 600),
    ]


def test_pauses_do_not_use_up_the_programs_random_numbers():
    random.seed(7)
    state = random.getstate()

    with ChannelServer() as server, Client(sleep=lambda _: None) as client:
        server.serve("a", b"a")
        server.fail("a", status=503, times=2)
        with client.open(f"{server.url}a") as response:
            assert b"a" == response.read()

    assert state == random.getstate()
