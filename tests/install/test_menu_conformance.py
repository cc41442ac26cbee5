"""CEP 11, statement by statement; each row or test says which.

Not held, on purpose: the launcher of macOS is no binary but the script itself (addendum B), so it
has the launcher's name and no `-script` beside it. Validation while a package is made is not here.
"""

import json
import plistlib
import sys

import pytest

from hognose.install import MenuPlaces, remove_menus
from support.desktop import LINUX, MACOS, WINDOWS, Desktop, FakeRegistry, item
from support.trees import snapshot

NAMES = {LINUX: "linux", MACOS: "osx", WINDOWS: "win"}
EVERY = list(NAMES)

# Placeholder, platforms, value: {p} is the environment, {b} the base, {h} the user's folder.
PLACEHOLDERS = [
    ("BASE_PREFIX", EVERY, "{b}"),
    ("DISTRIBUTION_NAME", EVERY, "conda base"),
    ("PREFIX", EVERY, "{p}"),
    ("ENV_NAME", EVERY, "my env"),
    ("PYTHON", [LINUX, MACOS], "{p}/bin/python"),
    ("PYTHON", [WINDOWS], "{p}/python.exe"),
    ("BASE_PYTHON", [LINUX, MACOS], "{b}/bin/python"),
    ("BASE_PYTHON", [WINDOWS], "{b}/python.exe"),
    ("MENU_DIR", EVERY, "{p}/Menu"),
    ("MENU_ITEM_LOCATION", [LINUX], "{h}/apps/tools-my-env_my-app.desktop"),
    ("MENU_ITEM_LOCATION", [MACOS], "{h}/apps/My App.app"),
    ("MENU_ITEM_LOCATION", [WINDOWS], "{h}/apps/Tools (my env)/My App.lnk"),
    ("BIN_DIR", [LINUX, MACOS], "{p}/bin"),
    ("BIN_DIR", [WINDOWS], "{p}/Library/bin"),
    ("PY_VER", EVERY, "3.12"),
    ("SP_DIR", [LINUX, MACOS], "{p}/lib/python3.12/site-packages"),
    ("SP_DIR", [WINDOWS], "{p}/Lib/site-packages"),
    ("HOME", EVERY, "{h}"),
    ("ICON_EXT", [LINUX], "png"),
    ("ICON_EXT", [MACOS], "icns"),
    ("ICON_EXT", [WINDOWS], "ico"),
    ("PYTHONAPP", [MACOS], "{p}/python.app/Contents/MacOS/python"),
    ("SCRIPTS_DIR", [WINDOWS], "{p}/Scripts"),
    ("PYTHONW", [WINDOWS], "{p}/pythonw.exe"),
    ("BASE_PYTHONW", [WINDOWS], "{b}/pythonw.exe"),
    # Those of one platform mean nothing on another.
    ("PYTHONAPP", [LINUX, WINDOWS], "{{{{ PYTHONAPP }}}}"),
    ("PYTHONW", [LINUX, MACOS], "{{{{ PYTHONW }}}}"),
]

# Where an item is for the user and for all users; `~` is the user's folder.
LOCATIONS = [
    (LINUX, "of_user", "~/.local/share/applications"),
    (LINUX, "of_system", "/usr/local/share/applications"),
    (MACOS, "of_user", "~/Applications"),
    (MACOS, "of_system", "/Applications"),
    (WINDOWS, "of_user", "~/AppData/Roaming/Microsoft/Windows/Start Menu/Programs"),
    (WINDOWS, "of_system", "C:/ProgramData/Microsoft/Windows/Start Menu/Programs"),
]

# Key, value in the document, line in the `.desktop` file.
DESKTOP_KEYS = [
    ("Categories", ["A", "B"], "Categories=A;B;"),
    ("Categories", "A;B;", "Categories=A;B;"),
    ("DBusActivatable", True, "DBusActivatable=true"),
    ("GenericName", "x", "GenericName=x"),
    ("Hidden", False, "Hidden=false"),
    ("Implements", ["a.b"], "Implements=a.b;"),
    ("Keywords", ["k"], "Keywords=k;"),
    ("MimeType", ["text/x"], "MimeType=text/x;"),
    ("NoDisplay", True, "NoDisplay=true"),
    ("NotShowIn", ["KDE"], "NotShowIn=KDE;"),
    ("OnlyShowIn", ["KDE"], "OnlyShowIn=KDE;"),
    ("PrefersNonDefaultGPU", True, "PrefersNonDefaultGPU=true"),
    ("StartupNotify", False, "StartupNotify=false"),
    ("StartupWMClass", "x", "StartupWMClass=x"),
    ("TryExec", "x", "TryExec=x"),
]

