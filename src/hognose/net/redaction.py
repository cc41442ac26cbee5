"""The secrets of URLs, for this layer and those above it: see `hognose._url_secrets`."""

from __future__ import annotations

from hognose._url_secrets import redact, split_secrets, with_token, without_secrets

__all__ = ("redact", "split_secrets", "with_token", "without_secrets")
