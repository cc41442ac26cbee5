import pytest

from hognose.errors import TransactionError
from hognose.install import PythonInfo
from hognose.types import PackageRecord, Platform

LINUX, WINDOWS = Platform("linux-64"), Platform("win-64")


def python(version="3.11.4", path=None, platform=LINUX):
    record = PackageRecord.create(
        name="python", version=version, build="0", python_site_packages_path=path
    )
    return PythonInfo.from_record(record, platform)


def test_modules_and_scripts_go_where_the_interpreter_looks():
    info = python()
    assert info.target_path("site-packages/a/b.py") == "lib/python3.11/site-packages/a/b.py"
    assert info.target_path("python-scripts/tool") == "bin/tool"
    assert info.target_path("share/data") == "share/data"


def test_windows_has_folders_of_its_own():
    info = python(platform=WINDOWS)
    assert info.target_path("site-packages/a.py") == "Lib/site-packages/a.py"
    assert info.target_path("python-scripts/tool") == "Scripts/tool"
    assert info.executable == "python.exe"


def test_the_record_may_name_another_folder():
    info = python("3.13.0", "lib/python3.13t/site-packages")
    assert info.target_path("site-packages/a.py") == "lib/python3.13t/site-packages/a.py"


@pytest.mark.parametrize("path", ["/usr/lib", "../lib", "lib/../../x", "C:/lib", "..\\x", "."])
def test_a_folder_outside_the_environment_is_refused(path):
    with pytest.raises(TransactionError, match="outside the environment"):
        python(path=path)


def test_a_version_without_a_minor_part_is_refused():
    with pytest.raises(TransactionError, match="no major and minor part: 3"):
        python("3")


def test_the_first_record_named_python_counts():
    assert PythonInfo.from_records([], LINUX) is None


def test_a_path_too_long_for_a_shebang_is_handed_to_the_shell():
    interpreter = "/bin/python3.11"
    fits = "/" + "e" * (125 - 1 - len(interpreter))
    assert python().shebang(fits) == f"#!{fits}{interpreter}"
    assert python().shebang(fits + "e").startswith("#!/bin/sh\n'''exec' \"")
    assert (
        python().shebang("/a b") == "#!/bin/sh\n'''exec' \"/a b/bin/python3.11\" \"$0\" \"$@\" #'''"
    )


def test_packages_are_linked_again_when_minor_version_or_folder_change():
    assert not python("3.11.9").needs_relink(python("3.11.4"))
    assert python("3.12.0").needs_relink(python("3.11.4"))
    assert python(path="lib/x/site-packages").needs_relink(python())
