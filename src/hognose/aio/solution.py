"""Solving, as coroutines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hognose.aio.worker_threads import listed, run_cancellable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from hognose.aio.gateway import Gateway
    from hognose.repodata import SparseRepoData
    from hognose.types import (
        Channel,
        GenericVirtualPackage,
        MatchSpec,
        Platform,
        RepoDataRecord,
    )

__all__ = ("solve", "solve_with_sparse_repodata")


async def solve(
    sources: Sequence[Channel | str | Any],
    specs: Sequence[MatchSpec | str],
    gateway: Gateway | None = None,
    platforms: Sequence[Platform | str] | None = None,
    *,
    virtual_packages: Sequence[GenericVirtualPackage] | None = None,
    constraints: Sequence[MatchSpec | str] | None = None,
    timeout: timedelta | None = None,  # noqa: ASYNC109  # py-rattler's signature
    **options: Any,
) -> list[RepoDataRecord]:
    """Fetch what the specs reach and find an environment that meets them.

    Args:
        sources: Channels, highest priority first, or what else a gateway takes.
        specs: What must be installed.
        gateway: What fetches repodata; one of its own by default.
        platforms: The subdirs to look into; this machine's and noarch by default.
        virtual_packages: What the target machine offers; nothing by default.
        constraints: Specs that hold for a package if it is installed.
        timeout: When to give up.
        **options: Further arguments of `hognose.solve.solve`.

    Returns:
        The records, each after what it depends on.

    Raises:
        UnsolvableError: Nothing meets the specs.
        SolveCancelledError: The time ran out.
        FetchRepoDataError, NetworkError: A channel cannot be read.
    """
    from hognose.types import MatchSpec, Platform

    channels = listed("sources", sources)
    given, limiting = listed("specs", specs), listed("constraints", constraints or ())
    wanted = [spec if isinstance(spec, MatchSpec) else MatchSpec(spec) for spec in given]
    limits = [spec if isinstance(spec, MatchSpec) else MatchSpec(spec) for spec in limiting]
    from hognose.aio.gateway import Gateway

    finder = gateway or Gateway()
    subdirs = platforms or (Platform.current(), Platform("noarch"))
    # By name: a solve that fails can then tell of the versions that no spec allows.
    names = [str(spec.name.exact or spec) for spec in (*wanted, *limits)]
    found = await finder.query(channels, subdirs, names)
    return await _solve(wanted, found, virtual_packages, limits, timeout, options)


async def solve_with_sparse_repodata(
    specs: Sequence[MatchSpec | str],
    sparse_repodata: Sequence[SparseRepoData],
    *,
    virtual_packages: Sequence[GenericVirtualPackage] | None = None,
    constraints: Sequence[MatchSpec | str] | None = None,
    timeout: timedelta | None = None,  # noqa: ASYNC109  # py-rattler's signature
    **options: Any,
) -> list[RepoDataRecord]:
    """Find an environment in repodata that is at hand; like `solve` without a gateway.

    Raises:
        UnsolvableError: Nothing meets the specs.
        SolveCancelledError: The time ran out.
    """
    return await _solve(specs, sparse_repodata, virtual_packages, constraints, timeout, options)


async def _solve(
    specs: Sequence[MatchSpec | str],
    sources: Sequence[Any],
    virtual_packages: Sequence[GenericVirtualPackage] | None,
    constraints: Sequence[MatchSpec | str] | None,
    limit: timedelta | None,
    options: dict[str, Any],
) -> list[RepoDataRecord]:
    from hognose.solve import solve as blocking

    options = {name: value for name, value in options.items() if value is not None}
    return await run_cancellable(
        lambda is_cancelled: blocking(
            specs,
            sources,
            virtual_packages=virtual_packages or (),
            constraints=constraints or (),
            timeout=limit,
            cancelled=is_cancelled,
            **options,
        )
    )
