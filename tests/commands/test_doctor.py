"""`doctor`: what it finds, and what it puts right."""

import json
import os
import shutil

import pytest

from hognose.channel import index_channel
from hognose.types import PrefixRecord
from support.foreign_installer import install_as_pip
from support.package_maker import make_package, make_python


@pytest.fixture
def prefix(hognose, channel, tmp_path):
    path = tmp_path / "env"
    result = hognose("create", "-p", path, "-c", channel, "app")
    assert 0 == result.status, result.err
    return path


def faults(hognose, prefix, *words):
    document = json.loads(hognose("doctor", "-p", prefix, "--json", *words).out)
    return [(fault["kind"], fault.get("path", "")) for fault in document["faults"]]


def test_a_new_environment_is_healthy(hognose, prefix):
    result = hognose("doctor", "-p", prefix)

    assert 0 == result.status, result.err
    assert "nothing is wrong with 2 packages with 3 files" in result.err


def test_missing_and_altered_files_are_named(hognose, prefix):
    (prefix / "bin/app").unlink()
    (prefix / "lib/lib.txt").unlink()
    (prefix / "lib/lib.txt").write_text("lib 3.0\n")

    result = hognose("doctor", "-p", prefix)

    assert 1 == result.status
    expected = [
        "missing       bin/app of app is missing",
        "altered       lib/lib.txt of lib is not what was installed",
    ]
    assert expected == result.out.splitlines()


def test_an_alteration_that_keeps_the_size_takes_hashes_to_find(hognose, prefix):
    (prefix / "lib/lib.txt").unlink()
    (prefix / "lib/lib.txt").write_text("lib 9.9\n")

    assert [] == faults(hognose, prefix, "--sizes")
    assert [("altered", "lib/lib.txt")] == faults(hognose, prefix)


def test_a_link_that_leads_elsewhere_is_altered(hognose, prefix):
    (prefix / "bin/app").unlink()
    os.symlink("/bin/true", prefix / "bin/app")

    assert [("altered", "bin/app")] == faults(hognose, prefix)


def test_packages_that_do_not_fit_together_are_inconsistent(hognose, prefix):
    hognose("unlink", "-p", prefix, "lib", "-y")

    assert [("inconsistent", "")] == faults(hognose, prefix)


def test_a_package_that_the_machine_cannot_run_is_inconsistent(
    hognose, channel, tmp_path, monkeypatch
):
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12.4")
    hognose("create", "-p", tmp_path / "gpu", "-c", channel, "gpu")
    assert [] == faults(hognose, tmp_path / "gpu")

    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "11")
    assert [("inconsistent", "")] == faults(hognose, tmp_path / "gpu")


def test_a_record_that_is_no_json_is_named_and_the_rest_is_looked_at(hognose, prefix):
    (prefix / "conda-meta/app-1.0-0.json").write_text("{")
    (prefix / "lib/lib.txt").unlink()

    found = faults(hognose, prefix)

    assert [("missing", "lib/lib.txt"), ("unreadable", "conda-meta/app-1.0-0.json")] == found


def test_repair_restores_files_and_the_copy_in_the_cache(hognose, prefix, tmp_path):
    # Written in place: the cache shares the file with the environment.
    with (prefix / "lib/lib.txt").open("r+") as file:
        file.write("bad")
    (prefix / "bin/app").unlink()

    result = hognose("doctor", "-p", prefix, "--repair", "-y")

    assert 0 == result.status, result.err
    assert [] == faults(hognose, prefix)
    assert "lib 2.0\n" == (prefix / "lib/lib.txt").read_text()
    assert "lib 2.0\n" == (tmp_path / "cache/pkgs/lib-2.0-0/lib/lib.txt").read_text()
    assert [("app",), ()] == [item.requested_specs for item in PrefixRecord.collect(prefix)]


def test_repair_of_packages_that_do_not_fit_solves_again(hognose, channel, prefix):
    hognose("unlink", "-p", prefix, "lib", "-y")

    result = hognose("doctor", "-p", prefix, "-c", channel, "--repair", "-y")

    assert 0 == result.status, result.err
    assert [] == faults(hognose, prefix)


def test_a_dry_repair_changes_nothing(hognose, prefix):
    (prefix / "bin/app").unlink()

    result = hognose("doctor", "-p", prefix, "--repair", "--dry-run")

    assert 0 == result.status, result.err
    assert not (prefix / "bin/app").exists()


def test_many_faults_of_a_package_are_a_few_lines(hognose, tmp_path):
    channel = tmp_path / "many"
    files = {f"share/{number}": f"{number}\n" for number in range(9)}
    make_package(channel, "many", "1.0", files=files)
    index_channel(channel)
    hognose("create", "-p", tmp_path / "gone", "-c", channel, "many")
    shutil.rmtree(tmp_path / "gone/share")

    few = hognose("doctor", "-p", tmp_path / "gone").out.splitlines()

    assert 3 == len(few)
    assert few[2].endswith("share/2 of many is missing, and 6 more: `-v` names them all")
    assert 9 == len(hognose("doctor", "-v", "-p", tmp_path / "gone").out.splitlines())


def test_a_package_of_pip_that_lacks_files_is_not_repaired_and_said_so(hognose, tmp_path):
    channel = tmp_path / "python-channel"
    make_python(channel, "3.11.4")
    index_channel(channel)
    hognose("create", "-p", tmp_path / "env", "-c", channel, "python")
    site = tmp_path / "env/lib/python3.11/site-packages"
    install_as_pip(site, "click", "8", {"click.py": ""})
    (site / "click.py").unlink()

    assert "install `click==8` again" in hognose("doctor", "-p", tmp_path / "env").out
    assert "installed again by pip" in hognose("doctor", "-p", tmp_path / "env", "--repair").err


def test_a_damaged_journal_is_put_aside_by_a_repair(hognose, prefix):
    folder = prefix / "conda-meta/.transaction"
    (folder / "old").mkdir(parents=True)
    (folder / "journal").write_text("garbage\n")
    (prefix / "lib/lib.txt").rename(folder / "old/1")

    refused = hognose("update", "--all", "-y", "-p", prefix)
    result = hognose("doctor", "--repair", "-y", "-p", prefix)

    assert 1 == refused.status
    assert "hognose doctor --repair" in refused.err
    assert 0 == result.status, result.err
    assert "can be neither undone nor finished" in result.err
    assert "lib 2.0\n" == (prefix / "lib/lib.txt").read_text()
    assert [] == faults(hognose, prefix)
