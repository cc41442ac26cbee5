"""Environments that conda made: their logs and records say one channel in two ways."""

import pytest

from hognose.install import (
    channel_of_record,
    iter_revisions,
    read_history,
    read_whole_history,
    resolve_revision,
)
from hognose.types import PrefixRecord, RepoDataRecord
from support.conda_environments import CONDA_ENVIRONMENTS, make_conda_environment


@pytest.fixture(params=CONDA_ENVIRONMENTS)
def condas(request, environment):
    """Return an environment that conda made."""
    make_conda_environment(request.param, environment.prefix)
    return environment


def programs(environment) -> list[str]:
    return [block.command.split()[0] for block in read_history(environment.prefix)]


def test_conda_logged_all_that_is_there(condas):
    installed = PrefixRecord.collect(condas.prefix)

    assert read_history(condas.prefix) == read_whole_history(condas.prefix, installed)


def test_a_change_of_ours_adds_one_block_to_condas(condas):
    before = programs(condas)

    condas.install(*PrefixRecord.collect(condas.prefix), condas.package("own"))

    assert [*before, "hognose"] == programs(condas)


def test_the_revision_before_ours_is_what_conda_left(condas):
    left = PrefixRecord.collect(condas.prefix)
    condas.install(*left, condas.package("own"))

    *_, before, _ = iter_revisions(read_history(condas.prefix))

    found = resolve_revision(before, installed=PrefixRecord.collect(condas.prefix))
    assert [record.file_stem for record in left] == sorted(record.file_stem for record in found)


def test_what_goes_is_logged_as_conda_logged_that_it_came(condas):
    came = {text for block in read_history(condas.prefix) for text in block.linked}

    condas.install(condas.package("own"))

    (*_, last) = read_history(condas.prefix)
    assert last.unlinked
    assert set(last.unlinked) <= came


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("defaults", "https://repo.anaconda.com/pkgs/main"),
        ("file", "<unknown>"),
        ("forge", "https://conda.anaconda.org/conda-forge"),
        ("label", "https://packages.example.org/mine/label/dev"),
        ("secret", "https://packages.example.org/conda-forge"),
    ],
)
def test_the_channel_of_a_record_is_without_the_platform(environment, name, channel):
    make_conda_environment(name, environment.prefix)

    channels = {channel_of_record(record) for record in PrefixRecord.collect(environment.prefix)}

    assert {channel} == channels


def test_a_channel_that_is_called_as_a_platform_stays():
    url = "https://host/noarch"
    record = RepoDataRecord.create(
        name="a",
        version="1",
        build="0",
        subdir="noarch",
        channel=url,
        url=f"{url}/noarch/a-1-0.conda",
    )

    assert url == channel_of_record(record)


def test_what_goes_under_another_name_of_its_channel_is_gone(environment):
    environment.install(environment.package("a"))
    log = environment.prefix / "conda-meta/history"
    log.write_text(
        "==> 2024-01-01 10:00:00 <==\n+conda-forge/linux-64::b-1-0\n"
        "==> 2024-01-02 10:00:00 <==\n-https://mirror/conda-forge/linux-64::b-1-0\n"
    )

    assert [1, 0] == [len(item.packages) for item in iter_revisions(read_history(log.parents[1]))]
