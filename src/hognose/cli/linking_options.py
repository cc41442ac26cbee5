"""The options of commands that link packages, and what they mean to the installer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from hognose.config import Config
    from hognose.install import LinkOptions
    from hognose.types import PrefixRecord

__all__ = ("add_linking_options", "add_script_options", "allowed_scripts", "installer_arguments")


def add_linking_options(parser: argparse.ArgumentParser) -> None:
    """Add how files get into an environment, and what packages may do there."""
    import argparse

    group = parser.add_argument_group("linking")
    group.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="compile Python modules to byte-code (default: where the environment has it)",
    )
    add_script_options(group)
    group.add_argument(
        "--copy",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="copy files out of the cache, and share nothing with it (default: what the "
        "configuration says, or no)",
    )
    group.add_argument(
        "--clobber",
        choices=["ignore", "warn", "error"],
        default="warn",
        help="what to do about a file that several packages have (default: warn)",
    )


def add_script_options(parser: argparse._ActionsContainer) -> None:
    """Add whose scripts may run, for commands that take packages out and link none."""
    scripts = parser.add_mutually_exclusive_group()
    scripts.add_argument(
        "--link-scripts",
        metavar="NAME",
        action="append",
        default=[],
        help="let a package run the scripts it comes with; again for further ones, `all` for all",
    )
    scripts.add_argument(
        "--no-link-scripts",
        action="store_true",
        help="let no package run scripts, whatever the configuration says",
    )


def installer_arguments(
    arguments: argparse.Namespace, config: Config, installed: Iterable[PrefixRecord]
) -> dict[str, Any]:
    """Return the keywords of `hognose.install.install`.

    What no option says the configuration says; commands without the options have that alone. Where
    the packages of the environment have byte-code, others get it, as they do from conda.
    """
    is_compiled = getattr(arguments, "compile", None)
    if is_compiled is None:
        from hognose.install import has_byte_code

        is_compiled = has_byte_code(installed)
    return {
        "compile_byte_code": is_compiled,
        "execute_link_scripts": allowed_scripts(arguments, config),
        "link_options": _link_options(arguments, config),
    }


def allowed_scripts(arguments: argparse.Namespace, config: Config) -> bool | list[str]:
    """Return whose scripts may run: all packages', those of the names, or nobody's."""
    named: list[str] = getattr(arguments, "link_scripts", [])
    if named:
        return "all" in named or named
    if getattr(arguments, "no_link_scripts", False):
        return False
    return config.run_post_link_scripts == "insecure"


def _link_options(arguments: argparse.Namespace, config: Config) -> LinkOptions:
    """What may be done: as the configuration says, and where an option says otherwise, as that."""
    import msgspec

    from hognose.install import install_settings

    asked_for = getattr(arguments, "copy", None)
    if asked_for is not None:
        config = msgspec.structs.replace(config, always_copy=asked_for)
    link_options: LinkOptions = install_settings(config)["link_options"]
    return msgspec.structs.replace(link_options, clobber=getattr(arguments, "clobber", "warn"))
