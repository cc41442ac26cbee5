"""Where a running Windows has the folders of menu items: they may lie elsewhere, as in OneDrive."""

from __future__ import annotations

import sys
import uuid

__all__ = ("find_known_folder",)

# What Windows calls them (KNOWNFOLDERID).
_KNOWN = {
    "Desktop": "b4bfcc3a-db2c-424c-b029-7fe99a87c641",
    "Programs": "a77f5d77-2e2b-44c3-a6a2-aba601054a51",
    "PublicDesktop": "c4aa340d-f20f-4863-afef-f87ef2e6ba25",
    "CommonPrograms": "0139d44e-6afe-49f2-8690-3dafcae6ffb8",
    "QuickLaunch": "52a4f021-7b75-48a9-9f6b-4b87a210bc8f",
}


def find_known_folder(name: str) -> str | None:
    """Return the path of a folder of the user who runs this; None where there is no Windows.

    Args:
        name: What Windows calls it, such as `Desktop`.
    """
    path: str | None = None
    identifier = uuid.UUID(_KNOWN[name]).bytes_le
    if sys.platform == "win32":
        import ctypes

        found = ctypes.c_wchar_p()
        status = ctypes.windll.shell32.SHGetKnownFolderPath(
            ctypes.create_string_buffer(identifier, 16), 0, None, ctypes.byref(found)
        )
        if status == 0:
            path = found.value
        # It is to be freed whatever came of it.
        ctypes.windll.ole32.CoTaskMemFree(found)
    return path
