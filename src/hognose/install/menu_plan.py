"""What is to be made for menu items: every file with its content, before anything is written."""

from __future__ import annotations

import os
import re
from subprocess import list2cmdline

import msgspec

from hognose.errors import InvalidPackageFileError
from hognose.install.menu_document import (
    MenuItem,
    find_placeholders,
    is_legacy,
    menu_items,
    read_menu_document,
    slug,
)
from hognose.install.menu_marks import Mark
from hognose.install.menu_notes import NOTES_DIRECTORY, InstalledMenu, MenuAssociation
from hognose.install.menu_places import MenuPlaces
from hognose.install.menu_scripts import (
    batch_script,
    shell_script,
    stands_for_files_on_windows,
)
from hognose.shell import PrefixSettings
from hognose.types import Platform

__all__ = ("MenuContext", "PlannedItem", "PlannedMenu", "plan_menu")

# Bytes; what file systems allow for one name.
_NAME_LIMIT = 255
_WHOLE_PATH = re.compile(r"[A-Za-z]:\\|\\\\|%[A-Za-z_]\w*%")
_SHELL = re.compile(r'"?(.*\\)?(cmd|powershell|pwsh)(\.exe)?"?|%COMSPEC%', re.IGNORECASE)


class MenuContext(msgspec.Struct, frozen=True, kw_only=True):
    """What the menu items of an environment's packages have in common.

    Attributes:
        root: The environment.
        platform: Its platform.
        places: Where items are made.
        placeholders: What `{{ NAME }}` stands for.
        settings: What activation does.
    """

    root: str
    platform: Platform
    places: MenuPlaces
    placeholders: dict[str, str]
    settings: PrefixSettings

    @classmethod
    def read(
        cls, root: str, base: str, *, platform: Platform, places: MenuPlaces, home: str
    ) -> MenuContext:
        """Look into an environment.

        Args:
            root: The environment.
            base: The environment of the tool.
            platform: The platform of the environment.
            places: Where items are made.
            home: The user's directory.

        Raises:
            ActivationError: The variables of the environment cannot be read.
        """
        return cls(
            root=root,
            platform=platform,
            places=places,
            placeholders=find_placeholders(root, base, platform=platform, home=home),
            settings=PrefixSettings.read(root, is_windows=platform.is_windows),
        )

    def locate(self, menu_name: str, name: str) -> str:
        """Return where an item is, from the names of menu and item."""
        folder = self.places.applications
        if self.platform.is_windows:
            return f"{folder}/{_file_name(menu_name)}/{_file_name(name)}.lnk"
        if self.platform.is_osx:
            return f"{folder}/{_file_name(name)}.app"
        return f"{folder}/{slug(menu_name)}_{slug(name)}.desktop"


