"""The names of settings in TOML, conda's files and variables, those of other tools among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hognose.config import setting_kinds as kinds
from hognose.config.settings import PER_CHANNEL, SETTINGS, Setting

if TYPE_CHECKING:
    from hognose.config.setting_kinds import Kind

__all__ = ("BY_CONDA_KEY", "BY_KEY", "BY_VARIABLE", "INNER_KEYS", "TABLES")

# Other files say the opposite, or say several things at once.
_ALIASES: dict[str, tuple[str, Kind]] = {
    "tls-no-verify": ("ssl-verify", kinds.NO_FLAG),
}
_CONDA_ALIASES: dict[str, tuple[str, Kind]] = {
    "channel": ("default-channels", kinds.TEXTS),
    "whitelist_channels": ("allowlist-channels", kinds.TEXTS),
    "verify_ssl": ("ssl-verify", kinds.CERTIFICATES),
    "client_cert": ("client-ssl-cert", kinds.TEXT),
    "client_cert_key": ("client-ssl-cert-key", kinds.TEXT),
    "envs_path": ("envs-dirs", kinds.DIRECTORIES),
    "yes": ("always-yes", kinds.FLAG),
    "copy": ("always-copy", kinds.FLAG),
    "repodata_use_zst": ("repodata-config.disable-zstd", kinds.NO_FLAG),
    "repodata_use_shards": ("repodata-config.disable-sharded", kinds.NO_FLAG),
}

_BY_NAME = {setting.key: setting for setting in SETTINGS}


def _with(name: str, kind: Kind) -> Setting:
    return msgspec.structs.replace(_BY_NAME[name], kind=kind)


BY_KEY: dict[str, Setting] = _BY_NAME | {key: _with(*alias) for key, alias in _ALIASES.items()}
BY_CONDA_KEY: dict[str, Setting] = {
    setting.conda_key: setting for setting in SETTINGS if setting.conda_key
} | {key: _with(*alias) for key, alias in _CONDA_ALIASES.items()}

BY_VARIABLE: dict[str, Setting] = {
    "HOGNOSE_" + key.replace("-", "_").replace(".", "_").upper(): setting
    for key, setting in BY_KEY.items()
}

# The tables of tables, and what may stand in the inner ones.
INNER_KEYS: dict[str, frozenset[str]] = {
    PER_CHANNEL: frozenset({"disable-sharded", "disable-zstd", "disable-bzip2"}),
    "s3-options": frozenset({"endpoint-url", "region", "force-path-style", "addressing-style"}),
    "index-config": frozenset(
        {
            "base-url",
            "channel-relations",
            "notices",
            "package-revision-assignment",
            "repodata-revisions",
            "write-shards",
            "write-zst",
        }
    ),
}

TABLES = frozenset(setting.names[0] for setting in SETTINGS if len(setting.names) > 1)
