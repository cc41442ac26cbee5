"""`--json`: exactly one document on standard output, also when something goes wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hognose.console import (
    EXIT_FAILURE,
    EXIT_USAGE,
    error_message,
    error_messages,
    forget_output,
    interrupted_status,
    notes_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from hognose.console import Console

__all__ = ("print_json", "run_with_json_errors")


def print_json(document: object, console: Console) -> None:
    """Print a document of plain values, or of hognose's own types.

    What there is to remark besides follows what was asked for (`Console.remarks`).
    """
    from hognose.types import wire

    if console.remarks and isinstance(document, dict):
        document = {**document, **console.remarks}
    try:
        text = wire.encode_json(document, pretty=True).decode()
    except UnicodeEncodeError:
        # A path need not be text; as an escape, its odd bytes come through.
        text = json.dumps(wire.to_builtins(document), indent=2)
    console.document(text)


def run_with_json_errors(action: Callable[[], int], console: Console) -> int:
    """Run a command; an error becomes `{"success": false, "error": {...}}` on standard output.

    The exit statuses are those of `hognose.console.report_errors`.
    """
    from hognose.errors import HognoseError, UsageError

    try:
        return action()
    except BrokenPipeError:
        forget_output()
        return EXIT_FAILURE
    except (HognoseError, OSError, ExceptionGroup) as error:
        _print_error(_describe(error), console)
        return EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILURE
    except KeyboardInterrupt as error:
        message = "; ".join(["interrupted", *notes_of(error)])
        _print_error({"type": "KeyboardInterrupt", "message": message}, console)
        return interrupted_status(error)


def _plain(remarks: dict[str, object]) -> dict[str, object]:
    if not remarks:
        return remarks
    from hognose.types import wire

    tree: dict[str, object] = wire.to_builtins(remarks)
    return tree


def _print_error(described: dict[str, Any], console: Console) -> None:
    try:
        document = {"success": False, "error": described, **_plain(console.remarks)}
        console.document(json.dumps(document, indent=2))
    except OSError as error:
        forget_output()
        if error_message(error) != described["message"]:
            console.error(described["message"])
        console.error(f"standard output: {error_message(error)}")


def _describe(error: BaseException) -> dict[str, Any]:
    """What a document says of an error: its class, its text, and the errors that it consists of.

    Raises:
        BaseExceptionGroup: There is an error in the group that nobody expects.
    """
    document: dict[str, Any] = {"type": type(error).__name__, "message": error_message(error)}
    if isinstance(error, BaseExceptionGroup):
        inner = "; ".join(message for message, _ in error_messages(error))
        document["message"] = f"{error.message}: {inner}"
        document["errors"] = [_describe(each) for each in error.exceptions]
    if notes_of(error):
        document["notes"] = notes_of(error)
    hint = getattr(error, "hint", None)
    if hint:
        document["hint"] = hint
    conflict = getattr(error, "conflict", None)
    if conflict is not None:
        import msgspec

        document["conflict"] = msgspec.to_builtins(conflict)
    return document
