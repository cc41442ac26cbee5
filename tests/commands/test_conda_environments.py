"""`list`, `history` and `rollback` in environments that conda made."""

import json

import pytest

from hognose.channel import index_channel
from hognose.install import read_history
from hognose.types import PrefixRecord
from support.conda_environments import CONDA_ENVIRONMENTS, make_conda_environment
from support.package_maker import make_package


@pytest.fixture(params=CONDA_ENVIRONMENTS)
def prefix(request, tmp_path):
    return make_conda_environment(request.param, tmp_path / "env")


def installed(prefix):
    return [str(record) for record in PrefixRecord.collect(prefix)]


def revisions(hognose, prefix):
    return json.loads(hognose("history", "-p", prefix, "--json").out)["revisions"]


def test_what_conda_did_is_the_whole_history(hognose, prefix):
    assert {"conda 26.7.1"} == {revision["tool"] for revision in revisions(hognose, prefix)}


def test_a_change_in_condas_environment_can_be_rolled_back(hognose, tmp_path, prefix):
    before, count = installed(prefix), len(read_history(prefix))
    make_package(tmp_path / "own", "own", "1")
    index_channel(tmp_path / "own")
    channels = ("-c", tmp_path / "own", "--override-channels")
    added = hognose("install", "-y", "-p", prefix, *channels, "own")
    assert 0 == added.status, added.err
    assert count + 1 == len(revisions(hognose, prefix))

    result = hognose("rollback", "-y", "-p", prefix, count - 1)

    assert 0 == result.status, result.err
    assert before == installed(prefix)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("forge", "conda-forge"), ("defaults", "main"), ("label", "dev"), ("file", "<unknown>")],
)
def test_the_channel_is_listed_without_the_platform(hognose, tmp_path, name, shown):
    prefix = make_conda_environment(name, tmp_path / "env")

    lines = hognose("list", "-p", prefix).out.splitlines()

    assert {shown} == {line.split()[3] for line in lines[2:]}
