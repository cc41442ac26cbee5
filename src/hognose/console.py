"""How `hognose` and `cx` talk to a person: messages, tables, questions, exit codes.

What the user asked for goes to standard output; everything said on the way goes to standard
error. Colour and bars appear on a terminal only, and `NO_COLOR` is honoured. The progress bars
are in `hognose.progress`.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, Protocol, TextIO

    class Interruptible(Protocol):
        """What draws on a terminal, and makes room for what is to be said."""

        def interrupt(self, write: Callable[[], None]) -> None:
            """Take away what is drawn, call `write`, and draw again."""


__all__ = (
    "Console",
    "counted",
    "error_message",
    "error_messages",
    "report_errors",
    "terminal_width",
)

EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

_STYLES = {"bold": "1", "cyan": "1;36", "yellow": "1;33", "green": "1;32", "blue": "1;34"}
_STYLES |= {"red": "1;31", "dim": "2"}
# Names, URLs and messages come from channels and packages: what they hold must not steer the
# terminal. Controls (C0 but tab and newline, DEL, C1) and changes of direction are written out.
_CONTROLS = (*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F))
_SPELLED_OUT = {code: f"\\x{code:02x}" for code in (*_CONTROLS, *range(0x2066, 0x206A))}
_SPELLED_OUT_IN_JSON = {code: f"\\u{code:04x}" for code in _SPELLED_OUT if code >= 32}
# For streams that have only ASCII, or a Windows code page.
_PLAIN = str.maketrans(
    {"✔": "ok", "→": "->", "↑": "^", "↓": "v", "↻": "r", "…": "...", "·": "-", "—": "-"}
    | {"├": "+", "└": "+", "─": "-", "│": "|"}
)
# How far the lines of a tree are drawn in, and how what is left over of one goes on below it.
_TREE_INDENT = r"[│ ]*(?:[├└]─ )?"
_BELOW = str.maketrans({"├": "│", "└": " ", "─": " "})
_NARROWEST = 8


class Console:
    """A place to say things; a command makes one and hands it on.

    Args:
        quiet: Say nothing but warnings and errors.
        verbose: Say more; what that is, the command decides.
        out: Where results go.
        err: Where messages go.
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        verbose: bool = False,
        out: TextIO | None = None,
        err: TextIO | None = None,
    ) -> None:
        """Keep the streams and find out what they can show."""
        self.quiet = quiet
        self.verbose = verbose
        # A stream that was closed before the program began is None.
        self.out = out or sys.stdout or _nowhere()
        self.err = err or sys.stderr or _nowhere()
        self.is_interactive = _is_terminal(self.err)
        # What a JSON document says besides what was asked for, by its keys.
        self.remarks: dict[str, Any] = {}
        # What draws bars here, once there are some (`hognose.progress`).
        self.display: Interruptible | None = None
        self._colour_err = _wants_colour(self.err)
        self._colour_out = _wants_colour(self.out)

    def result(self, text: str = "", *, label: str = "") -> None:
        """Print what the user asked for.

        A label before it stands out on a terminal, and long lines after one are wrapped there.
        """
        shown, text = _harmless(label), _harmless(text)
        if label:
            text = _wrapped(text, terminal_width(self.out), len(shown), hang=True)
            shown = _paint(shown, "bold") if self._colour_out else shown
        _write(f"{shown}{text}", self.out)

    def document(self, text: str) -> None:
        """Print a JSON document; what the stream cannot show is escaped as JSON does it."""
        text = text.translate(_SPELLED_OUT_IN_JSON)
        try:
            text.encode(self.out.encoding or "utf-8")
        except UnicodeEncodeError:
            from json import dumps

            text = "".join(mark if mark.isascii() else dumps(mark)[1:-1] for mark in text)
        print(text, file=self.out, flush=True)

    def script(self, text: str) -> None:
        """Print what a program will read, as it is."""
        try:
            print(text, file=self.out)
        except UnicodeEncodeError:
            # Paths are bytes; a shell wants those, whatever the locale says.
            self.out.flush()
            self.out.buffer.write(os.fsencode(f"{text}\n"))
            self.out.buffer.flush()

    def step(self, text: str) -> None:
        """Say what is being done now."""
        self._say(">>", "cyan", text)

    def success(self, text: str) -> None:
        """Say that something has been achieved."""
        self._say("✔", "green", text)

    def detail(self, text: str) -> None:
        """Say something that belongs to the line before."""
        if not self.quiet:
            self._print(f"   {self._fitted(text, 3, hang=True)}")

    def hint(self, text: str) -> None:
        """Say what the user may want to do next."""
        self._say("i", "blue", text)

    def warn(self, text: str) -> None:
        """Say that something may not be as the user expects; also when quiet."""
        self._print(f"{self._mark('!', 'yellow')} {self._fitted(text, 2)}")

    def alert(self, text: str) -> None:
        """Say what nobody should miss; also when quiet."""
        self._print(f"{self._mark('!!', 'red')} {self._fitted(text, 3)}")

    def error(self, text: str, hint: str | None = None) -> None:
        """Say why nothing came of it; also when quiet."""
        self._print(f"{self._mark('error:', 'red')} {self._fitted(text, 7)}")
        if hint:
            self._print(f"{self._mark('hint:', 'blue')} {self._fitted(hint, 6)}")

    @property
    def can_ask(self) -> bool:
        """Whether somebody sits at a terminal, to be asked and to answer."""
        return self.is_interactive and _is_terminal(sys.stdin)

    def confirm(self, question: str, *, default: bool = True) -> bool:
        """Ask yes or no; where nobody can be asked, return `default`."""
        if not self.can_ask:
            return default
        choices = "[Y/n]" if default else "[y/N]"
        self._print(f"{_harmless(question)} {choices} ", end="")
        try:
            answer = sys.stdin.readline()
        except KeyboardInterrupt:
            self._print("")
            raise
        if not answer:  # the end of the input, Ctrl+D: nobody said yes
            self._print("")
            return False
        word = answer.strip().lower()
        return default if not word else word in {"y", "yes"}

    def table(
        self,
        header: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        to_err: bool = False,
        least: Sequence[str] = (),
        whole: Sequence[str] = (),
    ) -> None:
        """Print rows in columns as wide as their widest cell.

        On a terminal that is too narrow for that, columns are left out and cells shortened; what
        goes into a file or a pipe is always whole.

        Args:
            header: The titles.
            rows: The cells.
            to_err: Whether this is a message rather than a result.
            least: The titles of columns that may go, that which is missed least first.
            whole: The titles of columns whose cells are never shortened.
        """
        lines = [tuple(header), *(tuple(_harmless(str(cell)) for cell in row) for row in rows)]
        stream, colour = (self.err, self._colour_err) if to_err else (self.out, self._colour_out)
        width = terminal_width(stream)
        if width is not None:
            lines = _fit(lines, width, least, whole)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for number, line in enumerate(lines):
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            text = "  ".join(cells).rstrip()
            _write(_paint(text, "bold") if colour and number == 0 else text, stream)

    def _say(self, mark: str, style: str, text: str) -> None:
        if not self.quiet:
            self._print(f"{self._mark(mark, style)} {self._fitted(text, len(mark) + 1)}")

    def _fitted(self, text: str, column: int, *, hang: bool = False) -> str:
        return _wrapped(_harmless(text), terminal_width(self.err), column, hang=hang)

    def _mark(self, mark: str, style: str) -> str:
        return _paint(mark, style) if self._colour_err else mark

    def _print(self, text: str, end: str = "\n") -> None:
        if self.display is None:
            _write(text, self.err, end, flush=True)
        else:
            self.display.interrupt(lambda: _write(text, self.err, end, flush=True))


