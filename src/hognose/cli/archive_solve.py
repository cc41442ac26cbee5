"""Solves that archives are a part of: of channels only where something is missing without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.errors import FetchRepoDataError, NetworkError, UnsolvableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hognose.cli.session import Session
    from hognose.types import MatchSpec, Platform, RepoDataRecord

__all__ = ("solve_archives",)


def solve_archives(
    session: Session,
    specs: Sequence[MatchSpec],
    platform: Platform,
    *,
    archives: Sequence[RepoDataRecord],
    locked: Sequence[RepoDataRecord] = (),
    pinned: Sequence[RepoDataRecord] = (),
) -> list[RepoDataRecord]:
    """Solve for archives and what is installed; ask the channels if that alone has no answer.

    So what somebody has downloaded can be installed where there is no network.

    Args:
        session: The means of the command.
        specs: What is to hold; those of the archives are among them.
        platform: The platform.
        archives: The records of the archives, which are to be had as they are.
        locked: What is installed and may move.
        pinned: What is installed and may not move.

    Raises:
        UnsolvableError: There is no answer with the channels either.
        FetchRepoDataError, NetworkError: A channel cannot be read; the hint says what it was
            needed for.
    """
    held = (*archives, *pinned)
    try:
        return session.solve_without_channels(
            specs, platform, locked_packages=locked, pinned_packages=held
        )
    except UnsolvableError:
        missing = next(_missing(archives, (*held, *locked)), None)
    try:
        return session.solve(specs, platform, locked_packages=locked, pinned_packages=held)
    except (FetchRepoDataError, NetworkError) as error:
        if missing is None:
            reason = "the archives and what is installed do not go together as they are"
        else:
            archive, dependency = missing
            what = "what is installed" if locked or pinned else "the other archives"
            reason = f"`{archive.name}` needs `{dependency}`, which is not among {what}"
        hint = (
            f"channels are asked because {reason}; give the archive of that too, or install the "
            "archives as they are with `hognose link`"
        )
        raise error.with_hint("\n".join(filter(None, (hint, error.hint)))) from error


def _missing(
    archives: Sequence[RepoDataRecord], held: Iterable[RepoDataRecord]
) -> Iterator[tuple[RepoDataRecord, str]]:
    """Yield each dependency of the archives that nothing meets, with whose it is.

    What a machine has to have is left out: no channel could help there.
    """
    from hognose.types import MatchSpec

    by_name: dict[str, list[RepoDataRecord]] = {}
    for record in held:
        by_name.setdefault(record.name, []).append(record)
    for archive in archives:
        for text in archive.depends:
            if text.startswith("__"):
                continue
            spec = MatchSpec(text)
            if not any(map(spec.matches, by_name.get(str(spec.name.exact), ()))):
                yield archive, text
