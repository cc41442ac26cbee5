import itertools
import re
import shutil
import struct
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from hognose.channel.elf import PT_DYNAMIC, PT_LOAD, ElfFile
from hognose.channel.elf_edit import replace_text, set_run_path, strip_debug_sections
from hognose.channel.interpreter import detect_interpreter
from hognose.channel.shared_libraries import list_libraries

EXTENSIONS = sorted(Path(sysconfig.get_config_var("DESTSHARED") or "none").glob("*.so"))
pytestmark = pytest.mark.skipif(sys.platform != "linux" or not EXTENSIONS, reason="needs ELF files")
needs_readelf = pytest.mark.skipif(shutil.which("readelf") is None, reason="needs readelf")
LONG = "$ORIGIN/" + "long_directory/" * 20


def system_library():
    """A library without a search path: one that extension modules load."""
    linker = ElfFile(Path(sys.executable).read_bytes()).interpreter
    for extension in EXTENSIONS:
        for path in list_libraries(linker, extension).found.values():
            data = Path(path).read_bytes()
            if ElfFile(data).run_path is None:
                return data
    pytest.skip("no library without a search path")


def program():
    return Path(detect_interpreter().executable).read_bytes()


def readelf(data, tmp_path):
    """What readelf says about a file, having made sure that it has nothing to complain about."""
    path = tmp_path / "file"
    path.write_bytes(data)
    process = subprocess.run(
        ["readelf", "-a", "-W", path], capture_output=True, text=True, check=True
    )
    assert process.stderr == ""
    return process.stdout


def facts(data):
    file = ElfFile(data)
    return file.needed, file.soname, file.interpreter, list(file.iter_version_needs())


@needs_readelf
@pytest.mark.parametrize("path", ["$ORIGIN", "$ORIGIN/../..", LONG])
def test_readelf_sees_the_new_path_and_nothing_wrong(tmp_path, path):
    for data in (EXTENSIONS[0].read_bytes(), program(), system_library()):
        said = readelf(set_run_path(data, path), tmp_path)
        assert [path] == re.findall(r"\(RPATH\).*\[(.*)\]", said)
        assert "(RUNPATH)" not in said


@pytest.mark.parametrize("path", ["$ORIGIN", LONG])
def test_everything_else_that_the_file_asks_for_stays(path):
    for extension in EXTENSIONS:
        data = extension.read_bytes()
        assert facts(data) == facts(set_run_path(data, path))


def test_a_path_that_fits_changes_no_size():
    data = EXTENSIONS[0].read_bytes()
    long = set_run_path(data, LONG)
    assert len(long) == len(set_run_path(long, "$ORIGIN/../.."))


def test_a_path_is_set_only_once():
    once = set_run_path(EXTENSIONS[0].read_bytes(), LONG)
    assert once is set_run_path(once, LONG)


def test_a_path_can_be_set_again_and_again():
    data = EXTENSIONS[0].read_bytes()
    for number in range(5):
        data = set_run_path(data, LONG + str(number) * (20 * number + 1))
    assert LONG + "4" * 81 == ElfFile(data).run_path
    assert facts(EXTENSIONS[0].read_bytes()) == facts(data)


def test_bytes_that_other_strings_use_are_not_overwritten():
    # Point the search path at the tail of a library's name, as a linker may.
    data = bytearray(set_run_path(EXTENSIONS[0].read_bytes(), LONG))
    file = ElfFile(data)
    needed = file.needed[0]
    position = next(value for tag, value in file.dynamic if tag == 1) + 3
    segment = file.segment(PT_DYNAMIC)
    for index, (tag, _) in enumerate(file.dynamic):
        if tag == 15:
            struct.pack_into("<qQ", data, segment.offset + 16 * index, tag, position)
    assert needed[3:] == ElfFile(data).run_path
    changed = ElfFile(set_run_path(bytes(data), "$"))
    assert ("$", needed) == (changed.run_path, changed.needed[0])


