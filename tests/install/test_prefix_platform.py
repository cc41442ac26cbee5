"""What platform an environment is for, where its packages do not tell."""

import pytest

from hognose.errors import InstallerError
from hognose.install import note_platform, read_platform
from hognose.types import PackageRecord, Platform

HERE = Platform.current()
OTHER = Platform("win-64" if HERE != "win-64" else "linux-64")


def records(*subdirs):
    return [
        PackageRecord.create(name=f"n{i}", version="1", build="0", subdir=subdir)
        for i, subdir in enumerate(subdirs)
    ]


def test_packages_for_a_platform_tell_it(tmp_path):
    note_platform(tmp_path, OTHER)

    assert Platform("osx-64") == read_platform(tmp_path, records("noarch", "osx-64"))


@pytest.mark.parametrize("installed", [[], records("noarch")])
def test_what_is_noted_counts_where_packages_do_not_tell(installed, tmp_path):
    assert read_platform(tmp_path, installed) is None

    note_platform(tmp_path, OTHER)

    assert OTHER == read_platform(tmp_path, installed)


def test_the_platform_of_the_machine_is_not_noted(tmp_path):
    note_platform(tmp_path, HERE)

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["channels: [a]", "channels: [a]\n", ""])
def test_settings_that_are_there_stay(text, tmp_path):
    settings = tmp_path / ".condarc"
    settings.write_text(text)

    note_platform(tmp_path, OTHER)

    before = f"{text.strip()}\n" if text else ""
    assert f"{before}subdir: {OTHER}\n" == settings.read_text()


def test_a_platform_that_is_noted_already_stays(tmp_path):
    (tmp_path / ".condarc").write_text("subdir: osx-64\n")

    note_platform(tmp_path, OTHER)

    assert Platform("osx-64") == read_platform(tmp_path, [])


@pytest.mark.parametrize("text", ["subdir: [", "subdir: amiga-68"])
def test_settings_that_make_no_sense_are_named(text, tmp_path):
    (tmp_path / ".condarc").write_text(text)

    with pytest.raises(InstallerError, match=r"\.condarc cannot be") as caught:
        read_platform(tmp_path, [])
    assert str(tmp_path / ".condarc") == caught.value.path


def test_a_variable_in_the_note_is_filled_in(tmp_path, monkeypatch):
    monkeypatch.setenv("FARM_PLATFORM", "osx-64")
    (tmp_path / ".condarc").write_text("subdir: ${FARM_PLATFORM}\n", encoding="utf-8")

    assert Platform("osx-64") == read_platform(tmp_path, [])


def test_nothing_is_noted_in_a_file_that_is_no_table(tmp_path):
    path = tmp_path / ".condarc"
    path.write_text("- conda-forge\n", encoding="utf-8")

    with pytest.raises(InstallerError, match="it is no table of settings"):
        note_platform(tmp_path, OTHER)

    assert "- conda-forge\n" == path.read_text(encoding="utf-8")
