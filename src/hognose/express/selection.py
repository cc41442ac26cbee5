"""Which packages a bootstrap installs: those of a lock file, or those of a live solve."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import HognoseError
from hognose.types import MatchSpec, Platform, RepoDataRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hognose.console import Console
    from hognose.net import Client

_ALIAS = "https://conda.anaconda.org/"


class Selection(msgspec.Struct, frozen=True):
    """The packages, and the channels that they come from as conda's configuration names them."""

    records: tuple[RepoDataRecord, ...]
    channels: tuple[str, ...]


def select_from_lock(
    path: str, extra: Sequence[str], *, platform: Platform, console: Console
) -> Selection:
    """Take this platform's packages of a lock file's environment `default`.

    Args:
        path: The lock file.
        extra: Specs that must be fulfilled as well; a lock file is not solved again.
        platform: The platform.
        console: Where to say what was found.

    Raises:
        HognoseError: The lock file cannot be used, or does not have what is wanted.
    """
    from hognose.lock import LockFile

    if not os.path.isfile(path):
        message = f"failed to read lockfile: {path}: there is no such file"
        raise HognoseError(message, path=path)
    environment = LockFile.read(path).default_environment()
    if environment is None:
        message = f"the lockfile has no environment `default`: {path}"
        raise HognoseError(message, path=path)
    variants = [known for known in environment.platforms() if known.subdir == platform]
    variants.sort(key=lambda variant: not variant.is_plain)
    records = environment.conda_repodata_records_for_platform(variants[0]) if variants else None
    if not records:
        known = ", ".join(sorted({str(known.subdir) for known in environment.platforms()}))
        message = f"lockfile has no records for platform {platform}"
        raise HognoseError(message, path=path, hint=f"it is for {known}" if known else None)
    console.detail(f"Lockfile contains {len(records)} packages for {platform}")
    others = environment.pypi_packages_for_platform(variants[0])
    if others:
        names = ", ".join(package.name for package in others)
        console.warn(f"{len(others)} PyPI packages of the lockfile are not installed: {names}")
    for text in extra:
        spec = MatchSpec(text)
        if not any(spec.matches(record) for record in records):
            message = f"the lockfile has no package for `{text}`"
            hint = "use `--no-lock` to solve for it, or another `--lockfile`"
            raise HognoseError(message, hint=hint, spec=text, path=path)
    channels = tuple(channel_name(channel.url) for channel in environment.channels())
    console.detail(f"Channels: {', '.join(channels)}")
    return Selection(tuple(records), channels)


def select_by_solving(
    channels: Sequence[str],
    specs: Sequence[str],
    *,
    platform: Platform,
    client: Client,
    console: Console,
    environ: Mapping[str, str] = os.environ,
) -> Selection:
    """Solve for the packages now.

    Raises:
        UnsolvableError: Nothing meets the specs.
        HognoseError: A channel cannot be read, or a text is no channel or no spec.
    """
    from hognose.cache import default_cache_dir
    from hognose.progress import RepodataProgress, spinner
    from hognose.repodata import Gateway
    from hognose.solve import solve
    from hognose.types import Channel
    from hognose.virtual_packages import detect

    wanted = [MatchSpec(spec) for spec in specs]
    places = [Channel(channel) for channel in channels]
    cache_dir = default_cache_dir(environ) / "repodata"
    with RepodataProgress(console) as reporter, spinner(console, "fetching repodata"):
        gateway = Gateway(client, cache_dir=cache_dir, reporter=reporter)
        sources = gateway.query(places, [platform, Platform("noarch")], wanted)
    with spinner(console, "solving environment"):
        virtual_packages = detect(platform=platform, environ=environ)
        records = solve(wanted, list(sources), virtual_packages=virtual_packages)
    return Selection(tuple(records), tuple(channel_name(place.base_url) for place in places))


def channel_name(url: str) -> str:
    """How conda's configuration names a channel: short if it can be, and without secrets."""
    from hognose.lock import without_secrets

    plain = without_secrets(url)
    short = plain.removeprefix(_ALIAS).rstrip("/")
    return short if plain.startswith(_ALIAS) and short else plain
