"""What a dry run can tell of files that several packages have, or that are nobody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from hognose.cache import PackageCache
    from hognose.console import Console
    from hognose.install import Transaction

__all__ = ("foretell_clobbers",)

_SHOWN_NAMES = 5


def foretell_clobbers(
    transaction: Transaction,
    prefix: Path,
    arguments: argparse.Namespace,
    *,
    cache: PackageCache,
    console: Console,
) -> dict[str, Any]:
    """Say what the change would say of contested files, as far as it is known without fetching.

    Returns:
        What `--json` tells of it.

    Raises:
        TransactionError: The change would be refused.
    """
    from hognose.install import forecast_clobbers

    forecast = forecast_clobbers(transaction, prefix, cache)
    policy: Literal["ignore", "warn", "error"] = getattr(arguments, "clobber", "warn")
    for message in forecast.judge(policy):
        console.warn(message)
    if forecast.unknown and policy == "error":
        names = ", ".join(forecast.unknown[:_SHOWN_NAMES])
        more = len(forecast.unknown) - _SHOWN_NAMES
        console.warn(
            f"what files there are in {names}{f' and {more} more' if more > 0 else ''} is known "
            "when they are fetched: one that is in the way of others would be an error then"
        )
    return {
        "clobbered": forecast.clobbered,
        "in_the_way": forecast.in_the_way,
        "unknown_files": forecast.unknown,
    }
