"""What is said to a person, and what it may not do to their terminal."""

from __future__ import annotations

import io

import pytest

from hognose.console import Console, counted, report_errors


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


class Terminal(io.StringIO):
    """A terminal, as far as anybody asks."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Return a terminal of 40 columns and a console that writes to it."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    return Console(out=stream, err=stream), stream


HEADER = ("name", "version", "build", "channel", "size")
ROW = ("numpy", "2.3.4", "py313h4c9bcb9_0_cpython", "conda-forge", "8.9 MB")


def test_a_table_leaves_columns_out_before_it_is_too_wide(terminal):
    console, stream = terminal

    console.table(HEADER, [ROW], least=("size", "channel"))

    name, row = stream.getvalue().splitlines()
    assert ["name", "version", "build"] == name.split()
    assert "numpy  2.3.4    py313h4c9bcb9_0_cpython" == row


def test_cells_are_shortened_where_that_is_not_enough(terminal):
    console, stream = terminal

    console.table(HEADER, [ROW], least=("size",))

    lines = stream.getvalue().splitlines()
    assert "numpy  2.3.4    py313h4c9b…  conda-forge" == lines[1]
    assert all(len(line) <= 40 for line in lines)


def test_what_must_be_whole_is_never_shortened(terminal):
    console, stream = terminal

    console.table(HEADER, [ROW], least=("size",), whole=("build",))

    assert "py313h4c9bcb9_0_cpython" in stream.getvalue()


def test_a_table_that_fits_is_left_alone(terminal):
    console, stream = terminal

    console.table(("name", "size"), [("numpy", "8.9 MB")], least=("size",))

    assert "name   size\nnumpy  8.9 MB\n" == stream.getvalue()


def test_a_table_in_a_pipe_is_whole(console, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")

    console.table(HEADER, [ROW], least=("size", "channel"))

    assert (
        "name   version  build                    channel      size\n"
        "numpy  2.3.4    py313h4c9bcb9_0_cpython  conda-forge  8.9 MB\n"
    ) == console.out.getvalue()


TREE = """cannot be solved:
├─ numpy 2.3.4 needs python >=3.11, of which there is none
│  └─ python 3.11.9 to 3.14.0 need something else entirely
└─ scipy"""


def test_a_tree_of_reasons_is_wrapped_between_words_below_its_branches(terminal):
    console, stream = terminal

    console.error(TREE)

    assert stream.getvalue() == (
        "error: cannot be solved:\n"
        "├─ numpy 2.3.4 needs python >=3.11, of\n"
        "│  which there is none\n"
        "│  └─ python 3.11.9 to 3.14.0 need\n"
        "│     something else entirely\n"
        "└─ scipy\n"
    )


def test_a_tree_in_a_pipe_is_not_wrapped(console, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")

    console.error(TREE)

    assert console.err.getvalue() == f"error: {TREE}\n"


def test_what_follows_a_label_is_wrapped_beside_it(terminal):
    console, stream = terminal

    console.result("lib/a.py of demo is not the file that was installed", label="altered       ")

    assert stream.getvalue() == (
        "altered       lib/a.py of demo is not\n"
        "              the file that was\n"
        "              installed\n"
    )


def test_the_first_line_leaves_room_for_its_mark(terminal):
    console, stream = terminal

    console.warn("a message that is exactly 39 marks long")

    assert "! a message that is exactly 39 marks\nlong\n" == stream.getvalue()


def test_a_word_that_is_wider_than_the_terminal_stays_whole(terminal):
    console, stream = terminal
    url = "https://example.com/" + "a-long-name/" * 5

    console.error(f"{url} does not answer")

    assert url in stream.getvalue()


@pytest.mark.parametrize("errors", ["strict", "backslashreplace"])
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_tree_is_drawn_with_what_the_stream_has(encoding, errors):
    raw = io.BytesIO()
    console = Console(err=io.TextIOWrapper(raw, encoding=encoding, errors=errors))

    console.error("no:\n├─ a\n│  └─ b\n└─ c")

    assert b"error: no:\n+- a\n|  +- b\n+- c\n" == raw.getvalue()


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 packages"), (1, "1 package"), (2, "2 packages")]
)
def test_numbers_have_their_nouns(number, text):
    assert text == counted(number, "package")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_no_stream_is_too_poor_for_a_message(encoding):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(out=stream, err=stream)

    console.success("größe → 日本 \udcff")
    console.result("app → lib")
    console.table(("größe",), [("日本",)])
    stream.flush()

    assert b"ok gr" in raw.getvalue()
    assert b"app -> lib\n" in raw.getvalue()
    assert b"\\u65e5" in raw.getvalue()


def test_a_path_that_is_no_text_does_not_stop_a_message():
    raw = io.BytesIO()
    console = Console(err=io.TextIOWrapper(raw, encoding="utf-8"))

    console.warn("a\udcffb")

    assert b"! a\\udcffb\n" == raw.getvalue()


def test_an_error_of_the_system_is_told_with_its_path(console):
    def fail() -> int:
        raise FileNotFoundError(2, "No such file or directory", "x")

    assert 1 == report_errors(fail, console)
    assert "error: x: No such file or directory\n" == console.err.getvalue()
