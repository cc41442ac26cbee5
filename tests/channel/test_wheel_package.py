import base64
import csv
import hashlib
import json
import os
import struct
import sys

import pytest

from hognose.archive import extract
from hognose.channel import build_package_from_wheel
from hognose.channel.staged_package import PREFIX_PLACEHOLDER
from hognose.errors import ChannelBuildError, UnsafeArchiveError
from support.wheel_maker import make_wheel

COMPILED = "cp311-cp311-manylinux_2_17_x86_64"
SITE = "lib/python3.11/site-packages"


class Tree:
    """A wheel's package, extracted."""

    def __init__(self, tmp_path, wheel, **options):
        self.package = build_package_from_wheel(wheel, tmp_path / "channel", **options)
        self.root = tmp_path / "tree" / self.package.path.stem
        extract(self.package.path, self.root)

    def json(self, name):
        return json.loads((self.root / "info" / name).read_text())

    def text(self, path):
        return (self.root / path).read_text()

    @property
    def paths(self):
        return [entry["_path"] for entry in self.json("paths.json")["paths"]]


def test_a_pure_wheel_becomes_noarch_python(tmp_path):
    entry_points = "[console_scripts]\ndemo = demo:main\n[gui_scripts]\ndemo-gui = demo.gui:run\n"
    tree = Tree(
        tmp_path,
        make_wheel(
            tmp_path,
            requires=["rich>=13,<15", "tomli; python_version < '3.0'"],
            requires_python=">=3.9",
            entry_points=entry_points,
        ),
    )
    index = tree.json("index.json")
    assert (index["name"], index["version"], index["subdir"], index["noarch"]) == (
        "demo",
        "1.0",
        "noarch",
        "python",
    )
    assert index["depends"] == ["python >=3.9", "rich >=13,<15"]
    assert index["purls"] == ["pkg:pypi/demo@1.0"]
    assert index["timestamp"] == 1_715_949_000_000
    assert tree.json("link.json") == {
        "noarch": {
            "type": "python",
            "entry_points": ["demo = demo:main", "demo-gui = demo.gui:run"],
        },
        "package_metadata_version": 1,
    }
    assert tree.paths == [
        "site-packages/demo-1.0.dist-info/INSTALLER",
        "site-packages/demo-1.0.dist-info/METADATA",
        "site-packages/demo-1.0.dist-info/RECORD",
        "site-packages/demo-1.0.dist-info/WHEEL",
        "site-packages/demo-1.0.dist-info/entry_points.txt",
        "site-packages/demo.py",
    ]
    assert tree.text("site-packages/demo-1.0.dist-info/INSTALLER") == "conda\n"


def test_a_compiled_wheel_needs_its_python_and_makes_its_commands(tmp_path):
    wheel = make_wheel(
        tmp_path,
        tag=COMPILED,
        files={"demo/__init__.py": "", "demo/fast.so": b"no ELF"},
        entry_points="[console_scripts]\ndemo = demo.cli:App.main\n",
        requires_python=">=3.8",
    )
    tree = Tree(tmp_path, wheel)
    index = tree.json("index.json")
    assert (index["subdir"], index["arch"], index["platform"]) == ("linux-64", "x86_64", "linux")
    assert "noarch" not in index
    assert index["build"].startswith("py311h")
    assert index["depends"] == [
        "python >=3.11,<3.12.0a0",
        "python_abi 3.11.* *_cp311",
        "__glibc >=2.17,<3.0.a0",
    ]
    assert f"{SITE}/demo/fast.so" in tree.paths
    script = tree.text("bin/demo")
    assert script.startswith(f"#!{PREFIX_PLACEHOLDER}/bin/python3.11\n")
    assert "from demo.cli import App" in script
    assert "sys.exit(App.main())" in script
    assert os.access(tree.root / "bin/demo", os.X_OK)
    entry = next(e for e in tree.json("paths.json")["paths"] if e["_path"] == "bin/demo")
    assert (entry["prefix_placeholder"], entry["file_mode"]) == (PREFIX_PLACEHOLDER, "text")
    assert not (tree.root / "info/link.json").exists()


