"""What py-rattler's `install` takes, we take under the same names.

The installed py-rattler is asked what there is. What we lack is listed here, each with its reason,
and the list is complete: a name that a later py-rattler adds fails the test until it is decided on.
"""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from hognose import aio, install

rattler = pytest.importorskip("rattler")

LACKING = {
    "show_progress": "a library draws nothing: `reporter` is told what goes on, and draws",
    "attestation_policy": "Sigstore's signatures are not verified here; the hashes of the channel "
    "are, and a policy that is not carried out must not be taken",
}
# What the blocking verb calls an argument otherwise, or takes in another shape.
BLOCKING = {
    "cache_dir": "cache",
    "package_cache": "cache",
    "installed_packages": "installed",
    "reinstall_packages": "reinstall",
    "ignored_packages": "ignored",
    "alternative_target_prefix": "target_prefix_override",
    # `install_settings(config)` has the keywords: a verb reads no configuration.
    "config": "link_options",
}


def arguments_of(function: Any) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


def test_the_coroutine_has_the_arguments_in_their_order() -> None:
    wanted, there = arguments_of(rattler.install), arguments_of(aio.install)
    assert set(LACKING) == set(wanted) - set(there)
    assert [name for name in wanted if name not in LACKING] == [
        name for name in there if name in wanted
    ]


def test_the_blocking_verb_has_them_under_names_of_its_own() -> None:
    wanted, there = arguments_of(rattler.install), arguments_of(install.install)
    names = {BLOCKING.get(name, name) for name in wanted if name not in LACKING}
    assert names <= set(there)


def test_a_reporter_is_told_the_same_by_the_same_methods() -> None:
    def methods(kind: type) -> dict[str, list[str]]:
        return {
            name: arguments_of(each)
            for name, each in inspect.getmembers(kind, inspect.isfunction)
            if name.startswith("on_")
        }

    theirs, ours = methods(rattler.InstallerReporter), methods(install.Reporter)
    assert {"on_warning"} == set(ours) - set(theirs)
    assert {name: ours[name] for name in theirs} == theirs
