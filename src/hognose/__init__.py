"""hognose: the conda toolkit in Python.

The layers are packages of their own: `hognose.types`, `hognose.archive`, `hognose.net`,
`hognose.cache`, `hognose.virtual_packages`, `hognose.repodata`, `hognose.solve`, `hognose.lock`,
`hognose.shell`, `hognose.install` and `hognose.channel`. Importing `hognose` loads none of them.
"""

from hognose._lazy import attach

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from hognose.errors import HognoseError as HognoseError
    from hognose.version import __version__ as __version__

__all__ = ("HognoseError", "__version__")

__getattr__, __dir__ = attach(__name__, {"errors": ("HognoseError",), "version": ("__version__",)})
