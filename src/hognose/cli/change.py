"""Changing an environment: plan, show the plan, ask, carry it out. Shared by several commands."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.cli.available_records import require_at_hand
from hognose.cli.clobbers import foretell_clobbers
from hognose.cli.consent import EXIT_DECLINED, agrees
from hognose.cli.foreign import foreign_document, tell_of_foreign_losses
from hognose.cli.linking_options import allowed_scripts, installer_arguments
from hognose.cli.plan import find_reasons, human_size, plan_document, show_plan, summarise
from hognose.cli.registry import register
from hognose.cli.requested import changed_requests, tell_of_requests
from hognose.cli.requirements import complete, require_pip_may_install
from hognose.console import counted
from hognose.progress import install_progress

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from hognose.cli.request import Request
    from hognose.cli.session import Session
    from hognose.console import Console
    from hognose.install import (
        ExecutionOutcome,
        ForeignLosses,
        InstallationResult,
        Transaction,
    )
    from hognose.types import MatchSpec, Platform, PrefixRecord, RepoDataRecord

__all__ = ("change_environment", "human_size")

# What a person would want to be asked about.
_LOSSES = frozenset({"remove", "downgrade"})
# Packages with templates or code for another Python have many that do not compile.
_SHOWN_MODULES = 3


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
    reasons: Mapping[str, str] | None = None,
    request: Request | None = None,
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
        reasons: By name, why packages go that the others have nothing against.
        request: What was asked for besides packages: variables and what pip is to install.

    Returns:
        The exit status: `EXIT_DECLINED` where the user said no.

    Raises:
        EnvironmentChangedError: Somebody else has changed it since `installed` was read. The
            command is then begun anew by `hognose.cli.app`.
        InstallerError: Something would be removed or downgraded, and nobody can be asked; or pip
            may not install what it is to install.
    """
    from hognose.install import (
        find_foreign_losses,
        format_command,
        install,
        note_platform,
        plan_transaction,
        prepare_install,
        require_installable,
    )

    console = session.console
    options.require_not_frozen(prefix, arguments)
    require_installable(prefix, wanted, platform=platform)
    transaction = plan_transaction(installed, wanted, platform=platform, reinstall=reinstall)
    requirements = () if request is None else request.requirements
    if requirements:
        require_pip_may_install(prefix, transaction.python)
    require_at_hand(transaction.installed, session)
    losses = find_foreign_losses(prefix, transaction)
    why = find_reasons(transaction, wanted, reasons or {})
    requests = changed_requests(specs, installed)
    document = {
        "success": True,
        "prefix": os.fspath(prefix),
        "dry_run": arguments.dry_run,
        **plan_document(transaction, why),
        "requested": requests,
        "pip": list(requirements),
        "foreign": foreign_document(losses),
        "without_byte_code": [],
    }

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
            root_prefix=options.root_prefix(),
            workers=session.config.concurrency_downloads or None,
            **installer_arguments(arguments, session.config, installed),
        )

    if transaction.is_empty and installed:
        tell_of_requests(requests, console)
        if requests and not arguments.dry_run:
            carry_out()  # no package changes, and what is asked for from now on is noted
        if requirements and arguments.dry_run:
            console.detail(f"pip would install: {', '.join(requirements)}")
        if request is not None and not arguments.dry_run:
            complete(prefix, request, console, arguments, offline=session.is_offline)
        session.show_notices()
        done = "no package changes" if requests or requirements else "nothing to do"
        return _finish(console, arguments, document, f"{prefix}: {done}")
    if not arguments.dry_run:
        prepare_install(
            transaction, session.cache, workers=session.config.concurrency_downloads or None
        )
    if not console.quiet:
        show_plan(console, transaction, prefix, reasons=why, requirements=requirements)
    _tell_of_scripts_before(
        console, transaction, prefix, allowed=allowed_scripts(arguments, session.config)
    )
    tell_of_foreign_losses(console, losses, prefix)
    if arguments.dry_run:
        document |= foretell_clobbers(
            transaction, prefix, arguments, cache=session.cache, console=console
        )
        return _finish(console, arguments, document, f"{prefix}: dry run: nothing was changed")
    if not agrees(
        arguments,
        console,
        prefix=prefix,
        takes_away=_takes_away(transaction, losses),
        question=f"{prefix}: {summarise(transaction)}. Proceed?" if console.quiet else "Proceed?",
        config=session.config,
    ):
        return EXIT_DECLINED
    start = time.perf_counter()
    with install_progress(console) as reporter:
        result = carry_out(reporter)
    _tell_of_scripts(console, result.outcome)
    document["without_byte_code"] = _tell_of_byte_code(console, result.outcome)
    if not installed:
        note_platform(prefix, platform)
    register(console, prefix)
    _remove_menus(prefix, transaction)
    if request is not None:
        complete(prefix, request, console, arguments, offline=session.is_offline)
    session.show_notices()
    seconds = time.perf_counter() - start
    done = f"{counted(len(transaction.operations), 'change')} in {seconds:.1f} s"
    return _finish(console, arguments, document, f"{prefix}: {done}")


