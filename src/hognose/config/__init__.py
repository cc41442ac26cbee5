"""Settings from files and the environment, loaded when somebody asks and never otherwise.

Nothing below the commands reads them: a command loads a `Config` and hands on what each part needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose._lazy import attach

if TYPE_CHECKING:
    from hognose.config.condarc import condarc_values as condarc_values
    from hognose.config.config import Config as Config
    from hognose.config.cut_off import parse_cut_off as parse_cut_off
    from hognose.config.editing import set_value as set_value
    from hognose.config.editing import unset_value as unset_value
    from hognose.config.index_options import IndexOptions as IndexOptions
    from hognose.config.locations import config_search_paths as config_search_paths
    from hognose.config.locations import search_paths as search_paths
    from hognose.config.locations import user_config_path as user_config_path
    from hognose.config.s3_options import S3Options as S3Options
    from hognose.config.setting_place import find_place as find_place
    from hognose.config.settings import known_settings as known_settings
    from hognose.config.toml_text import format_key as format_key
    from hognose.config.toml_text import format_value as format_value
    from hognose.config.unused_key import UnusedKey as UnusedKey

__all__ = (
    "Config",
    "IndexOptions",
    "S3Options",
    "UnusedKey",
    "condarc_values",
    "config_search_paths",
    "find_place",
    "format_key",
    "format_value",
    "known_settings",
    "parse_cut_off",
    "search_paths",
    "set_value",
    "unset_value",
    "user_config_path",
)

__getattr__, __dir__ = attach(
    __name__,
    {
        "condarc": ("condarc_values",),
        "config": ("Config",),
        "cut_off": ("parse_cut_off",),
        "editing": ("set_value", "unset_value"),
        "index_options": ("IndexOptions",),
        "locations": ("config_search_paths", "search_paths", "user_config_path"),
        "s3_options": ("S3Options",),
        "setting_place": ("find_place",),
        "settings": ("known_settings",),
        "toml_text": ("format_key", "format_value"),
        "unused_key": ("UnusedKey",),
    },
)
