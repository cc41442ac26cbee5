"""How hognose's types cross the border to JSON and MessagePack, in C.

`msgspec` knows how to read a `Struct`; the value types (`PackageName`, `VersionWithSource`,
`NoArchType`, ...) are made from their text by one hook, through their intern tables, so that a
text seen twice costs a dictionary look-up. Every file of the conda world that hognose reads or
writes as a record goes through here.
"""

from __future__ import annotations

import os
from _thread import allocate_lock
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from hognose.errors import InvalidPackageFileError
from hognose.types.no_arch_type import NoArchType
from hognose.types.package_name import UNCHECKED_NAMES, PackageName
from hognose.types.version_with_source import VERSIONS_WITH_SOURCE, VersionWithSource

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

_OUR_MODULES = "hognose.types."

_NOT_NOARCH = NoArchType(None)


class _NoArchTypes(dict[object, NoArchType]):
    """The contents of a `noarch` field; what some very old records hold means "not noarch"."""

    def __missing__(self, content: object) -> NoArchType:
        return _NOT_NOARCH


# Two look-ups for each value of a channel: classmethods would take half as long again.
_VALUES: dict[object, dict[Any, Any]] = {
    PackageName: UNCHECKED_NAMES,
    VersionWithSource: VERSIONS_WITH_SOURCE,
    NoArchType: _NoArchTypes(
        {value: NoArchType(value) for value in (None, False, True, "generic", "python")}
    ),
}


def dec_hook(kind: type[Any], value: Any) -> Any:
    """Make a value of `hognose.types` from what JSON or MessagePack hold: `dec_hook` of msgspec.

    The names and versions of records are taken as they are, because a channel vouches for them;
    every other text is parsed.

    Raises:
        ValueError: The text is none of this kind.
        TypeError: It is no text.
        NotImplementedError: The kind is none of `hognose.types`.

    >>> import msgspec
    >>> from hognose.types import Version
    >>> msgspec.json.decode(b'["1.0", "1.2"]', type=list[Version], dec_hook=dec_hook)
    [Version("1.0"), Version("1.2")]
    """
    try:
        return _VALUES[kind][value]
    except KeyError:
        return _parse(kind, value)
    except TypeError:
        if kind is NoArchType:
            return _NOT_NOARCH
        message = f"Expected `str`, got `{type(value).__name__}`"
        raise TypeError(message) from None


def _parse(kind: type[Any], value: object) -> Any:
    if not kind.__module__.startswith(_OUR_MODULES):
        message = f"no conversion to {kind.__name__}"
        raise NotImplementedError(message)
    if not isinstance(value, str):
        message = f"Expected `str`, got `{type(value).__name__}`"
        raise TypeError(message)
    if kind.__name__ == "MatchSpec":
        return kind(value, exact_names_only=False)
    # Where the constructor takes something else than text, there is a `parse`.
    return getattr(kind, "parse", kind)(value)


def enc_hook(value: Any) -> Any:
    """Return what JSON holds of a value of `hognose.types`: `enc_hook` of msgspec.

    It serves the standard library, too, which asks it about records as well. A channel is written
    without its token or password.

    Raises:
        TypeError: It is no value of `hognose.types`.

    >>> import json
    >>> from hognose.types import MatchSpec, Version
    >>> json.dumps({"version": Version("1.0"), "spec": MatchSpec("a >=1")}, default=enc_hook)
    '{"version": "1.0", "spec": "a >=1"}'
    """
    if isinstance(value, PackageName):
        return value.source
    if isinstance(value, NoArchType):
        return value.value
    if isinstance(value, VersionWithSource):
        return str(value)
    if isinstance(value, msgspec.Struct):
        return to_builtins(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    kind = type(value)
    if not kind.__module__.startswith(_OUR_MODULES):
        message = f"{kind.__name__} is nothing that JSON can hold"
        raise TypeError(message)
    return value.to_text() if kind.__name__ == "Channel" else str(value)


_making = allocate_lock()


def _made_once(make: Callable[[Any], T]) -> Callable[[Any], T]:
    """Make each decoder once, and one at a time.

    msgspec finds out about the fields of a Struct when the first decoder needs them, and a second
    thread that uses them before that is done crashes the interpreter.
    """
    made: dict[Any, T] = {}

    def get(kind: Any) -> T:
        decoder = made.get(kind)
        if decoder is None:
            with _making:
                decoder = made.get(kind)
                if decoder is None:
                    decoder = made[kind] = make(kind)
        return decoder

    return get


@_made_once
def _json_decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, dec_hook=dec_hook)


