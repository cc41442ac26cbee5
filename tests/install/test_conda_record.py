from __future__ import annotations

from hognose.install.conda_record import with_real_paths
from hognose.types import PrefixPaths, PrefixPathsEntry, PrefixRecord


def record(*paths, files, noarch=None):
    return PrefixRecord.create(
        name="a",
        version="1",
        build="0",
        subdir="noarch",
        noarch=noarch,
        files=tuple(files),
        paths_data=PrefixPaths(paths=tuple(PrefixPathsEntry(relative_path=path) for path in paths)),
    )


def paths(found):
    return [entry.relative_path for entry in found.paths_data.paths]


def test_paths_in_the_package_become_those_in_the_prefix():
    given = record(
        "site-packages/a/b.py",
        "python-scripts/run",
        "bin/a",
        "etc/site-packages/c",
        "lib/python3.12/site-packages/a/__pycache__/b.cpython-312.pyc",
        files=[
            "lib/python3.12/site-packages/a/b.py",
            "bin/run",
            "bin/a",
            "etc/site-packages/c",
            "lib/python3.12/site-packages/a/__pycache__/b.cpython-312.pyc",
        ],
        noarch="python",
    )
    assert list(given.files) == paths(with_real_paths(given))


def test_on_windows_too():
    given = record(
        "site-packages/a.py",
        "python-scripts/run.exe",
        files=["Lib/site-packages/a.py", "Scripts/run.exe"],
        noarch="python",
    )
    assert ["Lib/site-packages/a.py", "Scripts/run.exe"] == paths(with_real_paths(given))


def test_a_package_that_is_not_noarch_python_may_have_a_folder_of_that_name():
    given = record("site-packages/x", files=["site-packages/x", "lib/site-packages/x"])
    assert with_real_paths(given) is given


def test_a_record_without_entries_gets_those_of_its_files():
    assert ["x", "y"] == paths(with_real_paths(record(files=["x", "y"])))
