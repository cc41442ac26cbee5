"""What a command works with: one client, one cache, one gateway, made when first needed."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hognose._closing import Closing
from hognose.cli.channels import (
    channels_of_specs,
    configured_specs,
    directory_hint,
    environment_channels,
    find_channels,
    tell_of_channels,
    tell_of_default_channels,
    tell_of_unknown_logins,
    unique_channels,
)
from hognose.cli.repodata_reporter import RepodataReporter
from hognose.errors import HognoseError, OfflineError, UnsolvableError, UsageError
from hognose.progress import spinner

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from hognose.cache import PackageCache
    from hognose.cli.available_records import AvailableRecords
    from hognose.cli.request import Request
    from hognose.config import Config
    from hognose.console import Console
    from hognose.net import Client
    from hognose.repodata import (
        Gateway,
        MultiSource,
        NoticeWatch,
        RepoDataSource,
        SparseRepoData,
    )
    from hognose.solve import ExcludeNewer, UpdateMode
    from hognose.types import (
        Channel,
        GenericVirtualPackage,
        MatchSpec,
        Platform,
        PrefixRecord,
        RepoDataRecord,
    )

__all__ = ("Session",)

# As many as conda shows.
_CHANNEL_NOTICES = 5


class QueriedChannel:
    """A channel's records that a query found, as a source of a solve."""

    def __init__(
        self,
        channel: Channel | SparseRepoData | RepoDataSource | MultiSource,
        records: Iterable[RepoDataRecord],
        gateway: Gateway,
        platforms: Sequence[Platform],
    ) -> None:
        """Sort the records by name."""
        self.channel = channel
        self._gateway = gateway
        self._platforms = platforms
        self._by_name: dict[str, list[RepoDataRecord]] = {}
        for record in records:
            self._by_name.setdefault(record.name, []).append(record)

    def load_records(self, name: str) -> Sequence[RepoDataRecord]:
        """Return the records of a name."""
        return self._by_name.get(name, ())

    def package_names(self) -> Sequence[str]:
        """Return the names of the whole channel, to find the one that was meant."""
        return self._gateway.names((self.channel,), self._platforms)