def test_a_wheel_for_the_stable_abi_is_noarch_in_the_platforms_subdir(tmp_path):
    tree = Tree(tmp_path, make_wheel(tmp_path, tag="cp39-abi3-manylinux2014_x86_64"))
    index = tree.json("index.json")
    assert (index["subdir"], index["noarch"]) == ("linux-64", "python")
    assert index["depends"] == ["python >=3.9", "__glibc >=2.17,<3.0.a0"]
    assert "site-packages/demo.py" in tree.paths


def test_a_wheel_for_windows_leaves_its_commands_to_the_installer(tmp_path):
    wheel = make_wheel(
        tmp_path, tag="cp311-cp311-win_amd64", entry_points="[console_scripts]\nx = demo:main\n"
    )
    tree = Tree(tmp_path, wheel)
    index = tree.json("index.json")
    assert (index["subdir"], index["noarch"]) == ("win-64", "python")
    assert index["depends"] == ["python >=3.11,<3.12.0a0", "python_abi 3.11.* *_cp311"]
    assert tree.json("link.json")["noarch"]["entry_points"] == ["x = demo:main"]


def test_scripts_data_and_headers_go_where_they_belong(tmp_path):
    files = {
        "demo.py": "",
        "demo-1.0.data/scripts/tool": "#!python\nprint(1)\n",
        "demo-1.0.data/scripts/shell": "#!/bin/sh\n",
        "demo-1.0.data/data/share/demo/x.txt": "x",
        "demo-1.0.data/headers/demo.h": "",
        "demo-1.0.data/platlib/extra.py": "",
    }
    pure = Tree(tmp_path, make_wheel(tmp_path, files=files))
    assert [path for path in pure.paths if "dist-info" not in path] == [
        "include/demo/demo.h",
        "python-scripts/shell",
        "python-scripts/tool",
        "share/demo/x.txt",
        "site-packages/demo.py",
        "site-packages/extra.py",
    ]
    assert pure.text("python-scripts/tool") == f"#!{PREFIX_PLACEHOLDER}/bin/python\nprint(1)\n"
    compiled = Tree(tmp_path, make_wheel(tmp_path, tag=COMPILED, files=files))
    assert [path for path in compiled.paths if "dist-info" not in path] == [
        "bin/shell",
        "bin/tool",
        "include/python3.11/demo/demo.h",
        f"{SITE}/demo.py",
        f"{SITE}/extra.py",
        "share/demo/x.txt",
    ]
    assert os.access(compiled.root / "bin/shell", os.X_OK)


def test_record_lists_the_files_as_they_are_packaged(tmp_path):
    files = {"demo.py": "x = 1\n", "demo-1.0.data/scripts/tool": "#!python\n"}
    tree = Tree(tmp_path, make_wheel(tmp_path, tag=COMPILED, files=files))
    rows = list(csv.reader(tree.text(f"{SITE}/demo-1.0.dist-info/RECORD").splitlines()))
    assert sorted(tree.paths) == sorted(os.path.normpath(f"{SITE}/{row[0]}") for row in rows)
    assert rows[-1] == ["demo-1.0.dist-info/RECORD", "", ""]
    for path, digest, size in rows[:-1]:
        if path == "../../../bin/tool":
            assert (digest, size) == ("", "")  # the installer puts the prefix into it
            continue
        data = (tree.root / SITE / path).read_bytes()
        expected = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        assert (digest, size) == (f"sha256={expected}", str(len(data)))


