import json
import sys

import pytest

from hognose.channel import ChannelReporter, build_channel
from hognose.errors import ChannelBuildError
from support.package_maker import make_package
from support.wheel_maker import make_wheel


@pytest.fixture(autouse=True)
def _no_index(monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


def repodata(directory, subdir="noarch"):
    return json.loads((directory / subdir / "repodata.json").read_bytes())["packages.conda"]


def tree(directory):
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


class Log(ChannelReporter):
    def __init__(self):
        self.calls = []

    def on_resolve_start(self, requirements):
        self.calls.append(("resolve", len(requirements)))

    def on_resolve_complete(self, wheels):
        self.calls.append(("resolved", *wheels))

    def on_build_start(self, packages):
        self.calls.append(("build", packages))

    def on_package_start(self, name):
        self.calls.append(("package", name))

    def on_package_complete(self, name, package):
        self.calls.append(("packaged", name, package.name))

    def on_index_start(self, subdir, packages):
        self.calls.append(("index", subdir, packages))

    def on_index_complete(self, subdir):
        self.calls.append(("indexed", subdir))


def test_wheels_become_an_indexed_channel(tmp_path):
    wheels = [
        make_wheel(tmp_path, "Typing_Things"),
        make_wheel(tmp_path, "demo", requires=["typing-things>=1"]),
    ]
    made = build_channel(tmp_path / "channel", python=False, wheels=wheels)
    assert [package.name for package in made.packages] == ["demo", "typing_things"]
    assert all(package.path.is_file() for package in made.packages)
    entries = {entry["name"]: entry for entry in repodata(made.directory).values()}
    # The dependency has the name that the other package has in this channel.
    assert entries["demo"]["depends"] == ["python", "typing_things >=1"]
    assert {path.name for path in made.directory.iterdir()} == {"noarch"}


def test_extras_of_packages_that_are_made_too_are_resolved(tmp_path):
    wheels = [
        make_wheel(tmp_path, "demo", requires=["tool[fast]"]),
        make_wheel(tmp_path, "tool", requires=["speed; extra == 'fast'"], extras=["fast"]),
        make_wheel(tmp_path, "speed"),
    ]
    made = build_channel(tmp_path / "channel", python=False, wheels=wheels)
    entries = {entry["name"]: entry for entry in repodata(made.directory).values()}
    assert entries["demo"]["depends"] == ["python", "speed", "tool"]
    assert entries["tool"]["depends"] == ["python"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs CPython on Linux")
def test_python_and_wheels_fit_together(tmp_path):
    version = "{}.{}".format(*sys.version_info)
    abi = "cp" + version.replace(".", "")
    wheel = make_wheel(tmp_path, tag=f"{abi}-{abi}-manylinux_2_17_x86_64")
    made = build_channel(tmp_path / "channel", wheels=[wheel], level=1)
    assert [package.name for package in made.packages] == ["demo", "python", "python_abi"]
    entries = {e["name"]: e for e in repodata(made.directory, made.packages[0].subdir).values()}
    site = entries["python"]["python_site_packages_path"]
    assert f"python_abi {version}.* *_{abi}" in entries["demo"]["depends"]
    from hognose.archive import PackageArchive

    with PackageArchive.open(made.packages[0].path) as archive:
        assert f"{site}/demo.py" in archive.list_files("pkg")


def test_progress_is_reported(tmp_path):
    log = Log()
    build_channel(tmp_path / "c", python=False, wheels=[make_wheel(tmp_path)], reporter=log)
    name = "demo-1.0-py3-none-any.whl"
    assert log.calls == [
        ("resolve", 1),
        ("resolved", name),
        ("build", 1),
        ("package", name),
        ("packaged", name, "demo"),
        ("index", "noarch", 1),
        ("indexed", "noarch"),
    ]


def test_the_same_input_gives_the_same_channel(tmp_path):
    wheels = [make_wheel(tmp_path, "a"), make_wheel(tmp_path, "b")]
    for name in ("one", "two"):
        build_channel(tmp_path / name, python=False, wheels=wheels)
    one, two = (
        {k: v for k, v in tree(tmp_path / name).items() if ".cache" not in k}
        for name in ("one", "two")
    )
    assert one == two


def test_a_package_made_again_takes_the_place_of_the_one_before(tmp_path):
    channel = tmp_path / "channel"
    build_channel(channel, python=False, wheels=[make_wheel(tmp_path / "1")])
    build_channel(channel, python=False, wheels=[make_wheel(tmp_path / "2", version="2.0")])
    changed = make_wheel(tmp_path / "3", files={"demo.py": "changed"})
    made = build_channel(channel, python=False, wheels=[changed])
    names = sorted(repodata(channel))
    assert [name.rsplit("-", 1)[0] for name in names] == ["demo-1.0", "demo-2.0"]
    assert made.packages[0].file_name in names


def test_what_the_channel_has_already_stays(tmp_path):
    make_package(tmp_path / "channel", "demo", "1.0", "other_0", noarch="python")
    build_channel(tmp_path / "channel", python=False, wheels=[make_wheel(tmp_path)])
    assert len(repodata(tmp_path / "channel")) == 2


def test_a_failure_leaves_a_channel_as_it_was(tmp_path):
    channel = tmp_path / "channel"
    build_channel(channel, python=False, wheels=[make_wheel(tmp_path / "1")])
    before = tree(channel)
    bad = make_wheel(tmp_path / "2", "bad", entry_points="[console_scripts]\nx = broken\n")
    with pytest.raises(ChannelBuildError, match="broken entry point"):
        build_channel(channel, python=False, wheels=[make_wheel(tmp_path / "2", "good"), bad])
    assert before == tree(channel)


def test_a_failure_leaves_no_new_channel(tmp_path):
    with pytest.raises(ChannelBuildError, match="No matching distribution"):
        build_channel(tmp_path / "channel", python=False, wheels=["there-is-no-such-thing"])
    assert not (tmp_path / "channel").exists()


def test_a_place_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ChannelBuildError, match="cannot make channel"):
        build_channel(tmp_path / "file" / "channel", python=False)


def test_several_failures_are_reported_together(tmp_path):
    wheels = [
        make_wheel(tmp_path, name, entry_points="[console_scripts]\nx = broken\n")
        for name in ("a", "b")
    ]
    with pytest.raises(ExceptionGroup, match="2 packages cannot be made"):
        build_channel(tmp_path / "channel", python=False, wheels=wheels)
    assert not (tmp_path / "channel").exists()
