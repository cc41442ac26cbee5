"""`--file`: an `environment.yml`, a list of URLs, a list of specs."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest

from hognose.channel import index_channel
from hognose.types import Platform, PrefixRecord
from support.channel_server import ChannelServer
from support.package_maker import File, make_package, make_python


def packages(prefix) -> dict[str, str]:
    return {record.name: str(record.version) for record in PrefixRecord.collect(prefix)}


@pytest.fixture
def write(tmp_path):
    def write(name: str, text: str):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def url_of(channel, name: str) -> str:
    (path,) = channel.glob(f"*/{name}*.conda")
    return path.as_uri()


def test_an_environment_file_says_channels_and_packages(hognose, channel, write, tmp_path):
    file = write(
        "environment.yml", f"channels:\n- {channel}\n- nodefaults\ndependencies:\n- lib <2\n"
    )

    result = hognose("create", "-y", "-p", tmp_path / "env", "--file", file)

    assert result.status == 0, result.err
    assert {"lib": "1.0"} == packages(tmp_path / "env")


def test_an_environment_file_gives_the_environment_its_name(
    hognose, channel, write, tmp_path, monkeypatch
):
    monkeypatch.setenv("CONDA_ROOT_PREFIX", str(tmp_path / "root"))
    file = write("environment.yml", "name: named\ndependencies:\n- lib\n")

    result = hognose("create", "-y", "-c", channel, "-f", file)

    assert result.status == 0, result.err
    assert {"lib": "2.0"} == packages(tmp_path / "root" / "envs" / "named")


def test_a_name_on_the_command_line_beats_the_one_in_the_file(hognose, channel, write, tmp_path):
    file = write("environment.yml", "name: named\ndependencies:\n- lib\n")

    hognose("create", "-y", "-c", channel, "-f", file, "-p", tmp_path / "env")

    assert {"lib": "2.0"} == packages(tmp_path / "env")


def test_selectors_choose_lines_for_the_platform(hognose, channel, write, tmp_path):
    file = write("environment.yml", "dependencies:\n- lib\n- old  # [win]\n- sel(unix): app\n")

    hognose("create", "-y", "-c", channel, "-f", file, "-p", tmp_path / "env")

    assert {"lib", "app"} == set(packages(tmp_path / "env"))


def test_variables_are_set_by_activation(hognose, channel, write, tmp_path):
    file = write("environment.yml", "dependencies: [lib]\nvariables: {COLOUR: 'a b', N: 3}\n")

    hognose("create", "-y", "-c", channel, "-f", file, "-p", tmp_path / "env")

    state = json.loads((tmp_path / "env/conda-meta/state").read_text())
    assert {"COLOUR": "a b", "N": "3"} == state["env_vars"]
    assert "export COLOUR='a b'" in hognose("activate", "-p", tmp_path / "env").out


def test_the_pip_section_runs_the_environments_own_pip_where_the_file_lies(
    hognose, channel, write, tmp_path
):
    program = '#!/bin/sh\npwd > "$CONDA_PREFIX/seen"\nprintf "%s\\n" "$@" >> "$CONDA_PREFIX/seen"\n'
    pip_channel = tmp_path / "pip-channel"
    make_package(pip_channel, "pip", "25", files={"bin/python": File(program, executable=True)})
    index_channel(pip_channel)
    file = write(
        "environment.yml", "dependencies:\n- pip\n- pip:\n  - a ==1  # why\n  - -r more.txt\n"
    )

    result = hognose("create", "-y", "-c", pip_channel, "-f", file, "-p", tmp_path / "env")

    assert result.status == 0, result.err
    seen = (tmp_path / "env/seen").read_text().splitlines()
    assert [str(tmp_path), "-m", "pip", "install"] == seen[:4]
    assert ["a ==1", "-r", "more.txt"] == seen[-3:]


def test_a_pip_that_does_not_succeed_is_one_error_in_one_document(
    hognose, channel, write, tmp_path
):
    pip_channel = tmp_path / "pip-channel"
    program = File("#!/bin/sh\nexit 3\n", executable=True)
    make_package(pip_channel, "pip", "25", files={"bin/python": program})
    index_channel(pip_channel)
    file = write("environment.yml", "dependencies:\n- pip:\n  - a\n")

    result = hognose(
        "create", "-y", "--json", "-c", pip_channel, "-f", file, "-p", tmp_path / "env"
    )

    assert result.status == 1
    assert json.loads(result.out)["success"] is False
    assert "status 3" in result.out
    assert {"pip": "25"} == packages(tmp_path / "env")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dependencies: lib", "no list"),
        ("dependencies: [lib", "not YAML"),
        ("channels: [a]", "`dependencies` is missing"),
        ("dependencies: [{npm: [a]}]", "npm"),
        ("version: 6\nenvironments: {}", "--lockfile"),
        ("dependencies: [lib, '>>2']", ">>2"),
    ],
)
def test_an_environment_file_that_cannot_be_used_is_named(hognose, write, tmp_path, text, message):
    file = write("environment.yml", text)

    result = hognose("create", "-y", "-p", tmp_path / "env", "-f", file)

    assert result.status != 0
    assert message in result.err
    assert "environment.yml" in result.err
    assert not (tmp_path / "env").exists()


def test_a_list_of_urls_is_installed_as_it_is(hognose, channel, write, tmp_path):
    lines = [url_of(channel, "lib-1.0"), url_of(channel, "app")]
    file = write("list.txt", "# a comment\n@EXPLICIT\n" + "\n".join(lines))

    result = hognose("create", "-y", "-p", tmp_path / "env", "--file", file)

    assert result.status == 0, result.err
    assert {"lib": "1.0", "app": "1.0"} == packages(tmp_path / "env")
    record = PrefixRecord.collect(tmp_path / "env")[0]
    assert ("lib >=1",) == record.depends
    assert lines[1] == record.url


def test_a_listed_package_without_a_hash_is_recorded_with_what_was_measured(
    hognose, channel, write, tmp_path
):
    with ChannelServer(channel) as server:
        url = f"{server.url.rstrip('/')}/linux-64/lib-1.0-0.conda"
        file = write("list.txt", f"@EXPLICIT\n{url}\n")
        for name in ("cold", "warm"):
            result = hognose("create", "-y", "-p", tmp_path / name, "--file", file)
            assert result.status == 0, result.err
    content = (channel / "linux-64/lib-1.0-0.conda").read_bytes()
    measured = (hashlib.sha256(content).hexdigest(), hashlib.md5(content).hexdigest(), len(content))
    for name in ("cold", "warm"):
        (record,) = PrefixRecord.collect(tmp_path / name)
        assert measured == (record.sha256_hex, record.md5_hex, record.size)
    stored = json.loads((tmp_path / "cache/pkgs/lib-1.0-0/info/repodata_record.json").read_text())
    assert measured == (stored["sha256"], stored["md5"], stored["size"])


def test_what_list_explicit_prints_makes_the_same_environment(hognose, channel, write, tmp_path):
    hognose("create", "-y", "-c", channel, "-p", tmp_path / "one", "app", "lib <2")
    file = write("list.txt", hognose("list", "--explicit", "-p", tmp_path / "one").out)

    result = hognose("create", "-y", "-p", tmp_path / "two", "--file", file, "--offline")

    assert result.status == 0, result.err
    one, two = (PrefixRecord.collect(tmp_path / name) for name in ("one", "two"))
    assert [record.url for record in one] == [record.url for record in two]
    assert [record.sha256_hex for record in one] == [record.sha256_hex for record in two]


def test_a_listed_package_with_another_hash_is_not_installed(hognose, channel, write, tmp_path):
    url = url_of(channel, "lib-1.0")
    file = write("list.txt", f"@EXPLICIT\n{url}#{hashlib.md5(b'other').hexdigest()}\n")

    result = hognose("create", "-y", "-p", tmp_path / "env", "--file", file)

    assert result.status == 1
    assert url in result.err
    assert not (tmp_path / "env").exists()


def test_install_adds_listed_packages_to_what_is_there(hognose, channel, write, tmp_path):
    hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", "lib")
    file = write("list.txt", f"@EXPLICIT\n{url_of(channel, 'app')}\n")

    result = hognose("install", "-y", "-p", tmp_path / "env", "--file", file)

    assert result.status == 0, result.err
    assert {"lib": "2.0", "app": "1.0"} == packages(tmp_path / "env")


def test_urls_and_specs_exclude_each_other(hognose, channel, write, tmp_path):
    file = write("list.txt", f"@EXPLICIT\n{url_of(channel, 'app')}\n")

    result = hognose("create", "-y", "-p", tmp_path / "env", "--file", file, "lib")

    assert result.status == 2
    assert "exclude each other" in result.err


def test_a_list_for_another_platform_is_refused(hognose, channel, write, tmp_path):
    other = "osx-arm64" if str(Platform.current()) != "osx-arm64" else "linux-64"
    file = write("list.txt", f"# platform: {other}\n@EXPLICIT\n{url_of(channel, 'app')}\n")

    result = hognose("create", "-y", "-p", tmp_path / "env", "--file", file)

    assert result.status == 2
    assert f"--platform {other}" in result.err


def test_a_file_of_specs_may_have_comments(hognose, channel, write, tmp_path):
    file = write("specs.txt", "# what we need\nlib <2  # not yet\n\napp\n")

    hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", "--file", file)

    assert {"lib": "1.0", "app": "1.0"} == packages(tmp_path / "env")


def test_lock_takes_the_platforms_and_selectors_of_an_environment_file(hognose, write, tmp_path):
    channel = tmp_path / "channel"
    for name in ("lib", "old"):
        make_package(channel, name, "1.0", subdir="noarch", noarch="generic")
    index_channel(channel)
    file = write(
        "environment.yml",
        "platforms: [linux-64, win-64]\ndependencies:\n- lib\n- old  # [win]\n",
    )

    result = hognose("lock", "-c", channel, "-f", file, "-o", tmp_path / "my.lock", "--json")

    assert result.status == 0, result.err
    assert {"linux-64": 1, "win-64": 2} == json.loads(result.out)["packages"]


def test_install_sets_the_variables_of_a_file_although_no_package_changes(
    hognose, channel, write, tmp_path
):
    hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", "lib")
    file = write("environment.yml", "dependencies: [lib]\nvariables: {COLOUR: red}\n")

    result = hognose("install", "-y", "-c", channel, "-p", tmp_path / "env", "--file", file)

    assert result.status == 0, result.err
    state = json.loads((tmp_path / "env/conda-meta/state").read_text())
    assert {"COLOUR": "red"} == state["env_vars"]


def test_update_does_all_that_a_file_asks_for(hognose, channel, write, tmp_path):
    hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", "lib 1.*")
    text = f"channels: ['{channel}']\ndependencies: [lib 2.*, app]\nvariables: {{COLOUR: red}}\n"

    result = hognose("update", "-y", "-p", tmp_path / "env", "-f", write("environment.yml", text))

    assert result.status == 0, result.err
    assert {"lib": "2.0", "app": "1.0"} == packages(tmp_path / "env")
    state = json.loads((tmp_path / "env/conda-meta/state").read_text())
    assert {"COLOUR": "red"} == state["env_vars"]


def test_update_notes_what_a_file_names_although_it_came_as_a_dependency(
    hognose, channel, write, tmp_path
):
    env = tmp_path / "env"
    hognose("create", "-p", env, "-c", channel, "app")

    file = write("specs.txt", "app\nlib\n")
    result = hognose("update", "-p", env, "-c", channel, "-f", file)

    assert 0 == result.status, result.err
    hognose("remove", "-y", "-p", env, "app")

    assert ["lib"] == [str(record.name) for record in PrefixRecord.collect(env)]


def test_update_does_not_leave_the_pip_section_out(hognose, channel, write, tmp_path):
    hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", "lib")
    file = write("environment.yml", "dependencies: [lib, {pip: [attrs]}]\n")

    result = hognose("update", "-y", "-c", channel, "-p", tmp_path / "env", "-f", file)

    # The channel has no pip, which the section needs.
    assert result.status == 1
    assert "`pip`" in result.err


def test_an_archive_by_path_comes_with_what_it_needs(hognose, channel, write, tmp_path):
    empty = tmp_path / "elsewhere"
    make_package(empty, "own", "1.0", depends=["app", "lib <2"])
    (archive,) = empty.glob("*/own*.conda")

    result = hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", archive)

    assert result.status == 0, result.err
    assert {"own": "1.0", "app": "1.0", "lib": "1.0"} == packages(tmp_path / "env")


def test_an_archive_by_url_replaces_what_the_channel_would_give(hognose, channel, tmp_path):
    hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", "app")

    result = hognose(
        "install", "-y", "-c", channel, "-p", tmp_path / "env", url_of(channel, "lib-1.0")
    )

    assert result.status == 0, result.err
    assert {"app": "1.0", "lib": "1.0"} == packages(tmp_path / "env")


def test_an_archive_that_does_not_fit_is_refused(hognose, channel, tmp_path):
    hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", "old")

    result = hognose(
        "install", "-y", "-c", channel, "-p", tmp_path / "env", url_of(channel, "lib-2.0")
    )

    assert result.status == 1
    assert "old" in result.err
    assert {"old": "1.0", "lib": "1.0"} == packages(tmp_path / "env")


def test_an_archive_by_url_with_another_hash_is_not_installed(hognose, channel, tmp_path):
    url = f"{url_of(channel, 'lib-1.0')}#{hashlib.md5(b'other').hexdigest()}"

    result = hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", url)

    assert result.status == 1
    assert "md5" in result.err.lower()
    assert not (tmp_path / "env").exists()


def test_pip_is_kept_off_the_network_too(hognose, write, tmp_path):
    program = '#!/bin/sh\necho "$PIP_NO_INDEX" > "$CONDA_PREFIX/seen"\n'
    channel = tmp_path / "pip-channel"
    make_package(channel, "pip", "25", files={"bin/python": File(program, executable=True)})
    index_channel(channel)
    file = write("environment.yml", "dependencies:\n- pip\n- pip:\n  - a\n")

    result = hognose("create", "-y", "--offline", "-c", channel, "-f", file, "-p", tmp_path / "env")

    assert result.status == 0, result.err
    assert "1\n" == (tmp_path / "env/seen").read_text()


def test_a_variable_that_no_shell_can_set_is_refused_before_anything_is_made(
    hognose, channel, write, tmp_path
):
    file = write("environment.yml", "dependencies: [lib]\nvariables: {'A B': c}\n")

    result = hognose("create", "-y", "-c", channel, "-f", file, "-p", tmp_path / "env")

    assert result.status == 2
    assert "'A B'" in result.err
    assert not (tmp_path / "env").exists()


def test_a_line_that_is_no_package_is_named_with_its_file(hognose, channel, write, tmp_path):
    text = f"# a comment\n@EXPLICIT\n{url_of(channel, 'lib-1.0')}\nrubbish\n"
    file = write("explicit.txt", text)

    result = hognose("create", "-y", "-p", tmp_path / "env", "--file", file)

    assert 2 == result.status
    assert f"{file}, line 4: " in result.err


def test_a_line_that_is_no_spec_is_named_with_its_file(hognose, write, tmp_path):
    file = write("specs.txt", "# a comment\nlib\nlib >=1,,\n")

    result = hognose("create", "-y", "-p", tmp_path / "env", "--file", file)

    assert 2 == result.status
    assert f"{file}, line 3: " in result.err


def test_the_folder_of_a_single_archive_is_its_channel(hognose, channel, tmp_path):
    folder = tmp_path / "downloads"
    folder.mkdir()
    (archive,) = channel.glob("*/lib-1.0*.conda")
    copy = shutil.copy(archive, folder)

    result = hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", copy)

    assert result.status == 0, result.err
    (record,) = PrefixRecord.collect(tmp_path / "env")
    assert f"{folder.as_uri()}/" == record.channel
    assert record.sha256_hex


def test_a_package_noted_without_hash_is_left_alone_by_other_requests(hognose, channel, tmp_path):
    hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", "lib")
    (path,) = (tmp_path / "env/conda-meta").glob("lib-*.json")
    tree = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in tree.items() if k not in {"md5", "sha256"}}))

    result = hognose("install", "-d", "--json", "-c", channel, "-p", tmp_path / "env", "app")

    assert ["app"] == [action["name"] for action in json.loads(result.out)["actions"]]


def test_a_plan_has_the_pip_section(hognose, write, tmp_path):
    channel = tmp_path / "pip-channel"
    make_package(channel, "pip", "25")
    index_channel(channel)
    file = write("environment.yml", "dependencies:\n- pip\n- pip:\n  - click==8.1\n  - -r more\n")
    words = ("create", "-d", "-c", channel, "-f", file, "-p", tmp_path / "env")

    assert "afterwards pip installs: click==8.1, -r more" in hognose(*words).err
    assert ["click==8.1", "-r more"] == json.loads(hognose(*words, "--json").out)["pip"]


def test_a_change_goes_on_where_pip_failed(hognose, write, tmp_path):
    channel, env = tmp_path / "pip-channel", tmp_path / "env"
    program = File("#!/bin/sh\ntest -e may-run && echo done > ran\n", executable=True)
    make_package(channel, "pip", "25", files={"bin/python": program})
    index_channel(channel)
    file = write("environment.yml", "dependencies:\n- pip\n- pip:\n  - a\n")

    failed = hognose("create", "-y", "-c", channel, "-f", file, "-p", env)
    write("may-run", "")
    hint = f"hognose update -p {env} -f {file}"
    assert 1 == failed.status
    assert hint in " ".join(failed.err.split())
    assert 0 == hognose(*hint.split()[1:], "-c", channel).status
    assert (tmp_path / "ran").exists()


def test_pip_is_refused_beforehand_where_somebody_else_manages_its_packages(
    hognose, write, tmp_path
):
    channel, env = tmp_path / "pip-channel", tmp_path / "env"
    make_python(channel, "3.11.4")
    make_package(channel, "pip", "25")
    make_package(channel, "more", "1")
    index_channel(channel)
    hognose("create", "-y", "-c", channel, "-p", env, "python", "pip")
    (env / "lib/python3.11/EXTERNALLY-MANAGED").touch()
    file = write("environment.yml", "dependencies:\n- more\n- pip:\n  - a\n")

    result = hognose("install", "-y", "-c", channel, "-f", file, "-p", env)

    assert 1 == result.status
    assert "externally managed" in result.err
    assert {"python": "3.11.4", "pip": "25"} == packages(env)


def test_what_is_wrong_at_the_end_of_a_file_is_a_whole_sentence(hognose, tmp_path, write):
    file = write("environment.yml", "dependencies: [lib\n")

    result = hognose("create", "-y", "-p", tmp_path / "env", "-f", file)

    assert 2 == result.status
    assert "in line 2: did not find expected ',' or ']'\n" in result.err
