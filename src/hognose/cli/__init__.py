"""The `hognose` command: a thin layer over the library, one module per command."""

from hognose._lazy import attach

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from hognose.cli.app import main as main

__all__ = ("main",)

__getattr__, __dir__ = attach(__name__, {"app": ("main",)})
