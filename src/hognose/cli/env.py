"""`hognose env`.

List, remove, rename and clone environments, and keep variables in them.

  list    the environments that are known
  remove  delete an environment
  rename  give an environment another name or directory
  clone   make an environment with the same packages and files as another one
  vars    show and change the variables that activation sets
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hognose.cli import options
from hognose.cli.consent import EXIT_DECLINED, agrees
from hognose.cli.env_vars import configure_variables
from hognose.cli.registry import register, unregister
from hognose.console import counted
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands."""
    from hognose.cli.linking_options import add_linking_options

    commands = parser.add_subparsers(dest="action", metavar="ACTION")
    known = commands.add_parser("list", help="the environments that are known")
    options.add_output_options(known)
    known.set_defaults(run=_list)
    remove = commands.add_parser("remove", help="delete an environment")
    options.add_prefix_options(remove)
    options.add_transaction_options(remove)
    options.add_output_options(remove)
    remove.set_defaults(run=_remove)
    configure_variables(commands)
    for action, text in (
        ("rename", "give an environment another name or directory"),
        ("clone", "make an environment with the same packages and files as another one"),
    ):
        parser = commands.add_parser(action, help=text)
        parser.add_argument(
            "target", metavar="NAME_OR_DIR", help="the new name, or a directory with a `/` in it"
        )
        options.add_prefix_options(parser)
        parser.add_argument("--offline", action="store_true", help="use nothing from the network")
        options.add_transaction_options(parser)
        options.add_output_options(parser)
        add_linking_options(parser)
        parser.set_defaults(run=_rename if action == "rename" else _clone)


def execute(arguments: argparse.Namespace, console: Console) -> int:  # noqa: ARG001  # the seam's signature
    """Say that an action is missing."""
    raise UsageError(
        "no action is named", hint="`hognose env list`, `remove`, `rename`, `clone`, `vars`"
    )


def _list(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.install import frozen_message

    root, folders = options.root_prefix(), options.envs_dirs()
    active = os.environ.get("CONDA_PREFIX")
    rows: list[dict[str, Any]] = [
        {
            "name": _name_of(prefix, root, folders),
            "prefix": os.fspath(prefix),
            "active": active is not None and os.path.abspath(active) == os.fspath(prefix),
            "frozen": frozen_message(prefix) is not None,
            "packages": sum(name.endswith(".json") for name in os.listdir(prefix / "conda-meta")),
        }
        for prefix in _known(root, folders)
    ]
    if arguments.json:
        from hognose.cli.json_output import print_json

        document = {
            "success": True,
            "envs": [row["prefix"] for row in rows],
            "environments": rows,
        }
        print_json(document, console)
        return 0
    console.table(
        ("", "name", "packages", "directory"),
        (
            (
                ("*" if row["active"] else "") + ("+" if row["frozen"] else ""),
                row["name"] or "",
                row["packages"],
                row["prefix"],
            )
            for row in rows
        ),
    )
    console.detail("* is active, + is frozen")
    return 0


def _known(root: Path, folders: Sequence[Path]) -> list[Path]:
    """Return the root prefix, the named environments, and what is registered, each once."""
    from hognose.install import environments_file, registered_environments

    places = [root]
    for folder in folders:
        if folder.is_dir():
            places += sorted(folder.iterdir())
    places += map(Path, sorted(registered_environments(environments_file())))
    unique = dict.fromkeys(Path(os.path.abspath(place)) for place in places)
    return [place for place in unique if (place / "conda-meta" / "history").is_file()]


def _name_of(prefix: Path, root: Path, folders: Sequence[Path]) -> str | None:
    if prefix == Path(os.path.abspath(root)):
        return "base"
    return prefix.name if prefix.parent in map(Path, map(os.path.abspath, folders)) else None


def _remove(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.cli.remove import remove_whole_environment

    return remove_whole_environment(arguments, console)


def _target(text: str) -> Path:
    if os.sep in text or (os.altsep and os.altsep in text) or text.startswith(("~", ".")):
        return Path(os.path.abspath(os.path.expanduser(text)))
    if text in {"base", "root"}:
        raise UsageError(f"`{text}` cannot be the name of an environment")
    return options.named_prefix(text)


def _clone(arguments: argparse.Namespace, console: Console) -> int:
    return _copy(arguments, console, "clone")


def _rename(arguments: argparse.Namespace, console: Console) -> int:
    return _copy(arguments, console, "rename")


def _copy(arguments: argparse.Namespace, console: Console, action: str) -> int:
    import sys

    from hognose.cli.available_records import require_at_hand
    from hognose.cli.clobbers import foretell_clobbers
    from hognose.cli.linking_options import installer_arguments
    from hognose.cli.session import Session
    from hognose.install import (
        clone_environment,
        format_command,
        plan_transaction,
        rename_environment,
        require_copyable,
    )
    from hognose.progress import install_progress
    from hognose.types import PrefixRecord

    source, target = options.find_settled_environment(arguments, console), _target(arguments.target)
    if action == "rename":
        _require_movable(source)
        options.require_not_frozen(source, arguments)
    records = PrefixRecord.collect(source)
    platform = options.find_platform(None, source, records)
    require_copyable(source, target, platform=platform)
    console.step(f"{action} {source} to {target}: {counted(len(records), 'package')}")
    document: dict[str, Any] = {
        "success": True,
        "dry_run": arguments.dry_run,
        "source": os.fspath(source),
        "prefix": os.fspath(target),
    }
    if arguments.dry_run:
        with Session(arguments, console) as session:
            require_at_hand(records, session)
            document |= foretell_clobbers(
                plan_transaction((), records, platform=platform),
                target,
                arguments,
                cache=session.cache,
                console=console,
            )
    else:
        # A rename takes the old directory away, and with it what points there.
        if not agrees(arguments, console, prefix=source, takes_away=action == "rename"):
            return EXIT_DECLINED
        with Session(arguments, console) as session, install_progress(console) as reporter:
            require_at_hand(records, session)
            linking = installer_arguments(arguments, session.config, records)
            if action == "clone":
                done = clone_environment(
                    source,
                    target,
                    cache=session.cache,
                    client=session.client,
                    platform=platform,
                    reporter=reporter,
                    **linking,
                    command=format_command(sys.argv),
                )
            else:
                done = rename_environment(
                    source,
                    target,
                    cache=session.cache,
                    client=session.client,
                    platform=platform,
                    reporter=reporter,
                    **linking,
                    root_prefix=options.root_prefix(),
                    override_frozen=arguments.override_frozen_env,
                )
                unregister(console, source)
            register(console, target)
        document["copied"] = len(done.copied.files)
        document["unchanged"] = done.copied.unchanged
        for path in done.copied.unchanged:
            console.warn(f"{path} has the old directory in it, and is no text: it was left so")
    if arguments.json:
        from hognose.cli.json_output import print_json

        print_json(document, console)
    console.success(f"{target}: {'dry run: nothing was changed' if arguments.dry_run else 'done'}")
    return 0


def _require_movable(source: Path) -> None:
    from hognose.install import require_removable

    root = options.root_prefix()
    if source == Path(os.path.abspath(root)):
        raise UsageError("the root prefix cannot be renamed", hint="environments lie below it")
    require_removable(source, root_prefix=root)
