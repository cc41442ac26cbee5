"""What the CEPs say about records and repodata, as far as types are concerned."""

import json
from datetime import UTC, datetime

import pytest

from hognose.errors import InvalidMatchSpecError
from hognose.types import Channel, MatchSpec, NoArchType, PackageRecord, RepoData, wire

RECORD = {"name": "a", "version": "1", "build": "0"}
CHANNEL = Channel("https://h/c")


def record(**fields):
    return wire.decode_json(json.dumps({**RECORD, **fields}), PackageRecord)


def repodata(**fields):
    return RepoData.decode(json.dumps({"packages.conda": {"a-1-0.conda": RECORD}, **fields}))


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://other/x", "https://other/x/a-1-0.conda"),
        ("https://other/x/", "https://other/x/a-1-0.conda"),
        ("../files", "https://h/c/files/a-1-0.conda"),
        ("", "https://h/c/noarch/a-1-0.conda"),
    ],
)
@pytest.mark.parametrize("version", [1, 2])
def test_file_names_are_relative_to_the_base_url(base_url, url, version):
    """CEP 15: absolute or relative to the repodata, in files of version 1 and 2."""
    data = repodata(info={"base_url": base_url}, repodata_version=version)

    assert [url] == [found.url for found in data.into_repo_data(CHANNEL)]


def test_a_noarch_python_package_may_lie_in_a_platform_folder():
    """CEP 20: the field decides, not the folder."""
    found = record(noarch="python", subdir="linux-64")

    assert NoArchType("python") is found.noarch
    assert "linux-64" == found.subdir


def test_run_exports_of_a_record_are_absent_or_there():
    """CEP 21: absent is unknown, an empty object means none."""
    assert record().run_exports is None
    assert record(run_exports={}).run_exports.is_empty()
    assert ("a >=1",) == record(run_exports={"weak": ["a >=1"]}).run_exports.weak


def test_unknown_keys_and_signatures_are_ignored():
    """CEP 36."""
    data = repodata(signatures={"a-1-0.conda": {}}, unheard_of=[1, {}])

    assert ["a-1-0.conda"] == [found.file_name for found in data.into_repo_data(CHANNEL)]


@pytest.mark.parametrize("extra", ["test", "a.b", "a+b", "a_b-c", "x" * 64])
def test_extras_have_names_of_64_letters_at_most(extra):
    """CEP 44."""
    assert (extra,) == MatchSpec(f"a[extras=[{extra}]]").extras


@pytest.mark.parametrize("extra", ["x" * 65, "A", "a b", "a!", "é"])
def test_other_names_of_extras_are_refused(extra):
    """CEP 44."""
    with pytest.raises(InvalidMatchSpecError):
        MatchSpec(f'a[extras="{extra}"]')


@pytest.mark.parametrize(
    ("spec", "flags", "expected"),
    [
        ("a[flags=[cuda]]", ["cuda"], True),
        ("a[flags=[cuda]]", [], False),
        ('a[flags=["blas:*"]]', ["blas:mkl"], True),
        ('a[flags=["blas:*", cuda]]', ["blas:mkl"], False),
    ],
)
def test_a_package_needs_every_flag_that_is_asked_for(spec, flags, expected):
    """CEP 45."""
    assert expected is MatchSpec(spec).matches(record(flags=flags))


def test_a_record_holds_when_it_was_indexed():
    """CEP 47: milliseconds, apart from the time of the build."""
    found = record(timestamp=1_500_000_000_000, indexed_timestamp=1_600_000_000_000)

    assert datetime(2017, 7, 14, 2, 40, tzinfo=UTC) == found.timestamp
    assert datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC) == found.indexed_timestamp


def test_records_of_the_third_revision_are_read_by_stem():
    """CEP 48."""
    data = RepoData.decode(
        json.dumps(
            {
                "info": {"repodata_revisions": {"v3": {"message": "update", "n_packages": 2}}},
                "repodata_version": 1,
                "v3": {"conda": {"a-1-0": RECORD}, "tar.bz2": {"b-1-0": RECORD}, "whl": {}},
            }
        )
    )

    assert "update" == data.repodata_revisions["v3"].message
    assert 2 == data.repodata_revisions["v3"].n_packages
    assert ["b-1-0.tar.bz2", "a-1-0.conda"] == [name for name, _ in data.iter_package_records()]
