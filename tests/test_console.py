"""What is said to a person, and what it may not do to their terminal."""

from __future__ import annotations

import io

import pytest

from hognose.console import Console


@pytest.fixture
def console():
    return Console(out=io.StringIO(), err=io.StringIO())


SAYING = ["step", "success", "detail", "hint", "warn", "error"]


@pytest.mark.parametrize("method", SAYING)
def test_no_message_steers_the_terminal(console, method):
    getattr(console, method)("a\x1b]0;title\x07b\x9b2Jc\rd")

    assert "a\\x1b]0;title\\x07b\\x9b2Jc\\x0dd" in console.err.getvalue()


def test_no_hint_steers_the_terminal(console):
    console.error("text", "a\x1b[31mb")

    assert "hint: a\\x1b[31mb\n" in console.err.getvalue()


def test_no_table_steers_the_terminal(console):
    console.table(("name", "channel"), [("nu\x1b[2Jmpy", "\u202edesrever")])

    assert "name          channel\nnu\\x1b[2Jmpy  \\x202edesrever\n" == console.out.getvalue()


def test_no_result_steers_the_terminal(console):
    console.result("summary\x1b[2J", label="na\x07me  ")

    assert "na\\x07me  summary\\x1b[2J\n" == console.out.getvalue()


def test_lines_tabs_and_other_letters_stay(console):
    console.result("größe\t日本\nzwei")

    assert "größe\t日本\nzwei\n" == console.out.getvalue()


def test_a_script_is_printed_as_it_is(console):
    console.script("PS1='\x1b[1m$ '")

    assert "PS1='\x1b[1m$ '\n" == console.out.getvalue()


def test_a_label_stands_out_where_colour_is_wanted(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    console = Console(out=io.StringIO(), err=io.StringIO())

    console.result("  1.0", label="version")

    assert "\x1b[1mversion\x1b[0m  1.0\n" == console.out.getvalue()
