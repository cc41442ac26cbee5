"""Records: what they hold, show, compare by and write."""

from datetime import UTC, datetime

import pytest

from hognose.errors import InvalidPackageFileError, InvalidVersionError
from hognose.types import MatchSpec, NoArchType, PackageRecord, RepoDataRecord, wire


def make(name="a", version="1", **fields):
    return PackageRecord.create(name=name, version=version, build="0", **fields)


def decode(text):
    return wire.decode_json(text, PackageRecord)


def test_a_record_of_a_channel_is_decoded_into_values():
    record = decode(
        '{"name": "Foo", "version": "1.0.0", "build": "h1_3", "build_number": 3,'
        ' "depends": ["b >=1"], "sha256": "00ff", "timestamp": 1500000000000,'
        ' "noarch": "python", "track_features": "x y", "unheard_of": {}}'
    )

    assert record.name == "foo"
    assert record.name.source == "Foo"
    assert str(record.version) == "1.0.0"
    assert record.depends == ("b >=1",)
    assert record.sha256 == b"\x00\xff"
    assert datetime(2017, 7, 14, 2, 40, tzinfo=UTC) == record.timestamp
    assert record.noarch is NoArchType("python")
    assert record.track_features == ("x", "y")


def test_an_old_timestamp_in_seconds_is_understood():
    assert datetime(2017, 7, 14, 2, 40, tzinfo=UTC) == make(timestamp_ms=1_500_000_000).timestamp


@pytest.mark.parametrize(
    ("text", "kind"), [("null", None), ("true", "generic"), ("false", None), ('"python"', "python")]
)
def test_the_legacy_forms_of_noarch_are_understood(text, kind):
    record = decode(f'{{"name": "a", "version": "1", "build": "0", "noarch": {text}}}')

    assert record.noarch is NoArchType(kind)


def test_hashes_and_times_can_be_set_as_bytes_and_datetimes():
    record = make()
    record.md5 = b"\x01" * 16
    record.timestamp = datetime(2020, 1, 1, tzinfo=UTC)

    assert record.md5_hex == "01" * 16
    assert record.timestamp_ms == 1_577_836_800_000


def test_what_readers_expect_is_written_even_when_it_is_empty():
    text = make().to_json()

    assert (
        text
        == '{"build":"0","build_number":0,"constrains":[],"depends":[],"name":"a","version":"1"}'
    )


def test_records_order_by_name_then_version_then_build_number():
    records = [make("b"), make("a", "10"), make("a", "9", build_number=1), make("a", "9")]

    assert [str(record) for record in sorted(records)] == ["a=9=0", "a=9=0", "a=10=0", "b=1=0"]
    assert [record.build_number for record in sorted(records)][:2] == [0, 1]


def test_equal_records_have_equal_hashes():
    assert make() == make()
    assert len({make(), make()}) == 1


def test_a_bad_version_is_refused_when_a_record_is_made_from_text():
    with pytest.raises(InvalidVersionError, match=r"'1\.\.2'"):
        make(version="1..2")


def test_an_unknown_field_is_the_programmers_mistake():
    with pytest.raises(TypeError, match="no field 'colour'"):
        make(colour="red")


def test_a_record_without_a_name_cannot_be_used():
    with pytest.raises(InvalidPackageFileError, match="`name`"):
        decode('{"version": "1", "build": "0"}')


def test_a_record_knows_where_its_package_lies():
    record = RepoDataRecord.from_package_record(
        make(subdir="noarch"),
        file_name="a-1-0.conda",
        url="file:///c/noarch/a-1-0.conda",
        channel="file:///c/",
    )

    assert record.identity == ("a", "1", "0", "noarch")
    assert record.file_stem == "a-1-0"
    assert b'"fn":"a-1-0.conda"' in wire.encode_json(record)


@pytest.mark.parametrize(("timestamp", "year"), [(10**18, 9999), (-(10**18), 1)])
def test_a_timestamp_that_no_calendar_has_is_at_the_far_end(timestamp, year):
    record = PackageRecord.create(name="a", version="1", build="0", timestamp_ms=timestamp)

    assert record.timestamp is not None
    assert year == record.timestamp.year


def test_a_record_is_made_of_what_a_package_says_and_what_its_archive_is(tmp_path):
    path = tmp_path / "index.json"
    path.write_text(
        '{"name": "a", "version": "1.0", "build": "0", "depends": ["b"], "flags": ["x"]}'
    )

    record = PackageRecord.from_index_json(path, size=3, sha256="00ff")

    assert ("a", "1.0", ("b",), ("x",)) == (
        record.name,
        str(record.version),
        record.depends,
        record.flags,
    )
    assert (3, b"\x00\xff", None, "") == (record.size, record.sha256, record.md5, record.subdir)


def test_a_record_that_was_made_past_create_says_so_when_it_is_matched():
    record = PackageRecord(name="a", version="1", build="0")

    with pytest.raises(TypeError, match=r"`PackageRecord.create\(...\)` records out of text"):
        record.matches(MatchSpec("a >=1"))
