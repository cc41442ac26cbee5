"""Whose a menu item is: other programs, other environments, and notes that lie."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from hognose.errors import InstallerError, TransactionError
from hognose.install import InstalledMenu, MenuPlaces, remove_environment, remove_menus
from hognose.types import wire
from support.desktop import LINUX, MACOS, WINDOWS, Desktop, item
from support.trees import snapshot

PLACES = [
    pytest.param(LINUX, "linux", "apps/m_app.desktop", id="linux"),
    pytest.param(MACOS, "osx", "apps/App.app/Contents/MacOS/app", id="macos"),
    pytest.param(WINDOWS, "win", "apps/M/App.lnk", id="windows"),
    pytest.param(WINDOWS, "win", "Desktop/App.lnk", id="windows desktop"),
    pytest.param(LINUX, "linux", "data/mime/packages/m-app.xml", id="linux file type"),
]


def write_app(desktop, name, package="app", **changes):
    changes = {"glob_patterns": {"a/b": "*.b"}, **changes} if name == "linux" else changes
    desktop.write(package, menu_name="M", items=[{**item(name, **changes), "name": "App"}])


def write_note(desktop, **fields):
    note = InstalledMenu(package="app", **fields)
    path = desktop.prefix / "conda-meta/menus/app.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(wire.encode_json(note))


@pytest.mark.parametrize(("platform", "name", "place"), PLACES)
def test_what_another_program_made_is_left_alone(desktop, platform, name, place):
    own = desktop.home / place
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    before = snapshot(desktop.root)
    write_app(desktop, name)

    with pytest.raises(InstallerError, match="not made by hognose"):
        desktop.install(platform)

    assert before == {
        path: data for path, data in snapshot(desktop.root).items() if "app.json" not in path
    }


@pytest.mark.parametrize(("platform", "name", "place"), PLACES)
def test_what_another_environment_made_is_left_alone(desktop, platform, name, place):
    write_app(desktop, name)
    desktop.install(platform)
    made = (desktop.home / place).read_bytes()
    second = Desktop(desktop.root, name="second")
    write_app(second, name)

    with pytest.raises(InstallerError, match="my env has a menu item of that name"):
        second.install(platform)
    remove_menus(second.prefix)

    assert made == (desktop.home / place).read_bytes()


@pytest.mark.parametrize(("platform", "name", "place"), PLACES)
def test_what_an_environment_that_is_gone_left_behind_is_replaced(desktop, platform, name, place):
    write_app(desktop, name)
    desktop.install(platform)
    shutil.rmtree(desktop.prefix)
    second = Desktop(desktop.root, name="second")
    write_app(second, name)

    second.install(platform)
    assert (desktop.home / place).exists()
    remove_menus(second.prefix)

    assert not (desktop.home / place).exists()


def test_an_item_is_made_anew_although_its_note_was_lost(desktop):
    write_app(desktop, "linux")
    desktop.install(LINUX)
    shutil.rmtree(desktop.prefix / "conda-meta/menus")

    desktop.install(LINUX)
    remove_menus(desktop.prefix)

    assert [] == list((desktop.home / "apps").iterdir())
    assert not (desktop.home / "menus/applications.menu").exists()


def test_what_an_interruption_left_half_made_goes_with_the_rest(desktop):
    write_app(desktop, "osx")
    (made,) = desktop.install(MACOS)
    part = desktop.home / f"apps/.{made.token}.part/Contents"
    part.mkdir(parents=True)

    remove_menus(desktop.prefix)

    assert [] == list((desktop.home / "apps").iterdir())


def test_two_packages_do_not_take_each_others_item(desktop):
    write_app(desktop, "linux")
    desktop.install(LINUX)
    write_app(desktop, "linux", package="other")

    with pytest.raises(InstallerError, match="app has a menu item already"):
        desktop.install(LINUX, packages=["other"])
    with pytest.raises(InstallerError, match="app and other both want to make"):
        desktop.install(LINUX)


def test_two_items_of_one_name_are_refused(desktop):
    desktop.write(items=[item("linux"), {**item("linux"), "name": "My  app"}])

    with pytest.raises(InstallerError, match="two menu items of the same name"):
        desktop.install(LINUX)

    assert not (desktop.home / "apps").exists()


@pytest.mark.parametrize("name", ["backup.sh", "rc.xml", "my.desktop", "my.lnk"])
def test_a_note_removes_no_file_of_the_user(desktop, name):
    mine = desktop.home / name
    mine.write_text("hognose-item:0123456789abcdee:/elsewhere;")
    write_note(desktop, paths=(str(mine),), token="0123456789abcdef")

    with suppress(InstallerError):
        remove_menus(desktop.prefix)

    assert mine.exists()


@pytest.mark.parametrize("end", ["app", "desktop"])
def test_a_note_removes_no_folder_of_the_user(desktop, end):
    mine = desktop.home / f"Mine.{end}"
    (mine / "Contents").mkdir(parents=True)
    (mine / "Contents/Info.plist").write_text("mine")
    write_note(desktop, paths=(str(mine),), token="0123456789abcdef")

    remove_menus(desktop.prefix)

    assert (mine / "Contents/Info.plist").exists()


@pytest.mark.parametrize("script", ["../state", "/etc/profile.sh", "..\\x.bat", "a"])
def test_a_note_removes_scripts_of_its_own_folder_alone(desktop, script):
    write_note(desktop, scripts=(script,), token="0123456789abcdef")

    with pytest.raises(InstallerError, match="names what is none of it"):
        remove_menus(desktop.prefix)


def test_a_note_takes_nothing_out_of_the_users_menus(desktop):
    menu_file = desktop.home / "applications.menu"
    text = (
        "<Menu><Menu><Name>M</Name><Include><Filename>m.desktop</Filename></Include></Menu></Menu>"
    )
    menu_file.write_text(text)
    token = "0123456789abcdef"
    theirs = desktop.prefix / "m.desktop"
    theirs.write_text(f"hognose-item:{token}:/x;")
    directory = desktop.home / "m.directory"
    directory.write_text("mine")
    entry = (str(menu_file), "M", str(theirs), str(directory))
    write_note(desktop, entries=(entry,), token=token)

    remove_menus(desktop.prefix)

    assert "<Filename>m.desktop</Filename>" in menu_file.read_text()
    assert directory.exists()


def test_an_item_that_the_user_has_replaced_stays(desktop):
    write_app(desktop, "linux")
    desktop.install(LINUX)
    (desktop.home / "apps/m_app.desktop").write_text("[Desktop Entry]\nName=Mine\n")

    remove_menus(desktop.prefix)

    assert "Mine" in (desktop.home / "apps/m_app.desktop").read_text()


@pytest.mark.parametrize("name", ["app.1.sh", "app.json"])
def test_nothing_in_the_environment_is_written_through_a_link(desktop, name):
    victim = desktop.root / "victim"
    victim.write_text("precious")
    (desktop.prefix / "conda-meta/menus").mkdir()
    write_app(desktop, "linux")
    if name.endswith(".sh"):
        (desktop.prefix / "conda-meta/menus" / name).symlink_to(victim)
        desktop.install(LINUX)
    else:
        (desktop.prefix / "conda-meta/menus" / name).symlink_to(victim)
        with pytest.raises(InstallerError, match="cannot be read"):
            desktop.install(LINUX)

    assert "precious" == victim.read_text()


def test_notes_that_are_kept_somewhere_else_stop_everything(desktop):
    victim = desktop.root / "victim"
    victim.mkdir()
    (victim / "mine.json").write_text('{"package": "mine"}')
    (desktop.prefix / "conda-meta/menus").symlink_to(victim)
    write_app(desktop, "linux")

    with pytest.raises(TransactionError, match="leads out of the environment"):
        desktop.install(LINUX)
    with pytest.raises(TransactionError, match="leads out of the environment"):
        remove_menus(desktop.prefix)

    assert ["mine.json"] == os.listdir(victim)


def test_an_application_has_no_link_behind_a_link(desktop):
    links = {str(desktop.root): "Contents/out", "/bin/sh": "Contents/out/evil"}
    desktop.write(items=[item("osx", link_in_bundle=links)])

    with pytest.raises(InstallerError, match="leads out"):
        desktop.install(MACOS)

    assert not (desktop.root / "evil").is_symlink()
    assert [] == list((desktop.home / "apps").iterdir())


@pytest.mark.parametrize("content", [b"garbage", b"[" * 100_000, b'{"package": "\xff"}', b"", None])
def test_a_note_that_makes_no_sense_does_not_keep_an_environment(desktop, content):
    (desktop.prefix / "conda-meta/history").write_text("")
    path = desktop.prefix / "conda-meta/menus/app.json"
    path.parent.mkdir()
    path.mkdir() if content is None else path.write_bytes(content)

    with pytest.raises(InstallerError, match="is removed, but not all menu items"):
        remove_environment(desktop.prefix)

    assert ["home"] == os.listdir(desktop.root)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes a pipe")
def test_a_note_that_is_a_pipe_keeps_nobody_waiting(desktop):
    (desktop.prefix / "conda-meta/menus").mkdir()
    os.mkfifo(desktop.prefix / "conda-meta/menus/app.json")

    with pytest.raises(InstallerError, match="cannot be read"):
        remove_menus(desktop.prefix)


def test_a_note_that_makes_no_sense_does_not_keep_the_items_of_others(desktop):
    write_app(desktop, "linux")
    desktop.install(LINUX)
    (desktop.prefix / "conda-meta/menus/aaa.json").write_text("garbage")

    with pytest.raises(InstallerError, match="aaa"):
        remove_menus(desktop.prefix)

    assert [] == list((desktop.home / "apps").iterdir())


def test_items_leave_with_a_prefix_that_was_renamed(desktop):
    write_app(desktop, "linux")
    desktop.install(LINUX)
    desktop.prefix.rename(desktop.root / "renamed")

    remove_menus(desktop.root / "renamed")

    assert [] == list((desktop.home / "apps").iterdir())
    assert not (desktop.home / "menus/applications.menu").exists()


def test_a_menu_file_that_is_none_is_found_before_anything_is_made(desktop):
    (desktop.home / "menus").mkdir()
    (desktop.home / "menus/applications.menu").write_text("<Menu")
    write_app(desktop, "linux")

    with pytest.raises(InstallerError, match=r"applications\.menu is no menu file"):
        desktop.install(LINUX)

    assert not (desktop.home / "apps").exists()


def test_a_menu_file_that_broke_since_does_not_keep_the_items(desktop):
    write_app(desktop, "linux")
    desktop.install(LINUX)
    (desktop.home / "menus/applications.menu").write_text("<Menu")

    with pytest.raises(InstallerError, match=r"applications\.menu is no menu file"):
        remove_menus(desktop.prefix)

    assert [] == list((desktop.home / "apps").iterdir())
    assert () == remove_menus(desktop.prefix)


def test_an_empty_menu_of_the_user_stays(desktop):
    menu_file = desktop.home / "menus/applications.menu"
    menu_file.parent.mkdir()
    menu_file.write_text("<Menu><Menu><Name>M</Name></Menu></Menu>")
    write_app(desktop, "linux")
    desktop.install(LINUX)
    text = menu_file.read_text()
    menu_file.write_text(text.replace("m_app.desktop", "theirs.desktop"))

    remove_menus(desktop.prefix)

    assert "theirs.desktop" in menu_file.read_text()


@pytest.mark.skipif(os.name == "nt", reason="folders have no locks")
def test_environments_that_make_items_at_once_all_keep_them(desktop):
    many = [Desktop(desktop.root, name=f"env{number}") for number in range(8)]
    for number, each in enumerate(many):
        each.write(menu_name="M", items=[{**item("linux"), "name": f"App {number}"}])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: each.install(LINUX), many))
    text = (desktop.home / "menus/applications.menu").read_text()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: remove_menus(each.prefix), many))

    assert 8 == text.count("<Filename>")
    assert not (desktop.home / "menus/applications.menu").exists()


def test_the_desktop_itself_is_never_removed(desktop):
    write_app(desktop, "win")
    desktop.install(WINDOWS)

    remove_menus(desktop.prefix)

    assert ["Desktop", "apps", "quick"] == sorted(os.listdir(desktop.home))
    assert [] == os.listdir(desktop.home / "apps")


def test_menu_files_keep_comments_and_links(desktop):
    kept = desktop.root / "dotfiles.menu"
    kept.write_text("<Menu><!-- my own --><Name>Applications</Name></Menu>")
    (desktop.home / "menus").mkdir()
    (desktop.home / "menus/applications.menu").symlink_to(kept)
    write_app(desktop, "linux")

    desktop.install(LINUX)

    assert (desktop.home / "menus/applications.menu").is_symlink()
    assert "<!-- my own -->" in kept.read_text()
    assert "m_app.desktop" in kept.read_text()


@pytest.mark.skipif(shutil.which("chattr") is None, reason="makes a file that cannot be changed")
def test_what_fails_is_undone_and_said(desktop, tmp_path):
    folder = desktop.home / "menus"
    folder.mkdir()
    if subprocess.run(["chattr", "+i", folder], capture_output=True, check=False).returncode:
        pytest.skip("needs a file system with attributes, and root")
    write_app(desktop, "linux")
    try:
        with pytest.raises(InstallerError, match="not allowed to write"):
            desktop.install(LINUX)
    finally:
        subprocess.run(["chattr", "-i", folder], check=True)

    assert [] == list((desktop.home / "apps").iterdir())
    assert not (desktop.prefix / "conda-meta/menus").exists()


@pytest.fixture
def caches(tmp_path, monkeypatch):
    """Return the file in which the programs that refresh caches write where they did."""
    folder, log = tmp_path / "programs", tmp_path / "log"
    folder.mkdir()
    for name in ("update-desktop-database", "update-mime-database"):
        (folder / name).write_text(f'#!/bin/sh\necho "{name} $1" >> "{log}"\nexit 1\n')
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return log


@pytest.mark.skipif(sys.platform != "linux", reason="refreshes caches of a Linux desktop")
def test_file_types_take_effect_at_once(desktop, caches, monkeypatch):
    monkeypatch.setenv("HOME", str(desktop.home))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    places = MenuPlaces.of_user(LINUX, os.environ)
    write_app(desktop, "linux", MimeType=["a/b"])
    expected = [
        f"update-mime-database {places.data}/mime",
        f"update-desktop-database {places.applications}",
    ]

    desktop.install(LINUX, places=places)
    assert expected == caches.read_text().splitlines()
    remove_menus(desktop.prefix)

    assert [*expected, *expected] == caches.read_text().splitlines()


@pytest.mark.skipif(sys.platform == "win32", reason="runs a shell script")
def test_no_program_is_run_where_a_note_says(desktop, caches):
    token = "0123456789abcdef"
    made = [desktop.root / "mime/packages/a.xml", desktop.root / "apps/a.desktop"]
    for path in made:
        path.parent.mkdir(parents=True)
        path.write_text(f"hognose-item:{token}:/x;")
    write_note(desktop, paths=tuple(map(str, made)), token=token)

    remove_menus(desktop.prefix)

    assert not made[0].exists()
    assert not caches.exists()
