"""Changing an environment: plan, show the plan, ask, carry it out. Shared by several commands."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.cli.consent import EXIT_DECLINED, agrees
from hognose.cli.linking_options import installer_arguments
from hognose.cli.plan import human_size, plan_document, show_plan, summarise
from hognose.cli.requested import changed_requests, tell_of_requests
from hognose.console import counted, error_message
from hognose.progress import install_progress

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from hognose.cli.session import Session
    from hognose.console import Console
    from hognose.install import ExecutionOutcome, InstallationResult, Transaction
    from hognose.types import MatchSpec, Platform, PrefixRecord, RepoDataRecord

__all__ = ("change_environment", "human_size")

# What a person would want to be asked about.
_LOSSES = frozenset({"remove", "downgrade"})


def change_environment(
    session: Session,
    arguments: argparse.Namespace,
    *,
    prefix: Path,
    installed: Sequence[PrefixRecord],
    wanted: Sequence[RepoDataRecord],
    specs: Sequence[MatchSpec] | None,
    platform: Platform,
    reinstall: Collection[str] = (),
    afterwards: Callable[[], None] | None = None,
) -> int:
    """Bring a prefix from what is installed to exactly what is wanted.

    Prints the plan, asks on a terminal unless told not to, and draws progress.

    Args:
        session: What to work with.
        arguments: The shared transaction options.
        prefix: The environment; made if it is not there.
        installed: What it has now.
        wanted: What it is to have.
        specs: What was asked for, to be noted in the records; None leaves the records alone.
        platform: The platform of the environment.
        reinstall: Names of packages to link again although they stay the same.
        afterwards: What else belongs to the change; called when the packages are in place.

    Returns:
        The exit status: `EXIT_DECLINED` where the user said no.

    Raises:
        EnvironmentChangedError: Somebody else has changed it since `installed` was read. The
            command is then begun anew by `hognose.cli.app`.
        InstallerError: Something would be removed or downgraded, and nobody can be asked.
    """
    from hognose.install import format_command, install, note_platform, plan_transaction

    console = session.console
    options.require_not_frozen(prefix, arguments)
    transaction = plan_transaction(installed, wanted, platform=platform, reinstall=reinstall)

    def carry_out(reporter: object = None) -> InstallationResult:
        return install(
            wanted,
            prefix,
            cache=session.cache,
            client=session.client,
            installed=installed,
            platform=platform,
            reinstall=reinstall,
            requested_specs=specs,
            reporter=reporter,
            override_frozen=arguments.override_frozen_env,
            command=format_command(sys.argv),
            workers=session.config.concurrency_downloads or None,
            **installer_arguments(arguments),
        )

    requests = changed_requests(specs, installed)
    if transaction.is_empty and installed:
        tell_of_requests(requests, console)
        if requests and not arguments.dry_run:
            carry_out()  # no package changes, and what is asked for from now on is noted
        if afterwards is not None and not arguments.dry_run:
            afterwards()
        session.show_notices()
        done = "no package changes" if requests else "nothing to do"
        return _finish(console, arguments, prefix, transaction, wanted, requests, done)
    if not console.quiet:
        show_plan(console, transaction, wanted, prefix)
    if arguments.dry_run:
        done = "dry run: nothing was changed"
        return _finish(console, arguments, prefix, transaction, wanted, requests, done)
    if not agrees(
        arguments,
        console,
        prefix=prefix,
        takes_away=any(item.direction in _LOSSES for item in transaction.operations),
        question=f"{prefix}: {summarise(transaction)}. Proceed?" if console.quiet else "Proceed?",
        config=session.config,
    ):
        return EXIT_DECLINED
    start = time.perf_counter()
    with install_progress(console) as reporter:
        result = carry_out(reporter)
    _tell_of_scripts(console, result.outcome)
    if not installed:
        note_platform(prefix, platform)
    _register(console, prefix)
    _remove_menus(prefix, transaction)
    if afterwards is not None:
        afterwards()
    session.show_notices()
    seconds = time.perf_counter() - start
    done = f"{counted(len(transaction.operations), 'change')} in {seconds:.1f} s"
    return _finish(console, arguments, prefix, transaction, wanted, requests, done)


def _tell_of_scripts(console: Console, outcome: ExecutionOutcome) -> None:
    """Say what packages' scripts had to say, and which were not run."""
    for done in outcome.scripts:
        if done.messages:
            console.hint(f"{done.script.package} says:")
            for line in done.messages.strip().splitlines():
                console.detail(line)
    if outcome.skipped_scripts:
        names = sorted({script.package for script in outcome.skipped_scripts})
        allowed = " ".join(f"--link-scripts {name}" for name in names)
        console.warn(f"not run: the link scripts of {', '.join(names)}")
        console.detail(f"`{allowed}` would let them run when the packages are installed")


def _register(console: Console, prefix: Path) -> None:
    """Have conda's tools list the environment; a home that cannot be written to is no error."""
    from hognose.install import environments_file, register_environment

    try:
        register_environment(prefix, environments_file())
    except OSError as error:
        console.warn(f"{prefix} is not in the list of environments: {error_message(error)}")


def _remove_menus(prefix: Path, transaction: Transaction) -> None:
    """Take the menu items of the packages that are gone off the desktop."""
    if (prefix / "conda-meta" / "menus").is_dir():
        from hognose.install import remove_menus, system_registry

        gone = {item.name for item in transaction.operations if item.new is None}
        remove_menus(prefix, packages=gone, registry=system_registry())


def _finish(
    console: Console,
    arguments: argparse.Namespace,
    prefix: Path,
    transaction: Transaction,
    wanted: Sequence[RepoDataRecord],
    requests: dict[str, dict[str, str | None]],
    done: str,
) -> int:
    if getattr(arguments, "json", False):
        from hognose.cli.json_output import print_json

        print_json(
            {
                "success": True,
                "prefix": os.fspath(prefix),
                "dry_run": arguments.dry_run,
                **plan_document(transaction, wanted),
                "requested": requests,
            },
            console,
        )
    console.success(f"{prefix}: {done}")
    return 0
