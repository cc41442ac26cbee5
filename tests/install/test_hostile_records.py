"""Environments whose own records, journals and links lead out of them: nothing outside is touched."""

import json
import os

import pytest

from hognose.errors import HognoseError, InstallerError, TransactionError
from hognose.install import (
    InstalledMenu,
    PrefixLock,
    clone_environment,
    diagnose,
    recover,
    remove_environment,
    remove_menus,
    rename_environment,
    repair,
)
from hognose.net import Client
from hognose.types import PrefixRecord, wire
from support.exact_state import exact_state

pytestmark = pytest.mark.skipif(os.name == "nt", reason="makes symbolic links")

OUTSIDE = {
    "a parent": "../victim/file",
    "an absolute path": "{victim}/file",
    "a detour": "share/../../victim/file",
    "a link": "out/file",
    "a link to a folder inside one": "share/deep/file",
    "nothing": "",
}
VERBS = ("remove", "change", "reinstall", "keep", "repair", "clone", "rename")


@pytest.fixture
def victim(tmp_path):
    folder = tmp_path / "victim"
    folder.mkdir()
    (folder / "file").write_text("precious")
    return folder


@pytest.fixture
def installed(environment, victim):
    """An environment with `a` and `b`, and with links that lead to the victim."""
    environment.package("a", "1", files={"share/a.txt": "a 1"})
    environment.package("b", "1", files={"share/b.txt": "b 1"})
    a = environment.package("a", "1", files={"share/a.txt": "a 1"})
    b = environment.package("b", "1", files={"share/b.txt": "b 1"})
    environment.install(a, b)
    (environment.prefix / "out").symlink_to(victim)
    (environment.prefix / "share/deep").symlink_to(victim)
    return environment


def change(verb, environment):
    """Do something to an environment in which the record of `a` is not to be trusted."""
    prefix, cache = environment.prefix, environment.cache
    records = {str(record.name): record for record in PrefixRecord.collect(prefix)}
    with Client() as client:
        if verb == "remove":
            environment.install(records["b"])
        elif verb == "change":
            environment.install(environment.package("a", "2"), records["b"])
        elif verb == "reinstall":
            environment.install(*records.values(), reinstall=["a"])
        elif verb == "keep":
            environment.install(records["a"])
        elif verb == "repair":
            repair(prefix, ["a"], cache=cache, client=client)
        elif verb == "clone":
            clone_environment(prefix, prefix.with_name("new"), cache=cache, client=client)
        else:
            rename_environment(prefix, prefix.with_name("new"), cache=cache, client=client)


def spoil(environment, **changes):
    """Rewrite the record of `a`."""
    path = environment.prefix / "conda-meta/a-1-0.json"
    tree = json.loads(path.read_text())
    tree.update(changes)
    path.write_text(json.dumps(tree))


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("path", OUTSIDE.values(), ids=OUTSIDE)
def test_a_record_that_lists_a_path_outside_stops_every_change(verb, path, installed, victim):
    path = path.format(victim=victim)
    entry = {"_path": path, "path_type": "hardlink"}
    spoil(installed, files=[path], paths_data={"paths": [entry], "paths_version": 1})
    before = exact_state(installed.prefix.parent / "environment")

    with pytest.raises(TransactionError, match="the record of `a` lists") as caught:
        change(verb, installed)

    assert path == caught.value.path
    assert "a-1-0.json" == caught.value.record
    assert "precious" == (victim / "file").read_text()
    assert before == exact_state(installed.prefix)
    assert not installed.prefix.with_name("new").exists()


@pytest.mark.parametrize("fields", [("files",), ("paths_data",), ("original",), ("directory",)])
def test_each_place_in_a_record_where_a_path_can_be_is_looked_at(fields, installed, victim):
    outside = "../victim/file"
    entry = {"_path": "share/a.txt", "path_type": "hardlink"}
    if "paths_data" in fields:
        entry["_path"] = outside
    if "original" in fields:
        entry["original_path"] = outside
    if "directory" in fields:
        entry = {"_path": "../victim", "path_type": "directory"}
    files = [outside] if "files" in fields else ["share/a.txt"]
    spoil(installed, files=files, paths_data={"paths": [entry], "paths_version": 1})

    with pytest.raises(TransactionError, match="the record of `a` lists"):
        change("remove", installed)

    assert (victim / "file").exists()