def _takes_away(transaction: Transaction, losses: ForeignLosses | None) -> bool:
    """Tell whether a change is one to ask about: something goes, also if it is pip's."""
    if losses is not None and losses.overwritten:
        return True
    return any(item.direction in _LOSSES for item in transaction.operations)


def _tell_of_byte_code(console: Console, outcome: ExecutionOutcome) -> list[dict[str, str]]:
    """Say which modules could not be compiled, all of them with `-v`; return them for `--json`."""
    failures = outcome.compile_failures
    if failures:
        console.warn(f"{counted(len(failures), 'module')} could not be compiled to byte-code:")
        shown = failures if console.verbose else failures[:_SHOWN_MODULES]
        for failure in shown:
            reason = failure.reason.strip().splitlines()[-1:] or [""]
            console.detail(f"{failure.path}: {failure.reason if console.verbose else reason[0]}")
        if len(shown) < len(failures):
            console.detail(f"and {len(failures) - len(shown)} more: `-v` names them all")
    return [{"path": failure.path, "reason": failure.reason} for failure in failures]


def _tell_of_scripts(console: Console, outcome: ExecutionOutcome) -> None:
    """Say what packages' scripts had to say, and which were not run."""
    for done in outcome.scripts:
        if done.messages:
            console.hint(f"{done.script.package} says:")
            for line in done.messages.strip().splitlines():
                console.detail(line)
    for is_gone, would in ((False, "would let"), (True, "would have let")):
        names = sorted(
            {
                script.package
                for script in outcome.skipped_scripts
                if (script.action == "pre-unlink") is is_gone
            }
        )
        if names:
            console.warn(f"not run: the link scripts of {', '.join(names)}")
            console.detail(f"`{_letting_run(names)}` {would} them run")


def _tell_of_scripts_before(
    console: Console, transaction: Transaction, prefix: Path, *, allowed: bool | Collection[str]
) -> None:
    """Say which packages that go have scripts that will not run: afterwards it is too late."""
    from hognose.install import find_link_scripts

    removed = [(record, record.files, os.fspath(prefix)) for record in transaction.removed]
    names = sorted(
        script.package
        for script in find_link_scripts(removed, "pre-unlink", transaction.platform)
        if allowed is False or (allowed is not True and script.package not in allowed)
    )
    if names:
        console.warn(f"will not run: the pre-unlink scripts of {', '.join(names)}")
        console.detail(f"`{_letting_run(names)}` lets them run")


def _letting_run(names: Sequence[str]) -> str:
    return " ".join(f"--link-scripts {name}" for name in names)


def _remove_menus(prefix: Path, transaction: Transaction) -> None:
    """Take the menu items of the packages that are gone off the desktop."""
    if (prefix / "conda-meta" / "menus").is_dir():
        from hognose.install import remove_menus, system_registry

        gone = {item.name for item in transaction.operations if item.new is None}
        remove_menus(prefix, packages=gone, registry=system_registry())


def _finish(
    console: Console, arguments: argparse.Namespace, document: Mapping[str, object], done: str
) -> int:
    if getattr(arguments, "json", False):
        from hognose.cli.json_output import print_json

        print_json(document, console)
    console.success(done)
    return 0
