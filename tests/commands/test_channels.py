"""Which channels are asked: given ones, those of specs, of the configuration, of environments."""

import json
import os
import shutil

import pytest

from hognose.channel import index_channel
from hognose.cli.channels import (
    environment_channels,
    find_channels,
    tell_of_channels,
    unique_channels,
)
from hognose.console import Console
from hognose.types import Channel, PrefixRecord
from support.channel_server import ChannelServer
from support.package_maker import make_package


@pytest.fixture
def second(tmp_path):
    """Return a channel with a newer `lib`, and with `extra`, which nothing else has."""
    directory = tmp_path / "second"
    make_package(directory, "lib", "3.0", files={"lib/lib.txt": "lib 3\n"})
    make_package(directory, "extra", "1.0", files={"share/extra.txt": "x"})
    index_channel(directory)
    return directory


@pytest.fixture
def prefix(hognose, channel, tmp_path):
    path = tmp_path / "env"
    assert 0 == hognose("create", "-p", path, "-c", channel, "lib 1.*").status
    return path


def versions(prefix):
    return {str(record.name): str(record.version) for record in PrefixRecord.collect(prefix)}


def solved(result):
    assert 0 == result.status, result.err
    found = json.loads(result.out)["packages"]
    return {record["name"]: record["version"] for record in found}


def test_a_channel_that_a_spec_names_is_asked_after_those_given(hognose, channel, second):
    result = hognose("solve", "-c", channel, f"file://{second}::extra", "lib", "--json")

    assert {"extra": "1.0", "lib": "2.0"} == solved(result)


def test_an_environment_remembers_its_channels(hognose, prefix):
    result = hognose("install", "-p", prefix, "app")

    assert 0 == result.status, result.err
    assert {"app": "1.0", "lib": "1.0"} == versions(prefix)
    assert "channels: " in result.err


def test_an_update_without_channels_asks_those_of_the_environment(hognose, prefix):
    result = hognose("update", "-p", prefix, "lib *")

    assert 0 == result.status, result.err
    assert {"lib": "2.0"} == versions(prefix)


def test_channels_of_the_configuration_come_before_those_of_the_environment(
    hognose, prefix, second, private_home
):
    (private_home / ".condarc").write_text(f"channels: [{second}]\n")

    result = hognose("install", "-p", prefix, "extra")

    assert 0 == result.status, result.err
    assert "channels: " not in result.err


def test_the_channel_of_most_packages_comes_first(hognose, channel, second, tmp_path):
    path = tmp_path / "both"
    hognose("create", "-p", path, "-c", second, "-c", channel, "app", "extra", "lib 1.*")
    hognose("create", "-p", path, "-c", channel, "-c", second, "app", "extra")

    found = environment_channels(PrefixRecord.collect(path))

    assert [channel.as_uri(), second.as_uri()] == found


def test_channels_as_other_tools_note_them_are_understood(channel, hognose, prefix):
    (record,) = prefix.glob("conda-meta/lib-*.json")
    noted = json.loads(record.read_text())
    noted["channel"] = "https://conda.anaconda.org/conda-forge/linux-64"
    record.write_text(json.dumps(noted))

    found = environment_channels(PrefixRecord.collect(prefix))

    assert ["https://conda.anaconda.org/conda-forge"] == found


def test_a_directory_of_an_archive_is_no_channel(hognose, channel, prefix, tmp_path):
    shutil.copy(channel / "linux-64/app-1.0-0.conda", tmp_path)
    hognose("link", "-y", "-p", prefix, tmp_path / "app-1.0-0.conda")

    assert [channel.as_uri()] == environment_channels(PrefixRecord.collect(prefix))


def test_a_secret_is_not_remembered_and_its_absence_is_told(capsys):
    names = ["https://x.org/t/<TOKEN>/one", "https://me:********@x.org/two", "three"]

    found = tell_of_channels(names, Console())

    assert ["https://x.org/one", "https://x.org/two", "three"] == found
    assert 2 == capsys.readouterr().err.count("hognose auth login")


def test_a_channel_of_an_environment_that_wants_a_secret_says_how_to_give_it(
    hognose, channel, tmp_path
):
    with ChannelServer(channel) as server:
        given = server.url.replace("://", "://me:sesame@")
        hognose("create", "-p", tmp_path / "env", "-c", given, "lib 1.*")
        server.fail("*", status=401, times=None)

        result = hognose("install", "-p", tmp_path / "env", "app")

    assert 1 == result.status
    assert "sesame" not in result.err
    assert "hognose auth login" in result.err


def test_override_leaves_the_configuration_out(hognose, channel, second, private_home):
    (private_home / ".condarc").write_text(f"channels: [{second}]\n")
    file = private_home / "environment.yml"
    file.write_text(f"channels: [{second}]\ndependencies: [lib]\n")

    result = hognose("solve", "-c", channel, "--override-channels", "--file", file, "--json")

    assert {"lib": "2.0"} == solved(result)


def test_override_without_a_channel_is_refused(hognose):
    result = hognose("solve", "--override-channels", "lib")

    assert 2 == result.status
    assert "-c" in result.err


@pytest.mark.parametrize(
    ("words", "version"), [((), "3.0"), (("--channel-priority", "strict"), "2.0")]
)
def test_the_priority_of_the_configuration_holds_unless_one_is_given(
    hognose, channel, second, private_home, words, version
):
    (private_home / ".condarc").write_text("channel_priority: disabled\n")

    result = hognose("solve", "-c", channel, "-c", second, "lib", "--json", *words)

    assert {"lib": version} == solved(result)


def test_a_search_asks_the_channel_that_a_spec_names(hognose, channel, second):
    result = hognose("search", "-c", channel, f"file://{second}::extra")

    assert 0 == result.status, result.err
    assert "extra" in result.out


