"""What the configuration says, commands do."""

from __future__ import annotations

import json
import os

import pytest

from hognose.channel import index_channel
from support.channel_server import ChannelServer
from support.package_maker import File, Link, make_package
from support.repodata_files import entry, repodata, write_repodata


@pytest.fixture
def linked(tmp_path):
    """Return a channel whose package has a script, a file and a symbolic link."""
    channel = tmp_path / "linked"
    script = File('#!/bin/sh\necho done > "$PREFIX/ran"\n', executable=True)
    files = {"bin/.setup-post-link.sh": script, "share/file": "text\n", "share/link": Link("file")}
    make_package(channel, "setup", "1.0", files=files)
    index_channel(channel)
    return channel


@pytest.fixture
def create(hognose, linked, tmp_path):
    """Make an environment with the package, and return its prefix."""

    def run(*words):
        prefix = tmp_path / "env"
        result = hognose("create", "-y", "-c", linked, "-p", prefix, *words, "setup")
        assert 0 == result.status, result.err
        return prefix

    return run


def test_scripts_run_where_the_configuration_lets_them(hognose, create):
    hognose("config", "set", "run-post-link-scripts", "insecure")
    assert "done\n" == (create() / "ran").read_text()


def test_an_option_forbids_what_the_configuration_allows(hognose, create):
    hognose("config", "set", "run-post-link-scripts", "insecure")
    assert not (create("--no-link-scripts") / "ran").exists()


def test_hard_links_can_be_forbidden(hognose, create):
    hognose("config", "set", "allow-hard-links", "false")
    hognose("config", "set", "allow-ref-links", "false")
    assert 1 == os.stat(create() / "share/file").st_nlink


def test_symbolic_links_can_be_forbidden(hognose, create):
    hognose("config", "set", "allow-symbolic-links", "false")
    link = create() / "share/link"
    assert not link.is_symlink()
    assert "text\n" == link.read_text()


def test_a_way_of_linking_that_is_allowed_need_not_work(hognose, create):
    for way in ("symbolic", "hard", "ref"):
        hognose("config", "set", f"allow-{way}-links", "true")
    assert "text\n" == (create() / "share/link").read_text()


def test_files_are_always_copied_unless_an_option_says_no(private_home, create):
    (private_home / ".condarc").write_text("always_copy: true\n")
    assert 1 == os.stat(create() / "share/file").st_nlink


def test_an_option_undoes_the_copying(private_home, create):
    (private_home / ".condarc").write_text("always_copy: true\n")
    assert 2 == os.stat(create("--no-copy") / "share/file").st_nlink


def test_packages_go_to_the_first_cache_that_can_be_written_to(private_home, create, tmp_path):
    (tmp_path / "file").write_text("")
    (private_home / ".condarc").write_text(f"pkgs_dirs: [{tmp_path}/file/no, ~/first, ~/second]\n")
    create()
    assert (private_home / "first/setup-1.0-0").is_dir()
    assert not (private_home / "second").exists()
    assert not (tmp_path / "cache/pkgs").exists()


def test_a_package_in_a_further_cache_is_not_fetched_again(hognose, linked, tmp_path, monkeypatch):
    with ChannelServer(linked) as server:
        words = ("create", "-y", "-c", server.url)
        monkeypatch.setenv("CONDA_PKGS_DIRS", str(tmp_path / "old"))
        assert 0 == hognose(*words, "-p", tmp_path / "one", "setup").status
        monkeypatch.setenv("CONDA_PKGS_DIRS", f"{tmp_path}/new,{tmp_path}/old")
        assert 0 == hognose(*words, "-p", tmp_path / "two", "setup").status
        fetched = [each for each in server.requests if "setup-1.0-0" in each.path]
        assert 1 == len(fetched)
    assert not (tmp_path / "new/setup-1.0-0").exists()


def test_the_caches_that_the_configuration_names_are_shown_and_cleaned(
    hognose, private_home, create
):
    (private_home / ".condarc").write_text("pkgs_dirs: [~/first, ~/second]\n")
    create("--copy")
    caches = json.loads(hognose("cache", "info", "--json").out)["caches"]
    packages = {each["path"]: each["items"] for each in caches if each["kind"] == "packages"}
    assert {f"{private_home}/first": 1, f"{private_home}/second": 0} == packages

    caches = json.loads(hognose("info", "--json").out)["package_caches"]
    assert [f"{private_home}/first", f"{private_home}/second"] == caches

    hognose("cache", "clean", "--all")
    assert not (private_home / "first/setup-1.0-0").exists()


def test_python_brings_pip_where_conda_is_told_so(hognose, private_home, tmp_path):
    channel = tmp_path / "pythons"
    make_package(channel, "python", "3.12.0", files={"share/p": "p"})
    make_package(channel, "pip", "24.0", depends=["python"], files={"share/pip": "p"})
    index_channel(channel)
    words = ("solve", "-c", channel, "--json", "python")
    assert ["python"] == [each["name"] for each in json.loads(hognose(*words).out)["packages"]]

    (private_home / ".condarc").write_text("add_pip_as_python_dependency: true\n")
    names = {each["name"] for each in json.loads(hognose(*words).out)["packages"]}
    assert {"python", "pip"} == names


def test_a_channel_is_indexed_as_the_configuration_says(hognose, linked):
    (linked / "noarch/repodata.json.zst").unlink()
    hognose("config", "set", "index-config.write-zst", "false")
    hognose("config", "set", f'index-config."{linked}".base-url', "../packages/")
    assert 0 == hognose("channel", "index", linked).status
    document = json.loads((linked / "noarch/repodata.json").read_text())
    assert "../packages/" == document["info"]["base_url"]
    assert not (linked / "noarch/repodata.json.zst").exists()


def test_a_mirror_is_found_by_the_name_of_the_channel(hognose, tmp_path):
    write_repodata(tmp_path / "all/copy", repodata(entry("a")))
    with ChannelServer(tmp_path / "all") as server:
        hognose("config", "set", "mirrors.conda-forge", f"{server.url}copy")
        result = hognose("search", "a", "-c", "conda-forge")
        assert 0 == result.status, result.err
        assert "conda-forge" in result.out


def test_a_mirror_of_several_channels_names_its_key(hognose, linked):
    hognose("config", "set", "custom-multichannels.many", "a,b")
    hognose("config", "set", "mirrors.many", "https://x.org")
    result = hognose("search", "setup", "-c", linked)
    assert 1 == result.status
    assert "`mirrors.many`: `many` stands for several channels" in result.err


def test_wrong_options_of_a_bucket_hinder_what_needs_the_bucket(hognose, private_home, linked):
    folder = private_home / ".config/hognose"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("[s3-options.bad]\nregion = 'eu'\n")
    assert 0 == hognose("search", "setup", "-c", linked).status

    for words in (("search", "setup", "-c", "s3://bad/channel"), ("config", "list")):
        result = hognose(*words)
        assert f"{folder}/config.toml: `s3-options.bad`" in result.err
        assert "endpoint-url" in result.err


@pytest.mark.parametrize("key", ["concurrency.downloads", "fetch_threads"])
def test_requests_for_repodata_are_bounded(hognose, tmp_path, key):
    for number in range(6):
        write_repodata(tmp_path / f"all/c{number}", repodata(entry("a")))
    hognose("config", "set", key, "1")
    with ChannelServer(tmp_path / "all") as server:
        server.delay(seconds=0.02)
        channels = [word for number in range(6) for word in ("-c", f"{server.url}c{number}")]
        assert 0 == hognose("search", "a", *channels).status
        assert 1 == server.most_at_once
