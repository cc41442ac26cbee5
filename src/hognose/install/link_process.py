"""The role of a worker that makes hard links in one prefix.

What follows the job, which is the prefix, in the words of `hognose._workers.conversation`::

    parent  a byte, and with it a file to keep open until the end
    parent  a package's folder, the paths of files in it, and their places in the prefix
    ...
    parent  SETTLE
    worker  which of all these could not be made: number of the message, path, place, errno
    ...
    parent  FINISH
    worker  FINISH

When the parent is gone, what it had asked for is done completely.
"""

from __future__ import annotations

import os
import sys

from hognose._workers.conversation import read_value, write_value

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

# Bytes of a number that stands for an open file.
_DESCRIPTOR = 4

SETTLE = "settle"
FINISH = "finish"

Failure = tuple[int, str, str, int]


def answer(descriptor: int, prefix: str) -> None:
    """Make the links of one transaction.

    Raises:
        ConversationEndedError: The parent is gone.
    """
    held = receive_file(descriptor)
    try:
        failures: list[Failure] = []
        number = 0
        while (job := read_value(descriptor)) != FINISH:
            if job == SETTLE:
                write_value(descriptor, failures)
                failures, number = [], 0
            else:
                failures += [(number, *failure) for failure in make_links(prefix, *job)]
                number += 1
    finally:
        os.close(held)
    write_value(descriptor, FINISH)


def receive_file(descriptor: int) -> int:
    """Return the descriptor of an open file that comes with the next byte."""
    # The module around it would take as long to import as a hundred links.
    import _socket

    end = _socket.socket(fileno=descriptor)
    try:
        _, control, _, _ = end.recvmsg(1, _socket.CMSG_SPACE(_DESCRIPTOR))
    finally:
        end.detach()
    (_, _, data), *_ = control
    return int.from_bytes(data[:_DESCRIPTOR], sys.byteorder)


def make_links(
    prefix: str, directory: str, paths: Sequence[str], places: Sequence[str]
) -> list[tuple[str, str, int]]:
    """Link files of a package's folder to places in a prefix.

    Paths are looked up from the open folders, where the system can: half of their parts lie above,
    and looking these up takes an eighth of the time that a link does.

    Returns:
        Path, place and errno of those that could not be linked.

    Raises:
        OSError: One of the folders is not there.
    """
    failures = []
    origin, target = f"{directory}/", f"{prefix}/"
    opened: dict[str, Any] = {}
    if os.link in os.supports_dir_fd:
        opened["src_dir_fd"] = os.open(origin, os.O_RDONLY | os.O_DIRECTORY)
        opened["dst_dir_fd"] = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
        origin = target = ""
    for path, place in zip(paths, places, strict=True):
        try:
            os.link(origin + path, target + place, **opened)
        except OSError as error:
            failures.append((path, place, error.errno or 0))
    for descriptor in opened.values():
        os.close(descriptor)
    return failures
