"""Reading tar streams, with the standard library as the oracle."""

from __future__ import annotations

import copy
import io
import pickle
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hognose.archive.tar_header import MemberKind
from hognose.archive.tar_reader import TarReader
from hognose.archive.tar_writer import (
    DIRECTORY_FLAG,
    END_OF_ARCHIVE,
    FILE_FLAG,
    SYMLINK_FLAG,
    padding_after,
    tar_header,
)
from hognose.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = st.text(
    alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
    min_size=1,
    max_size=150,
).filter(lambda name: not name.endswith("/") and not name.startswith("/"))
KINDS = {
    tarfile.REGTYPE: MemberKind.FILE,
    tarfile.DIRTYPE: MemberKind.DIRECTORY,
    tarfile.SYMTYPE: MemberKind.SYMLINK,
    tarfile.LNKTYPE: MemberKind.HARD_LINK,
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=repr)
def test_a_copy_of_a_kind_is_the_same_kind(kind: MemberKind) -> None:
    assert copy.deepcopy(kind) is kind
    assert pickle.loads(pickle.dumps(kind)) is kind
    assert getattr(MemberKind, kind.name) is kind


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def read(data: bytes, size: int = 1 << 20) -> list[tuple[object, ...]]:
    reader = TarReader(pieces(data, size))
    return [
        (
            member.name,
            member.kind,
            member.mode,
            member.mtime,
            member.link_target,
            reader.read_data(),
        )
        for member in reader
    ]


def write(headers: list[tuple[tarfile.TarInfo, bytes]], tar_format: int) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tar_format) as archive:
        for header, content in headers:
            archive.addfile(header, io.BytesIO(content))
    return stream.getvalue()


@given(
    st.lists(
        st.tuples(
            NAMES,
            st.sampled_from(sorted(KINDS)),
            st.binary(max_size=1500),
            st.integers(0, 0o7777),
            st.integers(0, 2**40),
            NAMES,
        ),
        max_size=5,
    ),
    st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
    st.sampled_from([1 << 20, 4096, 512, 300]),
)
def test_members_come_out_as_the_standard_library_put_them_in(
    members: list[tuple[str, bytes, bytes, int, int, str]], tar_format: int, size: int
) -> None:
    headers = []
    expected = []
    for name, kind, content, mode, mtime, target in members:
        header = tarfile.TarInfo(name)
        header.type, header.mode, header.mtime = kind, mode, mtime
        is_file = kind == tarfile.REGTYPE
        is_link = kind in {tarfile.SYMTYPE, tarfile.LNKTYPE}
        header.size = len(content) if is_file else 0
        header.linkname = target if is_link else ""
        headers.append((header, content if is_file else b""))
        stored = f"{name}/" if kind == tarfile.DIRTYPE else name
        data = content if is_file else b""
        expected.append((stored, KINDS[kind], mode, mtime, target if is_link else "", data))
    assert expected == read(write(headers, tar_format), size)


@given(NAMES, NAMES, st.binary(max_size=600), st.integers(0, 2**33 - 1))
def test_the_standard_library_reads_what_we_write(
    name: str, target: str, content: bytes, mtime: int
) -> None:
    data = tar_header(name, flag=FILE_FLAG, size=len(content), mode=0o644, mtime=mtime)
    data += content + padding_after(len(content))
    data += tar_header("d", flag=DIRECTORY_FLAG, mode=0o755, mtime=mtime)
    data += tar_header(f"l{name}", flag=SYMLINK_FLAG, mode=0o777, mtime=mtime, link_target=target)
    data += END_OF_ARCHIVE
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        file, directory, link = archive.getmembers()
        stream = archive.extractfile(file)
        assert stream is not None
        assert (name, content, mtime) == (file.name, stream.read(), file.mtime)
        assert ("d", True) == (directory.name, directory.isdir())
        assert (f"l{name}", target) == (link.name, link.linkname)


