"""Takes secrets out of URLs before anybody sees them."""

from __future__ import annotations

import re

__all__ = ("redact", "split_secrets", "without_secrets")

_MASK = "********"

# `//user:password@` keeps the user; `//token@` keeps nothing, because a lone user name is how
# several services take a token. The slash-free class keeps an `@` in a path out of it.
_USER_AND_PASSWORD = re.compile(r"(?<=://)([^\s/?#:@]*):[^\s/?#]*@")
_USER_ALONE = re.compile(r"(?<=://)(?!\*{8}@)[^\s/?#:@]+@")
_CONDA_TOKEN = re.compile(r"(?<=/t/)[^\s/?#]+")
_SECRET_PARAMETER = re.compile(
    r"(?i)(?<=[?&])([^\s=&#]*(?:token|signature|secret|password|credential|api_?key|\bsig)"
    r"[^\s=&#]*=)[^\s&#]*"
)


def redact(text: str) -> str:
    """Replace the secrets of every URL in a text by `********`.

    Passwords, tokens in the place of a user name, conda tokens (`/t/TOKEN/`) and query parameters
    that sign or authorise a request (`X-Amz-Signature`, `token`, ...) are secrets.

    >>> redact("https://me:pass@example.com/t/xy-12/channel?sig=1&page=2")
    'https://me:********@example.com/t/********/channel?sig=********&page=2'
    """
    if "://" in text:
        text = _USER_AND_PASSWORD.sub(rf"\1:{_MASK}@", text)
        text = _USER_ALONE.sub(f"{_MASK}@", text)
    if "/t/" in text:
        text = _CONDA_TOKEN.sub(_MASK, text)
    if "=" in text:
        text = _SECRET_PARAMETER.sub(rf"\1{_MASK}", text)
    return text


def split_secrets(url: str) -> tuple[str, str, str]:
    """Take the secrets of an address apart from it.

    Returns:
        The URL without them; the user information in front of the host; the conda token at the
        start of the path. The latter two are empty where there are none.

    >>> split_secrets("https://me:pass@example.com/t/xy-12/channel")
    ('https://example.com/channel', 'me:pass', 'xy-12')
    """
    scheme, mark, rest = url.partition("://")
    scheme = scheme.lower()
    if not mark or scheme == "file":
        return url, "", ""
    authority, slash, path = rest.partition("/")
    login, _, host = authority.rpartition("@")
    token = ""
    if path.startswith("t/"):
        _, token, path = path.split("/", 2) if path.count("/") > 1 else ("", path[2:], "")
    return f"{scheme}://{host}{slash}{path}", login, token


def without_secrets(url: str) -> str:
    """Return a URL without user information and conda token: the form that records keep."""
    return split_secrets(url)[0]
