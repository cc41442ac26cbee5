"""Walking through a file in windows: what is handed over, and when the walk gives up."""

from __future__ import annotations

import io
import json
from typing import Any

import msgspec
import pytest

from hognose.repodata.record_scan import RAW_RECORDS, UNFORESEEN, RecordScan
from support.repodata_files import entry, packages_of, repodata

MANY = packages_of([entry(f"p{number:05}") for number in range(20_000)])


class Size(msgspec.Struct):
    size: int


def walk(data: bytes, *, window: int = 4096) -> tuple[io.BytesIO, dict[str, bytes]]:
    source = io.BytesIO(data)
    found: dict[str, bytes] = {}

    def keep(_suffix: str, records: dict[str, msgspec.Raw], _start: int, _length: int) -> None:
        found.update((file_name, bytes(raw)) for file_name, raw in records.items())

    RecordScan(source, keep, RAW_RECORDS, window=window).run()
    return source, found


def test_a_window_is_where_it_is_said_to_be() -> None:
    data = json.dumps(repodata(*(entry("a", str(number)) for number in range(50)))).encode()
    found: dict[str, Any] = {}

    def keep(_suffix: str, records: dict[str, msgspec.Raw], start: int, length: int) -> None:
        part = json.loads(b"{%b}" % data[start : start + length])
        assert list(part) == list(records)
        found.update(part)

    RecordScan(io.BytesIO(data), keep, RAW_RECORDS, window=2000).run()
    assert json.loads(data)["packages.conda"] == found


def test_a_source_may_give_little_at_a_time() -> None:
    class Trickle(io.BytesIO):
        def readinto(self, buffer: Any, /) -> int:
            return super().readinto(memoryview(buffer)[:7])

    data = json.dumps(repodata(entry("a"), entry("b"))).encode()
    found: list[str] = []
    scan = RecordScan(Trickle(data), lambda _, records, *__: found.extend(records), RAW_RECORDS)
    assert "noarch" == scan.run().info.subdir
    assert ["a-1-0.conda", "b-1-0.conda"] == found


def test_a_record_longer_than_a_window_is_handed_over() -> None:
    long = entry("b", license="x" * 10_000)
    _, found = walk(json.dumps(repodata(entry("a"), long, entry("c"))).encode(), window=512)
    assert long == json.loads(found["b-1-0.conda"])


def test_a_record_of_another_shape_ends_the_walk() -> None:
    sizes = msgspec.json.Decoder(dict[str, Size])
    data = json.dumps(repodata(entry("a", size=1), entry("b", size="2"))).encode()
    with pytest.raises(msgspec.ValidationError):
        RecordScan(io.BytesIO(data), lambda *_: None, sizes).run()


@pytest.mark.parametrize("damage", [b"", b'"', b"}", b"\xff\xfe{"])
def test_a_walk_that_meets_damage_gives_up_long_before_the_end(damage: bytes) -> None:
    data = json.dumps({"packages.conda": MANY}).encode()
    middle = data.index(b', "p02000')
    source = io.BytesIO(data[:middle] + damage + data[middle + 1 :])
    with pytest.raises(UNFORESEEN):
        RecordScan(source, lambda *_: None, RAW_RECORDS, window=4096).run()
    assert source.tell() < middle + (1 << 22) < len(data)
