"""Joins URLs of every scheme that a channel can have."""

from __future__ import annotations

from urllib.parse import urljoin

__all__ = ("join_url",)


def join_url(base: str, reference: str) -> str:
    """Resolve a reference against a base; `urllib.parse` does so only for schemes that it knows.

    >>> join_url("s3://bucket/channel/noarch/", "./shards/")
    's3://bucket/channel/noarch/shards/'
    """
    scheme, mark, rest = base.partition("://")
    if not mark or scheme in ("http", "https", "file"):
        return urljoin(base, reference)
    joined = urljoin(f"https://{rest}", reference)
    return joined if "://" in reference else f"{scheme}{joined.removeprefix('https')}"
