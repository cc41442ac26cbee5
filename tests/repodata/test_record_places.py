"""Finding the records of a large file in windows: the same as reading it whole, or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hognose.errors import InvalidPackageFileError
from hognose.repodata import PackageFormatSelection, SparseRepoData
from hognose.repodata.record_places import locate_records
from hognose.types import Channel
from support import shared_data
from support.repodata_files import entry, packages_of, repodata

if TYPE_CHECKING:
    from pathlib import Path

ENTRIES = [
    entry(name, str(version), depends=["x >=1"], run_exports={"weak": [name]})
    for name in ("a", "a-b", "Big", "c.d", "z")
    for version in range(8)
]
DOCUMENT = {
    "info": {"subdir": "noarch", "nested": {"a": [1, {"b": "}}, \\"}]}},
    "packages": packages_of(ENTRIES[:11], ".tar.bz2"),
    "packages.conda": packages_of(ENTRIES),
    "removed": ["gone-1-0.conda"],
    "repodata_version": 1,
}
STYLES: dict[str, dict[str, Any]] = {
    "spaced": {},
    "compact": {"separators": (",", ":")},
    "indented": {"indent": 2},
}
ORDERS = [
    list(DOCUMENT),
    list(reversed(DOCUMENT)),
    ["packages.conda", "info", "packages", "repodata_version", "removed"],
]


def load(path: Path, limit: int) -> SparseRepoData:
    return SparseRepoData(Channel("c"), "noarch", path, in_memory_up_to=limit)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("order", ORDERS, ids=["usual", "reversed", "mixed"])
@pytest.mark.parametrize("window", [64, 300, 1000, 1 << 20])
def test_records_are_found_whatever_the_window(
    tmp_path: Path, style: str, order: list[str], window: int
) -> None:
    path = tmp_path / "repodata.json"
    path.write_text(json.dumps({key: DOCUMENT[key] for key in order}, **STYLES[style]))
    located = locate_records(str(path), window=window)
    assert located is not None
    rest, sections = located
    assert {"info", "removed", "repodata_version"} == set(rest)
    assert DOCUMENT["info"] == rest["info"]
    for suffix, key in ((".tar.bz2", "packages"), (".conda", "packages.conda")):
        places = sections[suffix]
        texts = places.read(range(len(places.file_names)))
        found = dict(zip(places.file_names, map(json.loads, map(bytes, texts)), strict=True))
        assert DOCUMENT[key] == found


@pytest.mark.parametrize("style", STYLES)
def test_a_file_in_windows_is_as_good_as_one_in_memory(tmp_path: Path, style: str) -> None:
    path = tmp_path / "repodata.json"
    shuffled = dict(reversed(list(packages_of(ENTRIES).items())))
    document = {**DOCUMENT, "packages.conda": shuffled}
    path.write_text(json.dumps(document, **STYLES[style]))
    ours, whole = load(path, 0), load(path, 1 << 30)
    for selection in PackageFormatSelection:
        assert whole.load_all_records(selection) == ours.load_all_records(selection)
        assert whole.record_count(selection) == ours.record_count(selection)
        for name in whole.package_names():
            assert whole.load_records(name, selection) == ours.load_records(name, selection)
    assert whole.names_mentioning("c.d") == ours.names_mentioning("c.d")
    assert ["gone-1-0.conda"] == ours.load_removed()
    assert "noarch" == ours.info.subdir


@pytest.mark.parametrize(
    "document",
    [
        {"packages": {}, "packages.conda": {}},
        {},
        repodata(entry("a")),
        {**DOCUMENT, "v3": {"conda": {"v-1-0": entry("v")}}},
        {**DOCUMENT, "removed": ["z-1-0.conda"]},
        {"packages.conda": {"odd": 1}},
        {"packages.conda": packages_of([entry("a", license="ä")])},
        {"packages.conda": packages_of([entry("ä")])},
        {"packages.conda": packages_of([entry("a", extra_depends={"x.conda": ["y"]})])},
    ],
)
@pytest.mark.parametrize("is_ascii", ["escaped", "as it is"])
def test_unusual_files_are_read_all_the_same(
    tmp_path: Path, document: dict[str, Any], is_ascii: str
) -> None:
    path = tmp_path / "repodata.json"
    path.write_text(json.dumps(document, ensure_ascii=is_ascii == "escaped"), encoding="utf-8")
    ours, whole = load(path, 0), load(path, 1 << 30)
    assert whole.package_names() == ours.package_names()
    if "odd" not in document.get("packages.conda", {}):
        assert whole.load_all_records() == ours.load_all_records()


@pytest.mark.parametrize("cut", [1, 2, 3, 50, 400])
def test_a_file_that_ends_too_early_is_an_error(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "repodata.json"
    path.write_text(json.dumps(DOCUMENT)[:-cut])
    with pytest.raises(InvalidPackageFileError):
        load(path, 0)


def test_a_file_with_something_behind_it_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "repodata.json"
    path.write_text(json.dumps(DOCUMENT) + "{}")
    with pytest.raises(InvalidPackageFileError):
        load(path, 0)


def test_a_real_file_is_the_same_in_windows(tmp_path: Path) -> None:
    data = shared_data.read_zst("channels/conda-forge-python39/linux-64/repodata.json.zst")
    path = tmp_path / "repodata.json"
    path.write_bytes(data)
    assert locate_records(str(path)) is not None
    assert load(path, 1 << 30).load_all_records() == load(path, 0).load_all_records()