def test_the_record_of_a_noarch_package_names_files_where_they_are_installed(tmp_path):
    files = {
        "demo.py": "",
        "demo-1.0.data/scripts/tool": "#!python\n",
        "demo-1.0.data/data/share/x.txt": "",
    }
    tree = Tree(tmp_path, make_wheel(tmp_path, files=files))
    rows = csv.reader(tree.text("site-packages/demo-1.0.dist-info/RECORD").splitlines())
    assert [row[0] for row in rows if "dist-info" not in row[0]] == [
        "../../../bin/tool",
        "../../../share/x.txt",
        "demo.py",
    ]


def test_where_packages_go_can_be_said(tmp_path):
    wheel = make_wheel(tmp_path, tag=COMPILED)
    tree = Tree(tmp_path, wheel, site_packages="lib/python3.11/dist-packages")
    assert "lib/python3.11/dist-packages/demo.py" in tree.paths


def test_a_marker_limits_a_noarch_package_to_what_it_was_evaluated_for(tmp_path):
    minor = sys.version_info[1]
    requires = [
        "colorama; sys_platform == 'win32'",
        f"backport; python_version < '3.{minor}'",
        f"shim; python_version < '3.{minor + 2}'",
    ]
    tree = Tree(tmp_path, make_wheel(tmp_path, requires=requires, requires_python=">=3.8"))
    system = {"linux": "__linux", "darwin": "__osx", "win32": "__win"}[sys.platform]
    assert [f"python >=3.{minor},<3.{minor + 2}.0a0", system] == tree.json("index.json")["depends"][
        :2
    ]


def test_a_marker_about_the_machine_keeps_a_package_to_its_platform(tmp_path):
    requires = ["fast; platform_machine == 'x86_64'"]
    tree = Tree(tmp_path, make_wheel(tmp_path, requires=requires))
    assert tree.package.subdir != "noarch"
    assert tree.json("index.json")["noarch"] == "python"


def test_the_glibc_of_a_local_build_is_read_from_its_files(tmp_path):
    with open(sys.executable, "rb") as stream:
        data = stream.read()
    if data[:4] != b"\x7fELF":
        pytest.skip("needs an ELF file")
    wheel = make_wheel(tmp_path, tag="cp311-cp311-linux_x86_64", files={"demo.so": data})
    assert any(
        spec.startswith("__glibc >=2.")
        for spec in Tree(tmp_path, wheel).json("index.json")["depends"]
    )


def test_about_json_tells_what_metadata_tells(tmp_path):
    headers = [
        "Summary: A demonstration",
        "License-Expression: MIT",
        "Project-URL: Home Page, https://home.example",
        "Project-URL: Documentation, https://docs.example",
        "Project-URL: Source Code, https://code.example",
        "Home-page: UNKNOWN",
        "Project-URL: Homepage, https://demo.example",
    ]
    tree = Tree(
        tmp_path, make_wheel(tmp_path, headers=headers, dist_info={"licenses/LICENSE": "text"})
    )
    about = tree.json("about.json")
    assert about == {
        "dev_url": "https://code.example",
        "doc_url": "https://docs.example",
        "extra": {"wheel": "demo-1.0-py3-none-any.whl"},
        "home": "https://demo.example",
        "license": "MIT",
        "summary": "A demonstration",
    }
    assert tree.json("index.json")["license"] == "MIT"
    assert tree.text("info/licenses/LICENSE") == "text"


def test_a_licence_is_taken_from_classifiers_if_there_is_no_short_one(tmp_path):
    headers = [
        "Classifier: License :: OSI Approved",
        "Classifier: License :: OSI Approved :: MIT License",
    ]
    assert Tree(tmp_path, make_wheel(tmp_path, headers=headers)).json("about.json")["license"] == (
        "MIT License"
    )


def test_what_is_no_longer_true_is_not_packaged(tmp_path):
    dist_info = {"direct_url.json": "{}", "REQUESTED": "", "RECORD.jws": "{}", "INSTALLER": "pip\n"}
    tree = Tree(tmp_path, make_wheel(tmp_path, dist_info=dist_info))
    names = [path.rpartition("/")[2] for path in tree.paths]
    assert not {"direct_url.json", "REQUESTED", "RECORD.jws"} & set(names)
    assert tree.text("site-packages/demo-1.0.dist-info/INSTALLER") == "conda\n"


