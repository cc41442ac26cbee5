"""Packages as logs name them, whoever wrote the log."""

import pytest

from hognose.errors import TransactionError
from hognose.install import (
    PackageReference,
    iter_revisions,
    parse_history,
    resolve_revision,
    specs_of_revision,
)
from hognose.types import RepoDataRecord

LOG = """\
==> 2024-01-01 10:00:00 <==
# cmd: conda create -n x numpy=1.26
+conda-forge/linux-64::numpy-1.26.0-py312h1_0
+defaults::old-style-1.0-0
# update specs: ['numpy=1.26', 'python']
==> 2024-01-02 10:00:00 <==
# cmd: conda remove old-style
-defaults::old-style-1.0-0
# remove specs: ['old-style']
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conda-forge/linux-64::a-b-1.0-h_0", ("conda-forge", "linux-64", "a-b", "1.0", "h_0")),
        ("file:///my/channel/noarch::a-1-0", ("file:///my/channel", "noarch", "a", "1", "0")),
        ("defaults::a-1-0", ("defaults", "", "a", "1", "0")),
        ("https://host/label/dev::a-1-0", ("https://host/label/dev", "", "a", "1", "0")),
        ("a-1-0", ("", "", "a", "1", "0")),
    ],
)
def test_a_line_of_a_log_is_taken_apart(text, expected):
    found = PackageReference.parse(text)

    assert expected == (found.channel, found.subdir, found.name, found.version, found.build)
    assert text == str(found)


@pytest.mark.parametrize("text", ["", "conda-forge::", "a-1", "x::-1-0"])
def test_what_names_no_package_is_refused(text):
    with pytest.raises(TransactionError):
        PackageReference.parse(text)


def test_what_was_asked_for_of_packages_that_are_there_counts():
    blocks = parse_history(LOG)
    revisions = list(iter_revisions(blocks))

    assert ["numpy 1.26.*"] == [str(spec) for spec in specs_of_revision(blocks, revisions[0])]
    assert ("conda-forge/linux-64::numpy-1.26.0-py312h1_0",) == revisions[1].packages


def test_a_twin_from_another_channel_is_not_the_one():
    (revision,) = iter_revisions(parse_history("==> 2024-01-01 10:00:00 <==\n+mine::a-1-0\n"))
    twin = RepoDataRecord.create(
        name="a",
        version="1",
        build="0",
        subdir="noarch",
        file_name="a-1-0.conda",
        url="https://conda.anaconda.org/conda-forge/noarch/a-1-0.conda",
        channel="https://conda.anaconda.org/conda-forge/",
    )

    with pytest.raises(TransactionError, match="mine::a-1-0"):
        resolve_revision(revision, installed=[twin])


@pytest.mark.parametrize(
    ("logged", "channel"),
    [
        ("conda-forge/noarch", "https://conda.anaconda.org/conda-forge/"),
        ("https://conda.anaconda.org/conda-forge/noarch", "conda-forge"),
        ("defaults/noarch", "https://repo.anaconda.com/pkgs/main/"),
        ("defaults", "https://repo.anaconda.com/pkgs/r"),
        ("https://host/mine/noarch", "https://host/mine/"),
        ("<unknown>", ""),
        ("unknown/noarch", ""),
    ],
)
def test_a_channel_is_the_same_however_a_program_writes_it(logged, channel):
    record = RepoDataRecord.create(
        name="a", version="1", build="0", subdir="noarch", channel=channel
    )

    assert PackageReference.parse(f"{logged}::a-1-0").names(record)


@pytest.mark.parametrize(
    ("logged", "channel"),
    [
        ("defaults/noarch", "https://conda.anaconda.org/conda-forge/"),
        ("conda-forge/noarch", "https://repo.anaconda.com/pkgs/main/"),
        ("https://host/mine/linux-64", "https://host/mine/"),
    ],
)
def test_another_channel_or_platform_is_not_the_same(logged, channel):
    record = RepoDataRecord.create(
        name="a", version="1", build="0", subdir="noarch", channel=channel
    )

    assert not PackageReference.parse(f"{logged}::a-1-0").names(record)
