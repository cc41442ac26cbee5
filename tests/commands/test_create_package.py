"""`create-package` of a directory that nobody has described yet."""

import hashlib
import json
import os

import pytest

from hognose.channel import index_channel
from hognose.types import PrefixRecord
from support.package_maker import PLACEHOLDER

pytestmark = pytest.mark.skipif(os.name == "nt", reason="makes symbolic links")


@pytest.fixture
def tree(tmp_path):
    """Return a package's directory with an `index.json`, and no list of its files."""
    root = tmp_path / "tree"
    index = {"name": "a", "version": "1", "build": "0", "build_number": 0, "subdir": "linux-64"}
    for path, text in {
        "info/index.json": json.dumps(index),
        "info/has_prefix": f'{PLACEHOLDER} text "bin/tool"\n',
        "info/no_link": "share/own\n",
        "bin/tool": f"#!{PLACEHOLDER}/bin/sh\n",
        "share/own": "mine",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "share/link").symlink_to("own")
    (root / "share/empty").mkdir()
    return root


def pack(hognose, tree, directory):
    (directory / "linux-64").mkdir(parents=True)
    result = hognose("create-package", tree, directory / "linux-64/a-1-0.conda")
    assert 0 == result.status, result.err
    index_channel(directory)
    return directory


def test_the_list_of_files_is_made(hognose, tree, tmp_path):
    channel = pack(hognose, tree, tmp_path / "made")

    hognose("extract", channel / "linux-64/a-1-0.conda", tmp_path / "out")

    content = (tree / "bin/tool").read_bytes()
    own = {"sha256": hashlib.sha256(b"mine").hexdigest(), "size_in_bytes": 4}
    expected = [
        {
            "_path": "bin/tool",
            "file_mode": "text",
            "path_type": "hardlink",
            "prefix_placeholder": PLACEHOLDER,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_in_bytes": len(content),
        },
        {"_path": "share/empty", "path_type": "directory"},
        {"_path": "share/link", "path_type": "softlink", **own},
        {"_path": "share/own", "path_type": "hardlink", "no_link": True, **own},
    ]
    document = json.loads((tmp_path / "out/info/paths.json").read_text())
    assert {"paths": expected, "paths_version": 1} == document
    lines = ["bin/tool", "share/empty", "share/link", "share/own"]
    assert lines == (tmp_path / "out/info/files").read_text().splitlines()
    assert not (tree / "info/paths.json").exists()
    assert 0 == hognose("validate", channel / "linux-64/a-1-0.conda").status


def test_the_package_can_be_installed(hognose, tree, tmp_path):
    channel = pack(hognose, tree, tmp_path / "made")
    prefix = tmp_path / "environment"

    words = ("-p", prefix, "-c", channel, "--platform", "linux-64", "a")
    result = hognose("create", "-y", *words)

    assert 0 == result.status, result.err
    assert f"#!{prefix}/bin/sh\n" == (prefix / "bin/tool").read_text()
    assert "mine" == (prefix / "share/link").read_text()
    assert ["a"] == [str(record.name) for record in PrefixRecord.collect(prefix)]


def test_a_list_that_is_there_stays_as_it_is(hognose, tree, tmp_path):
    text = '{"paths": [{"_path": "share/own", "path_type": "hardlink"}], "paths_version": 1}'
    (tree / "info/paths.json").write_text(text)

    channel = pack(hognose, tree, tmp_path / "made")

    hognose("extract", channel / "linux-64/a-1-0.conda", tmp_path / "out")
    assert text == (tmp_path / "out/info/paths.json").read_text()


def test_a_package_without_any_list_is_named(hognose, tree, tmp_path):
    from hognose.archive import create_package

    channel = tmp_path / "made"
    (channel / "linux-64").mkdir(parents=True)
    create_package(tree, channel / "linux-64/a-1-0.conda")
    index_channel(channel)
    prefix = tmp_path / "environment"

    words = ("-p", prefix, "-c", channel, "--platform", "linux-64", "a")
    result = hognose("create", "-y", *words)

    assert 1 == result.status
    assert "the package a-1-0 cannot be installed: it has no list of its files" in result.err
    assert not prefix.exists()
