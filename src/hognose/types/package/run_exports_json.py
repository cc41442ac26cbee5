"""`info/run_exports.json`: what a package imposes on those built against it (CEP 12, CEP 34)."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from hognose.types import wire
from hognose.types.package.package_file import PackageFile


class RunExportsJson(PackageFile, kw_only=True, omit_defaults=True, gc=False):
    """The run exports of a package; a kind that is absent is empty."""

    PATH: ClassVar[str] = "info/run_exports.json"

    weak: tuple[str, ...] = ()
    strong: tuple[str, ...] = ()
    noarch: tuple[str, ...] = ()
    weak_constrains: tuple[str, ...] = ()
    strong_constrains: tuple[str, ...] = ()

    @classmethod
    def decode(cls, data: bytes | str, *, what: str = "") -> Self:
        """Decode the file's content; the old list form means weak run exports (CEP 34).

        Raises:
            InvalidPackageFileError: It is no JSON, or not of this file's shape.
        """
        what = what or cls.PATH
        tree: Any = wire.decode_json(data, dict[str, Any] | list[str], what=what)  # type: ignore[arg-type]  # a union is no type
        return wire.convert({"weak": tree} if isinstance(tree, list) else tree, cls, what=what)

    def is_empty(self) -> bool:
        """Whether there are no run exports at all."""
        return not (
            self.weak
            or self.strong
            or self.noarch
            or self.weak_constrains
            or self.strong_constrains
        )