class Session(Closing):
    """The means of one command; a context manager that closes what it opened."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        console: Console,
        request: Request | None = None,
        *,
        prefix: Path | None = None,
        needs_archives: bool = True,
    ) -> None:
        """Read the shared options.

        Args:
            arguments: The options.
            console: Where to say what is going on.
            request: Its channels come after those given by option.
            prefix: The environment whose pins hold in every solve, and whose channels count
                where none is named.
            needs_archives: Whether packages are to be installed, so that without the network only
                those at hand will do.
        """
        self.console = console
        self._arguments = arguments
        self._request = request
        self._notices: NoticeWatch | None = None
        self._pins: dict[str, str] = {}
        self._prefix = prefix
        self._needs_archives = needs_archives
        self._opened: list[Client] = []
        self.repodata_reporter = RepodataReporter(console)
        self._told: set[Platform] = set()

    @cached_property
    def channels(self) -> tuple[Channel, ...]:
        """The channels, highest priority first."""
        found = self._find_channels()
        if self.config.channel_settings and not self.is_offline:
            tell_of_unknown_logins(found, self.config, self.console)
        return found

    def _find_channels(self) -> tuple[Channel, ...]:
        given, request = self._arguments.channels, self._request
        if getattr(self._arguments, "override_channels", False):
            if not given:
                raise UsageError("`--override-channels` leaves no channel", hint="name some: `-c`")
            return find_channels(given, config=self.config)
        if request is not None and request.channels:
            more = self.config.default_channels or () if request.has_default_channels else ()
            return find_channels([*given, *request.channels, *more], config=self.config)
        if not (given or self.config.default_channels):
            own = environment_channels(self._installed)
            if own:
                given = tell_of_channels(own, self.console)
            else:
                tell_of_default_channels(self.console)
        return find_channels(given, config=self.config)

    def channels_for(self, specs: Iterable[MatchSpec]) -> tuple[Channel, ...]:
        """The channels, and after them those that specs name and that are not among them."""
        return unique_channels((*self.channels, *channels_of_specs(specs, self.config)))

    @cached_property
    def _installed(self) -> Sequence[PrefixRecord]:
        """What is in the environment that is worked with; nothing if there is none."""
        if self._prefix is None:
            return ()
        from hognose.types import PrefixRecord

        return PrefixRecord.collect(self._prefix)

    @property
    def is_offline(self) -> bool:
        """Whether the command line or the configuration forbids the network."""
        return bool(getattr(self._arguments, "offline", False) or self.config.offline)

    @cached_property
    def config(self) -> Config:
        """The settings of this user and this machine."""
        from hognose.cli.settings import load_config

        config = load_config()
        if self.console.verbose:
            for unused in config.unused_keys:
                self.console.detail(str(unused))
        return config

    @cached_property
    def client(self) -> Client:
        """What fetches URLs."""
        from hognose.cli.console_log import show_pauses
        from hognose.configured import client_from_config

        show_pauses(self.console)
        client = client_from_config(self.config, offline=self.is_offline)
        self._opened.append(client)
        return client

    @cached_property
    def cache(self) -> PackageCache:
        """The package caches that the configuration names, or the one shared with rattler."""
        from hognose.configured import package_cache_from_config

        return package_cache_from_config(self.config)

    @cached_property
    def gateway(self) -> Gateway:
        """What fetches repodata."""
        from hognose.cache import default_cache_dir
        from hognose.configured import gateway_from_config

        return gateway_from_config(
            self.config,
            self.client,
            cache_dir=default_cache_dir() / "repodata",
            reporter=self.repodata_reporter,
        )

    def virtual_packages(self, platform: Platform) -> tuple[GenericVirtualPackage, ...]:
        """Return what the machine offers, or what is assumed of a foreign one (CEP 30).

        What is assumed is said once, because it decides which versions there are to choose from.

        Raises:
            VirtualPackageOverrideError: A `CONDA_OVERRIDE_...` variable cannot be used.
            InvalidTextError: An option is no virtual package.
        """
        from hognose.cli.machine import describe_assumptions, machine_packages

        asked_for = getattr(self._arguments, "virtual_packages", ())
        packages, assumed = machine_packages(platform, asked_for)
        if assumed and platform not in self._told:
            self._told.add(platform)
            self.console.hint(describe_assumptions(platform, assumed))
        return packages

    def solve(
        self,
        specs: Sequence[MatchSpec],
        platform: Platform,
        *,
        locked_packages: Iterable[RepoDataRecord] = (),
        pinned_packages: Iterable[RepoDataRecord] = (),
        constraints: Sequence[MatchSpec] = (),
    ) -> list[RepoDataRecord]:
        """Fetch what the specs reach and solve.

        Raises:
            UnsolvableError: No environment satisfies the specs.
            FetchRepoDataError, NetworkError: A channel cannot be read.
        """
        from hognose.solve import solve
        from hognose.types import package_name_of

        # Before the spinner, because both may have something to say.
        options, _ = self._solver_options(platform, constraints), self.channels
        with spinner(self.console, f"solving for {platform}"):
            held = tuple(locked_packages), tuple(pinned_packages)
            available = self._available((*held[0], *held[1]))
            # What archives need that no channel has: the names are not reached from a channel.
            names = [package_name_of(text) for record in held[1] for text in record.depends]
            sources = self._sources((*specs, *options["constraints"]), platform, available, names)
            specs = self._placed(specs, sources)
            options["constraints"] = self._placed(options["constraints"], sources)
            self.repodata_reporter.tell_of_unknown_revisions()
            with _explained(available, specs, self._pins):
                return solve(
                    specs, sources, locked_packages=held[0], pinned_packages=held[1], **options
                )

    def solve_without_channels(
        self,
        specs: Sequence[MatchSpec],
        platform: Platform,
        *,
        locked_packages: Iterable[RepoDataRecord] = (),
        pinned_packages: Iterable[RepoDataRecord] = (),
    ) -> list[RepoDataRecord]:
        """Solve with nothing but the packages that are given; nothing is fetched.

        Raises:
            UnsolvableError: They do not satisfy the specs.
        """
        from hognose.solve import solve

        locked, pinned = tuple(locked_packages), tuple(pinned_packages)

        def placed(spec: MatchSpec) -> MatchSpec:
            choices = configured_specs(spec, self.config)
            found = (each for each in choices if any(map(each.matches, (*locked, *pinned))))
            return choices[0] if len(choices) == 1 else next(found, choices[0])

        options = self._solver_options(platform)
        options["constraints"] = list(map(placed, options["constraints"]))
        wanted = list(map(placed, specs))
        return solve(wanted, (), locked_packages=locked, pinned_packages=pinned, **options)

    def update(
        self,
        installed: Sequence[RepoDataRecord],
        specs: Sequence[MatchSpec],
        platform: Platform,
        *,
        mode: UpdateMode,
        requested: Sequence[MatchSpec],
    ) -> list[RepoDataRecord]:
        """Fetch what the installed packages and the specs reach, and find what they become.

        Raises:
            UnsolvableError, FetchRepoDataError, NetworkError: As for `solve`.
        """
        from hognose.solve import update

        options, _ = self._solver_options(platform), self.channels
        with spinner(self.console, f"solving for {platform}"):
            wanted = (*specs, *requested, *options["constraints"])
            available = self._available((*installed, *self._installed))
            names = [str(record.name) for record in installed]
            sources = self._sources(wanted, platform, available, names)
            specs, requested = self._placed(specs, sources), self._placed(requested, sources)
            options["constraints"] = self._placed(options["constraints"], sources)
            self.repodata_reporter.tell_of_unknown_revisions()
            with _explained(available, specs, self._pins):
                found = update(installed, specs, sources, mode=mode, requested=requested, **options)
            return list(found.records)

    def _solver_options(
        self, platform: Platform, constraints: Sequence[MatchSpec] = ()
    ) -> dict[str, Any]:
        from hognose.cli.solver_options import parse_constraints, solver_arguments
        from hognose.cli.specs import read_pins
        from hognose.types import ChannelPriority

        asked_for = getattr(self._arguments, "constraints", ())
        priority = self._arguments.channel_priority or self.config.channel_priority or "strict"
        pins = read_pins(self._prefix, self.config)
        self._pins = {str(spec): place for spec, place in pins}
        given = solver_arguments(self._arguments, self.config.channel_config)
        return {
            "virtual_packages": self.virtual_packages(platform),
            "constraints": [
                *constraints,
                *(spec for spec, _ in pins),
                *parse_constraints(asked_for),
            ],
            "channel_priority": ChannelPriority[priority.upper()],
            **given,
            "exclude_newer": self._exclude_newer(given.get("exclude_newer")),
            "add_pip_as_python_dependency": bool(self.config.add_pip_as_python_dependency),
        }

    def _exclude_newer(self, given: ExcludeNewer | None) -> ExcludeNewer | None:
        """What is too new by the configuration; an option for the same thing counts more."""
        from hognose.configured import exclude_newer_from_config
        from hognose.solve import ExcludeNewer

        of_channels = any("exclude_newer" in entry for entry in self.config.channel_settings)
        channels = self.channels if of_channels else ()
        configured = exclude_newer_from_config(self.config, channels)
        if configured is None or given is None:
            return given or configured
        is_general = any("=" not in rule for rule in self._arguments.exclude_newer)
        return ExcludeNewer(
            cutoff=given.cutoff if is_general else configured.cutoff,
            packages={**configured.packages, **given.packages},
            channels={**configured.channels, **given.channels},
        )

    def _available(self, installed: Iterable[RepoDataRecord]) -> AvailableRecords | None:
        """What is at hand where that makes a difference: installing without the network."""
        if not (self._needs_archives and self.is_offline):
            return None
        from hognose.cli.available_records import AvailableRecords

        return AvailableRecords(self.cache, installed)

    def _sources(
        self,
        specs: Sequence[MatchSpec],
        platform: Platform,
        available: AvailableRecords | None,
        names: Iterable[str] = (),
    ) -> list[QueriedChannel]:
        """Fetch the records that specs and names reach; only those at hand if that is asked."""
        from hognose.cli.available_records import without_records
        from hognose.types import Platform

        platforms = (platform, Platform("noarch"))
        # By name, so that an explanation can tell of the versions that no spec allows.
        wanted = dict.fromkeys([*(str(spec.name.exact or spec) for spec in specs), *names])
        if self.config.add_pip_as_python_dependency:
            wanted["pip"] = None  # no record says that python needs it
        channels = self.channels_for(specs)
        # Only commands that change an environment show them, at their end.
        changes = hasattr(self._arguments, "dry_run")
        if self._notices is None and changes and not self.is_offline:
            limit = self.config.number_channel_notices
            limit = _CHANNEL_NOTICES if limit is None else limit
            self._notices = self.gateway.watch_notices(channels, limit=limit)
        try:
            results = self.gateway.query(channels, platforms, list(wanted))
        except OfflineError as error:
            raise without_records(error, wanted, channels, platforms, self.gateway) from error
        return [
            QueriedChannel(
                channel,
                records if available is None else available.select(records),
                self.gateway,
                platforms,
            )
            for channel, records in zip(results.sources, results, strict=True)
        ]

    def _placed(
        self, specs: Iterable[MatchSpec], sources: Sequence[QueriedChannel]
    ) -> list[MatchSpec]:
        """Return specs as the configuration's names of channels mean them.

        Of the channels behind one name the first that has what is asked for counts.
        """
        placed = []
        for spec in specs:
            choices = configured_specs(spec, self.config)
            found = choices[0]
            if len(choices) > 1:
                found = next((each for each in choices if _is_met(each, sources)), found)
            if str(spec) in self._pins:
                self._pins[str(found)] = self._pins[str(spec)]
            placed.append(found)
        return placed

    def show_notices(self) -> None:
        """Say what the channels have to say, if it has come by now and is news (CEP 6)."""
        if self._notices is not None:
            for notice in self._notices.new_notices():
                text = f"{notice.channel}: {notice.message}"
                if notice.level == "info":
                    self.console.hint(text)
                elif notice.level == "warning":
                    self.console.warn(text)
                else:
                    self.console.alert(f"{notice.level}: {text}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close, and tell an error about a channel that a directory has its name."""
        if isinstance(error, HognoseError):
            hint = directory_hint(self.__dict__.get("channels", ()), error.message)
            if hint is not None:
                error.hint = "; ".join(filter(None, (error.hint, hint)))
        super().__exit__(kind, error, trace)

    def close(self) -> None:
        """Close what was opened."""
        self.repodata_reporter.close()
        if self._notices is not None:
            self._notices.close()
        for client in self._opened:
            client.close()


def _is_met(spec: MatchSpec, sources: Sequence[QueriedChannel]) -> bool:
    """Whether the channel that a spec names has such a package."""
    return any(
        spec.matches(record)
        for source in sources
        if source.channel == spec.channel
        for record in source.load_records(str(spec.name.exact))
    )


@contextmanager
def _explained(
    available: AvailableRecords | None, specs: Sequence[MatchSpec], pins: Mapping[str, str]
) -> Iterator[None]:
    """Say of a solve without an answer what was left out of it, and where its pins are from."""
    if available is not None:
        available.require(specs)
    try:
        yield
    except UnsolvableError as error:
        hints = [error.hint, None if available is None else available.hint]
        hints += [
            f"`{pin}` is pinned in {place}" for pin, place in pins.items() if pin in error.message
        ]
        if any(hints):
            error.with_hint("\n".join(filter(None, hints)))
        raise
