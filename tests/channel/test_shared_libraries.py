import sys

import pytest

from hognose.channel.shared_libraries import find_linker, is_c_library, list_libraries
from hognose.errors import ChannelBuildError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs ELF files")


@pytest.mark.parametrize(
    "name",
    ["libc.so.6", "libm.so.6", "libpthread.so.0", "ld-linux-x86-64.so.2", "linux-vdso.so.1",
     "libresolv.so.2", "libc.musl-x86_64.so.1", "libnss_files.so.2"],
)  # fmt: skip
def test_parts_of_the_c_library_are_known(name):
    assert is_c_library(name)


@pytest.mark.parametrize(
    "name", ["libz.so.1", "libcrypt.so.1", "libssl.so.3", "libmd.so.0", "libcom_err.so.2"]
)
def test_other_libraries_are_not_taken_for_the_c_library(name):
    assert not is_c_library(name)


def test_libraries_are_listed_with_real_paths():
    linker = find_linker([sys.executable])
    found = list_libraries(linker, sys.executable)
    assert found.missing == ()
    assert all(path.startswith("/") for path in found.found.values())
    assert not any(is_c_library(name) for name in found.found)


def test_a_script_has_no_dynamic_linker(tmp_path):
    (tmp_path / "script").write_text("#!/bin/sh\n")
    with pytest.raises(ChannelBuildError, match="not a dynamically linked executable"):
        find_linker([tmp_path / "script"])


def test_a_linker_that_does_not_run_is_an_error(tmp_path):
    with pytest.raises(ChannelBuildError, match="does not answer"):
        list_libraries(str(tmp_path / "no-linker"), sys.executable)
