"""What runs in a worker: one role after the other, each with its jobs.

A conversation, in the words of `conversation`::

    parent  the role: the name of the module that knows the jobs
    worker  the number of its process
    parent  a job, and whatever the role's `answer` makes of it
    ...
    parent  None, which ends the role; then the next role ...

A worker without a role waits some seconds for one. When the socket closes, the parent is gone or
done, and the process ends.

Starting an interpreter is what makes workers cost anything. So there is one for all of them, which
imports what they need, no more than that, and forks.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress

from hognose._workers.conversation import (
    ConversationEndedError,
    can_read,
    read_value,
    write_length,
)

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Sequence


def serve(descriptors: Sequence[int], roles: Sequence[str], patience: float) -> None:
    """Answer on each of some sockets, in a process of its own, until it closes.

    The interpreter is started once and forks after everything is imported: a fork of it costs a
    twentieth of a start. It has one thread, so that is safe.

    Args:
        descriptors: The sockets.
        roles: The modules that will be wanted.
        patience: How many seconds to wait for a role.
    """
    # What comes and goes here makes no cycles.
    gc.disable()
    for role in roles:
        __import__(role)
    own = descriptors[0]
    children: list[int] = []
    for descriptor in descriptors[1:]:
        child = os.fork()
        if not child:
            own, children = descriptor, []
            break
        children.append(child)
    for descriptor in descriptors:
        if descriptor != own:
            os.close(descriptor)
    with suppress(ConversationEndedError):
        _play(own, patience)
    # It may have been ended in the middle of a role, and waits for the others now.
    os.chdir(os.sep)
    os.close(own)
    # Whoever waits for this process may rely on nothing being written afterwards.
    for child in children:
        os.waitpid(child, 0)


def _play(descriptor: int, patience: float) -> None:
    while can_read(descriptor, timeout=patience):
        role = read_value(descriptor)
        __import__(role)
        answer = sys.modules[role].answer
        write_length(descriptor, os.getpid())
        while (job := read_value(descriptor)) is not None:
            answer(descriptor, job)
