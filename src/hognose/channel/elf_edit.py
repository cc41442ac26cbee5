"""Make an ELF file fit for another directory: its library search path, and less ballast.

The search path is written as `DT_RPATH`, not `DT_RUNPATH`: an executable's `RPATH` also serves the
libraries that its libraries load, so copies of system libraries need no change of their own.

A new search path goes where the old one was if it fits and nothing else uses those bytes.
Otherwise a new segment at the end of the file takes the program headers, a copy of the dynamic
string table, and the dynamic table if that is full::

    file, as it was | padding | program headers | string table, new path | dynamic table

Kernels before 5.18 compute the program headers' address as that of the first segment plus their
file offset, so the new segment lies at the same distance from its file offset as the first one.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from hognose.channel.elf import (
    DT_HASH,
    DT_NEEDED,
    DT_NULL,
    DT_RPATH,
    DT_RUNPATH,
    DT_SONAME,
    DT_STRSZ,
    DT_STRTAB,
    DT_SYMTAB,
    DT_VERDEF,
    EM_MIPS,
    PT_DYNAMIC,
    PT_LOAD,
    PT_PHDR,
    SHF_ALLOC,
    SHT_DYNSYM,
    SHT_NOBITS,
    SHT_NULL,
    SHT_STRTAB,
    ElfFile,
    Section,
    Segment,
)
from hognose.errors import ChannelBuildError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROGRAM_HEADERS_OFFSET = 4
_PROGRAM_HEADERS_COUNT = 9
_SECTION_HEADERS_OFFSET = 5
_SECTION_HEADERS_COUNT = 11
_SECTION_NAMES_INDEX = 12
_READ = 4
_READ_WRITE = 6


def set_run_path(data: bytes, path: str) -> bytes:
    """Give an ELF file this library search path, in place of any that it had.

    Args:
        data: The file.
        path: The search path, such as `$ORIGIN/../lib`; several are separated by colons.

    Returns:
        The changed file; the same bytes if it has this `RPATH` already or is statically linked.

    Raises:
        ChannelBuildError: The file is not a well-formed ELF file, or is for a machine whose
            dynamic table cannot be changed.
    """
    file = ElfFile(data)
    if not file.dynamic or (
        file.value(DT_RUNPATH) is None
        and (old := file.value(DT_RPATH)) is not None
        and file.string(old) == path
    ):
        return data
    if file.machine == EM_MIPS:
        message = "the search path of an ELF file for MIPS cannot be changed"
        raise ChannelBuildError(message)
    text = path.encode()
    entries = file.dynamic
    kept = [entry for entry in entries if entry[0] not in (DT_RPATH, DT_RUNPATH)]
    for position in sorted({value for tag, value in entries if tag in (DT_RPATH, DT_RUNPATH)}):
        if _has_room(file, position, len(text)):
            start = file.strings_offset + position
            length = len(file.string(position).encode("utf-8", "surrogateescape"))
            file.data[start : start + length] = text.ljust(length, b"\0")
            _write_dynamic(file, [*kept, (DT_RPATH, position)])
            return bytes(file.data)
    return _append_strings(file, kept, text)


def _has_room(file: ElfFile, position: int, length: int) -> bool:
    """Tell whether a string can be overwritten: long enough, and nobody else's, not even partly."""
    old = len(file.string(position).encode("utf-8", "surrogateescape"))
    if length > old or (position and file.data[file.strings_offset + position - 1] != 0):
        return False
    users = _iter_string_users(file)
    return users is not None and all(not position <= user <= position + old for user in users)


def _iter_string_users(file: ElfFile) -> Iterator[int] | None:
    """Every use of the dynamic string table but search paths, or None if they cannot be known."""
    symbols = next((section for section in file.sections if section.type == SHT_DYNSYM), None)
    address, table = file.value(DT_SYMTAB), file.value(DT_HASH)
    if symbols is not None:
        start, count = symbols.offset, symbols.size // file.layout.symbol_size
    elif address is not None and table is not None:
        start = file.offset_of(address)
        count = struct.unpack_from(file.layout.order + "I", file.data, file.offset_of(table) + 4)[0]
    else:
        return None
    if file.value(DT_VERDEF) is not None:
        return None  # defined versions use strings too; appending is always right
    return _string_users(file, start, count)


