"""The options that several commands share, and what they mean."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from hognose.cli.locations import envs_dirs, named_prefix, root_prefix
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from hognose.archive import ArchiveDigest
    from hognose.console import Console
    from hognose.types import PackageRecord, Platform

__all__ = (
    "add_change_options",
    "add_channel_options",
    "add_lock_file_options",
    "add_output_options",
    "add_platform_option",
    "add_prefix_options",
    "add_spec_arguments",
    "add_transaction_options",
    "envs_dirs",
    "find_environment",
    "find_platform",
    "find_prefix",
    "find_settled_environment",
    "named_prefix",
    "print_digest",
    "require_changeable",
    "require_not_frozen",
    "root_prefix",
)


def add_prefix_options(parser: argparse.ArgumentParser) -> None:
    """Add `-p PREFIX` and `-n NAME`."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("-p", "--prefix", metavar="DIR", help="the environment's directory")
    group.add_argument(
        "-n",
        "--name",
        metavar="NAME",
        help="the environment's name; `hognose info` shows where named ones lie",
    )


def add_spec_arguments(parser: argparse.ArgumentParser, help_text: str) -> None:
    """Add the specs, and `-f` for files of them; see `hognose.cli.request`."""
    parser.add_argument("specs", nargs="*", metavar="SPEC", help=help_text)
    parser.add_argument(
        "-f",
        "--file",
        dest="files",
        metavar="FILE",
        action="append",
        default=[],
        help="an environment.yml, or a file with a spec or a URL on each line; again for further "
        "ones",
    )


