"""Laws of secrets in the addresses of channels: whatever they are, they are in nothing that is shown."""

import pickle

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hognose.errors import HognoseError
from hognose.net import redact, without_secrets
from hognose.net.authorisation import Authorisation
from hognose.types import Channel, MatchSpec, PackageRecord, RepoDataRecord, Version

# What no other part of an address is, so that finding it is finding the secret.
MARK = "Hush"
# What may stand in a path or in user information as it is, and what is escaped there.
SECRET = st.text("abcXYZ019-._~!$&'()*+,;=", min_size=1, max_size=12).map(MARK.__add__)
TOKEN = st.text("abcXYZ019-._~!$&'()+,;=", min_size=1, max_size=12).map(MARK.__add__)
ESCAPED = st.lists(st.sampled_from(["%40", "%2F", "%3A", "a", "9"]), min_size=1, max_size=5)
ANY_SECRET = st.one_of(SECRET, ESCAPED.map(lambda parts: MARK + "".join(parts)))
HOST = st.sampled_from(["h", "conda.anaconda.org", "127.0.0.1:8080", "[::1]:81", "Ex-Ample.org"])
SCHEME = st.sampled_from(["http", "https", "HTTPS", "s3", "oci", "gs"])
STEP = st.sampled_from(["c", "conda-forge", "label/dev", "a.b", "x_y", "t2", "linux", "a b"])
LOGIN = st.sampled_from(["{}@", "me:{}@", "{}:@", "{}:x@", ":{}@", "me:a@{}@", "me:{0}:{0}@"])


@st.composite
def addresses(draw):
    """A URL without a secret, one with some, and whether there is a token at its start."""
    scheme, host = draw(SCHEME), draw(HOST)
    steps = draw(st.lists(STEP, min_size=1, max_size=3))
    has_login = draw(st.booleans())
    login = draw(LOGIN).format(draw(ANY_SECRET)) if has_login else ""
    plain = "/".join(steps)
    if not has_login or draw(st.booleans()):
        steps.insert(draw(st.integers(0, len(steps))), f"t/{draw(TOKEN)}")
    return f"{scheme}://{host}/{plain}", f"{scheme}://{login}{host}/{'/'.join(steps)}"


@given(addresses())
def test_a_secret_changes_nothing_of_a_channel_but_the_url_to_ask(both):
    plain, secret = map(Channel, both)

    assert plain == secret
    assert hash(plain) == hash(secret)
    assert (plain.canonical_name, plain.name) == (secret.canonical_name, secret.name)
    assert (str(plain), repr(plain), plain.to_text()) == (
        str(secret),
        repr(secret),
        secret.to_text(),
    )
    assert plain.base_url == plain.canonical_name
    assert MARK in secret.base_url
    assert secret.base_url == pickle.loads(pickle.dumps(secret)).base_url
    assert plain.label == secret.label


@given(addresses())
def test_no_secret_is_in_what_is_made_of_an_address(both):
    plain, secret = both
    file_url = f"{secret}/noarch/a-1-0.conda"

    assert without_secrets(f"{plain}/noarch/a-1-0.conda") == without_secrets(file_url)
    assert without_secrets(file_url) == without_secrets(without_secrets(file_url))
    for text in (secret, file_url, f"GET {file_url}?x={MARK}", f"a {secret}: b", f"`{secret}`"):
        assert MARK not in redact(text)
        assert redact(text) == redact(redact(text))


@given(addresses(), st.sampled_from(["{}::a", "{}/noarch::a", 'a[channel="{}"]']))
def test_a_secret_changes_nothing_of_a_spec(both, form):
    plain, secret = (MatchSpec(form.format(each)) for each in both)

    assert plain == secret
    assert hash(plain) == hash(secret)
    assert str(plain) == str(secret)
    assert repr(plain) == repr(secret)
    assert plain.to_canonical_string() == secret.to_canonical_string()
    assert plain.to_cep29_string() == secret.to_cep29_string()
    for channel in (*both, f"{both[0]}/other"):
        record = RepoDataRecord.from_package_record(
            PackageRecord.create(
                name="a", version=Version("1"), build="0", build_number=0, subdir="noarch"
            ),
            file_name="a-1-0.conda",
            url=f"{channel}/noarch/a-1-0.conda",
            channel=channel,
        )
        assert (not channel.endswith("other")) is plain.matches(record)
        assert plain.matches(record) is secret.matches(record)


BROKEN = st.sampled_from(["{}?{}", "{}?x={}", "{}/?a=b&k={}", "{}#{}", "{}[nope]", "{}/\x01"])


@given(addresses(), SECRET, BROKEN)
def test_no_secret_is_in_the_error_for_an_address(both, secret, form):
    text = form.format(both[1], secret)
    with pytest.raises(HognoseError) as caught:
        Channel(text)

    assert MARK not in f"{caught.value} {caught.value!r} {caught.value.text}"


@given(addresses(), SECRET, BROKEN, st.sampled_from(["{}::a", 'a[channel="{}"]', "{}::a 1 2 3"]))
def test_no_secret_is_in_the_error_for_a_spec(both, secret, form, spec):
    assume("#" not in form)  # begins a comment
    text = spec.format(form.format(both[1], secret))
    with pytest.raises(HognoseError) as caught:
        MatchSpec(text)

    assert MARK not in f"{caught.value} {caught.value!r} {caught.value.text}"


@given(addresses())
def test_what_is_asked_for_has_the_secrets_where_they_were(both):
    plain, secret = (Channel(each).base_url for each in both)
    known = Authorisation(None, transport=None, clock=lambda: 0.0)

    asked, login = known.apply(f"{secret}noarch/repodata.json")
    later = known.apply(f"{plain}noarch/a-1-0.conda")

    if plain.startswith("http"):
        assert "@" not in asked
        assert (asked.replace("repodata.json", "a-1-0.conda"), login) == later
        assert (login is None) is (":@" not in secret and "@" not in secret)
