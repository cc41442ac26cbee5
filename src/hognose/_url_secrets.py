"""What of a URL is secret, and the URL without it.

One notion for all layers: user information (`user:password@`, and `user@`, which is how several
services take a token), conda tokens (`/t/TOKEN/`, wherever in the path, as conda has it) and
queries, which sign requests under names that nobody can list. What is *recorded* goes through
`without_secrets` and stays an address that a stored login opens again. What is *shown* goes through
`redact`, which leaves a mark where something was. What is *asked for* is put together by
`hognose.net`.
"""

from __future__ import annotations

import re

import msgspec

__all__ = ("SplitUrl", "redact", "split_secrets", "with_token", "without_query", "without_secrets")

_MASK = "********"
# What stands for a secret in what this and other tools have written down.
_MASKS = frozenset({_MASK, "<TOKEN>", "%3CTOKEN%3E"})

# What is no compiled pattern here is compiled by `re` when it is wanted, and kept: together that
# takes longer than importing `hognose.types` otherwise does, and most addresses hold no secret.

# A channel may be called `t`: what follows then is a platform's folder.
_SUBDIR = (
    r"(?:noarch|(?:linux|osx|win|freebsd|netbsd|openbsd|emscripten|wasi|zos|ios|android)"
    r"-(?:32|64|z|arm64|aarch64|armv\dl|ppc64(?:le)?|s390x|riscv(?:32|64)|loongarch64|wasm32))"
)
_NO_SUBDIR = rf"(?!{_SUBDIR}(?:[/?#\s]|$))"
_TOKEN_IN_PATH = rf"(?:^|/)t/{_NO_SUBDIR}([^/?#]+)(?:/|$)"

_LOGIN = re.compile(r"(?<=://)[^\s/?#]*@")
# `t/TOKEN/name` is what the name of a channel may be. A directory called `t` is none of this.
_CONDA_TOKEN = (
    r"(file://[^\s,:?#\"']*(?::[^\s,:?#\"']*)?)"
    rf"|((?<=/)t/|^t/(?=[^\s/?#]+/)){_NO_SUBDIR}[^\s/?#]+"
)
# A path may have a space in it, so that what is in front of a query does not count.
_QUERY = re.compile(r"(\?)(?![?!.,;:)])[^\s#\"'`<>\]]+")
# Where only the end of an address is told, as in the logs of HTTP libraries.
_PARAMETER = (
    r"(?i)(?<=[?&#])([^\s=&#]*(?:token|signature|secret|password|credential|api_?key|\bsig)"
    r"[^\s=&#]*=)[^\s&#]*"
)


class SplitUrl(msgspec.Struct, frozen=True, gc=False):
    """A URL with its secrets beside it; they are empty where there are none.

    Attributes:
        url: The URL without login and token; a query stays.
        login: The user information in front of the host, without the `@`.
        token: The conda token.
        token_place: The start of `url` that `/t/TOKEN` stands behind.
    """

    url: str
    login: str = ""
    token: str = ""
    token_place: str = ""


def _is_plain(url: str) -> bool:
    """Whether there is nothing in an address to look at closely, as in nearly all of them.

    Five searches for a text take a quarter of the time that one for a pattern takes.
    """
    return (
        url.startswith(("https://", "http://", "file:///"))
        and "@" not in url
        and "?" not in url
        and "#" not in url
        and "/t/" not in url
    )


def split_secrets(url: str) -> SplitUrl:
    """Take login and conda token of an address apart from it.

    The scheme is brought into small letters. The path of a `file` URL holds no token, and a text
    that is no URL nothing at all. A mask in the place of a secret (`********`, conda's `<TOKEN>`)
    is taken out and is none.

    >>> split_secrets("https://me:pass@example.com/api/t/xy-12/channel").url
    'https://example.com/api/channel'
    >>> split_secrets("https://me:pass@example.com/api/t/xy-12/channel").token_place
    'https://example.com/api'
    """
    if _is_plain(url):
        return SplitUrl(url)
    scheme, mark, rest = url.partition("://")
    if not mark:
        return SplitUrl(url)
    scheme = scheme.lower()
    end = min(at for at in (rest.find("/"), rest.find("?"), rest.find("#"), len(rest)) if at >= 0)
    login, _, host = rest[:end].rpartition("@")
    login = "" if login.rpartition(":")[2] in _MASKS else login
    path = rest[end:]
    base = f"{scheme}://{host}"
    if scheme == "file" or "/t/" not in path:
        return SplitUrl(base + path, login)
    found = re.search(_TOKEN_IN_PATH, path.partition("?")[0].partition("#")[0])
    if found is None:
        return SplitUrl(base + path, login)
    before, after = path[: found.start()], path[found.end(1) :]
    token = "" if found[1] in _MASKS else found[1]
    return SplitUrl(base + (before + after or "/"), login, token, base + before)


def with_token(url: str, place: str, token: str) -> str:
    """Put a conda token into an address: behind `place`, which the address begins with.

    >>> with_token("https://example.com/api/channel", "https://example.com/api", "xy-12")
    'https://example.com/api/t/xy-12/channel'
    """
    return f"{place}/t/{token}{url[len(place) :]}"


def without_secrets(url: str) -> str:
    """Return an address without login, conda token, query and fragment: what may be recorded.

    >>> without_secrets("https://me:pass@example.com/t/xy-12/channel/noarch/a-1-0.conda?sig=1")
    'https://example.com/channel/noarch/a-1-0.conda'
    """
    if _is_plain(url):
        return url
    bare = split_secrets(url).url
    if bare.startswith("file:") or "://" not in bare:
        return bare
    bare = bare.partition("?")[0].partition("#")[0]
    return _without_tokens(bare) if "/t/" in bare else bare


def without_query(url: str) -> str:
    """Return an `http` address without its query; in any other text a `?` is part of a name.

    >>> without_query("https://example.com/a-1-0.conda?sig=1")
    'https://example.com/a-1-0.conda'
    """
    return url.partition("?")[0] if url[:8].lower().startswith(("https://", "http://")) else url


def _without_tokens(url: str) -> str:
    """Take out what looks like a token once the first is gone: what is recorded has to stay so."""
    kept: list[str] = []
    scheme, _, host, path = url.split("/", 3)
    for step in path.split("/"):
        if kept and kept[-1] == "t" and step and not re.fullmatch(_SUBDIR, step):
            kept.pop()
        else:
            kept.append(step)
    return f"{scheme}//{host}/{'/'.join(kept)}"


def redact(text: str) -> str:
    """Replace the secrets of every URL in a text by `********`.

    >>> redact("https://me:pass@example.com/api/t/xy-12/channel?sig=1&page=2")
    'https://********@example.com/api/t/********/channel?********'
    """
    # What is not there need not be searched for: most texts hold nothing secret.
    if "://" in text:
        if "@" in text:
            text = _LOGIN.sub(f"{_MASK}@", text)
        if "?" in text:
            text = _QUERY.sub(rf"\1{_MASK}", text)
    if "/t/" in text or text.startswith("t/"):
        text = re.sub(_CONDA_TOKEN, _mask_token, text)
    if "=" in text:
        text = re.sub(_PARAMETER, rf"\1{_MASK}", text)
    return text


def _mask_token(found: re.Match[str]) -> str:
    return found[1] or f"{found[2]}{_MASK}"
