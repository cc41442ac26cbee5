"""Environments that py-rattler makes and changes without logging it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hognose.install import iter_revisions, read_history, requests_to_note
from hognose.types import PrefixRecord
from support.environment import Environment
from support.rattler_installer import RattlerInstaller

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("rattler")


@pytest.fixture
def rattler() -> Iterator[RattlerInstaller]:
    with RattlerInstaller() as installer:
        yield installer


def states(environment: Environment) -> list[list[str]]:
    return [
        [text.rpartition("::")[2] for text in revision.packages]
        for revision in iter_revisions(read_history(environment.prefix))
    ]


def test_what_rattler_installed_is_logged_before_our_change(
    tmp_path: Path, rattler: RattlerInstaller
) -> None:
    environment = Environment(tmp_path)
    a, b, c = (environment.package(name) for name in "abc")
    rattler.install([a, b], environment.prefix, tmp_path / "rattler-cache")

    environment.install(a, b, c)

    assert [["a-1-0", "b-1-0"], ["a-1-0", "b-1-0", "c-1-0"]] == states(environment)


def test_what_rattler_changed_between_two_of_our_changes_is_logged(
    tmp_path: Path, rattler: RattlerInstaller
) -> None:
    environment = Environment(tmp_path)
    a, b, c = (environment.package(name) for name in "abc")
    environment.install(a)
    rattler.install([b], environment.prefix, tmp_path / "rattler-cache")

    environment.install(b, c)

    assert [["a-1-0"], ["b-1-0"], ["b-1-0", "c-1-0"]] == states(environment)


def test_what_rattler_installed_without_a_note_and_nothing_needs_is_asked_for(
    tmp_path: Path, rattler: RattlerInstaller
) -> None:
    environment = Environment(tmp_path)
    app, lib = environment.package("app", depends=["lib"]), environment.package("lib")
    rattler.install([app, lib], environment.prefix, tmp_path / "rattler-cache")

    assert ["app"] == list(requests_to_note(PrefixRecord.collect(environment.prefix)))
