"""`update`: what becomes of an installed set in each mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hognose.errors import UnsolvableError
from hognose.solve import Update, UpdateMode, update
from hognose.types import PrefixRecord
from support.toy_packages import package, packages

if TYPE_CHECKING:
    from hognose.types import RepoDataRecord

SOURCE = packages(
    "a 1: lib", "a 2: lib", "b 1: lib", "b 2: lib", "lib 1", "lib 2", "lib 3", "c 1: lib >=2"
)
INSTALLED = packages("a 1: lib", "b 1: lib", "lib 1")


def changed(specs: list[str], mode: str, **options: Any) -> dict[str, list[str]]:
    """What an update does, without what it does not."""
    return described(update(INSTALLED, specs, [SOURCE], mode=mode, **options))


def described(found: Update) -> dict[str, list[str]]:
    def show(record: RepoDataRecord) -> str:
        return f"{record.name} {record.version}"

    lists = {
        "added": [show(r) for r in found.added],
        "upgraded": [f"{show(c.old)} to {c.new.version}" for c in found.upgraded],
        "downgraded": [f"{show(c.old)} to {c.new.version}" for c in found.downgraded],
        "rebuilt": [f"{show(c.old)} {c.old.build} to {c.new.build}" for c in found.rebuilt],
        "removed": [show(r) for r in found.removed],
        "unchanged": [show(r) for r in found.unchanged],
    }
    return {kind: texts for kind, texts in lists.items() if texts}


def test_keep_leaves_what_is_installed_as_it_is() -> None:
    assert {"unchanged": ["a 1", "b 1", "lib 1"]} == changed(["a"], "keep")
    assert {"upgraded": ["a 1 to 2"], "unchanged": ["b 1", "lib 1"]} == changed(["a 2"], "keep")


def test_keep_refuses_what_needs_another_package_to_change() -> None:
    with pytest.raises(UnsolvableError, match="pinned package lib 1"):
        changed(["c"], "keep")


def test_minimal_changes_only_what_must_change() -> None:
    expected = {"added": ["c 1"], "upgraded": ["lib 1 to 3"], "unchanged": ["a 1", "b 1"]}
    assert expected == changed(["c"], "minimal")


def test_minimal_brings_named_packages_to_their_best_version() -> None:
    expected = {"upgraded": ["a 1 to 2"], "unchanged": ["b 1", "lib 1"]}
    assert expected == changed(["a"], "minimal")


def test_all_brings_everything_to_its_best_version() -> None:
    assert {"upgraded": ["a 1 to 2", "b 1 to 2", "lib 1 to 3"]} == changed([], "all")


def test_what_others_need_follows_them() -> None:
    source = packages("app 1: a-lib", "app 2: a-lib <2", "a-lib 1", "a-lib 2")
    found = update(packages("a-lib 1", "app 1: a-lib"), [], [source], mode="all")
    assert {"upgraded": ["app 1 to 2"], "unchanged": ["a-lib 1"]} == described(found)


def test_prune_removes_what_nothing_asked_for_needs() -> None:
    expected = {"unchanged": ["a 1", "lib 1"], "removed": ["b 1"]}
    assert expected == changed([], "prune", requested=["a"])


def test_downgrades_are_told_apart() -> None:
    expected = {"downgraded": ["lib 3 to 1"], "unchanged": ["a 1"]}
    found = update(packages("a 1: lib", "lib 3"), ["lib <2"], [SOURCE])
    assert expected == described(found)
    older = update([package("x 1 h_1")], ["x"], [[package("x 1 h_0")]])
    assert ["downgraded"] == list(described(older))


def test_another_build_of_the_same_version_is_a_rebuild() -> None:
    found = update([package("x 1 h_0")], ["x * k_0"], [packages("x 1 h_0", "x 1 k_0")])
    assert {"rebuilt": ["x 1 h_0 to k_0"]} == described(found)


def test_what_does_not_go_with_the_specs_is_given_up_and_reported() -> None:
    source = [*SOURCE, *packages("d 1: lib 1", "e 1: | a <0")]
    found = update(packages("d 1: lib 1", "b 1: lib", "lib 1"), ["c"], [source])
    assert ["d 1"] == described(found)["removed"]
    assert ["b 1"] == described(found)["unchanged"]
    assert ["a 1"] == described(update(INSTALLED, ["e"], [source]))["removed"]


def test_earlier_requests_still_hold() -> None:
    def install(text: str, *specs: str) -> PrefixRecord:
        record = package(text)
        values = {name: getattr(record, name) for name in record.__struct_fields__}
        return PrefixRecord(**values, requested_specs=specs)

    installed = [install("a 1: lib", "a <2"), install("lib 1")]
    assert {"upgraded": ["lib 1 to 3"], "unchanged": ["a 1"]} == described(
        update(installed, [], [SOURCE], mode=UpdateMode.ALL)
    )
    # A new spec for the same name takes the earlier one's place.
    assert ["a 1 to 2", "lib 1 to 3"] == described(
        update(installed, ["a"], [SOURCE], mode=UpdateMode.ALL)
    )["upgraded"]


def test_a_package_that_no_channel_has_stays() -> None:
    found = update(packages("mine 1: lib", "lib 1"), [], [SOURCE], mode="all")
    assert {"upgraded": ["lib 1 to 3"], "unchanged": ["mine 1"]} == described(found)


def test_an_empty_set_becomes_what_the_specs_ask_for() -> None:
    assert {"added": ["a 2", "lib 3"]} == described(update([], ["a"], [SOURCE], mode="all"))