def test_the_channel_that_is_used_anyway_is_not_worth_a_word(capsys):
    tell_of_channels(["https://conda.anaconda.org/conda-forge"], Console())

    assert not capsys.readouterr().err


def test_a_channel_that_is_gone_is_an_error_that_names_it(hognose, channel, tmp_path):
    mine = tmp_path / "mine"
    shutil.copytree(channel, mine)
    hognose("create", "-y", "-c", mine, "-p", tmp_path / "env", "lib")
    mine.rename(tmp_path / "unmounted")

    result = hognose("install", "-d", "-p", tmp_path / "env", "app")

    assert 2 == result.status
    assert f"the channel {mine}, where packages" in result.err


def test_the_default_channel_is_told_of(hognose, tmp_path):
    result = hognose("create", "-d", "--offline", "-p", tmp_path / "env", "lib")

    assert "channels: conda-forge (the default" in result.err


def of_channel(result):
    assert 0 == result.status, result.err
    return {
        record["name"]: record["channel"].rstrip("/")
        for record in json.loads(result.out)["packages"]
    }


@pytest.mark.parametrize("command", ["solve", "search"])
@pytest.mark.parametrize("name", ["second", "both", "deep/second"])
def test_names_of_the_configuration_work_in_specs(
    hognose, channel, second, tmp_path, private_home, command, name
):
    shutil.copytree(second, tmp_path / "deep/second")
    (private_home / ".condarc").write_text(
        f"custom_channels:\n  second: {tmp_path.as_uri()}\n  deep: {tmp_path.as_uri()}\n"
        f"custom_multichannels:\n  both: [{channel}, {second}]\n"
    )

    result = hognose(command, "-c", channel, f"{name}::extra", "--json")

    place = tmp_path / "deep/second" if name.startswith("deep") else second
    assert {"extra": place.as_uri()} == of_channel(result)


def test_a_spec_of_several_channels_takes_the_first_that_has_it(
    hognose, channel, second, private_home
):
    (private_home / ".condarc").write_text(
        f"channels: [{channel}]\ncustom_multichannels:\n  both: [{second}, {channel}]\n"
    )

    assert {"lib": "3.0"} == solved(hognose("solve", "both::lib", "--json"))
    assert {"lib": "1.0"} == solved(hognose("solve", "both::lib 1.*", "--json"))
    assert "no package for" in hognose("search", "both::nosuch").err


def test_what_defaults_is_can_be_told(hognose, channel, private_home):
    (private_home / ".condarc").write_text(f"default_channels: [{channel}]\nchannels: [defaults]\n")

    assert {"lib": "2.0"} == solved(hognose("solve", "lib", "--json"))
    assert {"lib": "2.0"} == solved(hognose("solve", "defaults::lib", "--json"))


def test_defaults_is_what_conda_takes_it_for(private_home):
    (private_home / ".condarc").write_text("channels: [defaults]\n")
    channels = find_channels([], environ={"HOME": str(private_home)})

    main, r = "https://repo.anaconda.com/pkgs/main/", "https://repo.anaconda.com/pkgs/r/"
    msys2 = ["https://repo.anaconda.com/pkgs/msys2/"] if os.name == "nt" else []
    assert [main, r, *msys2] == [channel.base_url for channel in channels]
    (named,) = find_channels(["pkgs/main/label/dev"], environ={"HOME": str(private_home)})
    assert f"{main}label/dev/" == named.base_url


def test_the_name_of_a_channel_in_a_spec_follows_the_alias(hognose, channel, private_home):
    alias = channel.parent.as_uri()
    (private_home / ".condarc").write_text(f"channel_alias: {alias}\n")

    result = hognose("solve", "-c", channel.name, f"{channel.name}::lib", "--json")

    assert {"lib": channel.as_uri()} == of_channel(result)


def test_a_platform_folder_in_the_address_of_a_channel_is_left_out(hognose, channel):
    with ChannelServer(channel) as server:
        result = hognose("solve", "-c", f"{server.url}linux-64", "lib", "--json")

    assert {"lib": "2.0"} == solved(result)


def test_a_platform_folder_on_this_machine_is_told_from_a_channel(hognose, channel):
    result = hognose("search", "-c", channel / "linux-64", "lib")

    assert 1 == result.status
    assert "`linux-64` is a folder of a channel: leave it out" in result.err


def test_of_two_spellings_of_a_channel_the_one_with_the_secret_is_asked():
    names = ["https://h/c", "https://me:pw@h/c", "https://other:pw@h/c", "d"]

    found = unique_channels(map(Channel, names))

    assert ["https://me:pw@h/c/", "https://conda.anaconda.org/d/"] == [
        channel.base_url for channel in found
    ]


def test_a_search_without_a_hit_names_the_platform(hognose, channel):
    result = hognose("search", "-c", channel, "nosuch", "--platform", "osx-arm64")

    assert "no package for osx-arm64 in " in result.err


def test_a_directory_with_the_name_of_a_channel_is_told_where_the_channel_fails(
    hognose, tmp_path, monkeypatch
):
    (tmp_path / "ch/pk").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with ChannelServer() as server:
        monkeypatch.setenv("CONDA_CHANNEL_ALIAS", server.url)
        found = hognose("search", "x", "-c", "ch/pk")
        other = hognose("search", "x", "-c", "ch/other")

    assert "`./ch/pk` is the directory" in found.err
    assert "is the directory" not in other.err


def test_a_channel_on_another_machine_is_refused_in_a_whole_sentence(hognose):
    result = hognose("search", "x", "-c", "file://host/x", "--override-channels")

    assert "it names another machine" in result.err
    assert "three slashes" in result.err