@pytest.mark.parametrize("build", ["../../victim/x", "0/../../../victim/x"])
def test_a_record_whose_own_name_leads_out_stops_every_change(build, installed, victim):
    (victim / "x.json").write_text("precious")
    spoil(installed, build=build)

    with pytest.raises(HognoseError):
        change("remove", installed)

    assert (victim / "x.json").exists()


def test_a_link_that_stays_inside_is_no_obstacle(installed):
    (installed.prefix / "share").rename(installed.prefix / "real")
    (installed.prefix / "share").symlink_to("real")

    change("remove", installed)

    assert not (installed.prefix / "real/a.txt").exists()
    assert (installed.prefix / "real/b.txt").exists()


def test_doctor_reports_a_record_that_leads_out_and_does_not_read_there(installed, victim):
    (victim / "file").chmod(0)
    entry = {"_path": "../victim/file", "path_type": "hardlink", "size_in_bytes": 1}
    spoil(installed, files=[], paths_data={"paths": [entry], "paths_version": 1})

    faults = diagnose(installed.prefix).faults

    assert [("unsafe", "a", "conda-meta/a-1-0.json")] == [
        (fault.kind, fault.package, fault.path) for fault in faults
    ]
    assert "'../victim/file'" in faults[0].message


@pytest.mark.parametrize("folder", ["conda-meta", "conda-meta/.transaction", ".trash"])
def test_own_folders_that_are_somewhere_else_stop_every_change(folder, installed, victim):
    place = installed.prefix / folder
    if place.exists():
        place.rename(victim / "moved")
        place.symlink_to(victim / "moved")
    else:
        place.symlink_to(victim)

    with pytest.raises(TransactionError, match="is a link that leads out of the environment"):
        installed.install()
    with pytest.raises(TransactionError):
        change("clone", installed)

    assert "unsafe" in {fault.kind for fault in diagnose(installed.prefix).faults}
    assert (victim / "file").exists()


def test_a_lock_that_is_a_link_does_not_overwrite_what_it_leads_to(installed, victim):
    (installed.prefix / "conda-meta/.lock").symlink_to(victim / "file")

    with pytest.raises(InstallerError, match="symbolic link"), PrefixLock(installed.prefix):
        pass

    assert "precious" == (victim / "file").read_text()


@pytest.mark.parametrize(
    "step",
    [
        {"step": "creating", "files": ["../victim/file"]},
        {"step": "creating", "files": ["out/file"]},
        {"step": "moving", "moves": [["share/c.txt", "../victim/file"]]},
    ],
    ids=["a file", "a file behind a link", "a move"],
)
def test_a_journal_that_leads_out_is_not_undone(step, installed, victim):
    folder = installed.prefix / "conda-meta/.transaction"
    folder.mkdir()
    lines = [{"step": "started", "process": 1, "journal_version": 1}, step]
    (folder / "journal").write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    with pytest.raises(TransactionError, match="the journal of an interrupted change names"):
        recover(installed.prefix)

    assert "precious" == (victim / "file").read_text()


def test_a_committed_journal_that_leads_out_is_not_finished(installed, victim):
    folder = installed.prefix / "conda-meta/.transaction"
    folder.mkdir()
    (folder / "commit.json").write_text(json.dumps({"obsolete_files": ["../victim/file"]}))

    with pytest.raises(TransactionError, match="the journal of an interrupted change names"):
        recover(installed.prefix)

    assert "precious" == (victim / "file").read_text()


def test_a_note_of_menu_items_does_not_remove_what_is_none(installed, victim):
    note = InstalledMenu(package="a", paths=[str(victim)])
    (installed.prefix / "conda-meta/menus").mkdir()
    path = installed.prefix / "conda-meta/menus/a.json"
    path.write_bytes(wire.encode_json(note))

    with pytest.raises(InstallerError, match="names what is none of it"):
        remove_menus(installed.prefix)

    assert (victim / "file").exists()


def test_an_environment_with_links_is_removed_without_what_they_lead_to(installed, victim):
    remove_environment(installed.prefix)

    assert not installed.prefix.exists()
    assert "precious" == (victim / "file").read_text()


def test_a_folder_that_was_moved_out_is_told_from_a_record_that_leads_out(environment, tmp_path):
    environment.install(environment.package("a", files={"share/a": "a"}))
    (environment.prefix / "share").rename(tmp_path / "moved")
    (environment.prefix / "share").symlink_to(tmp_path / "moved")

    with pytest.raises(TransactionError, match="is behind a link that leads out") as caught:
        environment.install()

    assert "in the place of the link" in caught.value.hint