def _string_users(file: ElfFile, symbols_start: int, symbols_count: int) -> Iterator[int]:
    for tag, value in file.dynamic:
        # DT_AUXILIARY, DT_FILTER and DT_CONFIG .. DT_AUDIT name files as well.
        if tag in (DT_NEEDED, DT_SONAME) or 0x6FFFFEFA <= tag <= 0x6FFFFEFC or tag >= 0x7FFFFFFD:
            yield value
    for library, name in file.version_need_names():
        yield library
        yield name
    form = file.layout.order + "I"
    for index in range(symbols_count):
        yield struct.unpack_from(form, file.data, symbols_start + index * file.layout.symbol_size)[
            0
        ]


def _write_dynamic(file: ElfFile, entries: list[tuple[int, int]]) -> None:
    """Write the dynamic table where it is; it must fit."""
    segment = file.segment(PT_DYNAMIC)
    assert segment is not None
    table = _pack_dynamic(file, entries, file.dynamic_capacity)
    file.data[segment.offset : segment.offset + len(table)] = table


def _pack_dynamic(file: ElfFile, entries: list[tuple[int, int]], capacity: int) -> bytes:
    form = file.layout.order + file.layout.dynamic
    padding = [(DT_NULL, 0)] * (capacity - len(entries))
    return b"".join(struct.pack(form, *entry) for entry in [*entries, *padding])