PLIST_KEYS = [
    ("CFBundleDisplayName", "x"),
    ("CFBundleIdentifier", "org.x"),
    ("CFBundleName", "x"),
    ("CFBundleSpokenName", "x"),
    ("CFBundleVersion", "2"),
    ("CFBundleURLTypes", [{"CFBundleURLSchemes": ["x"]}]),
    ("CFBundleDocumentTypes", [{"CFBundleTypeName": "x"}]),
    ("LSApplicationCategoryType", "public.app-category.games"),
    ("LSBackgroundOnly", True),
    ("LSEnvironment", {"A": "b"}),
    ("LSMinimumSystemVersion", "10.14.4"),
    ("LSMultipleInstancesProhibited", True),
    ("LSRequiresNativeExecution", True),
    ("UTExportedTypeDeclarations", [{"UTTypeIdentifier": "x"}]),
    ("UTImportedTypeDeclarations", [{"UTTypeIdentifier": "x"}]),
]

# Key of an item, and a value for one platform that the others have another one for.
OVERRIDDEN = [
    ("name", "Other"),
    ("description", "other"),
    ("command", ["other"]),
    ("icon", "other.png"),
    ("precommand", "other"),
    ("working_dir", "/other"),
    ("activate", False),
    ("terminal", True),
]


@pytest.fixture
def desktop(tmp_path):
    desktop = Desktop(tmp_path)
    record = {
        "name": "python",
        "version": "3.12.1",
        "build": "0",
        "build_number": 0,
        "subdir": "linux-64",
        "fn": "python-3.12.1-0.conda",
        "url": "https://x/linux-64/python-3.12.1-0.conda",
        "channel": "x",
        "depends": [],
        "files": [],
        "paths_data": {"paths_version": 1, "paths": []},
    }
    path = desktop.prefix / "conda-meta/python-3.12.1-0.json"
    path.write_text(json.dumps(record))
    return desktop


def description(desktop, platform):
    """Return the text that the system shows beside the item, as it is in what was made."""
    if platform.is_osx:
        (plist,) = desktop.home.glob("apps/*/Contents/Info.plist")
        return plistlib.loads(plist.read_bytes())["Text"]
    if platform.is_windows:
        return next(desktop.home.glob("apps/*/*.lnk")).read_bytes()
    return next(desktop.home.glob("apps/*.desktop")).read_text().splitlines()


@pytest.mark.parametrize(
    ("platform", "name", "value"),
    [
        pytest.param(platform, name, value, id=f"{name} {NAMES[platform]}")
        for name, platforms, value in PLACEHOLDERS
        for platform in platforms
    ],
)
def test_each_platform_provides_the_placeholders(desktop, platform, name, value):
    base = desktop.root / "conda base"
    text = value.format(p=desktop.prefix, b=base, h=desktop.home)
    document = f"<{{{{ {name} }}}}>"
    options = {"info_plist_extra": {"Text": document}} if platform.is_osx else {}
    desktop.write(items=[{**item(NAMES[platform], **options), "description": document}])

    desktop.install(platform, base_prefix=base)

    shown = description(desktop, platform)
    if platform.is_windows:
        assert f"<{text}>".replace("/", "\\").encode("utf-16-le") in shown
    else:
        assert f"<{text}>" == shown if platform.is_osx else f"Comment=<{text}>" in shown


@pytest.mark.parametrize(("platform", "mode", "folder"), LOCATIONS)
def test_items_are_placed_in_the_target_locations(platform, mode, folder):
    environ = {"HOME": "/h", "USERPROFILE": "/h"}

    assert folder.replace("~", "/h") == getattr(MenuPlaces, mode)(platform, environ).applications


@pytest.mark.parametrize(
    ("platform", "artifact"),
    [
        (LINUX, "apps/tools-my-env_my-app.desktop"),
        (MACOS, "apps/My App.app/Contents/Info.plist"),
        (WINDOWS, "apps/Tools (my env)/My App.lnk"),
    ],
    ids=str,
)
def test_each_platform_has_its_own_type_of_artifact(desktop, platform, artifact):
    desktop.write(items=[item(NAMES[platform])])

    desktop.install(platform)

    assert (desktop.home / artifact).is_file()


