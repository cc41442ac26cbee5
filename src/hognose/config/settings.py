"""The settings that there are: what they are called in each kind of file, and what they hold.

The names are those of rattler's shared `config.toml`, which pixi reads too, and ours in its style
where it has none; conda's names are understood in `.condarc`, `.mambarc` and `CONDA_...` variables.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from hognose.errors import ConfigError

__all__ = ("BY_CONDA_KEY", "BY_KEY", "SETTINGS", "Setting", "convert")


class WrongKindError(ValueError):
    """A value of the wrong kind; the text says what it must be."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting.

    Attributes:
        key: Its name in TOML and on the command line; a full stop enters a table.
        field: The field of `Config`.
        parse: Makes its value out of a decoded one, or raises `WrongKindError`.
        conda_key: Its name in `.condarc`, if it has one there.
        is_merged: Whether the tables of several files are united rather than replaced.
    """

    key: str
    field: str
    parse: Callable[[Any], Any]
    conda_key: str | None = None
    is_merged: bool = False

    @property
    def variable(self) -> str:
        """Our environment variable for it."""
        return "HOGNOSE_" + self.key.replace("-", "_").replace(".", "_").upper()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongKindError("text")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        # One name is a list of one in `.condarc`; in variables commas separate.
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise WrongKindError("a list of texts")


def _specs(value: Any) -> tuple[str, ...]:
    # Specs hold commas, so that conda separates them by `&` in its variable.
    return _texts(value.split("&") if isinstance(value, str) else value)


def _directories(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part for part in value.split(os.pathsep) if part)
    return _texts(value)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        lowered = value.lower()
        if lowered in {"true", "yes", "on", "1", "y"}:
            return True
        if lowered in {"false", "no", "off", "0", "n", ""}:
            return False
    raise WrongKindError("true or false")


def _not(value: Any) -> bool:
    return not _flag(value)


def _count(value: Any) -> int:
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise WrongKindError("a whole number from 0 on")


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        raise WrongKindError("a number of seconds") from None
    if isinstance(value, bool) or not 0 < seconds < 1e9:
        raise WrongKindError("a number of seconds")
    return seconds


def _priority(value: Any) -> str:
    if isinstance(value, bool):
        return "flexible" if value else "disabled"
    if isinstance(value, str) and value.lower() in {"strict", "flexible", "disabled"}:
        return value.lower()
    raise WrongKindError("`strict`, `flexible` or `disabled`")


def _verify(value: Any) -> bool | str:
    """True, false, or a file of certificates; mamba writes `<system>` and `<false>`."""
    if isinstance(value, str):
        value = {"truststore": True, "<system>": True, "<false>": False}.get(value.lower(), value)
    try:
        return _flag(value)
    except WrongKindError:
        if isinstance(value, str):
            return value
        raise WrongKindError("true, false or a file of certificates") from None


def _proxies(value: Any) -> dict[str, str]:
    """A table, in which nothing at all (`http:`) says that there is no proxy."""
    if isinstance(value, dict):
        return _map({name: proxy for name, proxy in value.items() if proxy is not None})
    return _map(value)


def _root_certs(value: Any) -> str:
    """The names that rattler has; `native` and `all` are older ones for `system`."""
    names = {"webpki": "webpki", "system": "system", "native": "system", "all": "system"}
    if isinstance(value, str) and value in names:
        return names[value]
    raise WrongKindError("`webpki` or `system`")


def _map(value: Any) -> dict[str, str]:
    if isinstance(value, dict) and all(
        isinstance(name, str) and isinstance(each, str) for name, each in value.items()
    ):
        return value
    raise WrongKindError("a table of texts")


def _map_of_texts(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise WrongKindError("a table of lists")
    return {str(name): _texts(each) for name, each in value.items()}


def _tables(value: Any) -> dict[str, Mapping[str, Any]]:
    if isinstance(value, dict) and all(isinstance(each, dict) for each in value.values()):
        return value
    raise WrongKindError("a table of tables")


def _setting(
    key: str,
    parse: Callable[[Any], Any],
    *,
    conda: str | None = None,
    field: str | None = None,
    merged: bool = False,
) -> Setting:
    name = field or key.replace("-", "_").replace(".", "_")
    return Setting(key=key, field=name, parse=parse, conda_key=conda, is_merged=merged)


SETTINGS: tuple[Setting, ...] = (
    _setting("default-channels", _texts, conda="channels"),
    _setting("channel-alias", _text, conda="channel_alias"),
    _setting("channel-priority", _priority, conda="channel_priority"),
    _setting("custom-channels", _map, conda="custom_channels", merged=True),
    _setting("custom-multichannels", _map_of_texts, conda="custom_multichannels", merged=True),
    _setting("defaults-channels", _texts, conda="default_channels"),
    _setting("allowlist-channels", _texts, conda="allowlist_channels"),
    _setting("denylist-channels", _texts, conda="denylist_channels"),
    _setting("pinned-packages", _specs, conda="pinned_packages"),
    _setting("channel-relations-max-depth", _count, conda="channel_relations_max_depth"),
    _setting("number-channel-notices", _count, conda="number_channel_notices"),
    _setting("mirrors", _map_of_texts, merged=True),
    _setting("offline", _flag, conda="offline"),
    _setting("max-retries", _count, conda="remote_max_retries"),
    _setting("connect-timeout", _seconds, conda="remote_connect_timeout_secs"),
    _setting("read-timeout", _seconds, conda="remote_read_timeout_secs"),
    _setting("concurrency.downloads", _count, conda="fetch_threads"),
    _setting("always-yes", _flag, conda="always_yes"),
    _setting("root-prefix", _text, conda="root_prefix"),
    _setting("envs-dirs", _directories, conda="envs_dirs"),
    _setting("proxy-config.http", _text),
    _setting("proxy-config.https", _text),
    _setting("proxy-config.all", _text),
    _setting("proxy-config.non-proxy-hosts", _texts),
    _setting("proxy-servers", _proxies, conda="proxy_servers", merged=True),
    _setting("ssl-verify", _verify, conda="ssl_verify"),
    _setting("tls-root-certs", _root_certs),
    _setting("client-ssl-cert", _text, conda="client_ssl_cert"),
    _setting("client-ssl-cert-key", _text, conda="client_ssl_cert_key"),
    _setting("authentication-override-file", _text),
    _setting("repodata-config.disable-sharded", _flag),
    _setting("repodata-config.disable-zstd", _flag),
    _setting("repodata-config.disable-bzip2", _flag),
    _setting("s3-options", _tables, merged=True),
)

# Other files say the opposite, or say several things at once.
_ALIASES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "tls-no-verify": ("ssl-verify", _not),
}
_CONDA_ALIASES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "channel": ("default-channels", _texts),
    "whitelist_channels": ("allowlist-channels", _texts),
    "verify_ssl": ("ssl-verify", _verify),
    "client_cert": ("client-ssl-cert", _text),
    "client_cert_key": ("client-ssl-cert-key", _text),
    "envs_path": ("envs-dirs", _directories),
    "repodata_use_zst": ("repodata-config.disable-zstd", _not),
    "repodata_use_shards": ("repodata-config.disable-sharded", _not),
}

_BY_NAME = {setting.key: setting for setting in SETTINGS}


def _with(name: str, parse: Callable[[Any], Any]) -> Setting:
    return msgspec.structs.replace(_BY_NAME[name], parse=parse)


BY_KEY: dict[str, Setting] = _BY_NAME | {key: _with(*alias) for key, alias in _ALIASES.items()}
BY_CONDA_KEY: dict[str, Setting] = {
    setting.conda_key: setting for setting in SETTINGS if setting.conda_key
} | {key: _with(*alias) for key, alias in _CONDA_ALIASES.items()}


def convert(setting: Setting, value: Any, *, key: str, source: str) -> Any:
    """Make a setting's value out of a decoded one.

    Raises:
        ConfigError: It is of the wrong kind; the error names the source and the key, and not the
            value, which may be a secret.
    """
    try:
        return setting.parse(value)
    except WrongKindError as error:
        message = f"{f'{source}: ' if source else ''}`{key}` must be {error}"
        raise ConfigError(message, path=source, key=key) from None
