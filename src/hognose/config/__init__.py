"""Settings from files and the environment, loaded when somebody asks and never otherwise.

Nothing below the commands reads them: a command loads a `Config` and hands on what each part needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose._lazy import attach

if TYPE_CHECKING:
    from hognose.config.config import Config as Config
    from hognose.config.config import S3Options as S3Options
    from hognose.config.config import UnusedKey as UnusedKey
    from hognose.config.editing import set_value as set_value
    from hognose.config.editing import unset_value as unset_value
    from hognose.config.locations import search_paths as search_paths
    from hognose.config.locations import user_config_path as user_config_path

__all__ = (
    "Config",
    "S3Options",
    "UnusedKey",
    "search_paths",
    "set_value",
    "unset_value",
    "user_config_path",
)

__getattr__, __dir__ = attach(
    __name__,
    {
        "config": ("Config", "S3Options", "UnusedKey"),
        "editing": ("set_value", "unset_value"),
        "locations": ("search_paths", "user_config_path"),
    },
)