def test_data_that_is_not_read_is_skipped() -> None:
    headers = []
    for number in range(20):
        header = tarfile.TarInfo(f"f{number}")
        header.size = number * 777
        headers.append((header, bytes([number]) * header.size))
    data = write(headers, tarfile.USTAR_FORMAT)
    for size in (333, 512, 5000, 1 << 20):
        reader = TarReader(pieces(data, size))
        for number, member in enumerate(reader):
            assert f"f{number}" == member.name
            if number % 3 == 0:
                assert reader.read_data() == bytes([number]) * (number * 777)
            elif number % 3 == 1 and number > 1:
                assert bytes(reader.take()[:5]) == bytes([number]) * 5


def test_large_sizes_are_read_in_base_256() -> None:
    header = tar_header("a", flag=FILE_FLAG, size=2**35, mode=0o644, mtime=0)
    assert next(iter(TarReader(iter([header])))).size == 2**35


def test_an_old_archive_marks_directories_by_a_slash() -> None:
    header = tarfile.TarInfo("lib/")
    header.type = tarfile.AREGTYPE
    data = header.tobuf(tarfile.USTAR_FORMAT) + END_OF_ARCHIVE
    assert [("lib/", MemberKind.DIRECTORY)] == [entry[:2] for entry in read(data)]


def test_an_archive_may_end_without_its_mark_but_not_inside_a_member() -> None:
    header = tar_header("a", flag=FILE_FLAG, size=5, mode=0o644, mtime=0)
    whole = header + b"12345" + padding_after(5)
    assert [b"12345"] == [entry[-1] for entry in read(whole)]
    with pytest.raises(ArchiveError, match="truncated"):
        read(whole[:-1])


def test_fractions_of_seconds_and_times_before_1970_are_floored() -> None:
    header = tarfile.TarInfo("a")
    header.mtime = -1.5
    (entry,) = read(write([(header, b"")], tarfile.PAX_FORMAT))
    assert entry[3] == -2


def test_names_that_are_not_utf_8_survive() -> None:
    header = tarfile.TarInfo("a\udcff")
    (entry,) = read(write([(header, b"")], tarfile.GNU_FORMAT))
    assert entry[0] == "a\udcff"


def test_what_follows_the_end_is_ignored_but_consumed() -> None:
    rest = iter([tar_header("a", flag=FILE_FLAG, mode=0o644, mtime=0), END_OF_ARCHIVE, b"x" * 700])
    assert [member.name for member in TarReader(rest)] == ["a"]
    assert list(rest) == []


@pytest.mark.parametrize(
    ("place", "text", "error"),
    [
        (148, b"0000000\0", "checksum is wrong"),
        (124, b"00000000x00\0", "for a number"),
        (124, b"00000000999\0", "for a number"),
    ],
)
def test_a_header_after_many_plain_ones_is_looked_at_as_closely(
    place: int, text: bytes, error: str
) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for number in range(10):
            header = tarfile.TarInfo(f"file{number}")
            header.size = 4
            archive.addfile(header, io.BytesIO(b"data"))
    data = bytearray(stream.getvalue())
    last = data.index(b"file9")
    data[last + place : last + place + len(text)] = text
    if place != 148:
        data[last + 148 : last + 156] = b" " * 8
        data[last + 148 : last + 156] = b"%06o\0 " % sum(data[last : last + 512])
    reader = TarReader(iter([bytes(data)]))
    names: list[str] = []
    with pytest.raises(ArchiveError, match=error):
        names.extend(member.name for member in reader)
    assert names == [f"file{number}" for number in range(9)]


@pytest.mark.parametrize("size", [512, 1000, 5000, 1 << 20])
def test_files_are_the_same_taken_together_and_one_by_one(size: int) -> None:
    headers = []
    for number in range(30):
        header = tarfile.TarInfo(f"lib/f{number}")
        header.size = number * 131
        headers.append((header, bytes([number]) * header.size))
    data = write(headers, tarfile.USTAR_FORMAT)
    reader = TarReader(pieces(data, size))
    together = []
    while (member := reader.next_member()) is not None:
        together.append((member.name, reader.read_data()))
        while files := reader.take_plain_files():
            *whole, (name, _, _, _, start) = files
            together += [(name.decode(), bytes(content)) for name, _, _, _, content in whole]
            together.append((name.decode(), bytes(start) + reader.read_data()))
    assert [(header.name, content) for header, content in headers] == together
