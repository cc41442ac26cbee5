"""Which variable is decided next.

Variables that the question itself requires come first, in its order. The others follow: first
those with recent conflicts (each conflict adds to the activity of the variables in it, and what it
adds grows, which is the same as letting older activity decay), then in the order in which they
were first required. Deciding those with the fewest values left first was a hundred times slower
on large environments.
"""

from __future__ import annotations

import sys
from heapq import heapify, heappop, heappush
from math import inf

_DECAY = 0.95
_TOO_LARGE = 1e100


class Agenda:
    """A heap of required variables, in which outdated entries are left for the reader to skip."""

    def __init__(self) -> None:
        """Start empty; everything required is a leader until `end_of_question`."""
        self._ranks: list[int] = []  # per variable, the how-manieth to be required; 0 for never
        self._activities: list[float] = []
        self._required = 0
        self._leaders = sys.maxsize
        self._increment = 1.0
        self._heap: list[tuple[float, int, int]] = []  # -activity, rank, variable

    def add_variable(self) -> None:
        """Make room for the next variable."""
        self._ranks.append(0)
        self._activities.append(0.0)

    def end_of_question(self) -> None:
        """Say that what is required from now on is no leader."""
        self._leaders = self._required

    def rank_of(self, variable: int) -> int:
        """The how-manieth a variable was to be required, from 1; 0 if it never was."""
        return self._ranks[variable]

    def push(self, variable: int) -> None:
        """Put a required variable on the agenda; it may be there already."""
        rank = self._ranks[variable]
        if not rank:
            self._required += 1
            rank = self._ranks[variable] = self._required
        urgency = self._activities[variable] if rank > self._leaders else inf
        heappush(self._heap, (-urgency, rank, variable))

    def pop(self) -> int:
        """Take the most urgent variable off; -1 if there is none."""
        return heappop(self._heap)[2] if self._heap else -1

    def bump(self, variable: int) -> None:
        """Note that a variable had to do with a conflict; `push` it again to make that count."""
        self._activities[variable] += self._increment

    def decay(self) -> None:
        """Let past activity count for less than that to come."""
        self._increment /= _DECAY
        if self._increment > _TOO_LARGE:
            self._increment /= _TOO_LARGE
            self._activities = [activity / _TOO_LARGE for activity in self._activities]
            self._heap = [(entry[0] / _TOO_LARGE, *entry[1:]) for entry in self._heap]
            heapify(self._heap)
