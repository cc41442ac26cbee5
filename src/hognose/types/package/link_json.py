"""`info/link.json`: how a noarch package is linked (CEP 34)."""

from __future__ import annotations

import re
from typing import ClassVar, Literal, Self

import msgspec
from msgspec import field

from hognose.errors import InvalidPackageFileError
from hognose.types.always import one
from hognose.types.package.package_file import PackageFile

# `command = module:function`; a command is a file name, so it holds no separator. A function may
# be an attribute of an attribute.
_ENTRY_POINT = re.compile(
    r"\s*(?P<command>[^\s=/\\:]+)\s*=\s*(?P<module>[\w.]+)\s*:\s*(?P<function>[\w.]+)\s*(?:\[.*\])?\s*"
)


class EntryPoint(msgspec.Struct, frozen=True, gc=False):
    """A command that calls a function of a Python module."""

    command: str
    module: str
    function: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `command = module:function`.

        Raises:
            InvalidPackageFileError: The text is of another form.

        >>> EntryPoint.parse("ipython = IPython:start_ipython").module
        'IPython'
        """
        match = _ENTRY_POINT.fullmatch(text)
        if match is None:
            message = f"entry point {text!r} is not of the form `command = module:function`"
            raise InvalidPackageFileError(message, path=LinkJson.PATH)
        return cls(**match.groupdict())

    def __str__(self) -> str:
        return f"{self.command} = {self.module}:{self.function}"


class NoArchLinks(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """The `noarch` part of `link.json`.

    Attributes:
        type: `python` or `generic`.
        entry_point_texts: The commands to make, as written; `entry_points` has them parsed.
    """

    type: Literal["python", "generic"]
    entry_point_texts: tuple[str, ...] = field(name="entry_points", default=())

    @property
    def entry_points(self) -> tuple[EntryPoint, ...]:
        """The commands to make.

        Raises:
            InvalidPackageFileError: One of them is not of the right form.
        """
        return tuple(map(EntryPoint.parse, self.entry_point_texts))


class LinkJson(PackageFile, kw_only=True, omit_defaults=True, gc=False):
    """The `info/link.json` of a noarch package."""

    PATH: ClassVar[str] = "info/link.json"

    noarch: NoArchLinks | None = None
    package_metadata_version: int = field(default_factory=one)
