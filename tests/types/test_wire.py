"""Every value and record goes to JSON and MessagePack and comes back as it was."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import PurePosixPath
from typing import Any

import msgspec
import pytest

from hognose.errors import InvalidPackageFileError
from hognose.types import (
    Arch,
    ArchiveIdentifier,
    BuildNumberSpec,
    BuildString,
    Channel,
    ChannelConfig,
    ChannelPriority,
    Condition,
    GenericVirtualPackage,
    MatchSpec,
    NamelessMatchSpec,
    NoArchType,
    PackageName,
    PackageNameMatcher,
    PackageRecord,
    Platform,
    PrefixRecord,
    RepoData,
    RepoDataRecord,
    StringMatcher,
    Version,
    VersionSpec,
    VersionWithSource,
    dec_hook,
    decode_json,
    enc_hook,
    encode_json,
    wire,
)

RECORD = RepoDataRecord.create(
    name="Foo", version="1.00", build="0", noarch="python", depends=["b >=1"], url="https://h/x"
)
VALUES = [
    Version("1.2"),
    VersionWithSource("1.02"),
    VersionSpec(">=1,<2|3.*"),
    PackageName("A.b"),
    PackageNameMatcher("py*"),
    MatchSpec("c::a >=1 b*[when='d', flags=[x]]"),
    MatchSpec("py*", exact_names_only=False),
    NamelessMatchSpec(">=1 b*"),
    Channel("conda-forge"),
    Channel("https://example.org/c[noarch,linux-64]"),
    Channel("/srv/channel"),
    Platform("linux-64"),
    Arch("x86_64"),
    NoArchType("python"),
    NoArchType(None),
    GenericVirtualPackage("__glibc", "2.17", "0"),
    BuildString("py311_0"),
    BuildNumberSpec(">=1"),
    StringMatcher("^a.*$"),
    Condition.parse("a or b>=1"),
    ArchiveIdentifier.try_parse("a-1-0.conda"),
    ChannelPriority.STRICT,
    ChannelConfig(),
    RepoData(),
    PackageRecord.create(name="a", version="1", build="0"),
    RECORD,
    PrefixRecord.from_repodata_record(RECORD, files=("a",)),
]
NAMES = [type(value).__name__ for value in VALUES]


@pytest.mark.parametrize("value", VALUES, ids=NAMES)
def test_a_value_comes_back_from_json(value: Any) -> None:
    decoded = decode_json(encode_json(value), type(value))

    assert value == decoded
    assert type(value) is type(decoded)


@pytest.mark.parametrize("value", VALUES, ids=NAMES)
def test_a_value_comes_back_from_messagepack(value: Any) -> None:
    assert value == wire.decode_msgpack(wire.encode_msgpack(value), type(value))


@pytest.mark.parametrize("value", VALUES, ids=NAMES)
def test_the_standard_library_writes_a_value_like_msgspec(value: Any) -> None:
    # A name and a build string are strings to it.
    plain = str(value) if isinstance(value, str) else json.loads(encode_json(value))

    assert plain == json.loads(json.dumps(value, default=enc_hook))


@pytest.mark.parametrize("value", VALUES, ids=NAMES)
def test_a_value_is_copied_and_pickled_as_itself(value: Any) -> None:
    for twin in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
        assert value == twin
        assert type(value) is type(twin)


def test_a_struct_of_the_caller_takes_the_values_of_this_library() -> None:
    fields = [
        ("spec", MatchSpec),
        ("channels", tuple[Channel, ...]),
        ("of", dict[PackageName, Version]),
    ]
    Wish = msgspec.defstruct("Wish", fields)  # noqa: N806
    wish = Wish(MatchSpec("a >=1"), (Channel("c"),), {PackageName("a"): Version("1.2")})

    data = msgspec.json.encode(wish, enc_hook=enc_hook)

    assert b'{"spec":"a >=1","channels":["c"],"of":{"a":"1.2"}}' == data
    assert wish == msgspec.json.decode(data, type=Wish, dec_hook=dec_hook)


@pytest.mark.parametrize("kind", [Version, VersionSpec, MatchSpec, Channel, Platform, BuildString])
def test_text_that_breaks_a_rule_is_refused_with_its_place(kind: type) -> None:
    with pytest.raises(InvalidPackageFileError, match=r"invalid .*at `\$\[0\]`"):
        decode_json('["\\u0001"]', list[kind])  # type: ignore[valid-type]


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidPackageFileError, match=r"Expected `str`, got `int`"):
        decode_json("[1]", list[MatchSpec])


def test_a_channel_is_written_without_its_secrets() -> None:
    secret = Channel("https://user:hunter2@example.org/t/tk-123/c")

    assert b'"https://example.org/c/"' == encode_json(secret)


def test_a_path_is_written_and_nothing_else_that_is_not_ours() -> None:
    assert b'"/a/b"' == encode_json(PurePosixPath("/a/b"))
    with pytest.raises(TypeError, match="object is nothing that JSON can hold"):
        encode_json(object())


def test_a_record_comes_back_from_its_own_json() -> None:
    assert RECORD == RepoDataRecord.from_json(RECORD.to_json())
    with pytest.raises(InvalidPackageFileError, match="RepoDataRecord cannot be used"):
        RepoDataRecord.from_json("{}")


def test_the_json_of_an_installed_record_has_the_keys_that_nobody_knows() -> None:
    text = '{"build":"0","name":"a","strange":[1],"version":"1"}'
    record = PrefixRecord.from_json(text)

    assert [1] == json.loads(record.to_json())["strange"]
    assert record == PrefixRecord.from_json(record.to_json())


@pytest.mark.parametrize("decode", [wire.decode_json, wire.decode_msgpack])
def test_what_is_nested_too_deep_is_no_document(decode):
    nested = b"[" * 100_000 if decode is wire.decode_json else b"\x91" * 100_000
    with pytest.raises(InvalidPackageFileError, match="cannot be used"):
        decode(nested, Any)
