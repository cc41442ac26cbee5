"""`hognose config`.

Show and change the settings. They come from `.condarc` and `.mambarc`, from the `config.toml` that
all tools built on rattler share, from our own, and from the environment, later ones winning.

  list    the settings that are set, and the keys that have no effect
  get     one setting
  set     give a setting a value in the user's `config.toml`
  unset   remove a setting from there
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hognose.cli import options
from hognose.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from hognose.config import Config
    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION")
    list_ = commands.add_parser("list", help="show the settings")
    list_.add_argument("--all", action="store_true", help="show what else there is, and what for")
    list_.add_argument("--show-source", action="store_true", help="show where each comes from")
    options.add_output_options(list_)
    list_.set_defaults(run=_list)
    get = commands.add_parser("get", help="show one setting")
    get.add_argument("key", help="the setting, by any name that files use")
    get.add_argument("--show-source", action="store_true", help="show where it comes from")
    options.add_output_options(get)
    get.set_defaults(run=_get)
    set_ = commands.add_parser("set", help="give a setting a value")
    set_.add_argument("key", help="the setting; `mirrors.URL` is an entry of a table")
    set_.add_argument("value", help="TOML or plain text; commas between the items of a list")
    unset = commands.add_parser("unset", help="remove a setting")
    unset.add_argument("key", help="the setting")
    for parser_, run in ((set_, _set), (unset, _unset)):
        parser_.add_argument("--file", metavar="FILE", help="the file (default: the user's)")
        options.add_output_options(parser_, json=False)
        parser_.set_defaults(run=run)


def execute(arguments: argparse.Namespace, console: Console) -> int:  # noqa: ARG001  # the seam's signature
    """Say that an action is missing."""
    raise UsageError("no action is named", hint="`hognose config list`, `get`, `set` or `unset`")


def _list(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.cli.settings import load_config
    from hognose.config import format_value, known_settings

    config = load_config()
    if arguments.json:
        _list_as_json(config, console)
        return 0
    set_keys = {key for key, _ in config.items()}
    for key, value, source in config.entries():
        note = f"  # {source}" if arguments.show_source and source else ""
        console.result(f"{_shown_key(key)} = {format_value(_shown(value))}{note}")
    for setting in known_settings() if arguments.all else ():
        if setting.key not in set_keys:
            console.result(f"# {setting.key}: {setting.effect or setting.no_effect}")
    for unused in config.unused_keys:
        console.warn(str(unused))
    for fault in config.faults:
        console.warn(fault.message)
    return 0


def _list_as_json(config: Config, console: Console) -> None:
    from hognose.cli.json_output import print_json
    from hognose.config import format_key

    settings = dict(config.items())
    for channel, table in config.repodata_per_channel.items():
        for name, value in table.items():
            settings[format_key(("repodata-config", channel, name))] = value
    document = {
        "success": True,
        "settings": {key: _shown(value) for key, value in settings.items()},
        "sources": {_shown_key(key): source for key, source in config.sources.items()},
        "unused": [
            {"source": unused.source, "key": _shown_key(unused.key), "note": unused.note}
            for unused in config.unused_keys
        ],
        "faults": [fault.message for fault in config.faults],
        "files": config.loaded_from,
    }
    print_json(document, console)


def _get(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.cli.settings import load_config
    from hognose.config import format_value

    key = _known(arguments.key)
    config = load_config()
    value, source = config.get(key), config.source_of(key)
    if arguments.json:
        from hognose.cli.json_output import print_json

        document = {"success": True, "value": _shown(value), "source": source or None}
        print_json(document, console)
        return 0
    note = f"  # {source}" if arguments.show_source and source else ""
    text = "(not set)" if value is None or value == {} else format_value(_shown(value))
    console.result(f"{text}{note}")
    return 0


def _set(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.config import find_place, format_value, set_value

    key, path = _known(arguments.key), _file(arguments)
    value = set_value(path, key, arguments.value)
    place = find_place(key)
    # The name in the file, which may be another one than was typed.
    console.success(f"{path}: {_shown_key(place.key)} = {format_value(_shown(value))}")
    if place.setting.no_effect:
        console.warn(f"`{place.setting.key}` has no effect: {place.setting.no_effect}")
    return 0


def _unset(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.config import unset_value

    key, path = _known(arguments.key), _file(arguments)
    if unset_value(path, key):
        console.success(f"{path}: `{_shown_key(key)}` is not set any more")
    else:
        console.hint(f"{path}: `{_shown_key(key)}` was not set")
    return 0


def _known(key: str) -> str:
    """Return a key if there is such a setting.

    Raises:
        UsageError: There is none.
    """
    from hognose.config import find_place
    from hognose.errors import ConfigError

    try:
        find_place(key)
    except ConfigError as error:
        raise UsageError(error.message, hint=error.hint) from None
    return key


def _file(arguments: argparse.Namespace) -> Path:
    from hognose.config import user_config_path

    return Path(arguments.file) if arguments.file else user_config_path(os.environ)


def _shown(value: Any) -> Any:
    """A value without secrets: proxies and mirrors are URLs, which may hold some."""
    from hognose.net import redact

    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list | tuple):
        return [_shown(each) for each in value]
    if isinstance(value, dict):
        return {redact(str(key)): _shown(each) for key, each in value.items()}
    return value


def _shown_key(key: str) -> str:
    """A key without secrets: those of tables may be URLs."""
    shown: str = _shown(key)
    return shown
