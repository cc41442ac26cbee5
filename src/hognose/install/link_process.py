"""The process that `HardLinks` starts: it makes hard links in one prefix.

A conversation over standard input and output, in messages of a length (4 bytes, little-endian) and
that many bytes::

    parent  a package's folder, the paths of files in it, and their places in the prefix
    ...
    parent  None
    worker  which of all these could not be made: number of the message, path, place, errno

It is run as a file, because importing the package that it is in takes longer than making a thousand
links. When the parent is gone it does what was asked for completely, and ends.
"""

from __future__ import annotations

import marshal
import os
import sys

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO, Any

LENGTH = 4

Failure = tuple[int, str, str, int]


def message(content: Any) -> bytes:
    """Return what is sent for a value."""
    data = marshal.dumps(content)
    return len(data).to_bytes(LENGTH, "little") + data


def read_message(stream: IO[bytes]) -> object:
    """Read a value that was sent.

    Raises:
        EOFError: The other end is closed.
    """
    head = stream.read(LENGTH)
    size = int.from_bytes(head, "little")
    data = stream.read(size)
    if len(head) < LENGTH or len(data) < size:
        raise EOFError
    return marshal.loads(data)  # noqa: S302 - ours


def serve(prefix: str) -> None:
    """Do what comes from standard input until that ends."""
    failures: list[Failure] = []
    number = 0
    while True:
        try:
            job = read_message(sys.stdin.buffer)
        except EOFError:
            return
        if job is None:
            sys.stdout.buffer.write(message(failures))
            sys.stdout.buffer.flush()
            failures, number = [], 0
            continue
        assert isinstance(job, tuple)
        failures += [(number, *failure) for failure in make_links(prefix, *job)]
        number += 1


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


if __name__ == "__main__":
    serve(sys.argv[1])
    # There is nothing to tidy up, and that takes milliseconds.
    os._exit(0)
