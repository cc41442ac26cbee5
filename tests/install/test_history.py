"""The log of an environment, whatever is in it and in the records that it is written from."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from hognose.errors import TransactionError
from hognose.install import (
    iter_revisions,
    parse_history,
    read_history,
    specs_of_revision,
    unreadable_lines,
)
from hognose.install.history import format_history_block, package_in_history
from hognose.types import PrefixRecord, RepoDataRecord
from support.exact_state import exact_state

HEAD = "==> 2024-01-01 10:00:00 <==\n"

# Too deep for Python's parser, in each of the ways in which it says so.
DEEP = ("[" + "-" * 20_000 + "1]", "[" * 5_000, "[" * 150 + "]" * 150)

NO_SPECS = (*DEEP, "['a", "[a, b]", "[1, 2]", "(b'a',)", "['a\\x00b' 'c', None]")

NO_PACKAGES = ("+", "+::", "+c/linux-64::-", "+a-1", "-", "+" + "x" * 100_000)


@pytest.mark.parametrize("specs", NO_SPECS, ids=range(len(NO_SPECS)))
def test_specs_that_make_no_sense_are_passed_over_and_named(specs):
    (block,) = parse_history(f"{HEAD}+c/noarch::a-1-0\n# update specs: {specs}\n")

    assert ((), ("c/noarch::a-1-0",)) == (block.update_specs, block.linked)
    (line,) = block.unreadable
    assert line.startswith("line 3: ")


@pytest.mark.parametrize(
    ("specs", "expected"),
    [
        ("['a', 'b >=1']", ("a", "b >=1")),
        ("('a',)", ("a",)),
        ("'a'", ("a",)),
        ("a, b", ("a", "b")),
        ("[]", ()),
        ("", ()),
    ],
)
def test_specs_are_read_in_the_forms_that_conda_has_used(specs, expected):
    (block,) = parse_history(f"{HEAD}# update specs: {specs}\n")

    assert (expected, ()) == (block.update_specs, block.unreadable)


@pytest.mark.parametrize("line", NO_PACKAGES, ids=range(len(NO_PACKAGES)))
def test_a_line_that_names_no_package_does_not_keep_the_environment_from_changes(environment, line):
    a, b = environment.package("a"), environment.package("b")
    environment.install(a)
    log = environment.prefix / "conda-meta/history"
    log.write_text(log.read_text() + f"{HEAD}{line}\n")
    number = log.read_text().count("\n")

    outcome = environment.install(a, b).outcome

    assert [True] == [f"line {number}: " in message for message in outcome.warnings]
    assert ["a-1-0", "b-1-0"] == [
        text.rpartition("::")[2]
        for text in list(iter_revisions(read_history(environment.prefix)))[-1].packages
    ]


def test_a_long_line_that_makes_no_sense_is_shown_in_part():
    (message,) = unreadable_lines(parse_history(f"{HEAD}+{'x' * 100_000}\n"))

    assert len(message) < 200


def test_secrets_in_a_line_that_makes_no_sense_are_not_shown():
    (message,) = unreadable_lines(parse_history(f"{HEAD}+https://me:secret@host/c::x\n"))

    assert "secret" not in message


def test_a_removal_that_names_no_package_leaves_the_specs():
    blocks = parse_history(
        f"{HEAD}+c/noarch::a-1-0\n# update specs: ['a']\n# remove specs: ['[', '']\n"
    )

    (revision,) = iter_revisions(blocks)

    assert ["a"] == [str(spec) for spec in specs_of_revision(blocks, revision)]


@pytest.mark.parametrize("field", ["build", "version", "name"])
@pytest.mark.parametrize("mark", ["\n", "\r", "\x85", "\u2028", "\x1b"])
def test_a_package_whose_name_would_be_several_lines_is_refused(environment, field, mark):
    a = environment.package("a")
    environment.install(a)
    before = exact_state(environment.prefix)
    facts = {"name": "b", "version": "1", "build": "0", "subdir": "linux-64", "url": a.url}
    record = RepoDataRecord.create(**facts)
    setattr(record, field, f"0{mark}# update specs: ['evil']")

    with pytest.raises(TransactionError, match="cannot name its file"):
        environment.install(a, record)

    assert before == exact_state(environment.prefix)


def test_a_record_that_has_a_line_break_all_the_same_is_one_line_of_the_log(environment):
    environment.install(environment.package("a"))
    path = environment.prefix / "conda-meta/a-1-0.json"
    document = json.loads(path.read_text()) | {"build": "0\n# update specs: ['evil']"}
    path.write_text(json.dumps(document))

    environment.install(environment.package("b"))

    assert ["a"] == [
        spec for block in read_history(environment.prefix) for spec in block.update_specs
    ]


def test_a_channel_that_is_none_is_logged_as_it_is():
    record = RepoDataRecord.create(
        name="a", version="1", build="0", subdir="noarch", channel="what\nis this"
    )

    assert "what?is this/noarch::a-1-0" == package_in_history(record)


def test_what_goes_is_written_as_the_log_has_it():
    record = PrefixRecord.create(
        name="a", version="1", build="0", subdir="noarch", channel="https://mirror/conda-forge"
    )
    transaction = SimpleNamespace(installed=(), removed=(record,))

    text = format_history_block(
        transaction,
        time=datetime(2024, 1, 1, tzinfo=UTC),
        logged=["x/noarch::b-1-0", "conda-forge/noarch::a-1-0"],
    )

    assert "\n-conda-forge/noarch::a-1-0\n" in text