def counted(number: int, noun: str, nouns: str | None = None) -> str:
    """Return a number with its noun.

    >>> counted(1, "package"), counted(2, "package"), counted(0, "entry", "entries")
    ('1 package', '2 packages', '0 entries')
    """
    return f"{number} {noun if number == 1 else nouns or f'{noun}s'}"


def report_errors(action: Callable[[], int], console: Console) -> int:
    """Run a command; turn what goes wrong into a message and an exit status.

    0 is success, 1 an error, 2 a wrong command line, 130 an interrupt. With the environment
    variable `HOGNOSE_TRACEBACK` set, an error is raised instead, for those who look for its cause.
    """
    from hognose.errors import HognoseError, UsageError

    if os.environ.get("HOGNOSE_TRACEBACK"):
        return action()
    try:
        status = action()
        # At exit it would be too late to say that it cannot be written.
        console.out.flush()
        return status
    except UsageError as error:
        console.error(error.message, error.hint)
        return EXIT_USAGE
    except HognoseError as error:
        console.error("\n".join([error.message, *notes_of(error)]), error.hint)
    except ExceptionGroup as group:
        for message, hint in error_messages(group):
            console.error(message, hint)
    except BrokenPipeError:
        forget_output()
    except OSError as error:
        console.error("\n".join([error_message(error), *notes_of(error)]))
        try:
            console.out.flush()
        except OSError:
            forget_output()
    except KeyboardInterrupt as error:
        console.error("; ".join(["interrupted", *notes_of(error)]))
        return interrupted_status(error)
    return EXIT_FAILURE


