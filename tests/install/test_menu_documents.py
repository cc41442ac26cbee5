"""Menu documents that cannot be used, and what their texts become."""

import json
import os
import plistlib
import sys

import pytest

from hognose.errors import ActivationError, InvalidPackageFileError, LinkError
from hognose.install import MenuPlaces, remove_menus, set_environment_variables
from hognose.types import Platform
from support.desktop import ITEM, LINUX, MACOS, WINDOWS, Desktop, Warnings, item


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"$schema": "\xff"}', id="not UTF-8"),
        pytest.param(b'{"$schema": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="deep"),
        pytest.param(b'{"$schema": "\\ud800"}', id="half a letter"),
        pytest.param(b"", id="empty"),
    ],
)
@pytest.mark.parametrize("platform", [LINUX, MACOS, WINDOWS], ids=str)
def test_what_is_no_json_is_refused_by_name(desktop, platform, content):
    (desktop.prefix / "Menu/bad.json").write_bytes(content)

    with pytest.raises(InvalidPackageFileError, match=r"Menu/bad\.json"):
        desktop.install(platform)


@pytest.mark.parametrize("character", ["\0", "\x01", "\n", "\x7f", "\uffff"])
@pytest.mark.parametrize("field", ["menu_name", "name"])
def test_names_have_no_control_characters(desktop, field, character):
    text = f"a{character}b"
    if field == "name":
        desktop.write(items=[{**item("linux"), "name": text}])
    else:
        desktop.write(menu_name=text, items=[item("linux")])

    with pytest.raises(InvalidPackageFileError, match=r"Menu/app\.json"):
        desktop.install(LINUX)

    assert [] == list(desktop.home.iterdir())


@pytest.mark.parametrize(
    ("platform", "options"),
    [
        (LINUX, {"glob_patterns": {"a\0b": "*.x"}}),
        (LINUX, {"glob_patterns": ["*.x"]}),
        (LINUX, {"working_dir": "x\0"}),
        (LINUX, {"name": 5}),
        (MACOS, {"info_plist_extra": {"x": None}}),
        (MACOS, {"CFBundleURLTypes": [None]}),
        (MACOS, {"info_plist_extra": {"x": 2**65}}),
        (MACOS, {"link_in_bundle": {"x": 1}}),
        (WINDOWS, {"app_user_model_id": 5}),
    ],
    ids=str,
)
def test_options_that_cannot_be_written_are_refused(desktop, platform, options):
    name = {"linux-64": "linux", "osx-arm64": "osx", "win-64": "win"}[str(platform)]
    desktop.write(items=[item(name, **options)])

    with pytest.raises(InvalidPackageFileError, match=r"Menu/app\.json"):
        desktop.install(platform)

    assert [] == list(desktop.home.iterdir())


@pytest.mark.parametrize(("platform", "name"), [(LINUX, "linux"), (MACOS, "osx"), (WINDOWS, "win")])
def test_a_name_that_is_too_long_for_a_file_is_refused(desktop, platform, name):
    desktop.write(items=[{**item(name), "name": "n" * 300}])

    with pytest.raises(InvalidPackageFileError, match="too long for a file"):
        desktop.install(platform)

    assert [] == list(desktop.home.iterdir())


def test_a_bad_document_leaves_everything_as_it_was(desktop):
    desktop.write("app", items=[item("linux")])
    desktop.write("zzz", items=["x"])

    with pytest.raises(InvalidPackageFileError, match=r"zzz\.json") as caught:
        desktop.install(LINUX)

    assert "name the packages" in caught.value.hint
    assert [] == list(desktop.home.iterdir())
    assert ["app"] == [menu.package for menu in desktop.install(LINUX, packages=["app"])]


@pytest.mark.parametrize("platform", [LINUX, MACOS], ids=str)
def test_the_old_form_has_no_items_but_for_windows(desktop, platform):
    (desktop.prefix / "Menu/old.json").write_text('{"menu_name": "x", "menu_items": [{}]}')
    desktop.write("app", items=[item("linux"), item("osx")])
    warnings = Warnings()

    made = desktop.install(platform, reporter=warnings)

    assert ["app"] == [menu.package for menu in made]
    assert ["old has menu items for Windows only"] == warnings.messages


