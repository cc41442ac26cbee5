"""One question for several platforms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hognose._several import require_several
from hognose.errors import UnsolvableError
from hognose.solve.solver import HognoseBackend, solve
from hognose.solve.tables import SharedTables
from hognose.types import MatchSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hognose.solve.package_source import PackageSource
    from hognose.types import GenericVirtualPackage, Platform, RepoDataRecord


def solve_many(
    specs: Iterable[MatchSpec | str] | Mapping[Platform, Iterable[MatchSpec | str]],
    sources: Mapping[Platform, Sequence[PackageSource | Sequence[RepoDataRecord]]],
    *,
    virtual_packages: Mapping[Platform, Iterable[GenericVirtualPackage | str]],
    locked_packages: Mapping[Platform, Iterable[RepoDataRecord]] | None = None,
    **options: Any,
) -> dict[Platform, list[RepoDataRecord]]:
    """Find an environment for each of several platforms.

    What the platforms share is done once: a source that is in several lists (a channel's `noarch`)
    decodes each record once, and names that only it has are sorted into a table once. Otherwise
    the platforms are solved one after the other. A solve holds the interpreter, so that threads
    would gain nothing, and a process takes longer to start (40 ms and more, without the records)
    than most solves take.

    Args:
        specs: What must be installed, on every platform or by platform.
        sources: By platform, the sources as in `solve`.
        virtual_packages: By platform, what its machines offer; for foreign ones the defaults of
            CEP 30, which `hognose.virtual_packages.detect(platform=...)` knows. Every platform
            has to be there, so that no machine's own are taken for another's.
        locked_packages: By platform, the records that are preferred.
        options: Further arguments of `solve`, the same for all platforms.

    Returns:
        For each platform, the records, each after what it depends on.

    Raises:
        ExceptionGroup: For some platforms there is no answer: an `UnsolvableError` for each, with
            its `platform` as an attribute.
        ValueError: A platform has no entry in `virtual_packages`, or none in `specs` by platform.
        TypeError: There is one value where several are taken.
        SolveCancelledError, InvalidMatchSpecError, SolverBackendError: As in `solve`.
    """
    if not isinstance(specs, Mapping):
        several = require_several("specs", specs)
        parsed = [MatchSpec(spec) if isinstance(spec, str) else spec for spec in several]
        specs = dict.fromkeys(sources, parsed)
    for what, given in (("virtual packages", virtual_packages), ("specs", specs)):
        missing = [str(platform) for platform in sources if platform not in given]
        if missing:
            raise ValueError(f"no {what} are given for {', '.join(missing)}")
    if options.get("backend", "hognose") == "hognose":
        options["backend"] = HognoseBackend(SharedTables())
    answers: dict[Platform, list[RepoDataRecord]] = {}
    failures: list[UnsolvableError] = []
    for platform, of_platform in sources.items():
        try:
            answers[platform] = solve(
                specs[platform],
                of_platform,
                virtual_packages=virtual_packages[platform],
                locked_packages=(locked_packages or {}).get(platform, ()),
                **options,
            )
        except UnsolvableError as error:
            facts = {"conflict": error.conflict, "platform": platform}
            failures.append(UnsolvableError(f"for {platform}: {error.message}", **facts))
    if failures:
        names = ", ".join(str(failure.__dict__["platform"]) for failure in failures)
        raise ExceptionGroup(f"there is no environment for {names}", failures)
    return answers
