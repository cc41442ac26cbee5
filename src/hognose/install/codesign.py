"""Ad-hoc signatures for macOS binaries whose content was changed by prefix replacement.

A changed binary no longer matches its signature, and Apple silicon kills it on load. `codesign` is
started once for many files: starting it costs far more than signing.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from hognose.errors import LinkError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("sign_ad_hoc",)

# macOS allows about 1 MB of arguments; a path in a prefix takes 100 to 300 bytes.
_BATCH = 500


def sign_ad_hoc(
    paths: Sequence[str], *, program: str = "/usr/bin/codesign", check: bool = True
) -> None:
    """Replace the signatures of binaries by ad-hoc ones; entitlements are kept.

    Args:
        paths: The files, absolute.
        program: The signing program.
        check: Whether a program that fails is an error.

    Raises:
        LinkError: The program is missing or fails, and `check` is set.
    """
    for start in range(0, len(paths), _BATCH):
        batch = paths[start : start + _BATCH]
        arguments = ["--sign", "-", "--force", "--preserve-metadata=entitlements", *batch]
        try:
            done = subprocess.run([program, *arguments], capture_output=True, check=False)
        except OSError as error:
            if check:
                message = f"cannot sign binaries: `{program}` does not start: {error}"
                raise LinkError(message, path=batch[0]) from error
            return
        if check and done.returncode:
            output = done.stderr.decode(errors="replace").strip()
            message = f"cannot sign binaries: `{program}` ended with {done.returncode}: {output}"
            raise LinkError(message, path=batch[0])
