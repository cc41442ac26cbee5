"""What a process and its workers say to each other, over a socket.

Messages are a length (4 bytes, little-endian) and that many bytes. Some numbers that are no lengths
stand for themselves. Nothing here is imported that takes time: a worker starts with it.
"""

from __future__ import annotations

import marshal
import os
import select

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from typing import Any

__all__ = (
    "ABORT",
    "END",
    "ConversationEndedError",
    "can_read",
    "read_exactly",
    "read_length",
    "read_value",
    "write_length",
    "write_message",
    "write_value",
)

# Lengths that are none.
END = 0
ABORT = 0xFFFFFFFF
_LENGTH = 4


class ConversationEndedError(Exception):
    """The other end of the socket is closed."""


def read_length(descriptor: int) -> int:
    """Read the length that a message begins with.

    Raises:
        ConversationEndedError: There is no message.
    """
    return int.from_bytes(read_exactly(descriptor, _LENGTH), "little")


def read_exactly(descriptor: int, size: int) -> bytes:
    """Read bytes that must come.

    Raises:
        ConversationEndedError: They do not.
    """
    parts = []
    while size:
        try:
            part = os.read(descriptor, size)
        except ConnectionError:
            part = b""
        if not part:
            raise ConversationEndedError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def read_value(descriptor: int) -> Any:
    """Read a message with a value in it.

    Raises:
        ConversationEndedError: There is none.
    """
    return marshal.loads(read_exactly(descriptor, read_length(descriptor)))  # noqa: S302 - ours


def write_message(descriptor: int, content: bytes) -> None:
    """Send a message.

    Raises:
        ConversationEndedError: Nobody listens any more.
    """
    head = len(content).to_bytes(_LENGTH, "little")
    try:
        # One call: a length alone wakes the other end, which then waits for what follows.
        written = os.writev(descriptor, (head, content))
    except ConnectionError:
        raise ConversationEndedError from None
    _write_all(descriptor, head[written:])
    _write_all(descriptor, memoryview(content)[max(written - _LENGTH, 0) :])


def write_value(descriptor: int, value: Any) -> None:
    """Send a value: numbers, text, bytes, None, and tuples, lists and dictionaries of these.

    Raises:
        ConversationEndedError: Nobody listens any more.
    """
    write_message(descriptor, marshal.dumps(value))


def write_length(descriptor: int, length: int) -> None:
    """Send a length, or one of the numbers that are none.

    Raises:
        ConversationEndedError: Nobody listens any more.
    """
    _write_all(descriptor, length.to_bytes(_LENGTH, "little"))


def _write_all(descriptor: int, content: bytes | memoryview) -> None:
    view = memoryview(content)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except ConnectionError:
        raise ConversationEndedError from None


def can_read(descriptor: int, *, timeout: float = 0.0) -> bool:
    """Tell whether reading would return at once, now or within some seconds."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(timeout * 1000))
