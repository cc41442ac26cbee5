"""`cx status`."""

from __future__ import annotations

import os

from hognose.express.handoff import delegate_of
from hognose.express.prefix import (
    count_packages,
    default_prefix,
    named_environments,
    program_path,
    read_state,
    state_of,
)
from hognose.version import __version__

TYPE_CHECKING = False  # as in `typing`, whose import would double the start-up time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hognose.console import Console


def show_status(
    prefix: str | None,
    config: str | None = None,
    *,
    console: Console,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Print what is installed; that nothing is installed is no error.

    Args:
        prefix: The installation; the default one if None.
        config: The settings to show for an installation that has not written its own down.
        console: Where to print.
        environ: The environment variables.

    Raises:
        ConfigError: If the settings are needed and cannot be read.
    """
    place = default_prefix(environ) if prefix is None else os.path.abspath(prefix)
    state = state_of(place)
    if state == "absent":
        console.warn(f"conda is not installed at {place}; run `cx bootstrap`")
        return
    if state == "interrupted":
        console.warn(f"the installation at {place} is not complete; run `cx bootstrap` again")
        return
    written = read_state(place)
    if not written:
        from hognose.express.settings import Settings

        settings = Settings.load(config, environ=environ)
        written = {
            "channels": settings.channels,
            "packages": settings.packages,
            "excludes": settings.exclude,
        }
    name = delegate_of(place)
    program = program_path(place, name)
    environments = named_environments(place)
    console.result(f"cx {__version__}")
    rows = {
        "prefix": place,
        "channels": ", ".join(written.get("channels", ())),
        "packages": ", ".join(written.get("packages", ())),
        "excludes": ", ".join(written.get("excludes", ())),
        "installed": f"{count_packages(place)} packages",
        name: program if os.path.isfile(program) else "(not found)",
        "environments": ", ".join(environments),
    }
    for key, value in rows.items():
        if value:
            console.result(f"  {key + ':':<13} {value}")
