"""Records in files that are not called as their packages are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from hognose.errors import InvalidPackageFileError
from hognose.install.misnamed_records import find_misnamed_records
from hognose.types import MatchSpec, PrefixRecord

if TYPE_CHECKING:
    from support.environment import Environment


@pytest.fixture
def misnamed(environment: Environment) -> Environment:
    """An environment with `a` and `b`, in which the record of `a` is in `odd.json`."""
    environment.install(environment.package("a", files={"x": "x"}), environment.package("b"))
    folder = environment.prefix / "conda-meta"
    (folder / "a-1-0.json").rename(folder / "odd.json")
    return environment


def records(environment: Environment) -> list[str]:
    return sorted(
        name for name in os.listdir(environment.prefix / "conda-meta") if name.endswith(".json")
    )


def installed(environment: Environment) -> list[PrefixRecord]:
    return PrefixRecord.collect(environment.prefix)


def test_a_record_of_another_name_goes_with_its_package(misnamed: Environment) -> None:
    misnamed.install(misnamed.package("b"))

    assert ["b-1-0.json"] == records(misnamed)
    assert [] == misnamed.files()


def test_a_record_of_another_name_stays_with_its_package(misnamed: Environment) -> None:
    misnamed.install(*installed(misnamed), misnamed.package("c"))

    assert ["b-1-0.json", "c-1-0.json", "odd.json"] == records(misnamed)


@pytest.mark.parametrize("change", ["update", "reinstall", "request"])
def test_a_record_of_another_name_gives_way_to_the_new_one(
    change: str, misnamed: Environment
) -> None:
    a, b = installed(misnamed)
    if change == "update":
        misnamed.install(misnamed.package("a", "2"), b)
    elif change == "reinstall":
        misnamed.install(a, b, reinstall=["a"])
    else:
        misnamed.install(a, b, requested_specs=[MatchSpec("a")])

    assert [f"a-{2 if change == 'update' else 1}-0.json", "b-1-0.json"] == records(misnamed)


def test_what_cannot_be_read_is_nobodys_record(misnamed: Environment) -> None:
    (misnamed.prefix / "conda-meta/broken.json").write_text("garbage")
    lost = PrefixRecord.from_path(misnamed.prefix / "conda-meta/odd.json")

    assert {"a-1-0.json": "odd.json"} == find_misnamed_records(str(misnamed.prefix), [lost])


def test_a_package_in_two_files_is_an_error_that_names_both(misnamed: Environment) -> None:
    folder = misnamed.prefix / "conda-meta"
    (folder / "a-1-0.json").write_bytes((folder / "odd.json").read_bytes())

    with pytest.raises(InvalidPackageFileError, match=r"as `a-1-0\.json` and as `odd\.json`"):
        PrefixRecord.collect(misnamed.prefix)
