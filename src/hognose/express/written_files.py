"""The files that a bootstrap leaves in the prefix, as text."""

from __future__ import annotations

import json

from hognose.version import __version__

TYPE_CHECKING = False  # as in `typing`, whose import would double the start-up time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hognose.types import RepoDataRecord

_FROZEN = (
    "The base environment is managed by cx (conda-express).",
    "Create a new environment with `conda create -n myenv`,",
    "re-bootstrap with `cx bootstrap --force`,",
    "or override this with `--override-frozen-env`.",
)


def condarc_text(channels: Sequence[str]) -> str:
    """`.condarc`: the channels that were used, and conda told to leave the shell alone."""
    lines = [
        "solver: rattler",
        "auto_activate_base: false",
        "notify_outdated_conda: false",
        "show_channel_urls: true",
        "channels:" if channels else "channels: []",
        # JSON's quoted texts are YAML's.
        *(
            f"  - {json.dumps(channel, ensure_ascii=False)}"
            if _is_odd(channel)
            else f"  - {channel}"
            for channel in channels
        ),
    ]
    return "\n".join(lines) + "\n"


def _is_odd(text: str) -> bool:
    plain = text.replace("-", "a").replace("_", "a").replace("/", "a").replace(".", "a")
    return not (text[:1].isalpha() and plain.replace("://", "a").replace(":", "a", 1).isalnum())


def frozen_text() -> str:
    """`conda-meta/frozen` (CEP 22)."""
    return json.dumps({"message": "\n".join(_FROZEN)}, indent=2)


def state_text(
    *,
    channels: Sequence[str],
    packages: Sequence[str],
    excludes: Sequence[str],
    delegate: str,
    removed: Mapping[str, str],
) -> str:
    """`.cx.json`: what was asked for, and what was left out and why."""
    state = {
        "version": __version__,
        "channels": list(channels),
        "packages": list(packages),
        "excludes": list(excludes),
        "delegate": delegate,
        "removed": dict(removed),
    }
    return json.dumps(state, indent=2) + "\n"


def explicit_text(records: Iterable[RepoDataRecord], platform: str) -> str:
    """`conda-meta/initial-state.explicit.txt` (CEP 23): what `conda self reset` goes back to."""
    lines = [f"# platform: {platform}", "@EXPLICIT"]
    for record in records:
        digest = f"#sha256:{record.sha256_hex}" if record.sha256_hex else ""
        lines.append(f"{record.url}{digest or (f'#{record.md5_hex}' if record.md5_hex else '')}")
    return "\n".join(lines) + "\n"
