"""`hognose config`.

Show and change the settings. They come from `.condarc` and `.mambarc`, from the `config.toml` that
all tools built on rattler share, from our own, and from the environment, later ones winning.

  list    the settings that are set, and the keys that are not understood
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

    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION")
    list_ = commands.add_parser("list", help="show the settings")
    list_.add_argument("--all", action="store_true", help="show those that are not set, too")
    list_.add_argument("--show-source", action="store_true", help="show where each comes from")
    options.add_output_options(list_)
    list_.set_defaults(run=_list)
    get = commands.add_parser("get", help="show one setting")
    get.add_argument("key", help="the setting")
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
    from hognose.config.settings import SETTINGS

    config = load_config()
    values: dict[str, Any] = dict(config.items())
    for channel, table in config.repodata_per_channel.items():
        for name, value in table.items():
            values[f"repodata-config.{channel}.{name}"] = value
    if arguments.json:
        from hognose.cli.json_output import print_json

        document = {
            "success": True,
            "settings": {key: _shown(value) for key, value in values.items()},
            "sources": config.sources,
            "unused": config.unused_keys,
            "files": config.loaded_from,
        }
        print_json(document, console)
        return 0
    for key in [setting.key for setting in SETTINGS] if arguments.all else []:
        values.setdefault(key, None)
    for key, value in values.items():
        source = config.sources.get(key, "")
        note = f"  # {source}" if arguments.show_source and source else ""
        console.result(f"{key} = {_format(value)}{note}")
    for unused in config.unused_keys:
        console.warn(f"{unused.source}: `{unused.key}` is not used by hognose")
    return 0


def _get(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.cli.settings import load_config
    from hognose.config.settings import BY_KEY

    config = load_config()
    table, _, entry = arguments.key.partition(".")
    setting = BY_KEY.get(arguments.key)
    if setting is not None:
        value, name = getattr(config, setting.field), setting.key
    elif entry and table in BY_KEY and BY_KEY[table].is_merged:
        value, name = getattr(config, BY_KEY[table].field).get(entry), table
    else:
        raise UsageError(
            f"there is no setting `{arguments.key}`", hint="`hognose config list --all` shows them"
        )
    source = config.sources.get(name)
    if arguments.json:
        from hognose.cli.json_output import print_json

        document = {"success": True, "value": _shown(value), "source": source}
        print_json(document, console)
        return 0
    note = f"  # {source}" if arguments.show_source and source else ""
    console.result(f"{_format(value)}{note}")
    return 0


def _set(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.config import set_value

    path = _file(arguments)
    value = set_value(path, arguments.key, arguments.value)
    console.success(f"{path}: {arguments.key} = {_format(value)}")
    return 0


def _unset(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.config import unset_value

    path = _file(arguments)
    if unset_value(path, arguments.key):
        console.success(f"{path}: `{arguments.key}` is not set any more")
    else:
        console.hint(f"{path}: `{arguments.key}` was not set")
    return 0


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


def _format(value: Any) -> str:
    import json

    value = _shown(value)
    return "(not set)" if value is None or value == {} else json.dumps(value, ensure_ascii=False)
