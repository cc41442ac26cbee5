from __future__ import annotations

import pytest

from hognose.errors import NetworkError
from hognose.net import Client, ProxySettings
from support.channel_server import ChannelServer


def test_lower_case_variables_win_and_a_scheme_is_added():
    settings = ProxySettings.from_environment(
        {"http_proxy": "one:3128", "HTTP_PROXY": "http://two", "HTTPS_PROXY": "https://three"}
    )
    assert settings.proxy_for("http://a.org/") == "http://one:3128"
    assert settings.proxy_for("https://a.org/") == "https://three"


def test_the_proxy_for_all_stands_in_for_the_others():
    settings = ProxySettings.from_environment({"ALL_PROXY": "socks5h://p:1", "http_proxy": ""})
    assert settings.proxy_for("http://a.org/") == "socks5h://p:1"
    assert settings.proxy_for("https://a.org/") == "socks5h://p:1"
    assert settings.proxy_for("file:///a") is None


def test_the_header_of_a_cgi_request_is_no_setting():
    environ = {"REQUEST_METHOD": "GET", "HTTP_PROXY": "http://evil"}
    assert ProxySettings.from_environment(environ).proxy_for("http://a.org/") is None


@pytest.mark.parametrize(
    ("exceptions", "url", "is_direct"),
    [
        ("example.com", "https://example.com/a", True),
        ("example.com", "https://sub.example.com/a", True),
        ("example.com", "https://badexample.com/a", False),
        (".example.com", "https://sub.example.com/", True),
        ("*.example.com", "https://sub.example.com/", True),
        ("Example.COM", "https://EXAMPLE.com/", True),
        ("example.com:8080", "https://example.com:8080/", True),
        ("example.com:8080", "https://example.com/", False),
        ("example.com:443", "https://example.com/", True),
        ("*", "https://anything/", True),
        ("10.0.0.0/8", "http://10.1.2.3/", True),
        ("10.0.0.0/8", "http://11.1.2.3/", False),
        ("10.1.2.3", "http://10.1.2.3/", True),
        ("10.0.0.0/8", "http://ten.example/", False),
        ("[::1]", "http://[::1]:80/", True),
        ("::1", "http://[::1]/", True),
        ("fe80::/10", "http://[fe80::7]/", True),
        (" a.org , b.org ", "http://b.org/", True),
        ("a.org b.org", "http://a.org/", True),
        ("a.org\tb.org,  c.org", "http://b.org/", True),
        ("a.org b.org,c.org", "http://c.org/", True),
        ("192.168.*", "http://192.168.1.2/", True),
        ("192.168.*", "http://192.169.1.2/", False),
        ("192.168.*:8080", "http://192.168.1.2/", False),
        ("", "http://b.org/", False),
    ],
)
def test_exceptions_are_reached_directly(exceptions, url, is_direct):
    settings = ProxySettings.from_environment({"all_proxy": "http://p", "no_proxy": exceptions})
    assert (settings.proxy_for(url) is None) == is_direct


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_answer_is_named_and_where_it_may_be_from(scheme):
    with ChannelServer() as gone:
        host = gone.host
    settings = ProxySettings(by_scheme={scheme: f"http://me:hunter2@{host}"})
    with (
        Client(environ={}, proxies=settings, max_retries=0) as client,
        pytest.raises(NetworkError) as caught,
    ):
        client.get(f"{scheme}://channel.invalid/a")
    message = caught.value.message
    assert message.startswith(
        f"{scheme}://channel.invalid/a cannot be fetched through the proxy http://"
    )
    assert message.endswith(f"@{host}: no connection (connection refused)")
    assert "HTTPS_PROXY" in caught.value.hint
    assert "hunter2" not in str(caught.value)


def test_it_is_the_name_of_the_proxy_that_cannot_be_resolved():
    settings = ProxySettings(by_scheme={"all": "http://proxy.invalid:3128"})
    with (
        Client(environ={}, proxies=settings, max_retries=0) as client,
        pytest.raises(NetworkError) as caught,
    ):
        client.get("https://channel.invalid/a")
    assert (
        "https://channel.invalid/a cannot be fetched through the proxy "
        "http://proxy.invalid:3128: the proxy's name cannot be resolved"
    ) == caught.value.message


def test_a_proxy_that_wants_a_login_is_named():
    with ChannelServer() as proxy:
        proxy.fail(status=407, times=None)
        settings = ProxySettings(by_scheme={"http": proxy.url})
        with (
            Client(environ={}, proxies=settings) as client,
            pytest.raises(NetworkError) as caught,
        ):
            client.get("http://channel.invalid/a")
        assert 407 == caught.value.status
        assert f"through the proxy {proxy.url}: " in caught.value.message
        assert "wants a login" in caught.value.hint


def test_a_status_that_came_through_a_proxy_names_it():
    with ChannelServer() as proxy:
        proxy.fail(status=503, times=None)
        settings = ProxySettings(by_scheme={"http": f"http://me:hunter2@{proxy.host}"})
        with (
            Client(environ={}, proxies=settings, max_retries=0) as client,
            pytest.raises(NetworkError, match="status 503") as caught,
        ):
            client.get("http://channel.invalid/a")
    message = caught.value.message
    assert message.startswith("http://channel.invalid/a cannot be fetched through the proxy http:")
    assert f"@{proxy.host}: the server, or the proxy, answered with status 503" in message
    assert "hunter2" not in message


def test_a_proxy_for_one_host_comes_first():
    settings = ProxySettings(
        by_scheme={
            "https://a.org": "http://one",
            "https": "http://two",
            "all://b.org": "http://three",
        }
    )
    assert settings.proxy_for("https://a.org/x") == "http://one"
    assert settings.proxy_for("https://b.org/x") == "http://two"
    assert settings.proxy_for("http://b.org/x") == "http://three"
    assert settings.proxy_for("http://a.org/x") is None
