"""`link` and `unlink`: single packages, as they are."""

import pytest

from hognose.types import PrefixRecord
from support.package_maker import make_package


@pytest.fixture
def archive(tmp_path):
    record = make_package(tmp_path / "mine", "lib", "9.0", files={"lib/lib.txt": "lib 9.0\n"})
    return tmp_path / "mine" / record.subdir / record.file_name


def installed(prefix):
    return [str(record) for record in PrefixRecord.collect(prefix)]


def test_an_archive_takes_the_place_of_the_package_of_its_name(hognose, channel, archive, tmp_path):
    prefix = tmp_path / "env"
    hognose("create", "-p", prefix, "-c", channel, "app")

    result = hognose("link", "-y", "-p", prefix, archive)

    assert 0 == result.status, result.err
    assert ["app=1.0=0", "lib=9.0=0"] == installed(prefix)
    assert "lib 9.0\n" == (prefix / "lib/lib.txt").read_text()
    lib = PrefixRecord.collect(prefix)[1]
    assert f"{(tmp_path / 'mine').as_uri()}/" == lib.channel
    assert ("lib",) == lib.requested_specs


def test_a_later_install_keeps_what_was_linked(hognose, channel, archive, tmp_path):
    prefix = tmp_path / "env"
    hognose("link", "-p", prefix, archive)

    result = hognose("install", "-p", prefix, "-c", channel, "app")

    assert 0 == result.status, result.err
    assert ["app=1.0=0", "lib=9.0=0"] == installed(prefix)


def test_an_archive_that_was_built_anew_is_what_gets_installed(hognose, channel, archive, tmp_path):
    prefix = tmp_path / "env"
    hognose("create", "-p", prefix, "-c", channel, archive)
    make_package(tmp_path / "mine", "lib", "9.0", files={"lib/lib.txt": "built anew\n"})

    result = hognose("install", "-y", "-p", prefix, "-c", channel, archive)

    assert 0 == result.status, result.err
    assert "built anew\n" == (prefix / "lib/lib.txt").read_text()


def test_what_the_package_needs_is_named_and_not_installed(hognose, channel, tmp_path):
    result = hognose("link", "-p", tmp_path / "env", channel / "linux-64/app-1.0-0.conda")

    assert 0 == result.status, result.err
    assert "lib >=1" in result.err
    assert ["app=1.0=0"] == installed(tmp_path / "env")


def test_unlink_takes_one_package_and_leaves_what_needs_it(hognose, channel, tmp_path):
    prefix = tmp_path / "env"
    hognose("create", "-p", prefix, "-c", channel, "app")

    result = hognose("unlink", "-y", "-p", prefix, "lib")

    assert 0 == result.status, result.err
    assert "`lib` is needed by `app`" in result.err
    assert ["app=1.0=0"] == installed(prefix)
    assert not (prefix / "lib").exists()


def test_what_is_no_file_or_not_installed_is_refused(hognose, channel, tmp_path):
    hognose("create", "-p", tmp_path / "env", "-c", channel, "lib")

    assert 2 == hognose("link", "-p", tmp_path / "env", tmp_path / "none.conda").status
    assert 2 == hognose("unlink", "-y", "-p", tmp_path / "env", "none").status
