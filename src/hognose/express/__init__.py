"""The `cx` command: a bootstrapper that installs a working conda and then hands over to it.

`main` is the command. What is needed to hand over, to show help and to tell the status imports
the standard library only; the rest of hognose comes in when something is installed.
"""

from hognose._lazy import attach

TYPE_CHECKING = False  # as in `typing`, whose import would double the start-up time

if TYPE_CHECKING:
    from hognose.express.dispatch import main as main
    from hognose.express.exclusion import Exclusion as Exclusion
    from hognose.express.exclusion import exclude_packages as exclude_packages
    from hognose.express.settings import Settings as Settings

__all__ = ("Exclusion", "Settings", "exclude_packages", "main")

__getattr__, __dir__ = attach(
    __name__,
    {
        "dispatch": ("main",),
        "exclusion": ("Exclusion", "exclude_packages"),
        "settings": ("Settings",),
    },
)
