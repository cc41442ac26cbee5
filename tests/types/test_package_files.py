"""The metadata files inside a package."""

import json
import os

import pytest

from hognose.errors import InvalidPackageFileError
from hognose.types import (
    AboutJson,
    Channel,
    EntryPoint,
    IndexJson,
    LinkJson,
    PathsJson,
    RepoData,
    RunExportsJson,
)


def test_index_json_round_trips():
    text = '{"name": "a", "version": "1.0", "build": "0", "subdir": "noarch", "noarch": "python", "license": "MIT"}'
    index = IndexJson.decode(text)

    assert index == IndexJson.decode(index.encode())
    assert {"build_number": 0, "depends": [], **json.loads(text)} == json.loads(index.encode())


def test_an_error_names_the_file_and_the_key():
    with pytest.raises(InvalidPackageFileError, match=r"info/index\.json.*\$\.version"):
        IndexJson.decode('{"name": "a", "version": 1.0, "build": "0"}')


def test_a_file_is_read_from_an_extracted_package(tmp_path):
    (tmp_path / "info").mkdir()
    (tmp_path / "info/index.json").write_text('{"name": "a", "version": "1", "build": "0"}')

    assert IndexJson.from_package_directory(tmp_path).name == "a"


def test_urls_in_about_json_are_lists_whatever_the_file_holds():
    about = AboutJson.decode(
        '{"home": "https://a", "dev_url": ["https://b", null], "summary": ["x", "y"]}'
    )

    assert about.home == ("https://a",)
    assert about.dev_url == ("https://b",)
    assert about.summary == "x\ny"
    assert json.loads(about.encode())["home"] == "https://a"


def test_the_list_form_of_run_exports_is_weak():
    assert RunExportsJson.decode('["a >=1"]').weak == ("a >=1",)
    assert RunExportsJson.decode("{}").is_empty()


def test_entry_points_are_parsed():
    link = LinkJson.decode(
        '{"noarch": {"type": "python", "entry_points": ["x = a.b:c.d"]}, "package_metadata_version": 1}'
    )

    assert (EntryPoint("x", "a.b", "c.d"),) == link.noarch.entry_points


@pytest.mark.parametrize("text", ["x", "x = a", "../x = a:b", "x = a:b; import os", "x=a:b\nc=d:e"])
def test_what_is_no_entry_point_is_refused(text):
    with pytest.raises(InvalidPackageFileError, match="entry point"):
        EntryPoint.parse(text)


def test_the_files_before_paths_json_are_understood(tmp_path):
    (tmp_path / "info").mkdir()
    (tmp_path / "bin").mkdir()
    for name in ("bin/a", "bin/b c", "bin/d"):
        (tmp_path / name).touch()
    os.symlink("a", tmp_path / "bin/link")
    (tmp_path / "info/files").write_text("bin/a\nbin/b c\nbin/d\nbin/link\n")
    (tmp_path / "info/has_prefix").write_text(
        '/old binary bin/a\n"/with space" text "bin/b c"\nbin/d\n'
    )
    (tmp_path / "info/no_link").write_text("bin/a\n")

    paths = PathsJson.from_package_directory_with_deprecated_fallback(tmp_path).paths

    assert [
        (p.relative_path, p.path_type, p.prefix_placeholder, p.file_mode, p.no_link) for p in paths
    ] == [
        ("bin/a", "hardlink", "/old", "binary", True),
        ("bin/b c", "hardlink", "/with space", "text", False),
        ("bin/d", "hardlink", "/opt/anaconda1anaconda2anaconda3", "text", False),
        ("bin/link", "softlink", None, None, False),
    ]


def test_repodata_places_its_records():
    data = RepoData.decode(
        '{"info": {"subdir": "noarch", "base_url": "../files"}, "repodata_version": 2,'
        ' "packages": {"a-1-0.tar.bz2": {"name": "a", "version": "1", "build": "0"}},'
        ' "packages.conda": {"b-1-0.conda": {"name": "b", "version": "1", "build": "0"},'
        ' "c-1-0.conda": {"name": "c", "version": "1", "build": "0"}}, "removed": ["c-1-0.conda"]}'
    )
    records = data.into_repo_data(Channel("https://example.com/c"))

    assert [record.url for record in records] == [
        "https://example.com/c/files/a-1-0.tar.bz2",
        "https://example.com/c/files/b-1-0.conda",
    ]
    assert {"noarch"} == {record.subdir for record in records}


def test_empty_repodata_is_repodata():
    assert list(RepoData.decode(b"").iter_package_records()) == []


def test_repodata_round_trips():
    text = '{"info":{"subdir":"noarch"},"packages":{},"packages.conda":{},"removed":[],"repodata_version":1}'

    assert text == RepoData.decode(text).encode().decode()