@_made_once
def _msgpack_decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind, dec_hook=dec_hook)


def json_decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """Return the decoder behind `decode_json`, for who makes something of msgspec's own errors."""
    decoder: msgspec.json.Decoder[T] = _json_decoder(cast("Hashable", kind))
    return decoder


# Text that is nested too deep ends in a `RecursionError`.
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
_JSON_ENCODER = msgspec.json.Encoder(enc_hook=enc_hook)
_SORTED_JSON_ENCODER = msgspec.json.Encoder(enc_hook=enc_hook, order="sorted")
_MSGPACK_ENCODER = msgspec.msgpack.Encoder(enc_hook=enc_hook)


def decode_json(data: bytes | str, kind: type[T], *, what: str = "JSON document") -> T:
    """Decode a JSON document into `kind`; keys that `kind` does not have are ignored.

    Args:
        data: The document.
        kind: A Struct type of `hognose.types`, or any type that msgspec understands.
        what: What the document is, for the error: a path or a URL.

    Raises:
        InvalidPackageFileError: The text is no JSON, or not of the right shape.
    """
    try:
        return json_decoder(kind).decode(data)
    except _UNREADABLE as error:
        message = f"{what} cannot be used: {error}"
        raise InvalidPackageFileError(message, path=what) from error


def encode_json(value: object, *, pretty: bool = False, sort_keys: bool = False) -> bytes:
    """Encode to JSON; `pretty` means two spaces per level, `sort_keys` sorts at every level.

    Raises:
        TypeError: A part of it is nothing that JSON can hold.

    >>> from hognose.types import PackageName, VersionSpec
    >>> data = encode_json({PackageName("numpy"): VersionSpec(">=2")})
    >>> data, decode_json(data, dict[PackageName, VersionSpec])
    (b'{"numpy":">=2"}', {PackageName("numpy"): VersionSpec(">=2")})
    """
    encoder = _SORTED_JSON_ENCODER if sort_keys else _JSON_ENCODER
    encoded = encoder.encode(value)
    return msgspec.json.format(encoded, indent=2) if pretty else encoded


def decode_msgpack(data: bytes, kind: type[T], *, what: str = "MessagePack document") -> T:
    """Decode a MessagePack document into `kind`; like `decode_json`.

    Raises:
        InvalidPackageFileError: The bytes are no MessagePack, or not of the right shape.
    """
    try:
        decoder: msgspec.msgpack.Decoder[T] = _msgpack_decoder(cast("Hashable", kind))
        return decoder.decode(data)
    except _UNREADABLE as error:
        message = f"{what} cannot be used: {error}"
        raise InvalidPackageFileError(message, path=what) from error


def encode_msgpack(value: object) -> bytes:
    """Encode to MessagePack."""
    return _MSGPACK_ENCODER.encode(value)


def convert(value: object, kind: type[T], *, what: str = "document") -> T:
    """Convert a tree of plain Python objects into `kind`; like `decode_json`.

    Raises:
        InvalidPackageFileError: The tree is not of the right shape.
    """
    try:
        # Makes sure that the fields are known before several threads want them.
        _json_decoder(cast("Hashable", kind))
        return msgspec.convert(value, kind, dec_hook=dec_hook)
    except _UNREADABLE as error:
        message = f"{what} cannot be used: {error}"
        raise InvalidPackageFileError(message, path=what) from error


def to_builtins(value: object) -> Any:
    """Convert to plain dictionaries, lists and scalars, as JSON would hold them."""
    return msgspec.to_builtins(value, enc_hook=enc_hook)
