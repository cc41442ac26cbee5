"""Virtual packages: what a machine offers, as packages that nobody installs (CEP 26, CEP 30)."""

from __future__ import annotations

from functools import total_ordering
from typing import Any, Self, final

from hognose.errors import InvalidTextError
from hognose.types.build_spec import BuildString
from hognose.types.package_name import PackageName
from hognose.types.version import Version
from hognose.types.version_with_source import VersionWithSource

__all__ = ("GenericVirtualPackage",)


@final
@total_ordering
class GenericVirtualPackage:
    """A virtual package: a name, a version and a build string.

    >>> str(GenericVirtualPackage.parse("__glibc=2.17=0"))
    '__glibc=2.17=0'
    """

    __slots__ = ("build_string", "name", "version")

    name: PackageName
    version: Version
    build_string: str

    def __init__(
        self, name: PackageName | str, version: Version | str, build_string: str = "0"
    ) -> None:
        """Put the parts together, parsing those that are text.

        Raises:
            InvalidPackageNameError: If the name is not one.
            InvalidVersionError: If the version is not one.
            InvalidBuildStringError: If the build string is not one.
        """
        set_field = object.__setattr__
        set_field(self, "name", name if isinstance(name, PackageName) else PackageName(name))
        parsed = version if isinstance(version, Version) else VersionWithSource(version)
        set_field(self, "version", parsed)
        set_field(self, "build_string", BuildString(build_string))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `name=version=build`; `version` and `build` may be missing and are `0` then.

        Raises:
            InvalidTextError: If a part is not valid, or there are too many.
        """
        name, *others = text.split("=")
        if len(others) > 2:
            raise InvalidTextError(text, "a virtual package has the form `name=version=build`")
        version = others[0] if others else "0"
        return cls(name, version, others[1] if len(others) == 2 else "0")

    @property
    def build(self) -> str:
        """The build string, under the name that package records have for it."""
        return self.build_string

    def __setattr__(self, name: str, value: object) -> None:
        message = f"a virtual package cannot be changed ({name})"
        raise AttributeError(message)

    def _key(self) -> tuple[str, Version, str]:
        return self.name.normalized, self.version, str(self.build_string)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, GenericVirtualPackage):
            return self._key() == other._key()
        return NotImplemented

    def __lt__(self, other: GenericVirtualPackage) -> bool:
        return self._key() < other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __str__(self) -> str:
        return f"{self.name.normalized}={self.version}={self.build_string}"

    def __repr__(self) -> str:
        return f'GenericVirtualPackage("{self}")'

    def __reduce__(self) -> tuple[Any, ...]:
        return GenericVirtualPackage, (self.name, self.version, str(self.build_string))
