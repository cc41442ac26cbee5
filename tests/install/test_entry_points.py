import subprocess
import sys

import pytest

from hognose.errors import LinkError
from hognose.install import PythonInfo
from hognose.install.entry_points import entry_point_script, plan_entry_point
from hognose.install.windows_launcher import WindowsLauncher
from hognose.types import EntryPoint, Platform

PYTHON = PythonInfo(
    major=3,
    minor=11,
    executable="bin/python3.11",
    site_packages="lib/python3.11/site-packages",
    scripts="bin",
)
ON_WINDOWS = PythonInfo(
    major=3, minor=11, executable="python.exe", site_packages="Lib/site-packages", scripts="Scripts"
)


def test_a_script_imports_the_first_name_and_calls_the_whole():
    script = entry_point_script(EntryPoint.parse("run = a.b:App.main"), PYTHON, "/env")
    assert script == (
        "#!/env/bin/python3.11\n"
        "# -*- coding: utf-8 -*-\n"
        "import re\n"
        "import sys\n"
        "\n"
        "from a.b import App\n"
        "\n"
        "if __name__ == '__main__':\n"
        "\tsys.argv[0] = re.sub(r'(-script\\.pyw?|\\.exe)?$', '', sys.argv[0])\n"
        "\tsys.exit(App.main())\n"
    )


def test_the_script_runs_its_function(tmp_path):
    (tmp_path / "module.py").write_text("def main():\n    print('called')\n    return 7\n")
    script = tmp_path / "tool-script.py"
    script.write_text(entry_point_script(EntryPoint("tool", "module", "main"), PYTHON, "/env"))
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert (done.returncode, done.stdout) == (7, "called\n")


def test_unix_gets_one_executable_script():
    (file,) = plan_entry_point(
        EntryPoint("tool", "m", "f"), PYTHON, "/env", platform=Platform("linux-64")
    )
    assert (file.path, file.path_type, file.executable) == (
        "bin/tool",
        "unix_python_entry_point",
        True,
    )


def test_windows_gets_a_script_without_a_shebang_and_a_launcher():
    script, launcher = plan_entry_point(
        EntryPoint("tool", "m", "f"),
        ON_WINDOWS,
        "C:/env",
        platform=Platform("win-64"),
        launcher=WindowsLauncher(b"MZ"),
    )
    assert script.path == "Scripts/tool-script.py"
    assert script.content.startswith(b"\n# -*-")
    assert (launcher.path, launcher.content) == ("Scripts/tool.exe", b"MZ")


def test_windows_without_a_launcher_gets_the_script():
    planned = plan_entry_point(
        EntryPoint("tool", "m", "f"), ON_WINDOWS, "C:/env", platform=Platform("win-64")
    )
    assert [file.path for file in planned] == ["Scripts/tool-script.py"]


@pytest.mark.parametrize("command", ["CON", "com1", "nul.x", "a?b", "a:b", "b\x01"])
def test_a_command_that_windows_cannot_store_is_refused_there(command):
    entry_point = EntryPoint(command, "m", "f")
    assert plan_entry_point(entry_point, PYTHON, "/env", platform=Platform("linux-64"))
    with pytest.raises(LinkError, match="plain file name"):
        plan_entry_point(entry_point, ON_WINDOWS, "C:/env", platform=Platform("win-64"))


@pytest.mark.parametrize("command", ["../evil", "a/b", "a\\b", "..", "", "a\0b", "a" * 256])
def test_a_command_that_is_no_file_name_is_refused(command):
    with pytest.raises(LinkError, match="plain file name"):
        plan_entry_point(
            EntryPoint(command, "m", "f"), PYTHON, "/env", platform=Platform("linux-64")
        )
