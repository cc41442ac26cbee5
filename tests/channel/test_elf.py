import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hognose.channel.elf import PT_DYNAMIC, ElfFile, VersionNeed, highest_glibc, is_elf
from hognose.errors import ChannelBuildError

EXTENSIONS = sorted(Path(sysconfig.get_config_var("DESTSHARED") or "none").glob("*.so"))
pytestmark = pytest.mark.skipif(sys.platform != "linux" or not EXTENSIONS, reason="needs ELF files")
needs_readelf = pytest.mark.skipif(shutil.which("readelf") is None, reason="needs readelf")


def readelf(option, path):
    command = ["readelf", option, "-W", path]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@needs_readelf
def test_needed_libraries_are_those_that_readelf_lists():
    for path in EXTENSIONS:
        expected = re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-d", path))
        assert expected == ElfFile(path.read_bytes()).needed


@needs_readelf
def test_needed_versions_are_those_that_readelf_lists():
    for path in EXTENSIONS:
        text = readelf("-V", path).partition("Version needs section")[2]
        expected = re.findall(r"Name: (\S+) +Flags", text)
        assert expected == [
            need.version for need in ElfFile(path.read_bytes()).iter_version_needs()
        ]


def test_an_executable_names_its_dynamic_linker():
    assert re.match(r"/lib.*/ld.*\.so", ElfFile(Path(sys.executable).read_bytes()).interpreter)


def test_a_library_names_no_dynamic_linker():
    assert ElfFile(EXTENSIONS[0].read_bytes()).interpreter is None


def test_the_highest_glibc_is_compared_by_number():
    class File:
        def __init__(self, *versions):
            self.versions = versions

        def iter_version_needs(self):
            return (VersionNeed("libc.so.6", version) for version in self.versions)

    files = [File("GLIBC_2.4", "GLIBC_2.17"), File("GLIBC_2.9", "GLIBC_PRIVATE", "GLIBCXX_3.4")]
    assert (2, 17) == highest_glibc(files)


def test_files_without_glibc_have_no_highest_one():
    assert highest_glibc([]) is None


def test_what_does_not_start_with_the_magic_is_no_elf_file():
    assert not is_elf(b"#!/bin/sh\n")
    with pytest.raises(ChannelBuildError, match="not an ELF file"):
        ElfFile(b"#!/bin/sh\n")


@pytest.mark.parametrize("length", [4, 5, 16, 60, 64, 100, 700])
def test_a_truncated_file_is_an_error_of_ours(length):
    with pytest.raises(ChannelBuildError):
        _ = ElfFile(EXTENSIONS[0].read_bytes()[:length]).needed


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_is_an_error_of_ours(data):
    content = bytearray(EXTENSIONS[0].read_bytes())
    dynamic = ElfFile(content).segment(PT_DYNAMIC)
    # The headers, the dynamic table, and anywhere.
    places = st.one_of(
        st.integers(4, 800),
        st.integers(dynamic.offset, dynamic.offset + dynamic.file_size - 1),
        st.integers(4, len(content) - 1),
    )
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=6)):
        content[place] = value
    try:
        file = ElfFile(content)
        _ = file.needed, file.soname, file.run_path, file.interpreter
        highest_glibc([file])
    except ChannelBuildError:
        pass


def test_a_file_of_an_unknown_class_is_refused():
    with pytest.raises(ChannelBuildError, match="unknown class"):
        ElfFile(b"\x7fELF\x07\x01" + bytes(100))
