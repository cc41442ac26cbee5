"""What is on disk of a subdir: the last document, its validators, and what a server does not have.

One small state file for each subdir names the content file. A new content file gets a new name and
is written first, then the state is replaced, so a reader sees the old pair or the new one, and a
process that is killed leaves the old one.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from hognose.errors import NetworkError
from hognose.net import redact, without_secrets
from hognose.repodata.atomic_file import replace_file, write_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from hognose.net import Headers

__all__ = (
    "NOT_OFFERED",
    "Document",
    "DocumentCache",
    "DocumentFormat",
    "SubdirState",
    "freshness",
    "unasked_confirmation",
)

DocumentFormat = Literal["shards", "zst", "bz2", "json"]

# What servers answer for an optional file that they do not have, or do not show.
NOT_OFFERED = frozenset({400, 401, 403, 404, 405, 406, 410, 501})

# Changes with the layout of any file below it, so that versions of hognose do not meet.
_LAYOUT = "hognose-1"
_YOUNG = 60.0
_ASK_AGAIN_AFTER = 86_400.0
_MAX_AGE = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?(\d+)")


class Document(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A document that was fetched.

    Attributes:
        format: Which of the server's files it was.
        file: The name of the content file.
        etag: The server's validator.
        last_modified: The server's other validator.
        fetched_at: When the server last said that it is current, in seconds since the epoch.
        fresh_for: For how many seconds the server vouches for it.
    """

    format: DocumentFormat
    file: str
    etag: str | None = None
    last_modified: str | None = None
    fetched_at: float = 0.0
    fresh_for: float = 0.0

    def is_fresh(self, now: float) -> bool:
        """Whether it may be used without asking; never true for a date in the future."""
        return 0 <= now - self.fetched_at < self.fresh_for

    def conditions(self) -> dict[str, str]:
        """The header fields that ask for the document only if it has changed."""
        fields = {}
        if self.etag:
            fields["If-None-Match"] = self.etag
        if self.last_modified:
            fields["If-Modified-Since"] = self.last_modified
        return fields


class SubdirState(msgspec.Struct, kw_only=True, gc=False):
    """What is known of a subdir.

    Attributes:
        document: The last document, if there is one.
        missing: For each format that the server did not have, when that was found out.
        absent: The formats that were all missing when the server last was asked, which makes the
            subdir one that the channel does not have. It counts only where no server can be asked.
    """

    document: Document | None = None
    missing: dict[str, float] = {}
    absent: tuple[DocumentFormat, ...] = ()

    def is_missing(self, form: DocumentFormat, now: float) -> bool:
        """Whether a server is known not to have a format; it is asked again after a day."""
        found_out = self.missing.get(form)
        return found_out is not None and 0 <= now - found_out < _ASK_AGAIN_AFTER


# Made at import: two threads must not make the first decoder of a Struct at the same time.
_STATE_DECODER = msgspec.json.Decoder(SubdirState)


class DocumentCache:
    """The files of one subdir in a cache directory.

    Args:
        root: The directory of all repodata.
        url: The URL of the subdir; its secrets do not reach the disk.
        variant: Tells apart what is kept of one subdir for different uses.
    """

    def __init__(self, root: str | os.PathLike[str], url: str, *, variant: str = "") -> None:
        """Find the subdir's place; nothing is created yet."""
        bare = without_secrets(url)
        key = f"{bare}#{variant}" if variant else bare
        digest = hashlib.sha256(key.encode()).hexdigest()[:16]
        self._url = bare
        self.directory = Path(root) / _LAYOUT / digest

    def read_state(self) -> SubdirState:
        """Return what is known; nothing where the file is missing or broken."""
        try:
            return _STATE_DECODER.decode((self.directory / "state.json").read_bytes())
        except (OSError, msgspec.MsgspecError):
            return SubdirState()

    def write_state(self, state: SubdirState) -> None:
        """Replace what is known, and remove the content files that nothing names any more."""
        if self._make_directory() and replace_file(
            f"{self.directory}/state.json", msgspec.json.encode(state)
        ):
            self._remove_old_content(state.document.file if state.document else "")

    def _remove_old_content(self, keep: str) -> None:
        """Remove content files, and what processes that were killed did not finish.

        A young one may be what another process is about to name.
        """
        with suppress(OSError):
            newest = (self.directory / keep).stat().st_mtime
            for entry in self.directory.iterdir():
                is_ours = entry.name.startswith("content-") or entry.suffix == ".tmp"
                is_old = is_ours and entry.stat().st_mtime < newest - _YOUNG
                if is_old and entry.name != keep:
                    entry.unlink()

    def write_content(self, write: Callable[[BinaryIO], object]) -> str | None:
        """Write a new content file, and return its name, or None if the disk refuses."""
        if not self._make_directory():
            return None
        name = f"content-{os.urandom(8).hex()}"
        return name if write_file(f"{self.directory}/{name}", write) else None

    def content_path(self, document: Document) -> Path:
        """Return where a document's content is."""
        return self.directory / document.file

    def remove(self) -> None:
        """Remove everything; what another process is using stays usable for it."""
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def shard_path(self) -> Path:
        """Where the subdir's shards are."""
        return self.directory / "shards"

    def _make_directory(self) -> bool:
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            note = self.directory / "url.txt"
            if not note.exists():
                note.write_text(f"{self._url}\n", encoding="utf-8")
        except OSError:
            return False
        return True


def freshness(headers: Headers) -> float:
    """Return for how many seconds a server vouches for a document (RFC 9111).

    Without an explicit `max-age` it is not at all: a guess could hide a new package.
    """
    control = headers.get("cache-control", "").lower()
    found = _MAX_AGE.search(control)
    if found is None or "no-cache" in control or "no-store" in control:
        return 0.0
    age = headers.get("age", "0")
    return max(0.0, float(found[1]) - (float(age) if age.isdecimal() else 0.0))


def unasked_confirmation(url: str) -> NetworkError:
    """Return the error for a server that says "not modified" to somebody who has nothing."""
    shown = redact(url)
    message = f"{shown} cannot be fetched: the server says that it has not changed, unasked"
    hint = "a cache on the way may be broken"
    return NetworkError(message, hint=hint, url=shown, status=304)