@pytest.mark.parametrize("platform", EVERY, ids=str)
@pytest.mark.parametrize("value", [{}, None], ids=["present", "null"])
def test_the_presence_of_a_platform_is_enough_and_necessary(desktop, platform, value):
    others = {name: {} for name in NAMES.values() if name != NAMES[platform]}
    platforms = others if value is None else {NAMES[platform]: value}
    desktop.write(items=[{**item("linux"), "platforms": platforms}])

    assert (value is not None) == bool(desktop.install(platform))


@pytest.mark.parametrize(("key", "value"), OVERRIDDEN, ids=str)
def test_a_platform_overrides_the_values_of_the_item(tmp_path, key, value):
    overridden, said_once = Desktop(tmp_path / "a"), Desktop(tmp_path / "b")
    overridden.write(items=[item("linux", **{key: value})])
    said_once.write(items=[{**item("linux"), key: value}])

    trees = []
    for desktop in (overridden, said_once):
        (made,) = desktop.install(LINUX)
        trees.append(
            {
                path: str(content)
                .replace(str(desktop.root), "")
                .replace(made.token, "")
                .replace("/tmp", "")
                for path, content in snapshot(desktop.root).items()
                if not path.endswith("app.json")
            }
        )

    assert trees[0] == trees[1]


def test_a_null_of_a_platform_overrides_nothing(desktop):
    desktop.write(items=[item("linux", description=None)])

    desktop.install(LINUX)

    assert "Comment=Shows things; well" in description(desktop, LINUX)


@pytest.mark.parametrize(("key", "value", "line"), DESKTOP_KEYS, ids=str)
def test_linux_passes_the_keys_of_the_desktop_entry_on(desktop, key, value, line):
    desktop.write(items=[item("linux", **{key: value})])

    desktop.install(LINUX)

    assert line in description(desktop, LINUX)


@pytest.mark.parametrize(("key", "value"), PLIST_KEYS, ids=str)
def test_macos_passes_the_keys_of_the_property_list_on(desktop, key, value):
    desktop.write(items=[item("osx", **{key: value})])

    desktop.install(MACOS)

    (plist,) = desktop.home.glob("apps/*/Contents/Info.plist")
    assert value == plistlib.loads(plist.read_bytes())[key]


def test_linux_adds_the_item_to_the_menu_xml(desktop):
    desktop.write(items=[item("linux")])

    desktop.install(LINUX)

    text = (desktop.home / "menus/applications.menu").read_text()
    assert "<Name>Tools (my env)</Name>" in text
    assert "<Filename>tools-my-env_my-app.desktop</Filename>" in text


def test_linux_maps_custom_mime_types_to_their_patterns(desktop):
    desktop.write(items=[item("linux", glob_patterns={"application/x-a": "*.a"})])

    desktop.install(LINUX)

    text = (desktop.home / "data/mime/packages/tools-my-env-my-app.xml").read_text()
    assert '<mime-type type="application/x-a">' in text
    assert '<glob pattern="*.a" />' in text


def test_the_precommand_runs_before_activation_and_command(desktop):
    desktop.write(items=[item("linux", precommand="echo first")])

    desktop.install(LINUX)

    script = desktop.script()
    places = [script.index(part) for part in ("echo first", "export CONDA_PREFIX=", "\nexec ")]
    assert sorted(places) == places


@pytest.mark.parametrize("platform", EVERY, ids=str)
def test_an_item_that_is_not_activated_sees_no_environment(desktop, platform):
    desktop.write(items=[item(NAMES[platform], activate=False)])

    desktop.install(platform)

    tree = snapshot(desktop.root)
    scripts = [tree[path] for path in tree if path.endswith((".sh", ".bat", "MacOS/my-app"))]
    assert 1 == len(scripts)
    assert b"CONDA_PREFIX" not in scripts[0]


@pytest.mark.parametrize(
    ("platform", "is_terminal", "sign"),
    [
        (LINUX, True, b"Terminal=true"),
        (LINUX, False, b"Terminal=false"),
        (MACOS, True, b"open -b com.apple.terminal"),
        (WINDOWS, True, "/D /K".encode("utf-16-le")),
        (WINDOWS, False, "/D /C".encode("utf-16-le")),
    ],
    ids=str,
)
def test_a_terminal_is_opened_if_asked_for(desktop, platform, is_terminal, sign):
    desktop.write(items=[item(NAMES[platform], terminal=is_terminal)])

    desktop.install(platform)

    tree = snapshot(desktop.home)
    assert any(sign in content for content in tree.values() if isinstance(content, bytes))


