"""Ad-hoc signatures for macOS binaries whose content was changed by prefix replacement.

A changed binary no longer matches its signature, and Apple silicon kills it on load. `codesign` is
started once for many files: starting it costs far more than signing.

An environment for macOS can be made elsewhere, to be packed or mounted. Nothing runs there that
would have to be signed, so that a signature that cannot be had is told of and no error.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Literal

from hognose.errors import LinkError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ("UNFINISHED_SUFFIX", "sign_ad_hoc", "sign_changed")

UNFINISHED_SUFFIX = ".cstemp"
"""What the program writes is beside the binary under this name until it is complete."""

_PROGRAM = "/usr/bin/codesign"

# macOS allows about 1 MB of arguments; a path in a prefix takes 100 to 300 bytes.
_BATCH = 500


def sign_changed(
    paths: Sequence[str],
    policy: Literal["require", "try"],
    *,
    warn: Callable[[str], None],
    is_macos: bool = sys.platform == "darwin",
) -> None:
    """Sign binaries that were changed, as `LinkOptions.sign_binaries` says.

    Elsewhere than on macOS a `codesign` on the `PATH` is used, if there is one.

    Args:
        paths: The files, absolute.
        policy: Whether a signature that cannot be made is an error, on macOS.
        warn: Told why there are no signatures where that is no error.
        is_macos: Whether this is macOS.

    Raises:
        LinkError: They cannot be signed.
    """
    program = _PROGRAM if is_macos else shutil.which("codesign") or _PROGRAM
    try:
        sign_ad_hoc(paths, program=program)
    except LinkError as error:
        if is_macos and policy == "require":
            raise
        warn(
            f"{error.message}; those that hold the path of the environment have no signature that "
            "fits, and Apple silicon does not run them before `codesign --force --sign - FILE` did"
        )


def sign_ad_hoc(paths: Sequence[str], *, program: str = _PROGRAM) -> None:
    """Replace the signatures of binaries by ad-hoc ones; entitlements and identifiers are kept.

    Args:
        paths: The files, absolute.
        program: The signing program.

    Raises:
        LinkError: The program is missing or fails.
    """
    # The program would take the name of the file for the identifier, and that may be a number: a
    # file whose place is taken lies elsewhere until the end.
    kept = "--preserve-metadata=identifier,entitlements"
    for start in range(0, len(paths), _BATCH):
        batch = paths[start : start + _BATCH]
        arguments = ["--sign", "-", "--force", kept, *batch]
        try:
            done = subprocess.run([program, *arguments], capture_output=True, check=False)
        except OSError as error:
            message = f"cannot sign binaries: `{program}` does not start: {error}"
            raise LinkError(message, path=batch[0]) from error
        if done.returncode:
            output = done.stderr.decode(errors="replace").strip()
            message = f"cannot sign binaries: `{program}` ended with {done.returncode}: {output}"
            raise LinkError(message, path=batch[0])
