"""`--json`: exactly one document on standard output, also when something goes wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hognose.console import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_USAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from hognose.console import Console

__all__ = ("print_json", "run_with_json_errors")


def print_json(document: object, console: Console) -> None:
    """Print a document of plain values, or of hognose's own types."""
    from hognose.types import wire

    console.result(wire.encode_json(document, pretty=True).decode())


def run_with_json_errors(action: Callable[[], int], console: Console) -> int:
    """Run a command; an error becomes `{"success": false, "error": {...}}` on standard output.

    The exit statuses are those of `hognose.console.report_errors`.
    """
    from hognose.errors import HognoseError, UsageError

    try:
        return action()
    except HognoseError as error:
        _print_error(error, error.message, error.hint, console)
        return EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILURE
    except (OSError, ExceptionGroup) as error:
        _print_error(error, str(error), None, console)
        return EXIT_FAILURE
    except KeyboardInterrupt as error:
        _print_error(error, "interrupted", None, console)
        return EXIT_INTERRUPTED


def _print_error(error: BaseException, message: str, hint: str | None, console: Console) -> None:
    document: dict[str, Any] = {"type": type(error).__name__, "message": message}
    if hint:
        document["hint"] = hint
    console.result(json.dumps({"success": False, "error": document}, indent=2))
