"""Where desktops look for menu items (CEP 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hognose.errors import InstallerError

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

        Raises:
            InstallerError: The variables do not say where the user's directory is.
        """
        home = environ.get("USERPROFILE" if platform.is_windows else "HOME")
        if not home:
            raise InstallerError("the user's directory is not known, so there is no menu")
        if platform.is_windows:
            roaming = environ.get("APPDATA") or f"{home}/AppData/Roaming"
            return cls(
                applications=f"{roaming}/Microsoft/Windows/Start Menu/Programs",
                desktop=f"{home}/Desktop",
                quick_launch=f"{roaming}/Microsoft/Internet Explorer/Quick Launch",
            )
        if platform.is_osx:
            return cls(applications=f"{home}/Applications")
        data = environ.get("XDG_DATA_HOME") or f"{home}/.local/share"
        config = environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
        return cls(
            applications=f"{data}/applications",
            data=data,
            menu_file=f"{config}/menus/applications.menu",
        )

    @classmethod
    def of_system(cls, platform: Platform, environ: Mapping[str, str]) -> MenuPlaces:
        """Return the places that all users share."""
        if platform.is_windows:
            shared = environ.get("PROGRAMDATA") or "C:/ProgramData"
            public = environ.get("PUBLIC") or "C:/Users/Public"
            return cls(
                applications=f"{shared}/Microsoft/Windows/Start Menu/Programs",
                desktop=f"{public}/Desktop",
            )
        if platform.is_osx:
            return cls(applications="/Applications")
        return cls(
            applications="/usr/local/share/applications",
            data="/usr/local/share",
            menu_file="/etc/xdg/menus/applications.menu",
        )
