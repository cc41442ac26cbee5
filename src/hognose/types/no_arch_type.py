"""Whether a package is for one platform or for all of them, and how it is linked (CEP 20, 34)."""

from __future__ import annotations

from typing import Any, Final, Self, final

__all__ = ("NoArchType",)


@final
class NoArchType:
    """The `noarch` field of a record: absent, `generic`, or `python`.

    There are exactly three values, so `is` compares them. The legacy booleans of old records are
    understood: true means generic, false means absent.

    >>> NoArchType("python").is_python, NoArchType(None).is_none
    (True, True)
    """

    __slots__ = ("value",)

    value: str | None
    """What stands in a record: None, `"generic"` or `"python"`."""

    def __new__(cls, noarch: str | bool | NoArchType | None = None) -> Self:  # noqa: FBT001
        """Return the value for the content of a `noarch` field.

        Raises:
            ValueError: If it is none of the known contents.
        """
        if isinstance(noarch, NoArchType):
            return noarch
        try:
            return _VALUES[noarch]
        except (KeyError, TypeError):
            message = f"not a noarch type: {noarch!r} (known: 'generic', 'python', or nothing)"
            raise ValueError(message) from None

    @property
    def none(self) -> bool:
        """Whether the package is for one platform."""
        return self.value is None

    @property
    def generic(self) -> bool:
        """Whether the package is for all platforms and linked like any other."""
        return self.value == "generic"

    @property
    def python(self) -> bool:
        """Whether the package holds Python modules that are placed for the environment's Python."""
        return self.value == "python"

    is_none = none
    is_generic = generic
    is_python = python

    def __bool__(self) -> bool:
        return self.value is not None

    def __str__(self) -> str:
        return self.value or "none"

    def __repr__(self) -> str:
        return f'NoArchType("{self.value}")' if self.value else "NoArchType(None)"

    def __reduce__(self) -> tuple[Any, ...]:
        return NoArchType, (self.value,)


def _make(value: str | None) -> NoArchType:
    made: NoArchType = object.__new__(NoArchType)
    made.value = value
    return made


_NONE = _make(None)
_GENERIC = _make("generic")
_VALUES: Final[dict[str | bool | None, NoArchType]] = {
    None: _NONE,
    False: _NONE,
    "none": _NONE,
    "": _NONE,
    True: _GENERIC,
    "generic": _GENERIC,
    "python": _make("python"),
}
