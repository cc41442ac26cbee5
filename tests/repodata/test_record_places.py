"""Finding the records of a large file in windows: the same as reading it whole, or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hognose.errors import InvalidPackageFileError
from hognose.repodata import PackageFormatSelection, SparseRepoData
from hognose.repodata.large_file import LargeFile
from hognose.repodata.record_places import locate_records
from hognose.types import Channel
from support import shared_data
from support.repodata_files import entry, packages_of, repodata

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hognose.types import RepoDataRecord

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


def name_of(file_name: str) -> str:
    return file_name.rsplit("-", 2)[0].lower()


def by_file_name(records: list[RepoDataRecord]) -> dict[str, RepoDataRecord]:
    return {record.file_name: record for record in records}


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
    located = locate_records(LargeFile(str(path)), window=window)
    assert located is not None
    facts, *sections = located
    assert ("gone-1-0.conda",) == facts.removed
    assert "noarch" == facts.info.subdir
    for places, key in zip(sections, ("packages", "packages.conda"), strict=True):
        found = {
            file_name: json.loads(bytes(raw))
            for batch in places.batches()
            for file_name, raw in batch.items()
        }
        assert DOCUMENT[key] == found
        for name in ("a", "a-b", "big", "c.d", "z", "b", ""):
            expected = [each for each in sorted(found) if name_of(each) == name]
            assert expected == list(places.load(name))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("order", ORDERS, ids=["usual", "reversed", "mixed"])
@pytest.mark.parametrize("records", ["sorted", "reversed", "one late"])
def test_a_file_on_the_disk_is_as_good_as_one_in_memory(
    tmp_path: Path, style: str, order: list[str], records: str
) -> None:
    path = tmp_path / "repodata.json"
    entries = packages_of(ENTRIES)
    if records == "reversed":
        entries = dict(reversed(entries.items()))
    elif records == "one late":
        entries["a-1-0.conda"] = entries.pop("a-1-0.conda")
    document = {**DOCUMENT, "packages.conda": entries, "removed": ["a-2-0.conda", "gone-1-0.conda"]}
    path.write_text(json.dumps({key: document[key] for key in order}, **STYLES[style]))
    whole = load(path, 1 << 30)
    for selection in PackageFormatSelection:
        # What is asked first is answered in another way than what comes later.
        ours = load(path, 0)
        for _ in range(2):
            assert by_file_name(whole.load_all_records(selection)) == by_file_name(
                ours.load_all_records(selection)
            )
            assert whole.record_count(selection) == ours.record_count(selection)
        for name in whole.package_names():
            assert whole.load_records(name, selection) == ours.load_records(name, selection)
        assert whole.package_names(selection) == ours.package_names(selection)
    assert whole.names_mentioning("c.d") == ours.names_mentioning("c.d")
    assert ["a-2-0.conda", "gone-1-0.conda"] == ours.load_removed()
    assert "noarch" == ours.info.subdir


def test_a_record_that_is_another_package_than_it_says_hides_the_older_format(
    tmp_path: Path,
) -> None:
    path = tmp_path / "repodata.json"
    newer = {"a-1-0.conda": entry("other")}
    older = packages_of([entry("a", "1"), entry("a", "2")], ".tar.bz2")
    path.write_text(json.dumps({"info": {}, "packages": older, "packages.conda": newer}))
    for limit in (0, 1 << 30):
        assert ["a-2-0.tar.bz2"] == list(by_file_name(load(path, limit).load_all_records()))


def test_a_few_records_behind_the_others_are_found_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "repodata.json"
    many = packages_of([entry(f"p{number:04}") for number in range(1000)])
    many.update(packages_of([entry("a", "2"), entry("p0500", "2"), entry("zz")]))
    path.write_text(json.dumps({"info": {}, "packages.conda": many}))
    located = locate_records(LargeFile(str(path)), window=4096)
    assert located is not None
    _, _, conda = located
    assert ["a-2-0.conda"] == list(conda.load("a"))
    assert ["p0500-1-0.conda", "p0500-2-0.conda"] == list(conda.load("p0500"))
    assert ["p0999-1-0.conda"] == list(conda.load("p0999"))
    assert ["zz-1-0.conda"] == list(conda.load("zz"))
    assert [] == list(conda.load("p1000"))


def test_records_in_no_order_are_not_looked_for_window_by_window(tmp_path: Path) -> None:
    path = tmp_path / "repodata.json"
    names = [f"p{7919 * number % 1000:04}" for number in range(1000)]
    path.write_text(json.dumps({"packages.conda": packages_of(map(entry, names))}))
    assert locate_records(LargeFile(str(path)), window=4096) is None


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
        assert by_file_name(whole.load_all_records()) == by_file_name(ours.load_all_records())


@pytest.mark.parametrize("cut", [1, 2, 3, 50])
def test_a_file_that_ends_too_early_is_an_error_at_once(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "repodata.json"
    path.write_text(json.dumps(DOCUMENT)[:-cut])
    with pytest.raises(InvalidPackageFileError):
        load(path, 0)


BROKEN: dict[str, Callable[[str], str]] = {
    "cut behind a record": lambda text: text[: text.index('"z-5-0.conda"')].rstrip(", "),
    "something behind it": lambda text: text + "{}",
    "nothing between two records": lambda text: text.replace('}, "z-5-0.conda"', '} "z-5-0.conda"'),
}


@pytest.mark.parametrize("damage", BROKEN)
@pytest.mark.parametrize("ask", ["load_all_records", "package_names", "load_removed"])
def test_a_file_that_is_no_json_further_on_is_an_error_of_the_first_question(
    tmp_path: Path, damage: str, ask: str
) -> None:
    path = tmp_path / "repodata.json"
    path.write_text(BROKEN[damage](json.dumps(DOCUMENT)))
    data = load(path, 0)
    for _ in range(2):
        with pytest.raises(InvalidPackageFileError, match=r"repodata\.json"):
            getattr(data, ask)()


def test_a_malformed_record_in_a_large_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "repodata.json"
    entries = [*ENTRIES, {**entry("z", "9"), "depends": "b"}]
    path.write_text(json.dumps({**DOCUMENT, "packages.conda": packages_of(entries)}))
    data = load(path, 0)
    with pytest.raises(InvalidPackageFileError, match=r"z-9-0\.conda"):
        data.load_all_records()
    with pytest.raises(InvalidPackageFileError, match=r"z-9-0\.conda"):
        data.load_records("z")
    assert 8 == len(data.load_records("a-b"))


def test_a_file_that_is_replaced_stays_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "repodata.json"
    path.write_text(json.dumps(DOCUMENT))
    data = load(path, 0)
    (tmp_path / "new").write_text(json.dumps({"info": {}, "packages.conda": {}}))
    (tmp_path / "new").rename(path)
    assert 8 == len(data.load_records("z"))


def test_a_file_that_is_written_to_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "repodata.json"
    path.write_text(json.dumps(DOCUMENT))
    data = load(path, 0)
    assert 8 == len(data.load_records("z"))
    path.write_text(json.dumps(DOCUMENT, indent=3))
    with pytest.raises(InvalidPackageFileError, match="was changed"):
        data.load_records("a")


def test_a_closed_file_answers_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "repodata.json"
    path.write_text(json.dumps(DOCUMENT))
    with load(path, 0) as data:
        pass
    with pytest.raises(ValueError, match="is closed"):
        data.load_all_records()


def test_a_real_file_is_the_same_in_windows(tmp_path: Path) -> None:
    data = shared_data.read_zst("channels/conda-forge-python39/linux-64/repodata.json.zst")
    path = tmp_path / "repodata.json"
    path.write_bytes(data)
    assert locate_records(LargeFile(str(path))) is not None
    assert load(path, 1 << 30).load_all_records() == load(path, 0).load_all_records()
