"""What a command shows of the reading of channels: progress, and what it could not read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.console import counted
from hognose.progress import RepodataProgress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hognose.console import Console
    from hognose.repodata import UnknownRevision

__all__ = ("RepodataReporter",)

_REMARK = "unknown_revisions"


class RepodataReporter(RepodataProgress):
    """Draws progress, and tells of packages that only newer versions of hognose can read (CEP 48).

    They are no error: what is older can still be had. JSON documents have them as
    `unknown_revisions`.
    """

    def __init__(self, console: Console) -> None:
        """Know of those that were told on the console before."""
        super().__init__(console)
        self._known: set[UnknownRevision] = set(console.remarks.get(_REMARK, ()))
        self._told = frozenset(self._known)

    def on_unknown_revision(self, subdir: object, revision: UnknownRevision) -> None:  # noqa: ARG002  # the seam's signature
        """Keep it, to be told when the bars are gone."""
        with self._lock:
            self._known.add(revision)
            self._console.remarks[_REMARK] = sorted(self._known, key=_order)

    def tell_of_unknown_revisions(self, *, aloud: bool = True) -> None:
        """Say what there is that cannot be read, once for each channel.

        Args:
            aloud: Whether to say it; else it counts as said, because the caller tells of it.
        """
        with self._lock:
            new = self._known - self._told
            self._told = frozenset(self._known)
        by_channel: dict[str, list[UnknownRevision]] = {}
        for revision in sorted(new, key=_order):
            by_channel.setdefault(revision.channel, []).append(revision)
        for channel, revisions in by_channel.items():
            if aloud and not self._console.quiet:
                self._console.warn(f"{channel}: {_describe(revisions)}")
                for message in dict.fromkeys(each.message for each in revisions if each.message):
                    self._console.detail(message)

    def close(self) -> None:
        """Take all bars away, and say what is still to be said."""
        super().close()
        self.tell_of_unknown_revisions()


def _order(revision: UnknownRevision) -> tuple[str, str, str]:
    return revision.channel, revision.subdir or "", revision.revision


def _describe(revisions: Sequence[UnknownRevision]) -> str:
    counts = [each.package_count for each in revisions if each.package_count is not None]
    names = " and ".join(sorted({each.revision for each in revisions}))
    if len(counts) == len(revisions):
        what = counted(sum(counts), "package needs", "packages need")
    else:
        what = "some packages need"
    return f"{what} a newer version of hognose ({names})"
