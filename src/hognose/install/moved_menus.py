"""Menu items of an environment that gets another place (CEP 11).

They hold the environment's path, and go when it goes. Those that there were are made anew for the
new place, for the same users as before.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hognose.errors import HognoseError
from hognose.install.menu_places import MenuPlaces
from hognose.install.menus import install_menus, system_registry
from hognose.types import Platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hognose.install.menus import InstalledMenu

__all__ = ("make_menus_anew",)


def make_menus_anew(
    prefix: str | os.PathLike[str],
    menus: Iterable[InstalledMenu],
    *,
    base_prefix: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> list[str]:
    """Make the menu items of packages that had some in another place.

    Commands that packages want to run for it are not run.

    Args:
        prefix: The environment, in its new place.
        menus: What there was, as `noted_menus` returned it of the old place.
        base_prefix: The environment of the tool, by default `prefix`.
        environ: The environment variables that say where the user's menus are.

    Returns:
        What could not be made, a sentence for each package.
    """
    environ = os.environ if environ is None else environ
    platform = Platform.current()
    shared = MenuPlaces.of_system(platform, environ)
    failures = []
    for menu in menus:
        is_shared = any(path.startswith(f"{shared.applications}/") for path in menu.paths)
        try:
            places = shared if is_shared else MenuPlaces.of_user(platform, environ)
            install_menus(
                prefix,
                places=places,
                packages=[menu.package],
                base_prefix=base_prefix,
                platform=platform,
                home=os.path.expanduser("~"),
                registry=system_registry(for_all_users=is_shared),
            )
        except HognoseError as error:
            failures.append(f"the menu items of {menu.package} are gone: {error.message}")
    return failures
