"""Menu items for three desktops, below a directory of the test's own."""

import os
import plistlib
import struct
import subprocess
import sys
from urllib.parse import quote

import pytest

from hognose.errors import InstallerError, InvalidPackageFileError
from hognose.install import MenuPlaces, remove_menus
from support.desktop import LINUX, MACOS, WINDOWS, FakeRegistry, item
from support.trees import snapshot

LINUX_OPTIONS = {
    "Categories": ["Science", "Education"],
    "StartupNotify": False,
    "glob_patterns": {"application/x-app": "*.app"},
}


def test_linux_gets_an_entry_a_menu_and_a_file_type(desktop):
    desktop.write(items=[item("linux", **LINUX_OPTIONS)])

    (made,) = desktop.install(LINUX)

    entry = (desktop.home / "apps/tools-my-env_my-app.desktop").read_text()
    assert [
        "[Desktop Entry]",
        "Type=Application",
        "Name=My App",
        "Comment=Shows things; well",
        f'Exec="{desktop.prefix}/conda-meta/menus/app.1.sh" %F',
        "Terminal=false",
        f"Icon={desktop.prefix}/Menu/app.png",
        f"Path={desktop.home}",
        "Categories=Science;Education;",
        "StartupNotify=false",
        f"X-Hognose-Item=hognose-item:{made.token}:{quote(str(desktop.prefix))};",
    ] == entry.splitlines()
    menu = (desktop.home / "menus/applications.menu").read_text()
    assert "<Filename>tools-my-env_my-app.desktop</Filename>" in menu
    assert 'pattern="*.app"' in next((desktop.home / "data/mime/packages").iterdir()).read_text()
    directory = desktop.home / "data/desktop-directories/tools-my-env.directory"
    assert "Name=Tools (my env)\n" in directory.read_text()
    assert "app" == made.package


@pytest.mark.skipif(sys.platform == "win32", reason="runs a shell script")
def test_the_script_activates_and_passes_the_files_on(desktop):
    desktop.write(items=[item("linux", precommand="export BEFORE=1")])
    program = desktop.prefix / "bin/app"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$PWD" "$CONDA_PREFIX" "$A" "$B" "$BEFORE" "$@"\n'
    )
    program.chmod(0o755)
    scripts = desktop.prefix / "etc/conda/activate.d"
    scripts.mkdir(parents=True)
    (scripts / "b.sh").write_text("export B=from-script\n")
    (desktop.prefix / "conda-meta/state").write_text('{"env_vars": {"A": "a \\"b\\" $c"}}')

    (made,) = desktop.install(LINUX)
    script = desktop.prefix / "conda-meta/menus" / made.scripts[0]
    out = subprocess.run([script, "x y.app"], capture_output=True, text=True, check=True)

    expected = [str(desktop.home), str(desktop.prefix), 'a "b" $c', "from-script", "1"]
    assert [*expected, "--name", "it's", "x y.app"] == out.stdout.splitlines()


@pytest.mark.parametrize(
    ("platform", "name"), [(LINUX, "linux"), (MACOS, "osx"), (WINDOWS, "win")], ids=str
)
def test_removing_leaves_the_desktop_as_it_was(desktop, platform, name):
    desktop.write(items=[item(name), {**item(name), "name": "Another"}])
    before = [path for path in snapshot(desktop.prefix) if "menus" not in path]
    desktop.install(platform)

    remove_menus(desktop.prefix)

    files = [path for path, content in snapshot(desktop.home).items() if content != "directory"]
    assert [] == files
    assert before == list(snapshot(desktop.prefix))


def test_a_menu_file_keeps_what_others_put_there(desktop):
    menu_file = desktop.home / "menus/applications.menu"
    menu_file.parent.mkdir()
    menu_file.write_text("<Menu><Name>Applications</Name><Menu><Name>Mine</Name></Menu></Menu>")
    desktop.write(items=[item("linux")])

    desktop.install(LINUX)
    assert "<Name>Mine</Name>" in menu_file.read_text()
    remove_menus(desktop.prefix)

    assert "<Name>Mine</Name>" in menu_file.read_text()
    assert "Tools" not in menu_file.read_text()


def test_macos_gets_an_application(desktop):
    (desktop.prefix / "Menu/app.icns").write_bytes(b"icon")
    links = {"{{ BIN_DIR }}/app": "{{ MENU_ITEM_LOCATION }}/Contents/MacOS/linked"}
    desktop.write(items=[item("osx", CFBundleVersion="3", link_in_bundle=links)])

    desktop.install(MACOS)

    contents = desktop.home / "apps/My App.app/Contents"
    information = plistlib.loads((contents / "Info.plist").read_bytes())
    assert ("My App", "3", "my-app") == (
        information["CFBundleDisplayName"],
        information["CFBundleVersion"],
        information["CFBundleExecutable"],
    )
    assert "link_in_bundle" not in information
    assert f"{desktop.prefix}/bin/app" == os.readlink(contents / "MacOS/linked")
    assert b"icon" == (contents / "Resources/app.icns").read_bytes()
    assert f"exec '{desktop.prefix}/bin/app'" in (contents / "MacOS/my-app").read_text()