def test_items_have_the_variables_of_the_environment(desktop):
    set_environment_variables(desktop.prefix, {"GREETING": "it's $me"})
    (desktop.prefix / "etc/conda/env_vars.d").mkdir(parents=True)
    (desktop.prefix / "etc/conda/env_vars.d/a.json").write_text('{"FROM_PACKAGE": "1"}')
    desktop.write(items=[item("linux")])

    desktop.install(LINUX)

    assert "export GREETING='it'\"'\"'s $me'" in desktop.script()
    assert "export FROM_PACKAGE=1" in desktop.script()


@pytest.mark.skipif(sys.platform != "linux", reason="names a folder in no encoding")
def test_an_environment_in_a_folder_of_no_encoding_is_refused(tmp_path):
    desktop = Desktop(tmp_path, name=os.fsdecode(b"env\xff"))
    desktop.write(items=[item("linux")])

    with pytest.raises(LinkError, match="env"):
        desktop.install(LINUX)


def test_a_path_with_a_line_break_stays_on_its_line(tmp_path):
    desktop = Desktop(tmp_path, name="a\nX=b%`")
    desktop.write(menu_name="M", items=[{**ITEM, "icon": None, "platforms": {"linux": {}}}])

    desktop.install(LINUX)

    lines = next((desktop.home / "apps").iterdir()).read_text().splitlines()
    assert f'Exec="{tmp_path}/a\\nX=b%%\\\\`/conda-meta/menus/app.1.sh" %F' in lines


def test_variables_that_cannot_be_read_are_said(desktop):
    (desktop.prefix / "conda-meta/state").write_text("garbage")
    desktop.write(items=[item("linux")])

    with pytest.raises(ActivationError, match="state"):
        desktop.install(LINUX)


def test_a_variable_that_is_to_be_absent_is_taken_away(desktop):
    state = {"version": 1, "env_vars": {"GONE": "***unset***"}}
    (desktop.prefix / "conda-meta/state").write_text(json.dumps(state))
    desktop.write(items=[item("linux")])

    desktop.install(LINUX)

    assert "unset GONE" in desktop.script()


def test_values_of_a_desktop_entry_are_escaped(desktop):
    changes = {"description": "a\\b\nc", "Keywords": ["x;y", "\\"], "GenericName": " g"}
    desktop.write(items=[item("linux", **changes)])

    desktop.install(LINUX)

    lines = next((desktop.home / "apps").iterdir()).read_text().splitlines()
    assert "Comment=a\\\\b\\nc" in lines
    assert "Keywords=x\\;y;\\\\;" in lines
    assert "GenericName=\\sg" in lines


@pytest.mark.parametrize(("subdir", "expected"), [("osx-arm64", "arm64"), ("osx-64", "x86_64")])
def test_an_application_says_which_processor_its_script_is_for(desktop, subdir, expected):
    desktop.write(items=[item("osx", CFBundleVersion="3.1")])

    desktop.install(Platform(subdir))

    plist = plistlib.loads((desktop.home / "apps/My App.app/Contents/Info.plist").read_bytes())
    assert [expected] == plist["LSArchitecturePriority"]
    assert ("3.1", "my-app-3.1") == (
        plist["CFBundleShortVersionString"],
        plist["CFBundleGetInfoString"],
    )


def test_an_application_may_say_that_itself(desktop):
    desktop.write(items=[item("osx", info_plist_extra={"LSArchitecturePriority": ["x86_64"]})])

    desktop.install(MACOS)

    plist = plistlib.loads((desktop.home / "apps/My App.app/Contents/Info.plist").read_bytes())
    assert ["x86_64"] == plist["LSArchitecturePriority"]


def test_the_menu_file_is_that_of_the_desktop_that_runs():
    environ = {"HOME": "/h", "XDG_MENU_PREFIX": "plasma-", "XDG_CONFIG_HOME": "relative"}

    user, system = MenuPlaces.of_user(LINUX, environ), MenuPlaces.of_system(LINUX, environ)

    assert "/h/.config/menus/plasma-applications.menu" == user.menu_file
    assert "/etc/xdg/menus/plasma-applications.menu" == system.menu_file


def test_a_new_menu_file_is_merged_with_that_of_the_machine(desktop):
    places = MenuPlaces.of_user(LINUX, {"HOME": str(desktop.home), "XDG_MENU_PREFIX": "x-"})
    desktop.write(items=[item("linux")])

    desktop.install(LINUX, places=places)

    text = (desktop.home / ".config/menus/x-applications.menu").read_text()
    assert '<MergeFile type="parent">/etc/xdg/menus/x-applications.menu</MergeFile>' in text
    remove_menus(desktop.prefix)
    assert [] == list((desktop.home / ".config/menus").iterdir())
