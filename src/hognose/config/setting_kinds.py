"""What values of settings may be: from the decoded text of a file, or a variable, to our types.

A kind knows its name in words, for messages and documents, how to read a value and how to show it
again. Files are decoded before; variables are text, so that every kind reads text too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import msgspec

__all__ = (
    "CERTIFICATES",
    "CHANNEL_KEYS",
    "CHANNEL_SETTINGS",
    "COUNT",
    "DIRECTORIES",
    "FLAG",
    "MOMENT",
    "MOMENTS",
    "NO_FLAG",
    "PRIORITY",
    "PROXIES",
    "ROOT_CERTIFICATES",
    "SCRIPTS",
    "SECONDS",
    "SPECS",
    "TABLE",
    "TABLES",
    "TABLE_OF_TEXTS",
    "TABLE_OF_TEXT_LISTS",
    "TEXT",
    "TEXTS",
    "Kind",
    "WrongKindError",
)


class WrongKindError(ValueError):
    """A value of the wrong kind; the text says what it must be, or else the kind's words do."""


def _itself(value: Any) -> Any:
    return value


class Kind(msgspec.Struct, frozen=True):
    """What a value may be.

    Attributes:
        words: Its name, which completes "must be".
        parse: Makes the value out of a decoded one, or raises `WrongKindError`.
        show: Makes a decoded value out of ours, where the file says it in another way.
    """

    words: str
    parse: Callable[[Any], Any]
    show: Callable[[Any], Any] = _itself


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongKindError
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        # One name is a list of one in `.condarc`; in variables commas separate.
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise WrongKindError


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
    raise WrongKindError


def _not(value: Any) -> bool:
    return not _flag(value)


def _shown_not(value: Any) -> bool | None:
    """A file of certificates is a check, too."""
    return None if value is None else value is False


def _count(value: Any) -> int:
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise WrongKindError


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        raise WrongKindError from None
    if isinstance(value, bool) or not 0 < seconds < 1e9:
        raise WrongKindError
    return seconds


def _priority(value: Any) -> str:
    if isinstance(value, bool):
        return "flexible" if value else "disabled"
    if isinstance(value, str) and value.lower() in {"strict", "flexible", "disabled"}:
        return value.lower()
    raise WrongKindError


def _scripts(value: Any) -> str:
    """The words that rattler has; a plain `true` is refused, since scripts can do anything."""
    if value is False:
        return "false"
    if isinstance(value, str) and value in {"insecure", "false"}:
        return value
    raise WrongKindError


def _certificates(value: Any) -> bool | str:
    """True, false, or a file of certificates; mamba writes `<system>` and `<false>`."""
    if isinstance(value, str):
        value = {"truststore": True, "<system>": True, "<false>": False}.get(value.lower(), value)
    try:
        return _flag(value)
    except WrongKindError:
        if isinstance(value, str):
            return value
        raise


def _root_certificates(value: Any) -> str:
    """The names that rattler has; `native` and `all` are older ones for `system`."""
    names = {"webpki": "webpki", "system": "system", "native": "system", "all": "system"}
    if isinstance(value, str) and value in names:
        return names[value]
    raise WrongKindError


def _table_of_texts(value: Any) -> dict[str, str]:
    if isinstance(value, dict) and all(
        isinstance(name, str) and isinstance(each, str) for name, each in value.items()
    ):
        return value
    raise WrongKindError


def _proxies(value: Any) -> dict[str, str]:
    """A table, in which nothing at all (`http:`) says that there is no proxy."""
    if isinstance(value, dict):
        return _table_of_texts({name: proxy for name, proxy in value.items() if proxy is not None})
    raise WrongKindError


def _table_of_text_lists(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise WrongKindError
    return {str(name): _texts(each) for name, each in value.items()}


def _table(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise WrongKindError


def _tables(value: Any) -> dict[str, Mapping[str, Any]]:
    if isinstance(value, dict) and all(isinstance(each, dict) for each in value.values()):
        return value
    raise WrongKindError


# What we understand of an entry of `channel_settings`; others belong to plug-ins of conda.
CHANNEL_KEYS = (
    "channel",
    "auth",
    "username",
    "user",
    "auth_target",
    "auth_allow_plaintext_http",
    "exclude_newer",
)


def _channel_settings(value: Any) -> tuple[dict[str, str], ...]:
    """A list of tables, each about one channel; a pattern needs a scheme, as it does for conda."""
    if not isinstance(value, list | tuple) or not all(isinstance(each, dict) for each in value):
        raise WrongKindError
    found = []
    for table in value:
        entry = {str(key).replace("-", "_"): each for key, each in table.items()}
        if not isinstance(entry.get("channel"), str):
            raise WrongKindError("a list of tables, each with the name of its `channel`")
        found.append(
            {key: _moment(entry[key]) for key in CHANNEL_KEYS if entry.get(key) is not None}
        )
    return tuple(found)


def _moment(value: Any) -> str:
    """A date or an age as text; YAML and TOML make dates of some."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise WrongKindError("a date or an age")


def _moments(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise WrongKindError
    return {str(name): _moment(each) for name, each in value.items()}


TEXT = Kind("text", _text)
TEXTS = Kind("a list of texts", _texts)
SPECS = Kind("a list of specs", _specs)
DIRECTORIES = Kind("a list of directories", _directories)
FLAG = Kind("true or false", _flag)
NO_FLAG = Kind("true or false", _not, _shown_not)
COUNT = Kind("a whole number from 0 on", _count)
SECONDS = Kind("a number of seconds", _seconds)
PRIORITY = Kind("`strict`, `flexible` or `disabled`", _priority)
SCRIPTS = Kind("`insecure` or `false`", _scripts)
CERTIFICATES = Kind("true, false or a file of certificates", _certificates)
ROOT_CERTIFICATES = Kind("`webpki` or `system`", _root_certificates)
TABLE_OF_TEXTS = Kind("a table of texts", _table_of_texts)
PROXIES = Kind("a table of texts", _proxies)
TABLE_OF_TEXT_LISTS = Kind("a table of lists", _table_of_text_lists)
TABLE = Kind("a table", _table)
TABLES = Kind("a table of tables", _tables)
CHANNEL_SETTINGS = Kind("a list of tables", _channel_settings)
MOMENT = Kind("a date or an age", _moment)
MOMENTS = Kind("a table of dates and ages", _moments)
