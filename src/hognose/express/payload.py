"""A directory of package archives that stands in for the network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hognose.net import Client

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hognose.net import Response
    from hognose.types import RepoDataRecord

_ENDINGS = (".conda", ".tar.bz2")


def index_payload(directory: str) -> dict[str, str]:
    """List the package archives directly in a directory: file name to path."""
    with os.scandir(directory) as entries:
        return {
            entry.name: entry.path
            for entry in entries
            if entry.name.endswith(_ENDINGS) and entry.is_file()
        }


def missing_archives(records: Iterable[RepoDataRecord], payload: Mapping[str, str]) -> list[str]:
    """List the archives of records that a payload does not have."""
    names = (file_name_of(record.url) for record in records)
    return [name for name in names if name not in payload]


def file_name_of(url: str) -> str:
    """The last part of a URL's path."""
    return url.partition("#")[0].partition("?")[0].rpartition("/")[2]


class PayloadClient(Client):
    """A client that takes archives from a payload, and the rest from where it always does.

    What it delivers is checked against the records like any download.
    """

    def __init__(self, payload: Mapping[str, str], **settings: Any) -> None:
        """Keep the payload; the settings are those of `Client`."""
        super().__init__(**settings)
        self._payload = payload

    def open(
        self, url: str, *, offset: int = 0, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Open a URL; see `Client.open`."""
        path = self._payload.get(file_name_of(url))
        if path is not None:
            url = Path(path).absolute().as_uri()
        return super().open(url, offset=offset, headers=headers)
