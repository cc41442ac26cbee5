"""A desktop below a folder, with an environment whose packages have menu items."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hognose.install import InstalledMenu, MenuPlaces, install_menus
from hognose.types import Platform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LINUX, MACOS, WINDOWS = Platform("linux-64"), Platform("osx-arm64"), Platform("win-64")

ITEM = {
    "name": "My App",
    "description": "Shows things; well",
    "command": ["{{ BIN_DIR }}/app", "--name", "it's", "%F"],
    "icon": "{{ MENU_DIR }}/app.{{ ICON_EXT }}",
    "working_dir": "{{ HOME }}",
}


class Desktop:
    """The folders of a user, and one environment."""

    def __init__(self, root: Path, *, name: str = "my env") -> None:
        self.root = root
        self.prefix = root / name
        self.home = root / "home"
        self.places = MenuPlaces(
            applications=f"{self.home}/apps",
            data=f"{self.home}/data",
            menu_file=f"{self.home}/menus/applications.menu",
            desktop=f"{self.home}/Desktop",
            quick_launch=f"{self.home}/quick",
        )
        (self.prefix / "Menu").mkdir(parents=True)
        (self.prefix / "conda-meta").mkdir()
        self.home.mkdir(exist_ok=True)

    def write(
        self,
        package: str = "app",
        menu_name: object = "Tools ({{ ENV_NAME }})",
        items: Sequence[Mapping[str, Any]] = (),
        **keys: object,
    ) -> None:
        """Put a document into the environment."""
        document = {"$schema": "x", "menu_name": menu_name, "menu_items": list(items), **keys}
        (self.prefix / f"Menu/{package}.json").write_text(json.dumps(document))

    def install(self, platform: Platform, **options: Any) -> tuple[InstalledMenu, ...]:
        """Make the items."""
        options.setdefault("places", self.places)
        home = str(self.home)
        return install_menus(self.prefix, platform=platform, home=home, **options)

    def script(self) -> str:
        """Return the text of the only script that an item starts."""
        folder = self.prefix / "conda-meta/menus"
        (path,) = [path for path in folder.iterdir() if path.suffix in {".sh", ".bat"}]
        return path.read_text(encoding="utf-8")


def item(platform: str, **changes: object) -> dict[str, Any]:
    """Return an item that one platform has, with what the document says for that alone."""
    return {**ITEM, "platforms": {platform: changes}}


class FakeRegistry:
    """A registry that is a dictionary."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}
        self.times_told = 0

    def read(self, key: str, name: str) -> str | None:
        """Return a value."""
        return self.values.get((key, name))

    def write(self, key: str, name: str, value: str) -> None:
        """Set a value."""
        self.values[key, name] = value

    def delete(self, key: str, name: str) -> None:
        """Delete a value."""
        self.values.pop((key, name), None)

    def delete_tree(self, key: str) -> None:
        """Delete a key."""
        for known in [each for each in self.values if f"{each[0]}\\".startswith(f"{key}\\")]:
            del self.values[known]

    def tell(self) -> None:
        """Count how often the desktop was told."""
        self.times_told += 1


class Warnings:
    """A reporter that keeps what it is warned of."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def on_warning(self, message: str) -> None:
        self.messages.append(message)
