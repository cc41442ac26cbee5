"""Where desktops look for menu items (CEP 11)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import InstallerError
from hognose.install.windows_folders import find_known_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hognose.types import Platform

__all__ = ("MenuPlaces",)


class MenuPlaces(msgspec.Struct, frozen=True, kw_only=True):
    """Where a desktop looks for menu items.

    Attributes:
        applications: The folder of `.desktop` files, of `.app` folders, or of the start menu.
        data: Linux: the folder of `desktop-directories` and `mime`.
        menu_file: Linux: the file that arranges the menus.
        desktop: Windows: the folder that is shown on the screen.
        quick_launch: Windows: the folder of the quick launch bar.
    """

    applications: str
    data: str = ""
    menu_file: str = ""
    desktop: str = ""
    quick_launch: str = ""

    @classmethod
    def of_user(cls, platform: Platform, environ: Mapping[str, str]) -> MenuPlaces:
        """Return the places of the user whose environment variables these are.

        Where they are this process's own, Windows is asked first: folders may lie elsewhere.

        Raises:
            InstallerError: The variables do not say where the user's directory is.
        """
        home = environ.get("USERPROFILE" if platform.is_windows else "HOME")
        if not home:
            raise InstallerError("the user's directory is not known, so there is no menu")
        if platform.is_windows:
            roaming = environ.get("APPDATA") or f"{home}/AppData/Roaming"
            microsoft = f"{roaming}/Microsoft"
            return cls(
                applications=_known("Programs", environ)
                or f"{microsoft}/Windows/Start Menu/Programs",
                desktop=_known("Desktop", environ) or f"{home}/Desktop",
                quick_launch=_known("QuickLaunch", environ)
                or f"{microsoft}/Internet Explorer/Quick Launch",
            )
        if platform.is_osx:
            return cls(applications=f"{home}/Applications")
        data = _whole_path(environ.get("XDG_DATA_HOME")) or f"{home}/.local/share"
        config = _whole_path(environ.get("XDG_CONFIG_HOME")) or f"{home}/.config"
        return cls(
            applications=f"{data}/applications",
            data=data,
            menu_file=f"{config}/menus/{_menu_prefix(environ)}applications.menu",
        )

    @classmethod
    def of_system(cls, platform: Platform, environ: Mapping[str, str]) -> MenuPlaces:
        """Return the places that all users share."""
        if platform.is_windows:
            shared = environ.get("PROGRAMDATA") or "C:/ProgramData"
            public = environ.get("PUBLIC") or "C:/Users/Public"
            return cls(
                applications=_known("CommonPrograms", environ)
                or f"{shared}/Microsoft/Windows/Start Menu/Programs",
                desktop=_known("PublicDesktop", environ) or f"{public}/Desktop",
            )
        if platform.is_osx:
            return cls(applications="/Applications")
        return cls(
            applications="/usr/local/share/applications",
            data="/usr/local/share",
            menu_file=f"/etc/xdg/menus/{_menu_prefix(environ)}applications.menu",
        )


def _known(name: str, environ: Mapping[str, str]) -> str | None:
    return find_known_folder(name) if environ is os.environ else None


def _whole_path(given: str | None) -> str:
    """Return a folder of the XDG Base Directory Specification, which ignores relative ones."""
    return given if given and given.startswith("/") else ""


def _menu_prefix(environ: Mapping[str, str]) -> str:
    """Return what a desktop's own menu file begins with, where there are several desktops."""
    given = environ.get("XDG_MENU_PREFIX", "")
    return "" if "/" in given else given
