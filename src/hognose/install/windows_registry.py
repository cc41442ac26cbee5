r"""The registry of a running Windows, below `Software\Classes`."""

from __future__ import annotations

import sys

__all__ = ("WindowsRegistry",)

if sys.platform == "win32":
    import ctypes
    import winreg
    from contextlib import suppress

    _ASSOCIATIONS_CHANGED = 0x08000000

    class WindowsRegistry:
        """Reads, writes and deletes values of the user, or of all users."""

        def __init__(self, *, for_all_users: bool = False) -> None:
            """Choose whose values."""
            self._root = winreg.HKEY_LOCAL_MACHINE if for_all_users else winreg.HKEY_CURRENT_USER

        def read(self, key: str, name: str) -> str | None:
            """Return a value, of whoever has one where these users have none; None if nobody."""
            places = ((self._root, _path(key)), (winreg.HKEY_CLASSES_ROOT, key))
            for root, path in places:
                with suppress(FileNotFoundError), winreg.OpenKey(root, path) as handle:
                    return str(winreg.QueryValueEx(handle, name)[0])
            return None

        def write(self, key: str, name: str, value: str) -> None:
            """Set a value; keys are made."""
            with winreg.CreateKey(self._root, _path(key)) as handle:
                winreg.SetValueEx(handle, name, 0, winreg.REG_SZ, value)

        def delete(self, key: str, name: str) -> None:
            """Delete a value, and the keys around it in which nothing is left."""
            with suppress(FileNotFoundError):
                access = winreg.KEY_SET_VALUE
                with winreg.OpenKey(self._root, _path(key), 0, access) as handle:
                    winreg.DeleteValue(handle, name)
            while key:
                with suppress(FileNotFoundError):
                    with winreg.OpenKey(self._root, _path(key)) as handle:
                        if winreg.QueryInfoKey(handle)[:2] != (0, 0):
                            return
                    winreg.DeleteKey(self._root, _path(key))
                key = key.rpartition("\\")[0]

        def delete_tree(self, key: str) -> None:
            """Delete a key with everything in it."""
            try:
                with winreg.OpenKey(self._root, _path(key)) as handle:
                    count = winreg.QueryInfoKey(handle)[0]
                    inside = [winreg.EnumKey(handle, place) for place in range(count)]
            except FileNotFoundError:
                return
            for name in inside:
                self.delete_tree(f"{key}\\{name}")
            winreg.DeleteKey(self._root, _path(key))

        def tell(self) -> None:
            """Have the desktop see what was changed."""
            ctypes.windll.shell32.SHChangeNotify(_ASSOCIATIONS_CHANGED, 0, None, None)

    def _path(key: str) -> str:
        return f"Software\\Classes\\{key}"
