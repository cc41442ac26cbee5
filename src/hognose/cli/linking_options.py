"""The options of commands that link packages, and what they mean to the installer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

__all__ = ("add_linking_options", "installer_arguments")


def add_linking_options(parser: argparse.ArgumentParser) -> None:
    """Add how files get into an environment, and what packages may do there."""
    import argparse

    group = parser.add_argument_group("linking")
    group.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="compile Python modules to byte-code (default: no)",
    )
    group.add_argument(
        "--link-scripts",
        metavar="NAME",
        action="append",
        default=[],
        help="let a package run the scripts it comes with; again for further ones, `all` for all",
    )
    group.add_argument(
        "--copy", action="store_true", help="copy files out of the cache, and share nothing with it"
    )
    group.add_argument(
        "--clobber",
        choices=["ignore", "warn", "error"],
        default="warn",
        help="what to do about a file that several packages have (default: warn)",
    )


def installer_arguments(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the keywords of `hognose.install.install`; commands without the options have none."""
    if not hasattr(arguments, "link_scripts"):
        return {}
    from hognose.install import LinkOptions

    shared = False if arguments.copy else None
    return {
        "compile_byte_code": arguments.compile,
        "execute_link_scripts": "all" in arguments.link_scripts or arguments.link_scripts,
        "link_options": LinkOptions(
            allow_hard_links=shared, allow_ref_links=shared, clobber=arguments.clobber
        ),
    }
