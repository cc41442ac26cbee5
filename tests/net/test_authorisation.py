"""Which secret goes with which request."""

import pytest

from hognose.net.authorisation import Authorisation
from hognose.net.credentials import Credentials


class Store:
    """Knows one thing for every host."""

    def __init__(self, found):
        self.found = found

    def get(self, url, /):
        return self.found


def authorisation(store=None):
    return Authorisation(store, transport=None, clock=lambda: 0.0)


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
