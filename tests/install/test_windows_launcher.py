from __future__ import annotations

import subprocess
import sys
import zipfile

import pytest

from hognose.install import PythonInfo
from hognose.install.entry_points import plan_entry_point
from hognose.install.windows_launcher import WindowsLauncher, find_launcher
from hognose.types import EntryPoint, Platform

ON_WINDOWS = PythonInfo(
    major=3, minor=12, executable="python.exe", site_packages="Lib/site-packages", scripts="Scripts"
)
WINDOWS = Platform("win-64")
MODULE = "import sys\ndef main():\n    print(sys.argv)\n    return 7\n"


def test_a_launcher_is_found_among_the_files_given(tmp_path):
    (tmp_path / "t64.exe").write_bytes(b"MZ t")
    directories = ["/nowhere", tmp_path]
    assert WindowsLauncher(b"MZ t", "distlib") == find_launcher(WINDOWS, directories=directories)
    (tmp_path / "cli-64.exe").write_bytes(b"MZ cli")
    assert WindowsLauncher(b"MZ cli", "conda") == find_launcher(WINDOWS, directories=directories)
    assert find_launcher(Platform("win-arm64"), directories=directories) is None
    assert find_launcher(Platform("linux-64"), directories=directories) is None


def test_a_launcher_is_told_the_interpreter_with_its_spaces_and_letters():
    program = WindowsLauncher(b"MZ", "distlib").program("C:/my envs/ünï/python.exe")
    assert program.startswith('MZ#!"C:\\my envs\\ünï\\python.exe"\r\nPK'.encode())


def test_the_same_program_is_made_each_time():
    launcher = WindowsLauncher(b"MZ", "distlib")
    assert launcher.program("C:/python.exe") == launcher.program("C:/python.exe")


def test_what_the_launcher_holds_runs_the_script_beside_it(tmp_path):
    (tmp_path / "tool_module.py").write_text(MODULE)
    launcher = WindowsLauncher(b"MZ", "distlib")
    (tmp_path / "Scripts").mkdir()
    for file in plan_entry_point(
        EntryPoint("tool", "tool_module", "main"),
        ON_WINDOWS,
        str(tmp_path),
        platform=WINDOWS,
        launcher=launcher,
    ):
        (tmp_path / file.path).write_bytes(file.content)

    # This is what the launcher does: its own file is the archive.
    done = subprocess.run(
        [sys.executable, tmp_path / "Scripts/tool.exe", "a b"],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (7, f"{[str(tmp_path / 'Scripts/tool'), 'a b']}\n") == (done.returncode, done.stdout)


@pytest.mark.parametrize("subdir", ["win-32", "win-64", "win-arm64"])
def test_distlib_has_launchers_for_windows(subdir):
    pytest.importorskip("distlib")
    launcher = find_launcher(Platform(subdir))
    assert launcher is not None
    assert "distlib" == launcher.kind
    assert launcher.content.startswith(b"MZ")


def test_the_archive_can_be_read_behind_the_launcher(tmp_path):
    (tmp_path / "tool.exe").write_bytes(WindowsLauncher(b"MZ" * 5000, "distlib").program("C:/p"))
    with zipfile.ZipFile(tmp_path / "tool.exe") as archive:
        assert ["__main__.py"] == archive.namelist()
        assert archive.testzip() is None
