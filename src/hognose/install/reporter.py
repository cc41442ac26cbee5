"""How an installation tells what it is doing.

A reporter is any object with some of the methods of `Reporter`; the ones it lacks are not called.
They may be called from any thread, must be quick and must not raise. Methods named `..._start`
return a token, which the matching `..._complete` gets; None is a fine token.
"""

from __future__ import annotations

from typing import Protocol

from hognose.install.arguments import require_object

__all__ = ("Reporter", "ReporterCalls")


class Reporter(Protocol):
    """Every event there is; an implementation picks the ones it wants."""

    def on_transaction_start(self, total_operations: int) -> None:
        """Note that the plan is made, with how many operations."""

    def on_transaction_operation_start(self, operation: int) -> None:
        """Note that an operation has begun, by its index in `Transaction.operations`."""

    def on_populate_cache_start(self, operation: int, package_name: str) -> int:
        """Note that a package is being made available in the cache."""

    def on_validate_start(self, cache_entry: int) -> int:
        """Note that a package in the cache is being checked."""

    def on_validate_complete(self, validate_idx: int) -> None:
        """Note that the check is done."""

    def on_download_start(self, cache_entry: int) -> int:
        """Note that a download has begun."""

    def on_download_progress(self, download_idx: int, progress: int, total: int | None) -> None:
        """Note how many bytes have come, and how many are expected."""

    def on_download_completed(self, download_idx: int) -> None:
        """Note that a download is complete."""

    def on_populate_cache_complete(self, cache_entry: int) -> None:
        """Note that the package is in the cache."""

    def on_unlink_start(self, operation: int, package_name: str) -> int:
        """Note that a package's files are about to go."""

    def on_unlink_complete(self, index: int) -> None:
        """Note that a package's files are gone."""

    def on_link_start(self, operation: int, package_name: str) -> int:
        """Note that a package's files are being put into the prefix."""

    def on_link_complete(self, index: int) -> None:
        """Note that a package's files are in the prefix."""

    def on_transaction_operation_complete(self, operation: int) -> None:
        """Note that an operation is done."""

    def on_transaction_complete(self) -> None:
        """Note that everything is done, and final."""

    def on_post_link_start(self, package_name: str, script_path: str) -> int:
        """Note that a post-link script is running."""

    def on_post_link_complete(self, index: int, success: bool) -> None:  # noqa: FBT001 - the field's signature
        """Note that a post-link script has ended."""

    def on_pre_unlink_start(self, package_name: str, script_path: str) -> int:
        """Note that a pre-unlink script is running."""

    def on_pre_unlink_complete(self, index: int, success: bool) -> None:  # noqa: FBT001 - the field's signature
        """Note that a pre-unlink script has ended."""

    def on_warning(self, message: str) -> None:
        """Note something that a person should know although it stops nothing."""


class ReporterCalls:
    """Calls the methods that a reporter has, and passes over those that it has not."""

    __slots__ = ("_reporter",)

    def __init__(self, reporter: object | None) -> None:
        """Wrap a reporter, or nothing.

        Raises:
            TypeError: It is a class.
        """
        require_object("reporter", reporter)
        self._reporter = reporter

    def __call__(self, event: str, *arguments: object) -> int:
        """Call `on_<event>`; return its token, or zero."""
        method = getattr(self._reporter, f"on_{event}", None)
        token = method(*arguments) if method is not None else None
        return token if isinstance(token, int) else 0
