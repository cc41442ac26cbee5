"""What a configuration means for installing; `hognose.configured` has the rest of its meanings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hognose.install.link_method import LinkOptions

if TYPE_CHECKING:
    from hognose.config import Config

__all__ = ("install_settings",)


def install_settings(config: Config) -> dict[str, Any]:
    """Return the keywords of `install` that a configuration has something to say about.

    A setting that allows a way of linking does not make it work, so only prohibitions count.

    Args:
        config: The configuration; `hognose.config.Config.load()` reads the user's.
    """
    is_copied = bool(config.always_copy)
    settings: dict[str, Any] = {
        "link_options": LinkOptions(
            allow_hard_links=False if is_copied or config.allow_hard_links is False else None,
            allow_ref_links=False if is_copied or config.allow_ref_links is False else None,
            allow_symbolic_links=False if config.allow_symbolic_links is False else None,
        ),
        "execute_link_scripts": config.run_post_link_scripts == "insecure",
    }
    if config.concurrency_downloads:
        settings["workers"] = config.concurrency_downloads
    return settings