class PlannedItem(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be made for one item.

    Attributes:
        item: The item.
        script: What it starts.
        script_name: The name of that in `conda-meta/menus`; empty where it is elsewhere.
        files: The content of each file outside of the environment, by path.
        plist: macOS: the `Info.plist` of the application.
        entry: Linux: menu file, menu, `.desktop` file and `.directory` file.
        associations: Windows: what ties file types and URLs to it.
    """

    item: MenuItem
    script: str
    script_name: str = ""
    files: dict[str, bytes] = {}
    plist: bytes = b""
    entry: tuple[str, str, str, str] | None = None
    associations: tuple[MenuAssociation, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The files and folders outside of the environment."""
        return tuple(self.files) or (self.item.location,)


class PlannedMenu(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be made for a package.

    Attributes:
        package: The package's name.
        mark: What marks all of it.
        items: The items; none where the package has none for the platform.
        is_legacy: Whether the package has items of the old form, for Windows alone.
    """

    package: str
    mark: Mark
    items: tuple[PlannedItem, ...]
    is_legacy: bool = False

    @property
    def note(self) -> InstalledMenu:
        """What is written down before any of it is made."""
        items = self.items
        links = [path for item in items for path in item.paths if path.endswith(".lnk")]
        folders = [os.path.dirname(item.item.location) for item in items] if links else []
        return InstalledMenu(
            package=self.package,
            token=self.mark.token,
            paths=tuple(path for planned in items for path in planned.paths),
            folders=tuple(dict.fromkeys(folders)),
            scripts=tuple(planned.script_name for planned in items if planned.script_name),
            entries=tuple(planned.entry for planned in items if planned.entry),
            associations=tuple(known for planned in items for known in planned.associations),
        )


def plan_menu(package: str, path: str, context: MenuContext) -> PlannedMenu:
    """Return what a package's document asks for. Nothing is changed.

    Args:
        package: The package's name.
        path: The document.
        context: What it is for.

    Raises:
        ActivationError: A variable of the environment cannot be set by a script.
        InvalidPackageFileError: The document cannot be used; names the file.
        OSError: It cannot be read.
    """
    document = read_menu_document(path)
    mark = Mark.create(context.root)
    if is_legacy(document):
        if not context.platform.is_windows:
            return PlannedMenu(package=package, mark=mark, items=(), is_legacy=True)
        from hognose.install.menu_legacy import legacy_menu_items

        items = legacy_menu_items(document, path, context.placeholders, locate=context.locate)
    else:
        items = menu_items(
            document,
            path,
            context.placeholders,
            platform=context.platform,
            locate=context.locate,
        )
    plan = (
        _plan_windows
        if context.platform.is_windows
        else _plan_macos
        if context.platform.is_osx
        else _plan_linux
    )
    planned = []
    for number, item in enumerate(items, 1):
        try:
            planned.append(plan(item, f"{package}.{number}", mark, context))
        except msgspec.ValidationError as error:
            raise InvalidPackageFileError(f"{path}: {error}", path=path) from error
        for place in planned[-1].paths:
            if len(os.fsencode(os.path.basename(place))) > _NAME_LIMIT:
                message = f"{path}: the name of an item is too long for a file: {item.name:.60}..."
                raise InvalidPackageFileError(message, path=path)
    return PlannedMenu(package=package, mark=mark, items=tuple(planned))


def _plan_linux(item: MenuItem, stem: str, mark: Mark, context: MenuContext) -> PlannedItem:
    from hognose.install.menu_linux import desktop_entry, mime_document

    places = context.places
    script_name = f"{stem}.sh"
    script = f"{context.root}/{NOTES_DIRECTORY}/{script_name}"
    files = {item.location: desktop_entry(item, script, str(mark)).encode()}
    types = mime_document(item, str(mark))
    if types:
        name = f"{slug(item.menu_name)}-{slug(item.name)}"
        files[f"{places.data}/mime/packages/{name}.xml"] = types.encode()
    directory = f"{places.data}/desktop-directories/{slug(item.menu_name)}.directory"
    return PlannedItem(
        item=item,
        script=shell_script(item, context.root, _variables(item, context)),
        script_name=script_name,
        files=files,
        entry=(places.menu_file, item.menu_name, item.location, directory),
    )


def _plan_macos(item: MenuItem, stem: str, mark: Mark, context: MenuContext) -> PlannedItem:
    from hognose.install.menu_macos import information

    del stem  # the script is in the application's folder
    variables = _variables(item, context)
    return PlannedItem(
        item=item,
        script=shell_script(item, context.root, variables, in_bundle=True),
        plist=information(item, str(mark), context.platform),
    )


def _plan_windows(item: MenuItem, stem: str, mark: Mark, context: MenuContext) -> PlannedItem:
    from hognose.install.menu_windows import app_user_model_id, associations, encode_shortcut

    places = context.places
    # Forward slashes are for the author's ease; the shell does not know them.
    first, *words = item.command or ("",)
    item = msgspec.structs.replace(
        item,
        command=(_back(first), *words),
        icon=_back(item.icon) if item.icon else None,
        working_dir=_back(item.working_dir) if item.working_dir else None,
    )
    folders = [os.path.dirname(item.location)]
    for key, folder in (("desktop", places.desktop), ("quicklaunch", places.quick_launch)):
        if folder and item.options.get(key, True):
            folders.append(folder)
    script_name = f"{stem}.bat"
    script = f"{_back(context.root)}\\{_back(NOTES_DIRECTORY)}\\{script_name}"
    program = item.command[0].strip('"')
    # Nothing has to be done before the program starts, so nothing has to come before it.
    is_alone = not (item.activate or item.precommand) and _WHOLE_PATH.match(program)
    if is_alone and (not item.terminal or _SHELL.fullmatch(program)):
        target = program
        arguments = " ".join(_argument(word) for word in words)
        is_minimized = False
    else:
        target = "%COMSPEC%"
        # `cmd` takes off the outer pair of quotation marks.
        arguments = f'/D {"/K" if item.terminal else "/C"} ""{script}""'
        is_minimized = not item.terminal
    try:
        shortcut = encode_shortcut(
            target,
            arguments=arguments,
            description=item.description,
            working_dir=item.working_dir or "%HOMEDRIVE%%HOMEPATH%",
            icon=item.icon or "",
            is_minimized=is_minimized,
            app_id=app_user_model_id(item),
            mark=str(mark),
        )
    except ValueError as error:
        raise msgspec.ValidationError(str(error)) from error
    paths = [f"{folder}/{os.path.basename(item.location)}" for folder in folders]
    return PlannedItem(
        item=item,
        script=batch_script(
            item,
            _back(context.root),
            [_back(path) for path in context.settings.paths],
            _variables(item, context),
        ),
        script_name=script_name,
        files=dict.fromkeys(paths, shortcut),
        associations=associations(item, f'"{script}" "%1"'),
    )


def _variables(item: MenuItem, context: MenuContext) -> dict[str, str]:
    return context.settings.variables if item.activate else {}


def _argument(word: str) -> str:
    if stands_for_files_on_windows(word):
        return ""
    return word if word[:1] == word[-1:] == '"' else list2cmdline([word])


def _file_name(text: str) -> str:
    """Return a name as people see it, without what no file name may have."""
    letters = ("_" if letter in '<>:"/\\|?*' or ord(letter) < 32 else letter for letter in text)
    return "".join(letters).strip(" .") or "_"


def _back(path: str) -> str:
    return path.replace("/", "\\")
