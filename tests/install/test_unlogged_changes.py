"""The log catches up with what other programs did (CEP 32)."""

import os
import time

import pytest

from hognose.install import (
    find_unlogged_packages,
    iter_revisions,
    names_from_others,
    parse_history,
    read_history,
    read_whole_history,
    requests_to_note,
)
from hognose.types import PrefixRecord


@pytest.fixture
def log(environment):
    """Return the log's file."""
    return environment.prefix / "conda-meta/history"


def revisions(environment) -> list[list[str]]:
    return [
        [text.rpartition("::")[2] for text in revision.packages]
        for revision in iter_revisions(read_history(environment.prefix))
    ]


def test_a_change_is_logged_after_what_was_there_without_a_log(environment, log):
    a, b = environment.package("a"), environment.package("b")
    environment.install(a)
    log.write_text("")

    environment.install(a, b)

    assert [["a-1-0"], ["a-1-0", "b-1-0"]] == revisions(environment)


def test_what_came_and_went_in_between_is_a_block_of_its_own(environment, log):
    a, b, c = (environment.package(name) for name in "abc")
    environment.install(a)
    before = log.read_text()
    environment.install(b)
    log.write_text(before)

    environment.install(b, c)

    assert [["a-1-0"], ["b-1-0"], ["b-1-0", "c-1-0"]] == revisions(environment)
    assert [False, True, False] == [block.is_catch_up for block in read_history(environment.prefix)]


def test_a_log_that_lacks_nothing_gets_one_block_for_a_change(environment):
    a, b = environment.package("a"), environment.package("b")
    environment.install(a)

    environment.install(a, b)

    assert 2 == len(read_history(environment.prefix))


def test_the_block_that_a_log_lacks_can_be_read_before_it_is_written(environment, log):
    environment.install(environment.package("a"))
    log.write_text("")

    (block,) = read_whole_history(environment.prefix, PrefixRecord.collect(environment.prefix))

    assert "" == log.read_text()
    assert ("", True) == (block.time, block.is_catch_up)
    assert [f"{environment.channel.as_uri()}/linux-64::a-1-0"] == [*block.linked]


def test_the_same_channel_in_another_notation_is_no_change(environment, log):
    a, b = environment.package("a"), environment.package("b")
    environment.install(a)
    log.write_text(log.read_text().replace("/linux-64::a-1-0", "::a-1-0"))

    environment.install(a, b)

    assert 2 == len(read_history(environment.prefix))


def test_what_others_brought_and_nothing_needs_is_asked_for(environment, log):
    a, lib = environment.package("a"), environment.package("lib")
    b = environment.package("b", depends=["lib"])
    environment.install(a, requested_specs=["a"])
    before = log.read_text()
    environment.install(a, b, lib, requested_specs=["a"])
    log.write_text(before)

    installed = PrefixRecord.collect(environment.prefix)
    names = names_from_others(read_whole_history(environment.prefix, installed))

    assert {"b", "lib"} == names
    assert ["a", "b"] == sorted(requests_to_note(installed, names))


def test_the_requests_of_what_others_brought_are_logged_with_it(environment, log):
    a, b = environment.package("a", depends=["b"]), environment.package("b")
    environment.install(a, b)
    log.write_text("")

    environment.install(a, b, environment.package("c"))

    assert ("a",) == read_history(environment.prefix)[0].update_specs


def test_a_package_older_than_a_revision_was_part_of_it_whatever_the_log_says(environment, log):
    old, new, own = (environment.package(name) for name in ("old", "new", "own"))
    environment.install(old, new, own)
    for name, year in (("old", 2001), ("new", 2003)):
        seconds = (year - 1970) * 31_557_600
        os.utime(environment.prefix / f"conda-meta/{name}-1-0.json", (seconds, seconds))
    log.write_text(
        "==> 2002-06-01 00:00:00 <==\n# cmd: hognose install own\n"
        f"+{environment.channel.as_uri()}/linux-64::own-1-0\n"
    )
    installed = PrefixRecord.collect(environment.prefix)
    blocks = read_whole_history(environment.prefix, installed)

    earlier, later = find_unlogged_packages(
        environment.prefix, blocks, next(iter(iter_revisions(blocks))), installed
    )

    assert (["old"], ["new"]) == ([r.name for r in earlier], [r.name for r in later])


def test_a_package_that_a_later_block_catches_up_with_came_later_whatever_its_time(
    environment, log
):
    own, drift, last = (environment.package(name) for name in ("own", "drift", "last"))
    environment.install(own)
    before = log.read_text()
    environment.install(own, drift)
    log.write_text(before)
    environment.install(own, drift, last)
    os.utime(environment.prefix / "conda-meta/drift-1-0.json", (0, 0))
    installed = PrefixRecord.collect(environment.prefix)
    blocks = read_whole_history(environment.prefix, installed)

    earlier, later = find_unlogged_packages(
        environment.prefix, blocks, next(iter(iter_revisions(blocks))), installed
    )

    assert ([], ["drift"]) == ([r.name for r in earlier], [r.name for r in later])


def test_a_package_of_the_second_of_a_revision_came_after_it(environment, log):
    own, drift = environment.package("own"), environment.package("drift")
    environment.install(own, drift)
    seconds = 1_000_000_000
    os.utime(environment.prefix / "conda-meta/drift-1-0.json", (seconds, seconds))
    local = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    log.write_text(
        f"==> {local} <==\n# cmd: hognose install own\n"
        f"+{environment.channel.as_uri()}/linux-64::own-1-0\n"
    )
    installed = PrefixRecord.collect(environment.prefix)
    blocks = read_whole_history(environment.prefix, installed)

    earlier, later = find_unlogged_packages(
        environment.prefix, blocks, next(iter(iter_revisions(blocks))), installed
    )

    assert ([], ["drift"]) == ([r.name for r in earlier], [r.name for r in later])


def test_a_record_that_is_only_rewritten_keeps_its_time(environment):
    a = environment.package("a")
    environment.install(a)
    record = environment.prefix / "conda-meta/a-1-0.json"
    os.utime(record, (1_000_000_000, 1_000_000_000))

    environment.install(a, requested_specs=["a"])

    assert ("a",) == PrefixRecord.collect(environment.prefix)[0].requested_specs
    assert 1_000_000_000 == record.stat().st_mtime


CONDAS_REQUESTS_ONLY = """\
==> 2024-01-01 10:00:00 <==
# cmd: conda create a b
# conda version: 24.1.0
+x/noarch::a-1-0
+x/noarch::b-1-0
==> 2024-01-02 10:00:00 <==
# cmd: conda install a
# conda version: 24.1.0
# update specs: ['a']
==> 2024-01-03 10:00:00 <==
# cmd: conda remove b
# conda version: 24.1.0
+x/noarch::a-1-0
+pypi/pypi::flit-3.0-pypi_0
# remove specs: ['b']
"""


def test_conda_lists_everything_anew_after_a_block_without_packages():
    found = [revision.packages for revision in iter_revisions(parse_history(CONDAS_REQUESTS_ONLY))]

    both = ("x/noarch::a-1-0", "x/noarch::b-1-0")
    assert [both, both, ("x/noarch::a-1-0",)] == found
