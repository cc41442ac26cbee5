"""Archives that try to do harm, or are broken, made on the spot with the standard library.

Each is a complete file, named after what is wrong with it. `HOSTILE` maps the name to a function
that makes the bytes and to a part of the message that the refusal must have.
"""

from __future__ import annotations

import bz2
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import msgspec
from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("HOSTILE", "HostileArchive", "conda", "tar", "tar_bz2")

STEM = "evil-1-0"
_BLOCK = 512
_END = bytes(2 * _BLOCK)


class HostileArchive(msgspec.Struct, frozen=True):
    """How to make one hostile archive, and what its refusal must say."""

    make: Callable[[], bytes]
    message: str


# -- parts ------------------------------------------------------------------------------------


def file(name: str, content: bytes = b"evil", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    """A regular file; further keywords set fields of the header."""
    return member(name, tarfile.REGTYPE, content, **fields)


def symlink(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    """A symbolic link."""
    return member(name, tarfile.SYMTYPE, linkname=target)


def hard_link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    """A hard link."""
    return member(name, tarfile.LNKTYPE, linkname=target)


def member(
    name: str, kind: bytes, content: bytes = b"", **fields: object
) -> tuple[tarfile.TarInfo, bytes]:
    """A member of any kind."""
    header = tarfile.TarInfo(name)
    header.type = kind
    header.size = len(content)
    for field, value in fields.items():
        setattr(header, field, value)
    return header, content


INDEX = file("info/index.json", b'{"name":"evil","version":"1","build":"0","build_number":0}')


def tar(
    members: Sequence[tuple[tarfile.TarInfo, bytes]],
    *,
    end: bytes = _END,
    tar_format: Literal[0, 1, 2] = tarfile.GNU_FORMAT,
) -> bytes:
    """A tar archive; header and data go in as they are, even if they do not fit together."""
    parts = []
    for header, content in members:
        parts.append(header.tobuf(tar_format, "utf-8", "surrogateescape"))
        parts.append(content + bytes(-len(content) % _BLOCK))
    return b"".join(parts) + end


def tar_bz2(members: Sequence[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """A `.tar.bz2` package."""
    return bz2.compress(tar(members))


def conda(
    package: bytes | None = None,
    info: bytes | None = None,
    *,
    metadata: bytes | None = b'{"conda_pkg_format_version": 2}',
    extra: Sequence[tuple[str, bytes]] = (),
    compress_type: int = zipfile.ZIP_STORED,
) -> bytes:
    """A `.conda` package out of the two inner archives, compressed already."""
    package = zstd.compress(tar([])) if package is None else package
    info = zstd.compress(tar([INDEX])) if info is None else info
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compress_type) as archive:
        if metadata is not None:
            archive.writestr("metadata.json", metadata)
        archive.writestr(f"pkg-{STEM}.tar.zst", package)
        archive.writestr(f"info-{STEM}.tar.zst", info)
        for name, content in extra:
            archive.writestr(name, content)
    return stream.getvalue()


def _members(*members: tuple[tarfile.TarInfo, bytes]) -> Callable[[], bytes]:
    """Half of the cases travel in one format and half in the other; see `_register`."""
    return lambda: tar(members)


def _header(raw: dict[int, bytes], content: bytes = b"", *, fix: bool = True) -> bytes:
    """A header of an ordinary file with some of its bytes replaced."""
    block = bytearray(tarfile.TarInfo("lib/file").tobuf(tarfile.USTAR_FORMAT))
    for place, value in raw.items():
        block[place : place + len(value)] = value
    if fix:
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + content + bytes(-len(content) % _BLOCK)


def _pax(records: bytes, following: bytes) -> bytes:
    header, content = member("pax", tarfile.XHDTYPE, records)
    return tar([(header, content)], end=b"") + following + _END


_SIZE = 124
_NAME = 0
_PLAIN = _header({})


# -- names ------------------------------------------------------------------------------------

_TARS: dict[str, tuple[Callable[[], bytes], str]] = {
    "dot-dot": (_members(file("../outside")), "contains `..`"),
    "dot-dot-twice": (_members(file("../../outside")), "contains `..`"),
    "dot-dot-inside": (_members(file("lib/../../outside")), "contains `..`"),
    "dot-dot-that-stays-inside": (_members(file("lib/../file")), "contains `..`"),
    "dot-dot-last": (_members(file("lib/..")), "contains `..`"),
    "dot-dot-alone": (_members(file("..")), "contains `..`"),
    "dot-dot-directory": (_members(member("../outside", tarfile.DIRTYPE)), "contains `..`"),
    "dot-dot-after-dot": (_members(file("./../outside")), "contains `..`"),
    "absolute": (_members(file("/tmp/outside")), "is absolute"),
    "absolute-twice": (_members(file("//tmp/outside")), "is absolute"),
    "absolute-at-root": (_members(file("/outside")), "is absolute"),
    "absolute-directory": (_members(member("/outside", tarfile.DIRTYPE)), "is absolute"),
    "empty-name": (lambda: _header({_NAME: bytes(100)}) + _END, "has no name"),
    "name-is-dot": (_members(file(".")), "has no name"),
    "file-named-like-directory": (_members(file("lib/a/")), "has no name"),
    "too-long-part": (_members(file("a" * 300)), "longer than 255 bytes"),
    "too-long-part-in-utf-8": (_members(file("é" * 150)), "longer than 255 bytes"),
    "ustar-prefix-dot-dot": (
        lambda: _header({345: b"..", _NAME: b"outside".ljust(100, b"\0")}) + _END,
        "contains `..`",
    ),
    "pax-path-dot-dot": (lambda: _pax(b"19 path=../outside\n", _PLAIN), "contains `..`"),
    "pax-path-absolute": (lambda: _pax(b"17 path=/outside\n", _PLAIN), "is absolute"),
    "pax-path-with-nul": (lambda: _pax(b"12 path=a\0b\n", _PLAIN), "NUL"),
    "gnu-long-name-dot-dot": (
        _members(file("../" + "a/" * 60 + "outside")),
        "contains `..`",
    ),
    # -- symbolic links -----------------------------------------------------------------------
    "symlink-absolute": (_members(symlink("link", "/etc/passwd")), "leads out"),
    "symlink-up": (_members(symlink("link", "../outside")), "leads out"),
    "symlink-up-from-below": (_members(symlink("lib/link", "../../outside")), "leads out"),
    "symlink-to-parent": (_members(symlink("link", "..")), "leads out"),
    "symlink-round-about": (_members(symlink("link", "lib/../../outside")), "leads out"),
    "symlink-empty": (_members(symlink("link", "")), "leads out"),
    "symlink-through-symlink": (
        _members(
            file("p/q/file"), symlink("p/q/deep", "../.."), symlink("link", "p/q/deep/../outside")
        ),
        "leads out",
    ),
    "write-through-symlink": (
        _members(symlink("lib", "."), file("lib/../../outside")),
        "contains `..`",
    ),
    "write-through-inner-symlink": (
        _members(file("real/a"), symlink("lib", "real"), file("lib/b")),
        "in its place",
    ),
    "write-to-symlink": (
        _members(file("real"), symlink("link", "real"), file("link", b"other")),
        "is there twice",
    ),
    "directory-on-symlink": (
        _members(file("real/a"), symlink("lib", "real"), member("lib", tarfile.DIRTYPE)),
        "in its place",
    ),
    "symlink-on-directory": (_members(file("lib/a"), symlink("lib", "info")), "is there twice"),
    "symlink-changed": (
        _members(symlink("link", "info"), symlink("link", "info/index.json")),
        "is there twice",
    ),
    # -- hard links ---------------------------------------------------------------------------
    "hard-link-absolute": (_members(hard_link("link", "/etc/passwd")), "is absolute"),
    "hard-link-up": (_members(hard_link("link", "../outside")), "contains `..`"),
    "hard-link-to-nothing": (_members(hard_link("link", "nothing")), "no file before it"),
    "hard-link-to-later": (_members(hard_link("link", "later"), file("later")), "no file before"),
    "hard-link-to-itself": (_members(hard_link("link", "link")), "no file before it"),
    "hard-link-to-directory": (
        _members(file("lib/a"), hard_link("link", "lib")),
        "no file before it",
    ),
    "hard-link-to-symlink": (
        _members(file("real"), symlink("soft", "real"), hard_link("link", "soft")),
        "no file before it",
    ),
    "hard-link-through-symlink": (
        _members(file("real/a"), symlink("lib", "real"), hard_link("link", "lib/a")),
        "no file before it",
    ),
    "hard-link-with-data": (
        _members(file("real"), member("link", tarfile.LNKTYPE, b"data", linkname="real")),
        "bytes of data",
    ),
    # -- kinds --------------------------------------------------------------------------------
    "character-device": (_members(member("null", tarfile.CHRTYPE, devmajor=1)), "a device"),
    "block-device": (_members(member("disk", tarfile.BLKTYPE, devmajor=8)), "a device"),
    "pipe": (_members(member("pipe", tarfile.FIFOTYPE)), "a pipe"),
    "sparse": (lambda: _header({156: b"S"}) + _END, "sparse file"),
    "pax-sparse": (lambda: _pax(b"22 GNU.sparse.major=1\n", _PLAIN), "sparse file"),
    "multi-volume": (lambda: _header({156: b"M"}) + _END, "multi-volume"),
    "unknown-kind": (lambda: _header({156: b"Z"}) + _END, "unknown kind"),
    # -- contradictions -----------------------------------------------------------------------
    "twice": (_members(file("lib/a", b"one"), file("lib/a", b"two")), "is there twice"),
    "twice-spelled-differently": (
        _members(file("lib/a", b"one"), file("./lib//a", b"two")),
        "is there twice",
    ),
    "twice-same-size": (_members(file("a", b"1"), file("a", b"2")), "is there twice"),
    "file-and-directory": (_members(file("lib"), file("lib/a")), "in its place"),
    "directory-and-file": (_members(file("lib/a"), file("lib")), "is there twice"),
    "conda-meta": (_members(file("conda-meta/history", b"")), "reserved for environments"),
    "conda-meta-in-capitals": (_members(file("Conda-Meta/history")), "reserved for environments"),
    "conda-meta-as-link": (_members(symlink("conda-meta", "info")), "reserved for environments"),
    "conda-meta-empty": (
        _members(member("conda-meta", tarfile.DIRTYPE)),
        "reserved for environments",
    ),
    "repodata-record": (
        _members(file("info/repodata_record.json", b"{}")),
        "reserved for the package cache",
    ),
    "repodata-record-roundabout": (
        _members(file("./info/./repodata_record.json", b"{}")),
        "reserved for the package cache",
    ),
    "byte-code-of-the-cache": (
        _members(file("info/hognose-byte-code/dialect.json", b"{}")),
        "reserved for the package cache",
    ),
    "byte-code-of-the-cache-as-link": (
        _members(symlink("info/hognose-byte-code", "lib")),
        "reserved for the package cache",
    ),
    # -- broken headers -----------------------------------------------------------------------
    "bad-checksum": (lambda: _header({148: b"000000"}, fix=False) + _END, "checksum"),
    "no-checksum": (lambda: _header({148: b"junkjunk"}, fix=False), "checksum"),
    "negative-size": (lambda: _header({_SIZE: b"\xff" * 12}) + _END, "negative size"),
    "size-with-minus": (lambda: _header({_SIZE: b"-0000000010\0"}) + _END, "for a number"),
    "size-not-octal": (lambda: _header({_SIZE: b"00000000009\0"}) + _END, "for a number"),
    "size-in-letters": (lambda: _header({_SIZE: b"0o000000010\0"}) + _END, "for a number"),
    "huge-size": (lambda: _header({_SIZE: b"\x80" + b"\x7f" * 11}) + _END, "truncated"),
    "pax-negative-size": (lambda: _pax(b"11 size=-1\n", _PLAIN), "negative size"),
    "pax-bad-size": (lambda: _pax(b"12 size=1e9\n", _PLAIN), "for `size`"),
    "pax-length-too-long": (lambda: _pax(b"99 path=a\n", _PLAIN), "damaged pax header"),
    "pax-length-zero": (lambda: _pax(b"0 path=a\n", _PLAIN), "damaged pax header"),
    "pax-no-length": (lambda: _pax(b"path=a\n", _PLAIN), "damaged pax header"),
    "pax-no-value": (lambda: _pax(b"8 path1\n", _PLAIN), "damaged pax header"),
    "pax-enormous": (
        lambda: _header({156: b"x", _SIZE: b"77777777777\0"}) + _END,
        "extended header of",
    ),
    "long-name-enormous": (
        lambda: _header({156: b"L", _SIZE: b"77777777777\0"}) + _END,
        "extended header of",
    ),
    "pax-about-nothing": (lambda: _pax(b"10 path=a\n", b""), "announces another member"),
    "pax-for-all": (
        lambda: tar([member("g", tarfile.XGLTYPE, b"10 path=a\n")]),
        "for all members at once",
    ),
    "data-cut": (lambda: _header({_SIZE: b"00000002000\0"}), "truncated"),
    "header-cut": (lambda: _PLAIN[:300], "truncated"),
    "goes-on-after-end": (lambda: bytes(_BLOCK) + _PLAIN + _END, "after a block that marks"),
}


# -- whole archives ---------------------------------------------------------------------------


def _directory_offset(data: bytes) -> int:
    return int(struct.unpack_from("<L", data, data.rindex(b"PK\5\6") + 16)[0])


def _other_directory() -> bytes:
    """A directory that names another member than the local header does."""
    data = bytearray(conda())
    place = data.index(b"metadata.json", _directory_offset(bytes(data)))
    data[place : place + 8] = b"METADATA"
    return bytes(data)


def _hidden_member() -> bytes:
    """A local member that the directory does not list."""
    with_extra = conda(extra=[("pkg-hidden.txt", b"hidden")])
    without = conda()
    shift = _directory_offset(with_extra) - _directory_offset(without)
    directory = bytearray(without[_directory_offset(without) :])
    place = directory.rindex(b"PK\5\6") + 16
    struct.pack_into("<L", directory, place, _directory_offset(without) + shift)
    return with_extra[: _directory_offset(with_extra)] + bytes(directory)


def _wrong_crc() -> bytes:
    data = bytearray(conda(extra=[("note.txt", b"a note")]))
    place = data.index(b"a note")
    data[place] ^= 1
    return bytes(data)


def _encrypted() -> bytes:
    data = bytearray(conda())
    data[6] |= 1
    return bytes(data)


def _between() -> bytes:
    data = conda()
    place = _directory_offset(data)
    return data[:place] + b"JUNKJUNK" + data[place:]


def _bomb() -> bytes:
    header = _header({_SIZE: b"%011o\0" % (1 << 30)})
    compressor = zstd.ZstdCompressor()
    parts = [compressor.compress(header)]
    zeros = bytes(1 << 20)
    parts += [compressor.compress(zeros) for _ in range(1 << 10)]
    parts += [compressor.compress(_END), compressor.flush()]
    return conda(b"".join(parts))


_WHOLE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "the file is empty"),
    "text": (lambda: b"<html>404</html>", "neither"),
    "gzip": (lambda: b"\x1f\x8b\x08\0 and so on", "neither"),
    "zip-without-parts": (lambda: _zip({"a.txt": b"a"}), "there is no `info"),
    "conda-without-info": (lambda: _zip({f"pkg-{STEM}.tar.zst": zstd.compress(_END)}), "no `info"),
    "conda-without-pkg": (lambda: _zip({f"info-{STEM}.tar.zst": zstd.compress(_END)}), "no `pkg"),
    "conda-with-two-pkg": (
        lambda: conda(extra=[("pkg-other.tar.zst", zstd.compress(_END))]),
        "there are two `pkg",
    ),
    "conda-compressed": (lambda: conda(compress_type=zipfile.ZIP_DEFLATED), "CEP 35 forbids"),
    "conda-of-the-future": (
        lambda: conda(metadata=b'{"conda_pkg_format_version": 3}'),
        "format version 3",
    ),
    "conda-metadata-nonsense": (lambda: conda(metadata=b"[[["), "`metadata.json`"),
    "conda-metadata-list": (lambda: conda(metadata=b"[]"), "`metadata.json`"),
    "conda-metadata-enormous": (lambda: conda(metadata=b" " * 100_000), "larger than 64 kB"),
    "conda-encrypted": (_encrypted, "encrypted"),
    "conda-wrong-crc": (_wrong_crc, "CRC-32"),
    "conda-directory-disagrees": (_other_directory, "disagree"),
    "conda-hidden-member": (_hidden_member, "disagree"),
    "conda-junk-between": (_between, "between its members"),
    "conda-cut-in-header": (lambda: conda()[:20], "truncated"),
    "conda-cut-in-member": (lambda: conda()[:100], "truncated"),
    "conda-cut-in-directory": (lambda: conda()[:-30], "truncated"),
    "conda-pkg-not-zstd": (lambda: conda(b"no zstd at all"), "zstd data is damaged"),
    "conda-pkg-empty": (lambda: conda(b""), "zstd data is empty"),
    "conda-pkg-cut": (
        lambda: conda(zstd.compress(tar([file("a", b"x" * 5000)]))[:-9]),
        "truncated",
    ),
    "conda-pkg-with-garbage": (
        lambda: conda(zstd.compress(tar([])) + b"garbage"),
        "zstd data is damaged",
    ),
    "conda-bomb": (_bomb, "times its size"),
    "bzip2-cut": (lambda: tar_bz2([INDEX])[:-10], "truncated"),
    "bzip2-damaged": (lambda: b"BZh9" + bytes(100), "bzip2 data is damaged"),
    "bzip2-with-garbage": (lambda: tar_bz2([INDEX]) + b"garbage", "bzip2 data is damaged"),
}


def _zip(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _in_bzip2(make: Callable[[], bytes]) -> Callable[[], bytes]:
    index = tar([INDEX], end=b"")
    return lambda: bz2.compress(index + make())


def _in_conda(make: Callable[[], bytes]) -> Callable[[], bytes]:
    return lambda: conda(zstd.compress(make()))


HOSTILE: dict[str, HostileArchive] = {
    **{
        f"{name}.conda": HostileArchive(_in_conda(make), text)
        for name, (make, text) in _TARS.items()
    },
    **{
        f"{name}.tar.bz2": HostileArchive(_in_bzip2(make), text)
        for name, (make, text) in _TARS.items()
    },
    **{name: HostileArchive(make, text) for name, (make, text) in _WHOLE.items()},
}