def test_an_applications_script_passes_files_where_they_belong(desktop):
    extra = {"NSHighResolutionCapable": True}
    desktop.write(items=[item("osx", command=["./app", "$@", "-x"], info_plist_extra=extra)])

    desktop.install(MACOS)

    contents = desktop.home / "apps/My App.app/Contents"
    assert (contents / "MacOS/my-app").read_text().endswith('exec ./app "$@" -x\n')
    assert plistlib.loads((contents / "Info.plist").read_bytes())["NSHighResolutionCapable"] is True


def test_an_application_has_no_links_out_of_itself(desktop):
    desktop.write(items=[item("osx", link_in_bundle={"/bin/app": "../../evil"})])

    with pytest.raises(InstallerError, match="leads out"):
        desktop.install(MACOS)

    assert not (desktop.home / "apps/My App.app").exists()


def test_windows_gets_shortcuts_and_file_types(desktop):
    registry = FakeRegistry()
    desktop.write(
        items=[item("win", quicklaunch=False, file_extensions=[".app"], app_user_model_id="Me.App")]
    )

    desktop.install(WINDOWS, registry=registry)

    link = (desktop.home / "apps/Tools (my env)/My App.lnk").read_bytes()
    assert 0x4C == struct.unpack_from("<I", link)[0]
    assert "%COMSPEC%".encode("utf-16-le") in link
    assert ".bat".encode("utf-16-le") in link
    assert (desktop.home / "Desktop/My App.lnk").read_bytes() == link
    assert not (desktop.home / "quick").exists()
    assert "Me.App.AssocFile.app" in {name for _, name in registry.values}
    script = (desktop.prefix / "conda-meta/menus/app.1.bat").read_bytes()
    assert b'@SET "CONDA_PREFIX=' in script
    assert script.count(b"\n") == script.count(b"\r\n")

    remove_menus(desktop.prefix, registry=registry)
    assert {} == registry.values


def test_the_files_to_open_are_the_arguments_of_the_script_on_windows(desktop):
    desktop.write(items=[item("win", command=["{{ BIN_DIR }}/app.exe", "100%", "%*"])])

    desktop.install(WINDOWS)

    (script,) = (desktop.prefix / "conda-meta/menus").glob("*.bat")
    assert script.read_text().rstrip().endswith('\\app.exe" 100%% %*')


def test_a_platform_says_things_anew_and_others_get_nothing(desktop):
    desktop.write(items=[item("linux", command=["other"], terminal=True)])

    desktop.install(LINUX)

    entry = next((desktop.home / "apps").iterdir()).read_text()
    assert "Terminal=true" in entry
    assert "exec other" in next((desktop.prefix / "conda-meta/menus").glob("*.sh")).read_text()
    assert () == desktop.install(MACOS)


def test_a_name_may_depend_on_the_base(desktop):
    names = {"target_environment_is_base": "Base", "target_environment_is_not_base": "Not base"}
    desktop.write(items=[{**item("linux"), "name": names}])

    desktop.install(LINUX, base_prefix=desktop.root)
    assert ["tools-my-env_not-base.desktop"] == [p.name for p in (desktop.home / "apps").iterdir()]
    desktop.install(LINUX)
    assert ["tools-my-env_base.desktop"] == [p.name for p in (desktop.home / "apps").iterdir()]


def test_only_the_named_packages_are_looked_at(desktop):
    desktop.write("app", items=[item("linux")])
    desktop.write("other", items=[{**item("linux"), "name": "Other"}])

    (made,) = desktop.install(LINUX, packages=["other"])

    assert "other" == made.package
    with pytest.raises(InstallerError, match="no menu for nothing"):
        desktop.install(LINUX, packages=["nothing"])


def test_a_name_cannot_lead_elsewhere(desktop):
    desktop.write(menu_name="../../up", items=[{**item("osx"), "name": "../../../evil"}])

    desktop.install(MACOS)

    (application,) = (desktop.home / "apps").iterdir()
    assert "_.._.._evil.app" == application.name


@pytest.mark.parametrize("text", ["{", "[]", '{"$schema": "x", "menu_name": 1}'])
def test_what_is_no_document_is_refused(desktop, text):
    (desktop.prefix / "Menu/bad.json").write_text(text)

    with pytest.raises(InvalidPackageFileError, match=r"bad\.json"):
        desktop.install(LINUX)


def test_a_command_before_creation_is_run_only_if_allowed(desktop):
    mark = desktop.root / "mark"
    desktop.write(items=[{**item("linux"), "precreate": f"touch '{mark}'"}])

    desktop.install(LINUX)
    assert not mark.exists()
    desktop.install(LINUX, run_precreate=True)
    assert mark.exists()


def test_the_places_of_a_user_follow_the_environment():
    places = MenuPlaces.of_user(LINUX, {"HOME": "/h", "XDG_DATA_HOME": "/d"})
    assert ("/d/applications", "/h/.config/menus/applications.menu") == (
        places.applications,
        places.menu_file,
    )
    windows = MenuPlaces.of_user(WINDOWS, {"USERPROFILE": "C:/me", "APPDATA": "C:/a"})
    assert windows.applications == "C:/a/Microsoft/Windows/Start Menu/Programs"
    with pytest.raises(InstallerError):
        MenuPlaces.of_user(LINUX, {})