def forget_output() -> None:
    """Throw away what is still to be written to standard output, at exit too.

    The reader has gone, as with `| head`, or the disk behind it is full.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def notes_of(error: BaseException) -> list[str]:
    """Return what was added to an error on its way: where it happened, what was left behind."""
    return list(getattr(error, "__notes__", ()))


def interrupted_status(error: KeyboardInterrupt) -> int:
    """The exit status after Ctrl-C or a signal: 128 more than the signal's number."""
    return 128 + getattr(error, "signal_number", EXIT_INTERRUPTED - 128)


def error_messages(group: BaseExceptionGroup[BaseException]) -> list[tuple[str, str | None]]:
    """Return message and hint of each error in a group, each once.

    Raises:
        BaseExceptionGroup: The group itself, if there is an error in it that nobody expects.
    """
    from hognose.errors import HognoseError

    found: list[tuple[str, str | None]] = []
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            found += error_messages(error)
        elif isinstance(error, HognoseError | OSError):
            found.append((error_message(error), getattr(error, "hint", None)))
        else:
            raise group
    return list(dict.fromkeys(found))


def error_message(error: BaseException) -> str:
    """Return what an error says, without number or class; an `OSError` with its paths."""
    from hognose.errors import HognoseError

    if isinstance(error, HognoseError):
        return error.message
    if not isinstance(error, OSError):
        return str(error)
    reason = error.strerror or str(error)
    names = [str(name) for name in (error.filename, error.filename2) if name is not None]
    return ": ".join([*names, reason])


def terminal_width(stream: TextIO) -> int | None:
    """The width of a terminal; None for what is none."""
    if not _is_terminal(stream):
        return None
    if os.environ.get("COLUMNS", "").isdecimal():
        return int(os.environ["COLUMNS"]) or None
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None


def _fit(
    lines: list[tuple[str, ...]], width: int, least: Sequence[str], whole: Sequence[str]
) -> list[tuple[str, ...]]:
    """Leave columns out, then shorten the widest, until lines are no longer than `width`."""
    columns = list(zip(*lines, strict=True))

    def excess() -> int:
        return sum(max(map(len, column)) + 2 for column in columns) - 2 - width

    for title in least:
        if excess() > 0:
            columns = [column for column in columns if column[0] != title] or columns
    while excess() > 0:
        widths = [0 if column[0] in whole else max(map(len, column)) for column in columns]
        # The right one of two: names stand to the left.
        place = max(range(len(columns)), key=lambda number: (widths[number], number))
        if widths[place] <= _NARROWEST:
            break
        others = [number for index, number in enumerate(widths) if index != place]
        target = max(widths[place] - excess(), *others, _NARROWEST)
        target = min(target, widths[place] - 1)
        columns[place] = tuple(_shortened(cell, target) for cell in columns[place])
    return list(zip(*columns, strict=True))


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _wrapped(text: str, width: int | None, column: int, *, hang: bool = False) -> str:
    """Break long lines between words, each below its own indent; words stay whole.

    Args:
        text: The lines; those of a tree keep its branches.
        width: The terminal's width; None for what is none, where nothing is broken.
        column: Where the first line begins.
        hang: Whether the rest of the first line goes on below its begin, else at the left.
    """
    lines = text.split("\n")
    if width is None or max(len(lines[0]) + column, *map(len, lines)) <= width:
        return text
    import re
    from textwrap import TextWrapper

    broken = []
    for number, line in enumerate(lines):
        found = re.match(_TREE_INDENT, line)
        lead = found[0] if found else ""
        start = column if number == 0 else 0
        below = " " * (start if hang else 0) + lead.translate(_BELOW)
        if len(line) + start <= width or width - len(below) < 2 * _NARROWEST:
            broken.append(line)
            continue
        wrapper = TextWrapper(
            width=width,
            # Stands for the mark before the first line, and is cut off again.
            initial_indent=" " * start + lead,
            subsequent_indent=below,
            expand_tabs=False,
            replace_whitespace=False,
            break_long_words=False,
            break_on_hyphens=False,
        )
        broken.append("\n".join(wrapper.wrap(line[len(lead) :]))[start:])
    return "\n".join(broken)


def _write(text: str, stream: TextIO, end: str = "\n", *, flush: bool = False) -> None:
    encoding = getattr(stream, "encoding", None)
    errors = getattr(stream, "errors", None) or "strict"
    if encoding and not text.isascii():
        try:
            # Standard error never refuses: it spells out, and we know something better.
            text.encode(encoding, "strict" if errors == "backslashreplace" else errors)
        except UnicodeEncodeError:
            plain = text.translate(_PLAIN)
            text = plain.encode(encoding, "backslashreplace").decode(encoding)
    stream.write(f"{text}{end}")
    if flush:
        stream.flush()


def _harmless(text: str) -> str:
    return text if text.isprintable() else text.translate(_SPELLED_OUT)


def _paint(text: str, style: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # as long as the process


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _wants_colour(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or _is_terminal(stream)
