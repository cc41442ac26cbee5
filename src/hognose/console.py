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
    from typing import TextIO

__all__ = ("Console", "report_errors")

EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

_STYLES = {"bold": "1", "cyan": "1;36", "yellow": "1;33", "green": "1;32", "blue": "1;34"}
_STYLES |= {"red": "1;31", "dim": "2"}
# Names, URLs and messages come from channels and packages: what they hold must not steer the
# terminal. Controls (C0 but tab and newline, DEL, C1) and changes of direction are written out.
_CONTROLS = (*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F))
_SPELLED_OUT = {code: f"\\x{code:02x}" for code in (*_CONTROLS, *range(0x2066, 0x206A))}


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
        self.out = out or sys.stdout
        self.err = err or sys.stderr
        self.is_interactive = _is_terminal(self.err)
        self._colour_err = _wants_colour(self.err)
        self._colour_out = _wants_colour(self.out)

    def result(self, text: str = "", *, label: str = "") -> None:
        """Print what the user asked for, after a label that stands out on a terminal."""
        shown = _harmless(label)
        print(
            f"{_paint(shown, 'bold') if self._colour_out and label else shown}{_harmless(text)}",
            file=self.out,
        )

    def script(self, text: str) -> None:
        """Print what a program will read, as it is."""
        print(text, file=self.out)

    def step(self, text: str) -> None:
        """Say what is being done now."""
        self._say(">>", "cyan", text)

    def success(self, text: str) -> None:
        """Say that something has been achieved."""
        self._say("✔", "green", text)

    def detail(self, text: str) -> None:
        """Say something that belongs to the line before."""
        if not self.quiet:
            self._print(f"   {_harmless(text)}")

    def hint(self, text: str) -> None:
        """Say what the user may want to do next."""
        self._say("i", "blue", text)

    def warn(self, text: str) -> None:
        """Say that something may not be as the user expects; also when quiet."""
        self._print(f"{self._mark('!', 'yellow')} {_harmless(text)}")

    def error(self, text: str, hint: str | None = None) -> None:
        """Say why nothing came of it; also when quiet."""
        self._print(f"{self._mark('error:', 'red')} {_harmless(text)}")
        if hint:
            self._print(f"{self._mark('hint:', 'blue')} {_harmless(hint)}")

    def confirm(self, question: str, *, default: bool = True) -> bool:
        """Ask yes or no on a terminal; where nobody can be asked, return `default`."""
        if not (_is_terminal(sys.stdin) and self.is_interactive):
            return default
        choices = "[Y/n]" if default else "[y/N]"
        self.err.write(f"{question} {choices} ")
        self.err.flush()
        answer = sys.stdin.readline().strip().lower()
        return default if not answer else answer in {"y", "yes"}

    def table(
        self, header: Sequence[str], rows: Iterable[Sequence[str]], *, to_err: bool = False
    ) -> None:
        """Print rows in columns as wide as their widest cell."""
        lines = [tuple(_harmless(str(cell)) for cell in row) for row in rows]
        widths = [max(map(len, column)) for column in zip(header, *lines, strict=True)]
        stream, colour = (self.err, self._colour_err) if to_err else (self.out, self._colour_out)
        for number, line in enumerate([tuple(header), *lines]):
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            text = "  ".join(cells).rstrip()
            print(_paint(text, "bold") if colour and number == 0 else text, file=stream)

    def _say(self, mark: str, style: str, text: str) -> None:
        if not self.quiet:
            self._print(f"{self._mark(mark, style)} {_harmless(text)}")

    def _mark(self, mark: str, style: str) -> str:
        return _paint(mark, style) if self._colour_err else mark

    def _print(self, text: str) -> None:
        try:
            print(text, file=self.err, flush=True)
        except UnicodeEncodeError:
            encoding = self.err.encoding or "ascii"
            plain = text.encode(encoding, "replace").decode(encoding)
            print(plain, file=self.err, flush=True)


def report_errors(action: Callable[[], int], console: Console) -> int:
    """Run a command; turn what goes wrong into a message and an exit status.

    0 is success, 1 an error, 2 a wrong command line, 130 an interrupt. With the environment
    variable `HOGNOSE_TRACEBACK` set, an error is raised instead, for those who look for its cause.
    """
    from hognose.errors import HognoseError, UsageError

    if os.environ.get("HOGNOSE_TRACEBACK"):
        return action()
    try:
        return action()
    except UsageError as error:
        console.error(error.message, error.hint)
        return EXIT_USAGE
    except HognoseError as error:
        console.error(error.message, error.hint)
    except ExceptionGroup as group:
        for message, hint in _describe_group(group):
            console.error(message, hint)
    except BrokenPipeError:
        # The reader has gone, as with `| head`. Nothing may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        console.error(_describe_os_error(error))
    except KeyboardInterrupt:
        console.error("interrupted")
        return EXIT_INTERRUPTED
    return EXIT_FAILURE


def _describe_group(group: BaseExceptionGroup[BaseException]) -> list[tuple[str, str | None]]:
    from hognose.errors import HognoseError

    found: list[tuple[str, str | None]] = []
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            found += _describe_group(error)
        elif isinstance(error, HognoseError):
            found.append((error.message, error.hint))
        elif isinstance(error, OSError):
            found.append((_describe_os_error(error), None))
        else:
            raise group
    return list(dict.fromkeys(found))


def _describe_os_error(error: OSError) -> str:
    reason = error.strerror or str(error)
    names = [str(name) for name in (error.filename, error.filename2) if name is not None]
    return f"{': '.join([*names, reason])}" if names else reason


def _harmless(text: str) -> str:
    return text if text.isprintable() else text.translate(_SPELLED_OUT)


def _paint(text: str, style: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _wants_colour(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or _is_terminal(stream)
