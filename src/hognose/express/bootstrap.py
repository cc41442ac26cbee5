"""`cx bootstrap`: from nothing to an installed conda.

The order is such that an error leaves the disk as it was: what to install is settled before
anything is written or deleted. What happens to the prefix from then on, and to what was in it, is
`hognose.express.unfinished_prefix`.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from hognose.errors import HognoseError
from hognose.express.exclusion import exclude_packages
from hognose.express.prefix import (
    LOCK,
    STATE_FILE,
    default_prefix,
    require_deletable,
    state_of,
)
from hognose.express.settings import Settings
from hognose.express.unfinished_prefix import UnfinishedPrefix
from hognose.express.written_files import condarc_text, explicit_text, frozen_text, state_text
from hognose.types import Platform, package_name_of
from hognose.version import __version__

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from hognose.console import Console
    from hognose.express.selection import Selection
    from hognose.net import Client
    from hognose.types import RepoDataRecord


class Bootstrap:
    """One bootstrap, ready to be run.

    Args:
        prefix: Where to install.
        settings: What to install unless something else is said here.
        environ: The environment variables.
        channels: The channels of a live solve, in place of the settings'.
        extra_packages: Specs to install as well.
        exclude: Names to leave out, in place of the settings'.
        lock_file: A lock file, in place of the settings'.
        is_live: Use no lock file.
        payload: A directory with package archives.
        offline: Do not use the network.
        force: Delete what is there first.
    """

    def __init__(
        self,
        prefix: str,
        settings: Settings,
        *,
        environ: Mapping[str, str] = os.environ,
        channels: Sequence[str] | None = None,
        extra_packages: Sequence[str] = (),
        exclude: Sequence[str] | None = None,
        lock_file: str | None = None,
        is_live: bool = False,
        payload: str | None = None,
        offline: bool = False,
        force: bool = False,
    ) -> None:
        """Check that the options go together.

        Raises:
            HognoseError: They do not.
        """
        if offline and is_live:
            message = "`--offline` and `--no-lock` are incompatible: solving needs the network"
            raise HognoseError(message)
        if payload is not None and not os.path.isdir(payload):
            message = f"the payload is not a directory: {payload}"
            raise HognoseError(message, path=payload)
        self.prefix = prefix
        self.environ = environ
        self.delegate = settings.delegate
        self.lock_file = None if is_live else lock_file or settings.lock_file
        self.is_lock_embedded = lock_file is None
        self.payload, self.offline, self.force = payload, offline, force
        self.is_live = is_live
        self.channels = tuple(settings.channels if channels is None else channels)
        self.packages = (*settings.packages, *extra_packages)
        self.extra_packages = tuple(extra_packages)
        if exclude is None:
            # Who asks for a package by name means it.
            wanted = set(map(package_name_of, extra_packages))
            exclude = [name for name in settings.exclude if name not in wanted]
        self.exclude = tuple(exclude)
        if self.lock_file is None and (offline or payload is not None):
            option = "--offline" if offline else "--payload"
            message = f"`{option}` needs a lock file, and there is none"
            raise HognoseError(message, hint="name one with `--lockfile`")
        if self.lock_file is not None and channels is not None:
            message = "`--channel` says nothing to a lock file, which has its own channels"
            raise HognoseError(message, hint="use `--no-lock` to solve with these channels")

    @classmethod
    def default(cls, prefix: str, *, environ: Mapping[str, str] = os.environ) -> Bootstrap:
        """The bootstrap that happens by itself when a command needs conda.

        Raises:
            ConfigError: The settings cannot be read.
        """
        payload, offline = _from_environ(environ)
        settings = Settings.load(environ=environ)
        return cls(prefix, settings, environ=environ, payload=payload, offline=offline)

    @classmethod
    def from_options(
        cls, options: argparse.Namespace, *, environ: Mapping[str, str] = os.environ
    ) -> Bootstrap:
        """The bootstrap that a command line asks for.

        Raises:
            HognoseError: The options do not go together, or the settings cannot be read.
        """
        payload, offline = _from_environ(environ)
        given = options.prefix
        return cls(
            default_prefix(environ) if given is None else os.path.abspath(given),
            Settings.load(options.config, environ=environ),
            environ=environ,
            channels=options.channel,
            extra_packages=options.package,
            exclude=() if options.no_exclude else options.exclude,
            lock_file=options.lockfile,
            is_live=options.no_lock,
            payload=options.payload or payload,
            offline=offline if options.offline is None else options.offline,
            force=options.force,
        )

    def run(self, console: Console) -> None:
        """Install, unless it has been done.

        Raises:
            HognoseError: It cannot be done; the prefix is as it was, or marked as incomplete.
        """
        if self._is_done(console):
            return
        self._require_room()
        if self.force and os.path.lexists(self.prefix):
            require_deletable(self.prefix, environ=self.environ)
        platform = Platform.current()
        client = self._make_client()
        with client:
            self._announce(console)
            selection = self._select(platform, client, console)
            exclusion = exclude_packages(
                selection.records, self.exclude, requested=map(package_name_of, self.packages)
            )
            removed = exclusion.removed
            if removed:
                console.detail(f"Excluded {len(removed)} packages ({', '.join(removed)})")
            records = exclusion.kept
            self._check_payload(records, console)
            unfinished = UnfinishedPrefix(self.prefix, is_forced=self.force)
            with unfinished.hold() as is_needed:
                # Another process may have done it while we waited.
                if not is_needed:
                    self._is_done(console)
                    return
                with unfinished.replace(console):
                    self._install(records, client, console)
                    self._write_files(selection, records, removed, str(platform), console)
                self._register(console)
        console.success(f"{self.delegate} bootstrapped successfully!")
        console.detail(f"Prefix: {self.prefix}")
        console.detail("Run `cx status` to see what is installed,")
        console.detail(f"and `cx <{self.delegate}-args>` for any {self.delegate} command.")

    def _is_done(self, console: Console) -> bool:
        if self.force or state_of(self.prefix) != "complete":
            return False
        console.success(f"{self.delegate} is already bootstrapped at {self.prefix}")
        console.detail("Use --force to re-bootstrap.")
        return True

    def _require_room(self) -> None:
        """Refuse to install among somebody's files."""
        if self.force or state_of(self.prefix) != "absent":
            return
        try:
            names = set(os.listdir(self.prefix))
        except FileNotFoundError:
            return
        if names - {"envs", "pkgs", LOCK}:
            message = f"{self.prefix} is not empty, and no installation of conda"
            raise HognoseError(message, path=self.prefix, hint="choose another `--prefix`")

    def _make_client(self) -> Client:
        from pathlib import Path

        from hognose.config import Config
        from hognose.configured import client_settings
        from hognose.net import Client

        # Mirrors, proxies and logins are of no less use before there is an environment than after.
        config = Config.load(self.environ, root_prefix=Path(self.prefix))
        settings = client_settings(config, offline=self.offline, environ=self.environ)
        if self.payload is None:
            return Client(**settings)
        from hognose.express.payload import PayloadClient, index_payload

        return PayloadClient(index_payload(self.payload), **settings)

    def _announce(self, console: Console) -> None:
        console.step(f"Bootstrapping {self.delegate} into {self.prefix}")
        if self.lock_file is None:
            console.detail(f"Channels: {', '.join(self.channels)}")
        console.detail(f"Packages: {', '.join(self.packages)}")
        if self.exclude:
            console.detail(f"Exclude: {', '.join(self.exclude)}")
        if self.offline:
            console.detail("Mode: offline")

    def _select(self, platform: Platform, client: Client, console: Console) -> Selection:
        from hognose.express.selection import select_by_solving, select_from_lock

        if self.lock_file is None:
            why = "lockfile disabled" if self.is_live else "no lockfile"
            console.step(f"Live solve ({why})")
            return select_by_solving(
                self.channels,
                self.packages,
                platform=platform,
                client=client,
                console=console,
                environ=self.environ,
            )
        if self.is_lock_embedded:
            console.step("Using embedded lockfile")
        else:
            console.step(f"Using lockfile: {self.lock_file}")
        return select_from_lock(
            self.lock_file, self.extra_packages, platform=platform, console=console
        )

    def _check_payload(self, records: Sequence[RepoDataRecord], console: Console) -> None:
        if self.payload is None:
            return
        from hognose.express.payload import index_payload, missing_archives

        missing = missing_archives(records, index_payload(self.payload))
        found = len(records) - len(missing)
        if self.offline and missing:
            shown = ", ".join(missing[:10]) + (", ..." if len(missing) > 10 else "")
            message = f"{len(missing)} packages are missing in the payload: {shown}"
            raise HognoseError(message, path=self.payload, missing=missing)
        console.detail(f"Payload: {found}/{len(records)} packages found locally")

    def _install(self, records: Sequence[RepoDataRecord], client: Client, console: Console) -> None:
        from hognose.cache import PackageCache
        from hognose.install import format_command, install
        from hognose.progress import install_progress

        start = time.monotonic()
        with install_progress(console) as reporter:
            transaction = install(
                records,
                self.prefix,
                cache=PackageCache.default(self.environ),
                client=client,
                execute_link_scripts=True,
                requested_specs=[spec for spec in self.packages if _is_in(spec, records)],
                reporter=reporter,
                override_frozen=True,
                command=format_command(["cx", *sys.argv[1:]]),
                tool=("cx", __version__),
            )
        if transaction.is_empty:
            console.success("Already up to date")
        else:
            seconds = time.monotonic() - start
            count = len(transaction.installed)
            console.success(f"Installed {count} packages in {seconds:.1f}s")

    def _register(self, console: Console) -> None:
        """Have conda list the base environment; a home that cannot be written to is no error."""
        from hognose.install import environments_file, register_environment

        try:
            register_environment(self.prefix, environments_file(self.environ))
        except OSError as error:
            console.detail(f"Not registered: {error}")

    def _write_files(
        self,
        selection: Selection,
        records: Sequence[RepoDataRecord],
        removed: Mapping[str, str],
        platform: str,
        console: Console,
    ) -> None:
        condarc = os.path.join(self.prefix, ".condarc")
        frozen = os.path.join(self.prefix, "conda-meta", "frozen")
        initial = os.path.join(self.prefix, "conda-meta", "initial-state.explicit.txt")
        state = state_text(
            channels=selection.channels,
            packages=self.packages,
            excludes=self.exclude,
            delegate=self.delegate,
            removed=removed,
        )
        _write(condarc, condarc_text(selection.channels))
        console.detail(f"Wrote {condarc}")
        _write(initial, explicit_text(records, platform))
        _write(frozen, frozen_text())
        console.detail(f"Wrote {frozen}")
        _write(os.path.join(self.prefix, STATE_FILE), state)


def _from_environ(environ: Mapping[str, str]) -> tuple[str | None, bool]:
    """Read `CX_PAYLOAD` and `CX_OFFLINE`."""
    offline = environ.get("CX_OFFLINE", "").lower() not in ("", "0", "false")
    return environ.get("CX_PAYLOAD") or None, offline


def _is_in(spec: str, records: Sequence[RepoDataRecord]) -> bool:
    name = package_name_of(spec)
    return any(record.name == name for record in records)


def _write(path: str, text: str) -> None:
    partial = f"{path}.part"
    with open(partial, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    os.replace(partial, path)
