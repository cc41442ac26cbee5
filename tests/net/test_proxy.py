from __future__ import annotations

import pytest

from hognose.net import ProxySettings


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
        ("", "http://b.org/", False),
    ],
)
def test_exceptions_are_reached_directly(exceptions, url, is_direct):
    settings = ProxySettings.from_environment({"all_proxy": "http://p", "no_proxy": exceptions})
    assert (settings.proxy_for(url) is None) == is_direct


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
