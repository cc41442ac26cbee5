"""`hognose doctor`.

Find what is wrong with an environment: files that are missing or altered, packages that do not fit
together or not this machine, records that cannot be read or that lead out of the environment, a
missing history. Where a change was interrupted, that is all that is said. Packages that pip
installed are named; a fault is one that took the place of a conda package, lacks files or is for
another Python. The exit status is 1 where something is wrong.

With `--repair` an interrupted change is undone or finished first, or put aside where it can be
neither. Packages with faulty files are
linked again, from copies that are verified first; what was altered in them is lost. So are packages
whose record cannot be read, if the package cache or their channel has them. Of two records of one
package the one that was written last stays. What pip put in the place of a package stays. Where
packages do not fit together, the specs are solved anew.
"""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.console import counted

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from hognose.console import Console
    from hognose.install import Diagnosis, Fault, LostRecord
    from hognose.types import MatchSpec, PrefixRecord, RepoDataRecord


# A package that somebody deleted by hand has as many faults as files.
_SHOWN_FILES = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    from hognose.cli.linking_options import add_linking_options

    parser.add_argument("--repair", action="store_true", help="put right what can be put right")
    parser.add_argument(
        "--sizes", action="store_true", help="compare the sizes of files only, not their content"
    )
    options.add_prefix_options(parser)
    options.add_channel_options(parser)
    options.add_transaction_options(parser)
    options.add_output_options(parser)
    add_linking_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Look, and repair if asked to."""
    prefix = options.find_environment(arguments)
    diagnosis = _diagnose(prefix, arguments)
    # What a repair would do is open until the interrupted change has come to an end.
    is_open = arguments.dry_run and _is_unfinished(diagnosis)
    if not arguments.repair or diagnosis.is_healthy or is_open:
        _print(prefix, diagnosis, arguments, console)
        return 0 if diagnosis.is_healthy else 1
    _describe(prefix, diagnosis, console)
    options.require_not_frozen(prefix, arguments)
    if not arguments.dry_run:
        from hognose.install import recover

        recovered = recover(prefix, abandon_damaged=True)
        if recovered is not None:
            tell = console.warn if recovered.outcome == "abandoned" else console.step
            tell(str(recovered))
            diagnosis = _diagnose(prefix, arguments)
            _describe(prefix, diagnosis, console)
    status = _repair(prefix, diagnosis, arguments, console)
    _tell_of_others(diagnosis, console)
    return status


def _tell_of_others(diagnosis: Diagnosis, console: Console) -> None:
    """Say what is left of the faults of packages that another installer put there."""
    relinked = diagnosis.damaged_packages
    left = [fault for fault in diagnosis.faults if fault.package not in relinked]
    if any(fault.kind in {"broken", "stranded"} for fault in left):
        console.warn("what pip installed is not repaired: it has to be installed again by pip")
    replaced = sorted({fault.package for fault in left if fault.kind == "replaced"})
    if replaced:
        console.warn(f"left as another installer put it there: {', '.join(replaced)}")
        console.detail(
            "`pip uninstall` removes that, and `hognose doctor --repair` then links conda's again"
        )


def _diagnose(prefix: Path, arguments: argparse.Namespace) -> Diagnosis:
    from hognose.install import diagnose
    from hognose.virtual_packages import VirtualPackageOverrides, detect

    return diagnose(
        prefix,
        compare="sizes" if arguments.sizes else "hashes",
        virtual_packages=detect(overrides=VirtualPackageOverrides.from_env(os.environ)),
    )


def _print(
    prefix: Path, diagnosis: Diagnosis, arguments: argparse.Namespace, console: Console
) -> None:
    if arguments.json:
        from hognose.cli.json_output import print_json

        document = {
            "success": True,
            "prefix": os.fspath(prefix),
            "healthy": diagnosis.is_healthy,
            "packages": diagnosis.packages,
            "files": diagnosis.files,
            "faults": diagnosis.faults,
            "foreign": diagnosis.foreign,
        }
        print_json(document, console)
        return
    _describe(prefix, diagnosis, console)


def _describe(prefix: Path, diagnosis: Diagnosis, console: Console) -> None:
    if not console.quiet:
        for fault, others in _grouped(diagnosis.faults, everything=console.verbose):
            more = f", and {others} more: `-v` names them all" if others else ""
            console.result(f"{fault.message}{more}", label=f"{fault.kind.ljust(12)}  ")
        for package in diagnosis.foreign:
            console.result(f"{package}, in {package.metadata}", label=f"{'foreign'.ljust(12)}  ")
    if _is_unfinished(diagnosis):
        console.warn(f"{prefix} may be half changed, so that nothing else was looked at")
        return
    seen = f"{counted(diagnosis.packages, 'package')} with {counted(diagnosis.files, 'file')}"
    if diagnosis.is_healthy:
        console.success(f"{prefix}: nothing is wrong with {seen}")
    else:
        console.warn(f"{prefix}: {counted(len(diagnosis.faults), 'fault')} in {seen}")


def _is_unfinished(diagnosis: Diagnosis) -> bool:
    return any(fault.kind == "unfinished" for fault in diagnosis.faults)


def _grouped(faults: Iterable[Fault], *, everything: bool) -> list[tuple[Fault, int]]:
    """Return the faults to print, each with how many of its kind and package are left out."""
    groups: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        groups.setdefault((fault.kind, fault.package), []).append(fault)
    shown = []
    for (_, package), group in groups.items():
        count = len(group) if everything or not package else min(len(group), _SHOWN_FILES)
        shown += [(fault, 0) for fault in group[:count]]
        shown[-1] = (group[count - 1], len(group) - count)
    return shown


def _repair(
    prefix: Path, diagnosis: Diagnosis, arguments: argparse.Namespace, console: Console
) -> int:
    from hognose.cli.change import change_environment
    from hognose.cli.rollback import query_reference
    from hognose.cli.session import Session
    from hognose.install import (
        begin_history,
        discard_damaged_entries,
        find_lost_records,
        format_command,
        lost_specs,
        put_aside,
        read_records,
        requested_specs,
    )

    installed, lost = read_records(prefix)
    platform = options.find_platform(None, prefix, installed)
    damaged = diagnosis.damaged_packages
    with Session(arguments, console, prefix=prefix) as session:
        lost = find_lost_records(
            prefix,
            lost,
            cache=session.cache,
            query=lambda reference: query_reference(session, reference, platform),
        )
        found = _as_installed(lost, lost_specs(prefix, lost))
        specs = list(requested_specs([*installed, *found]).values())
        wanted: list[RepoDataRecord] = [*installed, *found]
        if _is_inconsistent(diagnosis, wanted if lost else None):
            wanted = session.solve(specs, platform, locked_packages=wanted)
        if lost:
            # The files of a package whose record is lost are still there, and nobody's.
            arguments.clobber = "ignore"
        if not arguments.dry_run:
            if begin_history(prefix, command=format_command(sys.argv)):
                console.step("a new history is begun")
            for path in discard_damaged_entries(
                session.cache,
                [*(record for record in installed if record.name in damaged), *found],
            ):
                console.detail(f"{path} was damaged, and is fetched again")
        with put_aside(prefix, lost) if lost and not arguments.dry_run else nullcontext():
            return change_environment(
                session,
                arguments,
                prefix=prefix,
                installed=installed,
                wanted=wanted,
                specs=specs,
                platform=platform,
                reinstall=damaged,
            )


def _as_installed(lost: Iterable[LostRecord], specs: Iterable[MatchSpec]) -> list[PrefixRecord]:
    """Return what the records of lost packages may have been, without their files."""
    from hognose.types import PrefixRecord

    asked = {str(spec.name.exact): str(spec) for spec in specs}
    return [
        PrefixRecord.from_repodata_record(
            item.package,
            requested_specs=tuple(filter(None, [asked.get(str(item.package.name))])),
        )
        for item in lost
        if item.package is not None
    ]


def _is_inconsistent(diagnosis: Diagnosis, together: Sequence[RepoDataRecord] | None) -> bool:
    """Tell whether packages do not fit together, those included whose records were lost."""
    from hognose.errors import ValidatePackageRecordsError
    from hognose.types import PackageRecord

    if together is None:
        return any(fault.kind == "inconsistent" for fault in diagnosis.faults)
    try:
        PackageRecord.validate(together)
    except ValidatePackageRecordsError:
        return True
    return False
