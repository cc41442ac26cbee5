"""What is on disk of a subdir: the last document, its validators, and what a server does not have.

One small state file for each subdir names the content file. A new content file gets a new name and
is written first, then the state is replaced, so a reader sees the old pair or the new one, and a
process that is killed leaves the old one.

Of several processes that want the same document one asks the server, and the others wait for what
it finds. The lock only saves work: without it there are a few more downloads, and as many copies
until the next change.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zlib import crc32

import msgspec

from hognose._process_lock import file_lock
from hognose.errors import (
    FetchRepoDataError,
    InvalidPackageFileError,
    LockTimeoutError,
    NetworkError,
)
from hognose.net import redact, without_secrets
from hognose.repodata.atomic_file import on_network, replace_file, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from hognose.net import Cancellation, Headers

__all__ = (
    "NOT_OFFERED",
    "Document",
    "DocumentCache",
    "DocumentFormat",
    "SubdirState",
    "damaged_document",
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
# A large document comes in a few seconds. Who holds the lock for longer may have been stopped.
_LOCK_TIMEOUT = 60.0
_CONTENT_NAME = re.compile(r"content-[0-9a-f]+")
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
        checksum: The CRC-32 of the content, where a reader reads all of it.
    """

    format: DocumentFormat
    file: str
    etag: str | None = None
    last_modified: str | None = None
    fetched_at: float = 0.0
    fresh_for: float = 0.0
    checksum: int | None = None

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
        lock_timeout: How many seconds to wait for another process that is fetching the same.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        url: str,
        *,
        variant: str = "",
        lock_timeout: float = _LOCK_TIMEOUT,
    ) -> None:
        """Find the subdir's place; nothing is created yet."""
        bare = without_secrets(url)
        key = f"{bare}#{variant}" if variant else bare
        digest = hashlib.sha256(key.encode()).hexdigest()[:16]
        self._url = bare
        self._root = os.fspath(root)
        self._lock_timeout = lock_timeout
        self._is_alone = False
        self.directory = Path(root) / _LAYOUT / digest

    def read_state(self) -> SubdirState:
        """Return what is known; nothing where the file is missing or broken."""
        try:
            state = _STATE_DECODER.decode((self.directory / "state.json").read_bytes())
        except (OSError, msgspec.MsgspecError, ValueError, RecursionError):
            return SubdirState()
        if state.document is not None and not _CONTENT_NAME.fullmatch(state.document.file):
            # Somebody else's file: it is neither read nor removed.
            state.document = None
        return state

    @contextmanager
    def locked(self, cancellation: Cancellation) -> Iterator[bool]:
        """Keep other processes and threads from fetching the same while the block runs.

        Yields:
            Whether nobody else fetches it now. False where locks do not work, or somebody has held
            this one for too long.

        Raises:
            FetchCancelledError: That was asked for while this waited.
        """

        def wait(seconds: float) -> None:
            cancellation.wait(seconds)
            cancellation.check(self._url)

        if on_network(self._root) or not self._make_directory():
            yield False
            return
        lock = file_lock(f"{self.directory}/lock", timeout=self._lock_timeout, wait=wait)
        with ExitStack() as stack:
            with suppress(LockTimeoutError):
                self._is_alone = stack.enter_context(lock)
            try:
                yield self._is_alone
            finally:
                self._is_alone = False

    def write_state(self, state: SubdirState) -> None:
        """Replace what is known, and remove the content files that nothing names any more."""
        if self._make_directory() and replace_file(
            f"{self.directory}/state.json", msgspec.json.encode(state)
        ):
            self._remove_old_content(state.document.file if state.document else "")

    def _remove_old_content(self, keep: str) -> None:
        """Remove content files, and what processes that were killed did not finish.

        A young one may be what another process is about to name, unless this one has the lock. Who
        read the old state and comes too late for its content reads the new one.
        """
        with suppress(OSError):
            newest = (self.directory / keep).stat().st_mtime
            for entry in self.directory.iterdir():
                is_content = entry.name.startswith("content-")
                if entry.name == keep or not (is_content or entry.suffix == ".tmp"):
                    continue
                with suppress(OSError):
                    is_old = entry.stat().st_mtime < newest - _YOUNG
                    if is_old or (is_content and self._is_alone):
                        entry.unlink()

    def drop(self, document: Document) -> None:
        """Forget a document whose content is damaged, and remove that."""
        state = self.read_state()
        if state.document is not None and state.document.file == document.file:
            state.document = None
            replace_file(f"{self.directory}/state.json", msgspec.json.encode(state))
        with suppress(OSError):
            self.content_path(document).unlink()

    def doubt(self, document: Document) -> None:
        """Have a document fetched anew by whoever wants it next and may use the network.

        For what is as the server sent it, and wrong: no "not modified" confirms that.
        """
        state = self.read_state()
        if state.document is not None and state.document.file == document.file:
            state.document = msgspec.structs.replace(
                state.document, etag=None, last_modified=None, fresh_for=0.0
            )
            replace_file(f"{self.directory}/state.json", msgspec.json.encode(state))

    def write_content(self, write: Callable[[BinaryIO], object]) -> str | None:
        """Write a new content file, and return its name, or None if the disk refuses."""
        if not self._make_directory():
            return None
        name = f"content-{os.urandom(8).hex()}"
        return name if write_file(f"{self.directory}/{name}", write) else None

    def content_path(self, document: Document) -> Path:
        """Return where a document's content is."""
        return self.directory / document.file

    def read_content(self, document: Document) -> bytes:
        """Return all of a document's content.

        Raises:
            OSError: It cannot be read.
            InvalidPackageFileError: It is not what was written.
        """
        path = self.content_path(document)
        content = path.read_bytes()
        if document.checksum not in (None, crc32(content)):
            message = f"{path} cannot be used: it is not what was written"
            raise InvalidPackageFileError(message, path=os.fspath(path))
        return content

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


def damaged_document(folder: str, reason: object) -> FetchRepoDataError:
    """Return the error for a document that is damaged on the disk, and must not be fetched."""
    shown = redact(folder)
    message = f"what the cache has of {shown} is damaged: {reason}"
    hint = "run once neither offline nor with the cache alone: then it is fetched anew"
    return FetchRepoDataError(message, hint=hint, url=shown)


def unasked_confirmation(url: str) -> NetworkError:
    """Return the error for a server that says "not modified" to somebody who has nothing."""
    shown = redact(url)
    message = f"{shown} cannot be fetched: the server says that it has not changed, unasked"
    hint = "a cache on the way may be broken"
    return NetworkError(message, hint=hint, url=shown, status=304)
