"""`install-menu` and `remove-menu`, and what removing a package does."""

import json
import sys

import pytest

from hognose.channel import index_channel
from support.package_maker import make_package

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for XDG files")


@pytest.fixture
def prefix(hognose, tmp_path):
    document = {
        "$schema": "https://schemas.conda.org/menuinst-1.schema.json",
        "menu_name": "Tools",
        "menu_items": [
            {"name": "App", "description": "", "command": ["app"], "platforms": {"linux": {}}}
        ],
    }
    channel = tmp_path / "channel"
    make_package(channel, "app", "1", files={"Menu/app.json": json.dumps(document)})
    index_channel(channel)
    result = hognose("create", "-p", tmp_path / "env", "-c", channel, "app")
    assert 0 == result.status, result.err
    return tmp_path / "env"


def entries(home):
    return [path.name for path in home.glob(".local/share/applications/*")]


def test_items_are_made_and_removed(hognose, prefix, private_home):
    document = json.loads(hognose("install-menu", "-p", prefix, "--json").out)

    assert ["tools_app.desktop"] == entries(private_home)
    assert ["app"] == [menu["package"] for menu in document["menus"]]
    assert 0 == hognose("remove-menu", "-p", prefix).status
    assert [] == entries(private_home)


def test_items_leave_with_their_package(hognose, prefix, private_home):
    hognose("install-menu", "-p", prefix)

    hognose("unlink", "-y", "-p", prefix, "app")

    assert [] == entries(private_home)


def test_items_leave_with_their_environment(hognose, prefix, private_home):
    hognose("install-menu", "-p", prefix)

    hognose("env", "remove", "-p", prefix, "-y")

    assert [] == entries(private_home)


def test_a_package_without_a_menu_is_refused(hognose, prefix):
    assert 1 == hognose("install-menu", "-p", prefix, "nothing").status


def test_items_move_with_a_renamed_environment(hognose, prefix, private_home, tmp_path):
    hognose("install-menu", "-p", prefix)

    result = hognose("env", "rename", "-y", "-p", prefix, tmp_path / "renamed")

    assert 0 == result.status, result.err
    assert ["tools_app.desktop"] == entries(private_home)
    (item,) = private_home.glob(".local/share/applications/*")
    assert f"{tmp_path}/renamed/" in item.read_text()


def test_a_rename_without_menu_items_makes_none(hognose, prefix, private_home, tmp_path):
    hognose("env", "rename", "-y", "-p", prefix, tmp_path / "renamed")

    assert [] == entries(private_home)


def test_items_that_cannot_be_made_anew_are_a_warning(hognose, prefix, private_home, tmp_path):
    hognose("install-menu", "-p", prefix)
    note = prefix / "conda-meta/menus/other.json"
    note.write_text('{"package": "other"}')

    result = hognose("env", "rename", "-y", "-p", prefix, tmp_path / "renamed")

    assert 0 == result.status, result.err
    assert "the menu items of other are gone" in " ".join(result.err.split())


@pytest.mark.parametrize("command", ["install-menu", "remove-menu"])
def test_a_frozen_environment_keeps_its_items(hognose, prefix, command):
    (prefix / "conda-meta/frozen").write_text("{}")

    refused = hognose(command, "-p", prefix)
    allowed = hognose(command, "-p", prefix, "--override-frozen-env")

    assert (1, 0) == (refused.status, allowed.status)
    assert "marked as frozen" in refused.err


def test_items_of_the_old_form_are_a_warning(hognose, prefix, private_home):
    (prefix / "Menu/old.json").write_text('{"menu_name": "Old", "menu_items": []}')

    result = hognose("install-menu", "-p", prefix)

    assert 0 == result.status
    assert "old has menu items for Windows only" in " ".join(result.err.split())
    assert ["tools_app.desktop"] == entries(private_home)


def test_an_item_of_another_program_is_left_alone(hognose, prefix, private_home):
    own = private_home / ".local/share/applications/tools_app.desktop"
    own.parent.mkdir(parents=True)
    own.write_text("mine")

    result = hognose("install-menu", "-p", prefix)

    assert 1 == result.status
    assert "not made by hognose" in " ".join(result.err.split())
    assert "mine" == own.read_text()


def test_an_environment_with_a_broken_note_is_removed_and_says_so(hognose, prefix, tmp_path):
    (prefix / "conda-meta/menus").mkdir()
    (prefix / "conda-meta/menus/app.json").write_text("garbage")

    result = hognose("env", "remove", "-p", prefix, "-y")

    assert 1 == result.status
    assert "is removed, but not all menu items" in " ".join(result.err.split())
    assert [] == [path.name for path in tmp_path.iterdir() if "env" in path.name]
