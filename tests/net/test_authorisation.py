"""Which secret goes with which request."""

import threading

import pytest

from hognose.errors import FetchCancelledError
from hognose.net import Cancellation
from hognose.net.authorisation import Authorisation
from hognose.net.credentials import Credentials


class Store:
    """Knows one thing for every host."""

    def __init__(self, found):
        self.found = found

    def get(self, url, /):
        return self.found


def authorisation(store=None, **options):
    return Authorisation(store, transport=None, clock=lambda: 0.0, **options)


@pytest.mark.parametrize("place", ["http://h", "http://h/api", "http://h/conda/x"])
def test_a_token_goes_back_to_where_it_was(place):
    known = authorisation()

    asked = known.apply(f"{place}/t/tk-1/mine/noarch/repodata.json")

    assert (f"{place}/t/tk-1/mine/noarch/repodata.json", None) == asked
    assert (f"{place}/t/tk-1/mine/linux-64/a-1-0.conda", None) == known.apply(
        f"{place}/mine/linux-64/a-1-0.conda"
    )


def test_a_token_does_not_go_to_what_lies_beside_its_place():
    known = authorisation()
    known.apply("http://h/api/t/tk-1/notices.json")

    assert "http://h/api/t/tk-1/noarch/a" == known.apply("http://h/api/noarch/a")[0]
    assert "http://h/other/noarch/a" == known.apply("http://h/other/noarch/a")[0]


def test_a_stored_token_stands_at_the_start_of_the_path():
    known = authorisation(Store(Credentials(conda_token="tk-2")))

    assert "http://h/t/tk-2/api/mine/noarch/a" == known.apply("http://h/api/mine/noarch/a")[0]


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://h/api/mine/noarch/a", "http://h/api/t/tk-2/mine/noarch/a"),
        ("http://h/api/deep/mine/noarch/a", "http://h/api/deep/t/tk-2/mine/noarch/a"),
        ("http://h/apis/mine/noarch/a", "http://h/t/tk-2/apis/mine/noarch/a"),
        ("http://other/api/mine/noarch/a", "http://other/t/tk-2/api/mine/noarch/a"),
    ],
)
def test_a_stored_token_stands_behind_the_place_of_the_channels(url, asked):
    known = authorisation(
        Store(Credentials(conda_token="tk-2")),
        token_places=("http://h/api/", "http://me:pw@h/api/t/tk-1/deep", "c/d"),
    )

    assert asked == known.apply(url)[0]


def test_two_channels_of_a_server_have_logins_of_their_own():
    known = authorisation()
    first = known.apply("http://a:1@h/one/noarch/repodata.json")[1]
    second = known.apply("http://b:2@h/two/noarch/repodata.json")[1]

    assert ("http://h/one/noarch/x.conda", first) == known.apply("http://h/one/noarch/x.conda")
    assert ("http://h/two/noarch/x.conda", second) == known.apply("http://h/two/noarch/x.conda")
    assert ("http://h/else", second) == known.apply("http://h/else")


@pytest.mark.parametrize(
    "recorded", ["http://h/t/********/mine/noarch/a", "http://h/t/<TOKEN>/mine/noarch/a"]
)
def test_what_stands_for_a_secret_makes_way_for_a_stored_one(recorded):
    known = authorisation(Store(Credentials(conda_token="tk-2")))

    assert "http://h/t/tk-2/mine/noarch/a" == known.apply(recorded)[0]


def test_a_masked_login_makes_way_for_a_stored_one():
    stored = Credentials.basic("me", "pw")

    found = authorisation(Store(stored)).apply("http://me:********@h/mine/noarch/a")

    assert ("http://h/mine/noarch/a", stored.authorization) == found


class SlowStore:
    """Has a token that has ended, and a server for its renewal that takes its time."""

    def __init__(self):
        self.token = Credentials("Bearer old", expires_at=-1.0, is_renewable=True)
        self.is_asked, self.may_answer, self.is_renewed = (threading.Event() for _ in range(3))

    def get(self, url, /):
        return self.token

    def renew(self, url, refused, *, transport, now):
        self.is_asked.set()
        self.may_answer.wait()
        self.token = Credentials("Bearer new", expires_at=1000.0, is_renewable=True)
        self.is_renewed.set()
        return self.token


def test_who_waits_for_a_renewal_can_be_told_to_stop_and_the_renewal_is_finished():
    store, cancellation = SlowStore(), Cancellation()
    known = authorisation(store, renewal_grace=0.0)

    def cancel():
        store.is_asked.wait()
        cancellation.cancel()

    threading.Thread(target=cancel).start()
    with pytest.raises(FetchCancelledError):
        known.apply("http://h/mine/noarch/a", cancellation)
    store.may_answer.set()
    store.is_renewed.wait()

    assert ("http://h/mine/noarch/a", "Bearer new") == known.apply("http://h/mine/noarch/a")
    assert known.hint_for("http://h/mine/noarch/a") is None
