"""Versions that print as they were written, which is what records hold."""

from __future__ import annotations

from typing import Final, Self, final

from hognose.types.version import Version

__all__ = ("VERSIONS_WITH_SOURCE", "VersionWithSource")

_MAX_INTERNED = 1 << 17
_new = object.__new__


@final
class VersionWithSource(Version):
    """A version that prints as it was written; in everything else it is that version."""

    __slots__ = ()

    def __new__(cls, version: str | Version) -> Self:
        """Parse a version, or take one over together with its text.

        Raises:
            InvalidVersionError: If the text is not a version.
        """
        text = version if isinstance(version, str) else str(version)
        self = cls.interned(text)
        self._key  # noqa: B018  # parses: a bad text must not survive the constructor
        return self

    @classmethod
    def interned(cls, text: str) -> Self:
        """Make a version whose text is parsed, and can be refused, only when it is needed.

        Reading a channel makes one for every record; few of them are ever compared.
        """
        return VERSIONS_WITH_SOURCE[text]

    @property
    def source(self) -> str:
        """The text as it was written."""
        return self._text

    @property
    def version(self) -> Version:
        """The version without its source."""
        return Version(self._text)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f'VersionWithSource(version="{Version.__str__(self)}", source="{self._text}")'


class _VersionsWithSource(dict[str, VersionWithSource]):
    """Versions by their text, made when first asked for."""

    def __missing__(self, text: str) -> VersionWithSource:
        if text.__class__ is not str:
            message = f"a version is made from a str, not {type(text).__name__}"
            raise TypeError(message)
        if len(self) >= _MAX_INTERNED:
            self.clear()
        version = _new(VersionWithSource)
        version._text = text
        self[text] = version
        return version


VERSIONS_WITH_SOURCE: Final = _VersionsWithSource()