def test_a_program_with_an_appended_path_runs(tmp_path):
    found = detect_interpreter()
    library = Path(found.library_directory)
    data = set_run_path(program(), f"$ORIGIN/{'x' * 200}:{library}")
    path = tmp_path / "python"
    path.write_bytes(data)
    path.chmod(0o755)
    command = [path, "-I", "-c", "print(6 * 7)"]
    env = {"PYTHONHOME": found.prefix}
    said = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    assert said == "42\n"


def test_a_library_with_an_appended_path_loads(tmp_path):
    # One module is enough for the linker's view, and it has functions to call.
    source = next(path for path in EXTENSIONS if path.name.startswith("math."))
    path = tmp_path / source.name
    path.write_bytes(set_run_path(strip_debug_sections(source.read_bytes()), LONG))
    code = "import sys; sys.path.insert(0, sys.argv[1]); import math; print(math.__file__, math.sqrt(9))"
    said = subprocess.run(
        [sys.executable, "-I", "-c", code, tmp_path], capture_output=True, text=True, check=True
    ).stdout
    assert f"{path} 3.0\n" == said


@needs_readelf
def test_a_full_dynamic_table_moves_with_the_path(tmp_path):
    data = bytearray(system_library())
    file = ElfFile(data)
    offset, size, _ = file.segment_table
    index = next(i for i, s in enumerate(file.segments) if s.type == PT_DYNAMIC)
    exact = (len(file.dynamic) + 1) * 16
    struct.pack_into("<QQ", data, offset + index * size + 32, exact, exact)
    for section_index, section in enumerate(file.sections):
        if section.address == file.segments[index].address and section.type == 6:
            struct.pack_into("<Q", data, file.section_table[0] + section_index * 64 + 32, exact)
    changed = set_run_path(bytes(data), "$ORIGIN")
    moved = ElfFile(changed)
    assert moved.segment(PT_DYNAMIC).address != file.segment(PT_DYNAMIC).address
    assert "$ORIGIN" == moved.run_path
    assert facts(bytes(data)) == facts(changed)
    assert "Library rpath: [$ORIGIN]" in readelf(changed, tmp_path)
    library = tmp_path / "libmoved.so"
    library.write_bytes(changed)
    load = "import ctypes, sys; ctypes.CDLL(sys.argv[1])"
    subprocess.run([sys.executable, "-I", "-c", load, library], check=True)


def test_segments_stay_in_order_and_do_not_overlap():
    loads = [
        segment
        for segment in ElfFile(set_run_path(program(), LONG)).segments
        if segment.type == PT_LOAD
    ]
    for before, after in itertools.pairwise(loads):
        assert before.address + before.memory_size <= after.address
        assert after.offset % after.alignment == after.address % after.alignment


@needs_readelf
def test_a_stripped_library_keeps_what_is_loaded(tmp_path):
    for extension in EXTENSIONS[:10]:
        data = extension.read_bytes()
        stripped = strip_debug_sections(data)
        assert len(stripped) <= len(data)
        assert facts(data) == facts(stripped)
        loads = [s for s in ElfFile(stripped).segments if s.type == PT_LOAD]
        assert loads == [s for s in ElfFile(data).segments if s.type == PT_LOAD]
        assert ".debug_" not in readelf(stripped, tmp_path)


def test_stripping_twice_changes_nothing_more():
    stripped = strip_debug_sections(EXTENSIONS[0].read_bytes())
    assert stripped == strip_debug_sections(stripped)


def test_a_file_with_something_appended_is_not_stripped():
    data = EXTENSIONS[0].read_bytes() + b"payload"
    assert data is strip_debug_sections(data)


def test_only_whole_texts_are_replaced():
    data = b"\0/opt/python\0/opt/python/lib\0x/opt/python\0"
    assert replace_text(data, b"/opt/python", b"/-pt/python") == (
        b"\0/-pt/python\0/opt/python/lib\0x/opt/python\0"
    )