def _append_strings(file: ElfFile, kept: list[tuple[int, int]], text: bytes) -> bytes:
    """Add a segment with the new search path (see the module's docstring for its layout)."""
    loads = [segment for segment in file.segments if segment.type == PT_LOAD]
    shift = loads[0].address - loads[0].offset
    page = max(segment.alignment for segment in loads)
    end = max(segment.address + segment.memory_size for segment in loads) - shift
    start = -(-max(end, len(file.data)) // page) * page

    size = file.value(DT_STRSZ) or 0
    strings = bytes(file.data[file.strings_offset : file.strings_offset + size]) + text + b"\0"
    segment_size = file.segment_table[1]
    strings_at = start + segment_size * (len(file.segments) + 1)
    dynamic_at = -(-(strings_at + len(strings)) // 16) * 16
    entries = [
        *(
            (tag, {DT_STRTAB: strings_at + shift, DT_STRSZ: len(strings)}.get(tag, value))
            for tag, value in kept
        ),
        (DT_RPATH, size),
    ]
    moves_dynamic = len(entries) >= file.dynamic_capacity
    table = _pack_dynamic(file, entries, len(entries) + 1) if moves_dynamic else b""
    length = (dynamic_at + len(table) if moves_dynamic else strings_at + len(strings)) - start

    _move_section(file, file.value(DT_STRTAB) or 0, strings_at, shift, len(strings))
    added = Segment(
        type=PT_LOAD,
        flags=_READ_WRITE if moves_dynamic else _READ,
        offset=start,
        address=start + shift,
        physical_address=start + shift,
        file_size=length,
        memory_size=length,
        alignment=page,
    )
    dynamic = file.segment(PT_DYNAMIC)
    assert dynamic is not None
    if moves_dynamic:
        _move_section(file, dynamic.address, dynamic_at, shift, len(table))
        _place(dynamic, dynamic_at, shift, len(table))
    else:
        _write_dynamic(file, entries)
    file.segments.insert(file.segments.index(loads[-1]) + 1, added)
    header = file.segment(PT_PHDR)
    if header is not None:
        _place(header, start, shift, segment_size * len(file.segments))
    file.header[_PROGRAM_HEADERS_OFFSET] = start
    file.header[_PROGRAM_HEADERS_COUNT] = len(file.segments)
    _write_header(file)

    file.data.extend(bytes(start - len(file.data)))
    for segment in file.segments:
        file.data += _pack_segment(file, segment)
    file.data += strings
    if moves_dynamic:
        file.data += bytes(dynamic_at - len(file.data)) + table
    return bytes(file.data)


def _place(segment: Segment, offset: int, shift: int, size: int) -> None:
    segment.offset = offset
    segment.address = segment.physical_address = offset + shift
    segment.file_size = segment.memory_size = size


def _move_section(file: ElfFile, address: int, offset: int, shift: int, size: int) -> None:
    """Point the section header of what was at `address` to its new place, for other tools."""
    for section in file.sections:
        if section.flags & SHF_ALLOC and section.address == address and section.size:
            section.address, section.offset, section.size = offset + shift, offset, size
            _write_sections(file)
            return


def _pack_segment(file: ElfFile, segment: Segment) -> bytes:
    fields = [
        segment.type,
        segment.flags,
        segment.offset,
        segment.address,
        segment.physical_address,
        segment.file_size,
        segment.memory_size,
        segment.alignment,
    ]
    if file.data[4] == 1:
        fields.insert(6, fields.pop(1))
    return struct.pack(file.layout.order + file.layout.segment, *fields)


def _write_header(file: ElfFile) -> None:
    struct.pack_into(file.layout.order + file.layout.header, file.data, 16, *file.header)


def _pack_section(file: ElfFile, section: Section) -> bytes:
    return struct.pack(
        file.layout.order + file.layout.section,
        *(getattr(section, field) for field in Section.__struct_fields__),
    )


def _write_sections(file: ElfFile) -> None:
    start = file.section_table[0]
    table = b"".join(_pack_section(file, section) for section in file.sections)
    file.data[start : start + len(table)] = table


def strip_debug_sections(data: bytes) -> bytes:
    """Drop everything that is not mapped into memory: debugging information and local symbols.

    What is left keeps its place in the file and its section number, which symbols refer to. A file
    without section headers, or with bytes that no section describes at its end, comes back as is.

    Raises:
        ChannelBuildError: The file is not a well-formed ELF file.
    """
    file = ElfFile(data)
    table_start, entry_size, count = file.section_table
    if not file.sections or not file.segments:
        return data
    described = max(
        table_start + entry_size * count,
        *(s.offset + s.size for s in file.sections if s.type not in (SHT_NULL, SHT_NOBITS)),
    )
    if len(data) > described:
        return data
    names_start = file.sections[file.header[_SECTION_NAMES_INDEX]].offset
    last = max((i for i, s in enumerate(file.sections) if s.flags & SHF_ALLOC), default=0)
    names = bytearray(b"\0")
    kept: list[Section] = []
    for section in file.sections[: last + 1]:
        if not section.flags & SHF_ALLOC:
            kept.append(Section(0, SHT_NULL, 0, 0, 0, 0, 0, 0, 0, 0))
            continue
        name = file.text_at(names_start + section.name)
        section.name = len(names)
        names += name.encode() + b"\0"
        section.link = section.link if section.link <= last else 0
        kept.append(section)
    own_name = len(names)
    names += b".shstrtab\0"

    end = max(segment.offset + segment.file_size for segment in file.segments)
    del file.data[end:]
    kept.append(Section(own_name, SHT_STRTAB, 0, 0, end, len(names), 0, 0, 1, 0))
    file.data += names
    file.data += bytes(-len(file.data) % 8)
    file.header[_SECTION_HEADERS_OFFSET] = len(file.data)
    file.header[_SECTION_HEADERS_COUNT] = len(kept)
    file.header[_SECTION_NAMES_INDEX] = len(kept) - 1
    _write_header(file)
    for section in kept:
        file.data += _pack_section(file, section)
    return bytes(file.data)


def replace_text(data: bytes, old: bytes, new: bytes) -> bytes:
    """Replace zero-terminated texts that are exactly `old` by `new`, which is not longer."""
    assert len(new) <= len(old)
    return data.replace(b"\0" + old + b"\0", b"\0" + new.ljust(len(old), b"\0") + b"\0")