def add_lock_file_options(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add a lock file and the environment in it; see `hognose.cli.found_records`."""
    parser.add_argument("--lockfile", metavar="FILE", help=f"{verb} what a lock file says")
    parser.add_argument(
        "--environment",
        metavar="NAME",
        default="default",
        help="the lock file's environment (default: default)",
    )


def add_channel_options(parser: argparse.ArgumentParser) -> None:
    """Add the channels, their priority, and whether the network may be used."""
    parser.add_argument(
        "-c",
        "--channel",
        dest="channels",
        metavar="CHANNEL",
        action="append",
        default=[],
        help="a channel's name, URL or directory; again for further ones, the first wins",
    )
    parser.add_argument(
        "--override-channels",
        action="store_true",
        help="use the channels of `-c` alone, not those of files and of the configuration",
    )
    parser.add_argument(
        "--channel-priority",
        choices=["strict", "flexible", "disabled"],
        help="whether a name may come from a channel when an earlier one has it (default: what the "
        "configuration says, or strict)",
    )
    parser.add_argument(
        "--offline",
        action="store_true",
        help="use nothing from the network, and only packages that are in the cache",
    )


def add_change_options(parser: argparse.ArgumentParser) -> None:
    """Add what a command has that solves for an environment and changes it."""
    from hognose.cli.linking_options import add_linking_options
    from hognose.cli.solver_options import add_solver_options

    add_prefix_options(parser)
    add_channel_options(parser)
    add_platform_option(parser)
    add_transaction_options(parser)
    add_output_options(parser)
    add_solver_options(parser)
    add_linking_options(parser)


def add_platform_option(parser: argparse.ArgumentParser, *, repeatable: bool = False) -> None:
    """Add `--platform`."""
    if repeatable:
        parser.add_argument(
            "--platform",
            dest="platforms",
            metavar="SUBDIR",
            action="append",
            default=[],
            help="a platform, such as linux-64; again for further ones (default: this one)",
        )
    else:
        parser.add_argument(
            "--platform",
            metavar="SUBDIR",
            help="the platform, such as linux-64 (default: this one)",
        )


def add_output_options(parser: argparse.ArgumentParser, *, json: bool = True) -> None:
    """Add `--json`, `-q` and `-v`."""
    if json:
        parser.add_argument("--json", action="store_true", help="print one JSON document")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    group.add_argument("-v", "--verbose", action="store_true", help="say more, also of the network")


def add_transaction_options(parser: argparse.ArgumentParser) -> None:
    """Add what every command has that changes an environment."""
    parser.add_argument(
        "-y",
        "--yes",
        action="store_true",
        help="do not ask; without a terminal nothing is removed or downgraded unless this is "
        "given; after a no the exit status is 1",
    )
    parser.add_argument(
        "-d", "--dry-run", action="store_true", help="show what would happen, and change nothing"
    )
    parser.add_argument(
        "--override-frozen-env",
        action="store_true",
        help="change the environment although it is marked as frozen",
    )


def find_prefix(arguments: argparse.Namespace, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the prefix that `-p` or `-n` names, or else the active environment's.

    Raises:
        UsageError: None of them says it.
    """
    if arguments.prefix:
        return Path(os.path.abspath(os.path.expanduser(arguments.prefix)))
    if arguments.name:
        return named_prefix(arguments.name, environ)
    if environ.get("CONDA_PREFIX"):
        return Path(environ["CONDA_PREFIX"])
    raise UsageError(
        "no environment is named and none is active", hint="name one with `-p DIR` or `-n NAME`"
    )


def find_environment(arguments: argparse.Namespace) -> Path:
    """Return the prefix that is named or active, which has to be an environment.

    Raises:
        UsageError: None is named, or there is none.
    """
    prefix = find_prefix(arguments)
    if not (prefix / "conda-meta").is_dir():
        make = f"hognose create -p {quote(str(prefix))}"
        raise UsageError(
            f"there is no environment at {prefix}",
            hint=f"make one with `{make}`; `hognose env list` shows what is there",
        )
    return prefix


def find_settled_environment(arguments: argparse.Namespace, console: Console) -> Path:
    """Return the environment that is named or active, in the state before or after each change.

    What an interrupted change left is undone or finished, and the log says so. Where that cannot
    be, because another process is changing the environment right now or because it cannot be
    written to, there is a warning.

    Raises:
        UsageError: As `find_environment`.
    """
    prefix = find_environment(arguments)
    from hognose.install import has_unfinished_transaction

    if has_unfinished_transaction(prefix):
        from hognose.console import error_message
        from hognose.errors import HognoseError
        from hognose.install import recover

        try:
            recover(prefix, lock_timeout=0)
        except (HognoseError, OSError) as error:
            console.warn(f"{prefix} may be half changed: {error_message(error)}")
    return prefix


def require_not_frozen(prefix: Path, arguments: argparse.Namespace) -> None:
    """Refuse to go on with a frozen environment, unless `--override-frozen-env` is given.

    Raises:
        FrozenEnvironmentError: The environment is frozen (CEP 22).
    """
    if not arguments.override_frozen_env:
        from hognose.install import require_not_frozen as require

        require(prefix, override="--override-frozen-env")


def require_changeable(prefix: Path, arguments: argparse.Namespace, console: Console) -> None:
    """Get an environment ready for a change that is going to be planned.

    An interrupted change is undone or finished, because its records cannot be planned with; the
    log says so. With `--dry-run` it stays, as everything does, and there is a warning.

    Raises:
        FrozenEnvironmentError: The environment is frozen (CEP 22).
        InstallerError: Another process is changing it right now.
    """
    from hognose.install import has_unfinished_transaction

    require_not_frozen(prefix, arguments)
    if not getattr(arguments, "dry_run", False):
        from hognose.install import recover

        recover(prefix)
    elif has_unfinished_transaction(prefix):
        console.warn(
            f"{prefix} may be half changed: a change is under way or was interrupted, which the "
            "next command without `--dry-run` undoes or finishes"
        )


def find_platform(
    name: str | None, prefix: Path | None = None, installed: Iterable[PackageRecord] = ()
) -> Platform:
    """Return the platform of `--platform`, or an environment's, or this machine's.

    Args:
        name: What the command line says, if anything.
        prefix: The environment that the command is about, if any.
        installed: Its packages.

    Raises:
        ParseSubdirError: There is no such platform.
        UsageError: The environment is for another platform than the command line says.
        InstallerError: What the environment notes of its platform cannot be read.
    """
    from hognose.types import Platform

    own = None
    if prefix is not None:
        from hognose.install import read_platform

        own = read_platform(prefix, installed)
    if name is None:
        return own or Platform.current()
    platform = Platform(name)
    if own not in {None, platform}:
        raise UsageError(
            f"the environment is for {own}, not for {platform}", hint="leave `--platform` out"
        )
    return platform


def print_digest(
    path: str, digest: ArchiveDigest, arguments: argparse.Namespace, console: Console
) -> None:
    """Print where an archive or what came out of it is, and the archive's hashes."""
    place = os.path.abspath(path)
    if getattr(arguments, "json", False):
        from hognose.cli.json_output import print_json

        document = {
            "success": True,
            "path": place,
            "sha256": digest.sha256.hex(),
            "md5": digest.md5.hex(),
            "size": digest.size,
        }
        print_json(document, console)
        return
    console.result(place)
    console.detail(f"sha256 {digest.sha256.hex()}")
    console.detail(f"md5    {digest.md5.hex()}")
