"""How S3 buckets are reached: the table `s3-options`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from hognose.config.setting_fault import setting_fault
from hognose.config.toml_text import format_key

__all__ = ("S3Options", "S3Table")

_PATH_STYLES = {"path": True, "virtual-host": False}


class S3Options(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """How an S3 bucket is reached.

    Attributes:
        endpoint_url: The server.
        region: The region that requests are signed for.
        force_path_style: Whether the bucket is a part of the path rather than of the host.
    """

    endpoint_url: str
    region: str = "us-east-1"
    force_path_style: bool = False


class S3Table(Mapping[str, S3Options]):
    """The options of buckets by their names, made when they are asked for.

    A bucket whose options are wrong raises `ConfigError`, with the file and the key, when it is
    asked for: what does not need this bucket works.

    Args:
        tables: What the configuration says, by bucket.
        sources: Where it says so, by key.
    """

    def __init__(self, tables: Mapping[str, Mapping[str, Any]], sources: Mapping[str, str]) -> None:
        """Keep both."""
        self._tables = tables
        self._sources = sources

    def __getitem__(self, bucket: str) -> S3Options:
        """Return the options of a bucket.

        Raises:
            KeyError: Nothing is said of it.
            ConfigError: Its options are incomplete or of the wrong kind.
        """
        options = {key.replace("_", "-"): each for key, each in self._tables[bucket].items()}
        key = format_key(("s3-options", bucket))
        style = options.pop("addressing-style", None)
        if style is not None:
            # Any other word is of the wrong kind, and the conversion says so.
            options["force-path-style"] = _PATH_STYLES.get(str(style), str(style))
        try:
            return msgspec.convert(options, S3Options)
        except msgspec.ValidationError as error:
            source = self._sources.get(key, "")
            raise setting_fault(key, f": {error}", source=source) from error

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the buckets."""
        return iter(self._tables)

    def __len__(self) -> int:
        """Count the buckets."""
        return len(self._tables)
