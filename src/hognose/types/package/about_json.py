"""`info/about.json`: what a package tells about itself (CEP 34, CEP 31)."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from hognose.types import wire
from hognose.types.package.package_file import PackageFile

_URL_FIELDS = ("home", "dev_url", "doc_url")
_TEXT_FIELDS = ("description", "summary", "license", "license_family", "source_url")


def _as_list(value: object) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str) and item]


def _as_text(value: object) -> object:
    """Join what some recipes wrote as a list of lines."""
    if isinstance(value, list):
        return "\n".join(str(item) for item in value)
    return value


class AboutJson(PackageFile, kw_only=True, omit_defaults=True, gc=False):
    """The `info/about.json` of a package; every URL field is a list, whatever the file holds."""

    PATH: ClassVar[str] = "info/about.json"

    channels: tuple[str, ...] = ()
    description: str | None = None
    dev_url: tuple[str, ...] = ()
    doc_url: tuple[str, ...] = ()
    extra: dict[str, Any] = {}
    home: tuple[str, ...] = ()
    license: str | None = None
    license_family: str | None = None
    source_url: str | None = None
    summary: str | None = None

    @classmethod
    def decode(cls, data: bytes | str, *, what: str = "") -> Self:
        """Decode the file's content; fields of an odd shape are brought into form.

        Raises:
            InvalidPackageFileError: It is no JSON object.
        """
        what = what or cls.PATH
        tree: dict[str, Any] = wire.decode_json(data, dict[str, Any], what=what)
        for key in _URL_FIELDS:
            if key in tree:
                tree[key] = _as_list(tree[key])
        for key in _TEXT_FIELDS:
            if key in tree:
                tree[key] = _as_text(tree[key])
        if not isinstance(tree.get("extra", {}), dict):
            del tree["extra"]
        tree["channels"] = _as_list(tree.get("channels", []))
        return wire.convert(tree, cls, what=what)

    def encode(self) -> bytes:
        """Encode to JSON; a URL field with one URL is written as a text, as the field does."""
        tree = wire.to_builtins(self)
        for key in _URL_FIELDS:
            if len(tree.get(key, ())) == 1:
                tree[key] = tree[key][0]
        return wire.encode_json(tree, pretty=True, sort_keys=True) + b"\n"
