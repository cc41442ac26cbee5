"""Turn what the disk refuses into errors that say what could not be done."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from hognose.errors import ChannelBuildError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator


@contextmanager
def explain_disk_errors(action: str, path: str | os.PathLike[str]) -> Iterator[None]:
    """Raise a `ChannelBuildError` for every `OSError` inside.

    Args:
        action: What is being done, as in `cannot index channel`.
        path: What it is done to.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        where = f": `{error.filename}`" if error.filename else ""
        message = f"cannot {action} `{path}`: {reason}{where}"
        raise ChannelBuildError(message, path=str(path)) from error