@pytest.mark.parametrize(
    ("options", "folders"),
    [
        ({}, ["Desktop", "apps", "quick"]),
        ({"desktop": False}, ["apps", "quick"]),
        ({"quicklaunch": False}, ["Desktop", "apps"]),
    ],
    ids=str,
)
def test_windows_puts_the_item_where_it_is_asked_for(desktop, options, folders):
    desktop.write(items=[item("win", **options)])

    desktop.install(WINDOWS)

    links = [path.relative_to(desktop.home).parts[0] for path in desktop.home.rglob("*.lnk")]
    assert folders == sorted(links)


def test_windows_has_no_quick_launch_for_all_users():
    assert "" == MenuPlaces.of_system(WINDOWS, {}).quick_launch


def test_windows_ties_file_types_and_urls_to_the_item_in_the_registry(desktop):
    registry = FakeRegistry()
    desktop.write(items=[item("win", file_extensions=[".a"], url_protocols=["my-a"])])

    desktop.install(WINDOWS, registry=registry)

    handler = "My App.AssocFile.a"
    assert "" == registry.read(".a\\OpenWithProgids", handler)
    assert registry.read(f"{handler}\\shell\\open\\command", "").endswith('.bat" "%1"')
    assert "" == registry.read("my-a", "URL Protocol")
    assert registry.read("my-a\\shell\\open\\command", "").endswith('.bat" "%1"')


@pytest.mark.parametrize("platform", EVERY, ids=str)
def test_removal_undoes_every_artifact_and_every_change(desktop, platform):
    registry = FakeRegistry()
    everything = {
        "linux": {"Categories": ["A"], "MimeType": ["a/b"]},
        "osx": {"link_in_bundle": {"{{ PREFIX }}/bin/x": "Contents/MacOS/x"}},
        "win": {"file_extensions": [".a"], "url_protocols": ["my-a"]},
    }[NAMES[platform]]
    desktop.write(items=[item(NAMES[platform], **everything)])
    before = snapshot(desktop.prefix)

    desktop.install(platform, registry=registry)
    remove_menus(desktop.prefix, registry=registry)

    assert before == snapshot(desktop.prefix)
    assert {} == registry.values
    assert {"directory"} == set(snapshot(desktop.home).values())


def test_only_the_named_packages_are_handled(desktop):
    desktop.write("a", items=[{**item("linux"), "name": "A"}])
    desktop.write("b", items=[{**item("linux"), "name": "B"}])

    assert ["b"] == [menu.package for menu in desktop.install(LINUX, packages=["b"])]
    desktop.install(LINUX)
    assert ["a"] == [menu.package for menu in remove_menus(desktop.prefix, packages=["a"])]
    assert ["tools-my-env_b.desktop"] == [path.name for path in (desktop.home / "apps").iterdir()]


def test_the_base_is_by_default_the_environment_itself(desktop):
    desktop.write(menu_name="{{ BASE_PREFIX }}", items=[item("win")])

    desktop.install(WINDOWS)

    (folder,) = (desktop.home / "apps").iterdir()
    assert str(desktop.prefix).replace("/", "_") == folder.name


@pytest.mark.parametrize("key", ["$id", "$schema"])
def test_either_key_tells_a_document_from_the_legacy_form(desktop, key):
    document = {key: "x", "menu_name": "Tools", "menu_items": [item("linux")]}
    (desktop.prefix / "Menu/app.json").write_text(json.dumps(document))

    assert 1 == len(desktop.install(LINUX))


def test_the_legacy_form_is_respected_on_windows(desktop):
    document = {"menu_name": "Old", "menu_items": [{"name": "App", "system": "${PREFIX}/a.exe"}]}
    (desktop.prefix / "Menu/old.json").write_text(json.dumps(document))

    desktop.install(WINDOWS)

    assert (desktop.home / "apps/Old/App.lnk").is_file()


def test_only_json_files_of_the_menu_folder_are_documents(desktop):
    (desktop.prefix / "Menu/app.json.orig").write_text("x")
    (desktop.prefix / "Menu/folder.json").mkdir()

    assert () == desktop.install(LINUX)


@pytest.mark.skipif(sys.platform == "win32", reason="runs a shell")
@pytest.mark.parametrize("is_allowed", [True, False])
def test_precreate_runs_before_the_item_is_made_if_it_may(desktop, is_allowed):
    mark = desktop.root / "mark"
    command = f"test ! -e '{{{{ MENU_ITEM_LOCATION }}}}' && touch '{mark}'"
    desktop.write(items=[{**item("linux"), "precreate": command}])

    desktop.install(LINUX, run_precreate=is_allowed)

    assert is_allowed == mark.exists()
