"""What an ELF file (executable or shared library) says about itself.

Only the parts that matter for moving a file to another directory: segments, sections, the dynamic
table, the libraries and symbol versions it asks for. Changing a file is in `elf_edit`.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from hognose.errors import ChannelBuildError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC: Final = b"\x7fELF"

PT_LOAD: Final = 1
PT_DYNAMIC: Final = 2
PT_INTERP: Final = 3
PT_PHDR: Final = 6

SHT_NULL: Final = 0
SHT_STRTAB: Final = 3
SHT_NOBITS: Final = 8
SHT_DYNSYM: Final = 11
SHF_ALLOC: Final = 2

DT_NULL: Final = 0
DT_NEEDED: Final = 1
DT_HASH: Final = 4
DT_STRTAB: Final = 5
DT_SYMTAB: Final = 6
DT_STRSZ: Final = 10
DT_SONAME: Final = 14
DT_RPATH: Final = 15
DT_RUNPATH: Final = 29
DT_VERDEF: Final = 0x6FFFFFFC
DT_VERDEFNUM: Final = 0x6FFFFFFD
DT_VERNEED: Final = 0x6FFFFFFE
DT_VERNEEDNUM: Final = 0x6FFFFFFF

EM_MIPS: Final = 8


class Segment(msgspec.Struct):
    """One program header: a run of the file and where it is mapped."""

    type: int
    flags: int
    offset: int
    address: int
    physical_address: int
    file_size: int
    memory_size: int
    alignment: int


class Section(msgspec.Struct):
    """One section header."""

    name: int
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int


class VersionNeed(NamedTuple):
    """A symbol version that must be offered by a library, such as `libc.so.6: GLIBC_2.34`."""

    library: str
    version: str


class _Layout(NamedTuple):
    """The `struct` formats of one class (32 or 64 bit) and byte order."""

    order: str
    header: str
    segment: str
    section: str
    dynamic: str
    symbol_size: int


def _layout(data: bytes | bytearray) -> _Layout:
    order = {1: "<", 2: ">"}.get(data[5]) if len(data) > 5 else None
    if order is None or data[4] not in (1, 2):
        message = "ELF file of an unknown class or byte order"
        raise ChannelBuildError(message)
    if data[4] == 2:
        return _Layout(order, "HHIQQQIHHHHHH", "IIQQQQQQ", "IIQQQQIIQQ", "qQ", 24)
    return _Layout(order, "HHIIIIIHHHHHH", "IIIIIIII", "IIIIIIIIII", "iI", 16)


class ElfFile:
    """An ELF file in memory, parsed; `data` may be changed by `elf_edit`, nothing else changes.

    Attributes:
        data: The whole file.
        segments: The program headers, in file order.
        sections: The section headers, in file order; empty if the file was stripped of them.
        dynamic: The dynamic table as (tag, value), without the terminator; empty for a static file.
        dynamic_capacity: How many entries fit into the dynamic table, the terminator included.
    """

    __slots__ = (
        "data",
        "dynamic",
        "dynamic_capacity",
        "header",
        "layout",
        "sections",
        "segments",
    )

    def __init__(self, data: bytes | bytearray) -> None:
        """Parse headers and the dynamic table.

        Raises:
            ChannelBuildError: The bytes are not a well-formed ELF file.
        """
        if not data.startswith(MAGIC):
            message = "not an ELF file"
            raise ChannelBuildError(message)
        self.data = bytearray(data)
        self.layout = _layout(data)
        self.header = list(self._unpack(self.layout.header, 16))
        self.segments = list(self._iter_segments())
        self.sections = list(self._iter_sections())
        self.dynamic, self.dynamic_capacity = self._read_dynamic()

    def _unpack(self, form: str, offset: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(self.layout.order + form, self.data, offset)
        except (struct.error, OverflowError) as error:
            message = "truncated ELF file"
            raise ChannelBuildError(message) from error

    # The header's fields by their index in `header`.
    @property
    def machine(self) -> int:
        """The machine code (`e_machine`)."""
        return int(self.header[1])

    @property
    def segment_table(self) -> tuple[int, int, int]:
        """Offset, entry size and count of the program headers."""
        return self.header[4], self.header[8], self.header[9]

    @property
    def section_table(self) -> tuple[int, int, int]:
        """Offset, entry size and count of the section headers."""
        return self.header[5], self.header[10], self.header[11]

    def _iter_segments(self) -> Iterator[Segment]:
        offset, size, count = self.segment_table
        for index in range(count):
            fields = self._unpack(self.layout.segment, offset + index * size)
            if self.data[4] == 1:  # 32 bit keeps the flags in the seventh place
                kind, start, address, physical, in_file, in_memory, flags, alignment = fields
                fields = kind, flags, start, address, physical, in_file, in_memory, alignment
            yield Segment(*fields)

    def _iter_sections(self) -> Iterator[Section]:
        offset, size, count = self.section_table
        if offset == 0:
            return
        for index in range(count):
            yield Section(*self._unpack(self.layout.section, offset + index * size))

    def segment(self, kind: int) -> Segment | None:
        """The first segment of a type, or None."""
        return next((segment for segment in self.segments if segment.type == kind), None)

    def offset_of(self, address: int) -> int:
        """Turn a virtual address into an offset in the file."""
        for segment in self.segments:
            if segment.type == PT_LOAD and 0 <= address - segment.address < segment.file_size:
                return segment.offset + address - segment.address
        message = f"ELF file that refers to address {address:#x}, which it does not contain"
        raise ChannelBuildError(message)

    def _read_dynamic(self) -> tuple[list[tuple[int, int]], int]:
        segment = self.segment(PT_DYNAMIC)
        if segment is None:
            return [], 0
        size = struct.calcsize(self.layout.order + self.layout.dynamic)
        capacity = segment.file_size // size
        entries: list[tuple[int, int]] = []
        for index in range(capacity):
            tag, value = self._unpack(self.layout.dynamic, segment.offset + index * size)
            if tag == DT_NULL:
                break
            entries.append((tag, value))
        return entries, capacity

    def value(self, tag: int) -> int | None:
        """The value of the first dynamic entry with this tag, or None."""
        return next((value for found, value in self.dynamic if found == tag), None)

    def values(self, tag: int) -> list[int]:
        """The values of all dynamic entries with this tag."""
        return [value for found, value in self.dynamic if found == tag]

    @property
    def strings_offset(self) -> int:
        """Where the dynamic string table starts in the file."""
        address = self.value(DT_STRTAB)
        if address is None:
            message = "ELF file without a dynamic string table"
            raise ChannelBuildError(message)
        return self.offset_of(address)

    def text_at(self, offset: int) -> str:
        """The zero-terminated text at an offset in the file."""
        end = self.data.find(0, offset)
        if end < 0:
            message = "truncated ELF file"
            raise ChannelBuildError(message)
        return self.data[offset:end].decode("utf-8", "surrogateescape")

    def string(self, position: int) -> str:
        """The text at a position of the dynamic string table."""
        return self.text_at(self.strings_offset + position)

    @property
    def needed(self) -> list[str]:
        """The names of the shared libraries that the file asks for."""
        return [self.string(value) for value in self.values(DT_NEEDED)]

    @property
    def soname(self) -> str | None:
        """The name that the library answers to, or None."""
        value = self.value(DT_SONAME)
        return None if value is None else self.string(value)

    @property
    def run_path(self) -> str | None:
        """Where the file looks for its libraries: its `RUNPATH`, else its `RPATH`, else None."""
        value = self.value(DT_RUNPATH)
        if value is None:
            value = self.value(DT_RPATH)
        return None if value is None else self.string(value)

    @property
    def interpreter(self) -> str | None:
        """The path of the dynamic linker that an executable names, or None."""
        segment = self.segment(PT_INTERP)
        return None if segment is None else self.text_at(segment.offset)

    def iter_version_needs(self) -> Iterator[VersionNeed]:
        """Yield the symbol versions that the file asks for."""
        for library, name in self.version_need_names():
            yield VersionNeed(self.string(library), self.string(name))

    def version_need_names(self) -> Iterator[tuple[int, int]]:
        """Yield (library, version) of each needed version, as positions in the string table."""
        address = self.value(DT_VERNEED)
        if address is None:
            return
        at = self.offset_of(address)
        for _ in range(self.value(DT_VERNEEDNUM) or 0):
            _, count, library, auxiliary, following = self._unpack("HHIII", at)
            inner = at + auxiliary
            for _ in range(count):
                _, _, _, name, onward = self._unpack("IHHII", inner)
                yield library, name
                if onward == 0:
                    break
                inner += onward
            if following == 0:
                break
            at += following


def is_elf(data: bytes | bytearray) -> bool:
    """Tell whether bytes (the first four are enough) are an ELF file's."""
    return data[:4] == MAGIC


def highest_glibc(files: list[ElfFile]) -> tuple[int, ...] | None:
    """Give the highest `GLIBC_x.y` symbol version that any of the files needs, or None."""
    versions = [
        tuple(map(int, match[1].split(".")))
        for file in files
        for need in file.iter_version_needs()
        if (match := re.fullmatch(r"GLIBC_([0-9]{1,6}(?:\.[0-9]{1,6})*)", need.version))
    ]
    return max(versions, default=None)
