"""`hognose doctor`.

Find what is wrong with an environment: files that are missing or altered, packages that do not fit
together or not this machine, records that cannot be read, an interrupted change. Packages that pip
installed are named. The exit status is 1 where something is wrong.

With `--repair` packages with faulty files are linked again, from copies that are verified first;
what was altered in them is lost. Where packages do not fit together, the specs are solved anew.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.cli import options

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from hognose.console import Console
    from hognose.install import Diagnosis


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--repair", action="store_true", help="put right what can be put right")
    parser.add_argument(
        "--sizes", action="store_true", help="compare the sizes of files only, not their content"
    )
    options.add_prefix_options(parser)
    options.add_channel_options(parser)
    options.add_transaction_options(parser)
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Look, and repair if asked to."""
    prefix = options.find_environment(arguments)
    diagnosis = _diagnose(prefix, arguments)
    if not arguments.repair or diagnosis.is_healthy:
        _print(prefix, diagnosis, arguments, console)
        return 0 if diagnosis.is_healthy else 1
    _describe(prefix, diagnosis, console)
    return _repair(prefix, diagnosis, arguments, console)


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
        for fault in diagnosis.faults:
            console.result(f"{fault.kind.ljust(12)}  {fault.message}")
        for package in diagnosis.foreign:
            console.result(f"{'foreign'.ljust(12)}  {package}, in {package.metadata}")
    seen = f"{diagnosis.packages} packages with {diagnosis.files} files"
    if diagnosis.is_healthy:
        console.success(f"{prefix}: nothing is wrong with {seen}")
    else:
        console.warn(f"{prefix}: {len(diagnosis.faults)} faults in {seen}")


def _repair(
    prefix: Path, diagnosis: Diagnosis, arguments: argparse.Namespace, console: Console
) -> int:
    from hognose.cli.change import change_environment
    from hognose.cli.session import Session
    from hognose.cli.specs import requested_specs
    from hognose.install import discard_damaged_entries, recover
    from hognose.types import Platform, PrefixRecord, RepoDataRecord

    options.require_not_frozen(prefix, arguments)
    if not arguments.dry_run:
        recovered = recover(prefix)
        if recovered is not None:
            console.step(str(recovered))
            diagnosis = _diagnose(prefix, arguments)
    platform = Platform.current()
    # A record that cannot be read stops here: what is not known cannot be put right.
    installed = PrefixRecord.collect(prefix)
    specs = list(requested_specs(installed).values())
    damaged = diagnosis.damaged_packages
    with Session(arguments, console) as session:
        wanted: list[RepoDataRecord] = list(installed)
        if any(fault.kind == "inconsistent" for fault in diagnosis.faults):
            wanted = session.solve(specs, platform, locked_packages=installed)
        if not arguments.dry_run:
            for path in discard_damaged_entries(
                session.cache, [record for record in installed if record.name in damaged]
            ):
                console.detail(f"{path} was damaged, and is fetched again")
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
