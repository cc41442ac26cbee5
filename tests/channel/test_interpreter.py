import os
import sys
import venv

import pytest

from hognose.channel.interpreter import Interpreter, detect_interpreter, libc_requirement
from hognose.errors import ChannelBuildError


def interpreter(**changes):
    values = dict.fromkeys(Interpreter.__struct_fields__, "") | {
        "implementation": "cpython",
        "python_version": "3.11",
        "is_free_threaded": False,
        "bits": 64,
        **changes,
    }
    return Interpreter(**values)


def test_the_running_interpreter_describes_itself():
    found = detect_interpreter()
    assert "{}.{}".format(*sys.version_info) == found.python_version
    assert os.path.realpath(sys.base_prefix) == found.prefix
    assert found.version.startswith(found.python_version)
    assert os.path.isfile(found.executable)
    assert os.path.isfile(f"{found.stdlib}/os.py")


def test_of_a_virtual_environment_the_interpreter_below_is_described(tmp_path):
    venv.create(tmp_path / "env", symlinks=os.name != "nt")
    folder = "Scripts" if os.name == "nt" else "bin"
    assert detect_interpreter() == detect_interpreter(tmp_path / "env" / folder / "python")


def test_the_environment_has_no_influence(tmp_path, monkeypatch):
    expected = detect_interpreter()
    (tmp_path / "json.py").write_text("raise SystemExit(9)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert expected == detect_interpreter()


@pytest.mark.parametrize(
    ("platform", "bits", "subdir"),
    [
        ("linux-x86_64", 64, "linux-64"),
        ("linux-x86_64", 32, "linux-32"),
        ("linux-i686", 32, "linux-32"),
        ("linux-aarch64", 64, "linux-aarch64"),
        ("linux-ppc64le", 64, "linux-ppc64le"),
        ("macosx-11.0-arm64", 64, "osx-arm64"),
        ("macosx-10.9-x86_64", 64, "osx-64"),
        ("win-amd64", 64, "win-64"),
        ("win-arm64", 64, "win-arm64"),
        ("win32", 32, "win-32"),
    ],
)
def test_platforms_have_subdirs(platform, bits, subdir):
    assert subdir == interpreter(platform=platform, bits=bits).subdir


def test_a_platform_without_subdir_is_an_error():
    with pytest.raises(ChannelBuildError, match="aix-7"):
        _ = interpreter(platform="aix-7.2").subdir


def test_the_abi_of_an_interpreter_without_global_lock_is_another_one():
    assert interpreter().abi_tag == "cp311"
    assert interpreter(python_version="3.13", is_free_threaded=True).abi_tag == "cp313t"


def test_a_program_that_is_no_python_is_an_error(tmp_path):
    path = tmp_path / "python"
    path.write_text("#!/bin/sh\necho no\n")
    path.chmod(0o755)
    with pytest.raises(ChannelBuildError, match="does not answer as a Python interpreter"):
        detect_interpreter(path)


def test_a_missing_program_is_an_error(tmp_path):
    with pytest.raises(ChannelBuildError, match="does not answer as a Python interpreter"):
        detect_interpreter(tmp_path / "nothing")


def test_a_glibc_is_required_up_to_the_next_major_version():
    assert libc_requirement((2, 17)) == ("__glibc >=2.17,<3.0.a0",)
    assert libc_requirement((2, 3, 4)) == ("__glibc >=2.3,<3.0.a0",)
    assert libc_requirement(None) == ()