def test_the_same_wheel_gives_the_same_bytes(tmp_path):
    wheel = make_wheel(tmp_path)
    one = build_package_from_wheel(wheel, tmp_path / "one")
    two = build_package_from_wheel(wheel, tmp_path / "two")
    assert (one.file_name, one.sha256, one.size) == (two.file_name, two.sha256, two.size)
    assert one.path.read_bytes() == two.path.read_bytes()


def test_another_content_gives_another_build_string(tmp_path):
    one = build_package_from_wheel(make_wheel(tmp_path / "a"), tmp_path / "one")
    wheel = make_wheel(tmp_path / "b", files={"demo.py": "changed"})
    assert one.build != build_package_from_wheel(wheel, tmp_path / "two").build


def test_names_and_versions_become_condas(tmp_path):
    wheel = make_wheel(tmp_path, "Foo.Bar_Baz", "1.0-rc1")
    package = build_package_from_wheel(
        wheel.rename(tmp_path / "f-1.0rc1-py3-none-any.whl"), tmp_path
    )
    assert (package.name, package.version) == ("foo.bar_baz", "1.0rc1")
    renamed = build_package_from_wheel(
        tmp_path / "f-1.0rc1-py3-none-any.whl", tmp_path, conda_names={"foo-bar-baz": "fbb"}
    )
    assert renamed.name == "fbb"


@pytest.mark.parametrize(
    "path", ["../evil.py", "/etc/evil", "demo-1.0.data/data/../../evil", "a/../../../evil"]
)
def test_a_file_that_would_leave_the_package_is_refused(tmp_path, path):
    with pytest.raises(UnsafeArchiveError):
        build_package_from_wheel(make_wheel(tmp_path, files={path: "x"}), tmp_path / "channel")
    assert not (tmp_path / "channel").exists()
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("path", "match"),
    [
        ("demo-1.0.data/data/info/index.json", "conda's own"),
        ("demo-1.0.data/data/conda-meta/x.json", "conda's own"),
        ("demo-1.0.data/wrong/x", "unknown scheme"),
        ("demo-1.0.data/data/site-packages/demo.py", "two files"),
    ],
)
def test_a_file_in_the_wrong_place_is_refused(tmp_path, path, match):
    wheel = make_wheel(tmp_path, files={"demo.py": "", path: "x"})
    with pytest.raises(ChannelBuildError, match=match):
        build_package_from_wheel(wheel, tmp_path / "channel")
    assert not (tmp_path / "channel").exists()


def test_a_damaged_shared_library_is_an_error(tmp_path):
    broken = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 3, 62, 1)
    wheel = make_wheel(tmp_path, tag=COMPILED, files={"demo.so": broken})
    with pytest.raises(ChannelBuildError, match="truncated ELF file"):
        build_package_from_wheel(wheel, tmp_path / "channel")


def test_a_missing_wheel_is_an_error(tmp_path):
    with pytest.raises(ChannelBuildError, match="cannot be read"):
        build_package_from_wheel(tmp_path / "a-1-py3-none-any.whl", tmp_path)


def test_a_known_time_of_publication_wins_over_the_dates_in_the_wheel(tmp_path):
    tree = Tree(tmp_path, make_wheel(tmp_path), timestamp_ms=1_700_000_000_000)
    assert tree.json("index.json")["timestamp"] == 1_700_000_000_000


def test_a_package_of_a_wheel_that_does_not_tell_its_age_has_no_timestamp(tmp_path):
    tree = Tree(tmp_path, make_wheel(tmp_path, date=(2016, 1, 1, 0, 0, 0)))
    assert "timestamp" not in tree.json("index.json")
