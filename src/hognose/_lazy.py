"""Packages whose names are imported when they are first used.

Start-up is a feature: a package's `__init__.py` lists what it exports under `TYPE_CHECKING`, for
type checkers and readers, and hands the same table to `attach` for the interpreter.
"""

from __future__ import annotations

import sys
from importlib import import_module

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def attach(
    package: str, exports: Mapping[str, tuple[str, ...]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Make a package's `__getattr__` and `__dir__` out of a table of module to names.

    A name that has been imported once becomes an ordinary attribute of the package, so the second
    use costs nothing.

    Args:
        package: The package's `__name__`.
        exports: For each module below the package (dotted, without the package's own name), the
            names that the package exports from it.
    """
    home = {name: module for module, names in exports.items() for name in names}

    def __getattr__(name: str) -> object:  # noqa: N807  # it becomes one
        module = home.get(name)
        if module is None:
            message = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(message)
        value = getattr(import_module(f"{package}.{module}"), name)
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:  # noqa: N807  # it becomes one
        return sorted({*home, *vars(sys.modules[package])})

    return __getattr__, __dir__
