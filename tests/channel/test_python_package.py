import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hognose.archive import PackageArchive, extract
from hognose.channel import build_python_abi_package, build_python_package
from hognose.channel.elf import ElfFile, is_elf
from hognose.channel.interpreter import detect_interpreter
from hognose.channel.staged_package import PREFIX_PLACEHOLDER
from hognose.errors import ChannelBuildError

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or sys.implementation.name != "cpython", reason="needs CPython on Linux"
)
DEBIAN = "/usr/bin/python3"
VERSION = "{}.{}".format(*sys.version_info)
IMPORTS = "import bz2, ctypes, decimal, hashlib, lzma, sqlite3, ssl, sys, uuid, zlib; "


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return build_python_package(tmp_path_factory.mktemp("channel"), level=1)


@pytest.fixture(scope="module")
def tree(package, tmp_path_factory):
    # Its last part is what an installer has to cope with.
    target = tmp_path_factory.mktemp("tree") / "with space" / "é ünï 環境"
    extract(package.path, target)
    return target


def run(tree, code, program="bin/python"):
    command = [tree / program, "-B", "-W", "ignore", "-c", code]
    return subprocess.run(
        command, env={}, cwd="/", capture_output=True, text=True, check=True
    ).stdout.strip()


def files(tree):
    return {
        str(path.relative_to(tree)): path
        for path in tree.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def index_json(tree):
    return json.loads((tree / "info/index.json").read_text())


def test_it_runs_from_a_place_with_spaces_and_letters_of_all_kinds(tree):
    assert str(tree) == run(tree, IMPORTS + "print(sys.prefix)")


@pytest.mark.parametrize("name", ["python", "python3", f"python{VERSION}"])
def test_it_has_all_the_usual_names(tree, name):
    assert VERSION == run(tree, "import sys; print('%d.%d' % sys.version_info[:2])", f"bin/{name}")


def test_it_is_the_same_version_as_the_original(tree):
    code = "import platform, sys; print(sys.version, platform.python_version())"
    assert run(tree, code) == " ".join(
        [sys.version, detect_interpreter().version.partition("rc")[0]]
    )


def test_it_loads_nothing_but_the_c_library_from_elsewhere(tree):
    code = IMPORTS + "print(open('/proc/self/maps').read())"
    loaded = {line.split(None, 5)[5] for line in run(tree, code).splitlines() if ".so" in line}
    outside = [path for path in loaded if not path.startswith(str(tree))]
    assert len(loaded) > 10
    assert [] == [
        path for path in outside
        if not re.search(r"/(ld-|ld\.|lib(c|m|dl|rt|pthread|util|resolv)[.-])", path)
    ]  # fmt: skip


def test_no_file_holds_the_place_it_comes_from(tree):
    prefix = os.fsencode(detect_interpreter().prefix)
    if prefix in (b"/usr", b"/usr/local"):
        pytest.skip("the prefix is part of other paths")
    assert [] == [name for name, path in files(tree).items() if prefix in path.read_bytes()]


def test_files_with_a_placeholder_are_the_ones_that_paths_json_names(tree):
    paths = json.loads((tree / "info/paths.json").read_text())["paths"]
    named = {p["_path"]: p["file_mode"] for p in paths if "prefix_placeholder" in p}
    holding = {
        name for name, path in files(tree).items()
        if PREFIX_PLACEHOLDER.encode() in path.read_bytes() and not name.startswith("info/")
    }  # fmt: skip
    assert dict.fromkeys(holding, "text") == named
    assert any("_sysconfigdata" in name for name in named)


def test_paths_json_lists_exactly_the_files_that_are_there(tree):
    paths = json.loads((tree / "info/paths.json").read_text())["paths"]
    present = {
        str(path.relative_to(tree))
        for path in tree.rglob("*")
        if (path.is_file() or path.is_symlink()) and not path.is_relative_to(tree / "info")
    }
    assert present == {entry["_path"] for entry in paths}
    for entry in paths[::25]:
        data = (tree / entry["_path"]).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (
            entry["sha256"],
            entry["size_in_bytes"],
        )


def test_links_are_short_and_inside(tree):
    links = {path.name: os.readlink(path) for path in tree.rglob("*") if path.is_symlink()}
    assert links["python"] == links["python3"] == f"python{VERSION}"
    assert not any("/" in target for target in links.values())


@pytest.mark.parametrize(
    "pattern",
    ["**/__pycache__", "**/site-packages/*", "**/test", "**/idlelib", "**/*.a", "**/tkinter",
     "**/_test*.so", "**/EXTERNALLY-MANAGED"],
)  # fmt: skip
def test_what_is_left_out_is_left_out(tree, pattern):
    assert [] == list(tree.glob(pattern))


@pytest.mark.parametrize("path", ["ensurepip", "venv", "lib2to3/Grammar.txt", "encodings/idna.py"])
def test_what_programs_need_is_there(tree, path):
    if not Path(detect_interpreter().stdlib, path).exists():
        pytest.skip("the original does not have it")
    assert (tree / f"lib/python{VERSION}" / path).exists()


def test_compiled_files_have_relative_search_paths_only(tree):
    for path in files(tree).values():
        data = path.read_bytes()
        if is_elf(data):
            run_path = ElfFile(data).run_path
            assert run_path is None or run_path.startswith("$ORIGIN"), path


def test_compiled_files_hold_no_debugging_information(tree):
    for path in files(tree).values():
        assert b".debug_info" not in path.read_bytes()


def test_the_configuration_names_the_prefix_it_is_installed_in(tree):
    code = "import sysconfig; print(sysconfig.get_config_var('INCLUDEPY'))"
    assert PREFIX_PLACEHOLDER in run(tree, code)


def test_index_json_says_what_is_needed_and_where_packages_go(tree):
    index = index_json(tree)
    abi = "cp" + VERSION.replace(".", "")
    assert re.fullmatch(r"h[0-9a-f]{7}_0_cpython", index["build"])
    assert re.fullmatch(r"__glibc >=2\.\d+,<3\.0\.a0", index["depends"][0])
    assert [f"python_abi {VERSION}.* *_{abi}"] == index["constrains"]
    assert re.match(rf"lib/python{VERSION}/\w+-packages", index["python_site_packages_path"])
    assert (index["name"], index["license"], index["platform"]) == ("python", "Python-2.0", "linux")
    run_exports = json.loads((tree / "info/run_exports.json").read_text())
    assert run_exports == {"weak": [f"python_abi {VERSION}.* *_{abi}"], "noarch": ["python"]}
    assert (tree / "info/licenses/LICENSE.txt").is_file()


def test_packages_are_found_where_index_json_says(tree):
    code = "import site; print(*site.getsitepackages(), sep='\\n')"
    path = index_json(tree)["python_site_packages_path"]
    assert f"{tree}/{path}" in run(tree, code).splitlines()


def test_the_same_interpreter_gives_the_same_bytes(package, tmp_path):
    again = build_python_package(tmp_path, level=1)
    assert (package.path.name, package.sha256) == (again.path.name, again.sha256)


def test_a_virtual_environment_made_with_it_works(tree, tmp_path):
    subprocess.run([tree / "bin/python", "-B", "-m", "venv", "--without-pip", tmp_path / "v"],
                   env={}, check=True)  # fmt: skip
    assert str(tmp_path / "v") == run(tmp_path / "v", IMPORTS + "print(sys.prefix)")


@pytest.mark.skipif(not Path(DEBIAN).exists(), reason="no interpreter of the system")
def test_the_interpreter_of_the_system_runs_from_elsewhere_too(tmp_path):
    package = build_python_package(tmp_path / "channel", interpreter=DEBIAN, level=1)
    tree = tmp_path / "tree"
    extract(package.path, tree)
    assert str(tree) == run(tree, IMPORTS + "print(sys.prefix)")
    site_packages = index_json(tree)["python_site_packages_path"]
    (tree / site_packages).mkdir(parents=True, exist_ok=True)
    (tree / site_packages / "found.py").write_text("")
    assert f"{tree}/{site_packages}/found.py" == run(tree, "import found; print(found.__file__)")
    for entry in json.loads((tree / "info/paths.json").read_text())["paths"]:
        if "prefix_placeholder" in entry:
            text = (tree / entry["_path"]).read_text(errors="replace")
            assert f"{PREFIX_PLACEHOLDER}/bin/install " not in text
            assert f"{PREFIX_PLACEHOLDER}/bin/env" not in text


def test_the_abi_package_is_empty_and_allows_one_python_only(tmp_path):
    package = build_python_abi_package(tmp_path)
    abi = "cp" + VERSION.replace(".", "")
    assert package.path == tmp_path / "noarch" / f"python_abi-{VERSION}-1_{abi}.conda"
    with PackageArchive.open(package.path) as archive:
        assert archive.index_json().constrains == (f"python {VERSION}.* *_cpython",)
        assert archive.list_files("pkg") == []
        assert str(archive.index_json().noarch) == "generic"


def test_something_else_than_python_is_an_error_and_writes_nothing(tmp_path):
    with pytest.raises(ChannelBuildError, match="does not answer as a Python"):
        build_python_package(tmp_path, interpreter="/bin/true")
    assert [] == list(tmp_path.iterdir())
