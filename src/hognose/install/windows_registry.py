r"""The registry of a running Windows, below `Software\Classes`."""

from __future__ import annotations

import sys

__all__ = ("WindowsRegistry",)

if sys.platform == "win32":
    import winreg

    class WindowsRegistry:
        """Writes and deletes values of the user, or of all users."""

        def __init__(self, *, for_all_users: bool = False) -> None:
            """Choose whose values."""
            self._root = winreg.HKEY_LOCAL_MACHINE if for_all_users else winreg.HKEY_CURRENT_USER

        def write(self, key: str, name: str, value: str) -> None:
            """Set a value; keys are made."""
            with winreg.CreateKey(self._root, f"Software\\Classes\\{key}") as handle:
                winreg.SetValueEx(handle, name, 0, winreg.REG_SZ, value)

        def delete(self, key: str, name: str) -> None:
            """Delete a value, and the key if nothing is left in it; it need not exist."""
            path = f"Software\\Classes\\{key}"
            try:
                with winreg.OpenKey(self._root, path, 0, winreg.KEY_ALL_ACCESS) as handle:
                    winreg.DeleteValue(handle, name)
                    is_empty = winreg.QueryInfoKey(handle)[:2] == (0, 0)
                if is_empty:
                    winreg.DeleteKey(self._root, path)
            except FileNotFoundError:
                return
