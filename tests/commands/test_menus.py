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
