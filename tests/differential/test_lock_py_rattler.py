"""Lock files between hognose and py-rattler: each reads what the other writes, to the letter.

Accepted differences, each with its reason:

* py-rattler writes a requirement of a PyPI package in a form of its own; we keep the text.
* py-rattler turns the specs of conda-lock's mappings into a canonical form (`==1.0` for `1.0`); we
  keep the text, which means the same.
* We also quote texts that YAML 1.1 readers take for numbers, times or truth values (`1_0`).
* `file://` URLs are written as paths by both; credentials in URLs by py-rattler only.
"""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hognose.lock import LockFile
from hognose.lock.yaml_document import load_raw_yaml
from hognose.types import RepoDataRecord
from support.shared_data import read_zst

rattler = pytest.importorskip("rattler")
FIELDS = (
    "depends",
    "constrains",
    "sha256",
    "md5",
    "size",
    "license",
    "license_family",
    "arch",
    "platform",
    "features",
    "legacy_bz2_size",
    "legacy_bz2_md5",
    "timestamp",
    "python_site_packages_path",
    "channel",
    "file_name",
    "url",
)


def theirs(record):
    facts = {name: getattr(record, name) for name in FIELDS}
    facts["depends"], facts["constrains"] = tuple(record.depends), tuple(record.constrains)
    facts["track_features"] = tuple(record.track_features)
    return facts | {
        "name": record.name.source,
        "version": str(record.version),
        "build": str(record.build),
        "build_number": record.build_number,
        "subdir": str(record.subdir),
        "noarch": (record.noarch.python, record.noarch.generic),
    }


def ours(record):
    facts = {name: getattr(record, name) for name in FIELDS}
    facts["track_features"] = record.track_features
    return facts | {
        "name": record.name.source,
        "version": str(record.version),
        "build": record.build,
        "build_number": record.build_number,
        "subdir": record.subdir,
        "noarch": (record.noarch.python, record.noarch.generic),
    }


def read_both(path):
    """Read a file with both, and return the records of `linux-64` as facts."""
    their_environment = rattler.LockFile.from_path(path).default_environment()
    (platform,) = their_environment.platforms()
    their_records = their_environment.conda_repodata_records_for_platform(platform) or []
    our_environment = LockFile.read(path).default_environment()
    our_records = our_environment.conda_repodata_records_for_platform("linux-64")
    return list(map(theirs, their_records)), list(map(ours, our_records))


def make(records):
    lock_file = LockFile(["linux-64"])
    lock_file.set_channels("default", ["https://conda.anaconda.org/conda-forge/"])
    for record in records:
        lock_file.add_conda_package("default", "linux-64", record)
    return lock_file


def check(records, directory, *, read_text=lambda path: path.read_text()):
    """Write both versions, let both read both, and let py-rattler write the newer one."""
    lock_file = make(records)
    for version in (6, 7):
        path = directory / f"{version}.lock"
        lock_file.write(path, version=version)
        their_records, our_records = read_both(path)
        assert sorted(their_records, key=str) == sorted(our_records, key=str)
    rattler.LockFile.from_path(directory / "6.lock").to_path(directory / "theirs.lock")
    assert read_text(directory / "theirs.lock") == read_text(directory / "7.lock")


def test_real_records_are_the_same_on_both_sides(tmp_path):
    records = []
    for subdir in ("linux-64", "noarch"):
        data = json.loads(read_zst(f"channels/conda-forge-python39/{subdir}/repodata.json.zst"))
        for section in ("packages", "packages.conda"):
            for file_name, entry in sorted(data[section].items())[::4]:
                base = "https://conda.anaconda.org/conda-forge"
                url = f"{base}/{subdir}/{file_name}"
                entry |= {"fn": file_name, "url": url, "channel": f"{base}/"}
                records.append(wire_record(entry))
    assert len(records) > 100
    check(records, tmp_path)


def wire_record(entry):
    from hognose.types import wire

    return wire.decode_json(json.dumps(entry), RepoDataRecord)


words = st.text(st.sampled_from("ab1.0e_-"), min_size=1, max_size=8)
texts = st.none() | st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=10
)
records = st.builds(
    lambda name, number, build, build_number, subdir, noarch, channel, **fields: (
        RepoDataRecord.create(
            name=f"p{name}",
            version=f"1.{number}",
            build=f"h{build}".replace("-", "_"),
            build_number=build_number,
            subdir=subdir,
            noarch=noarch,
            channel=channel,
            file_name=(file := f"p{name}-1.{number}-h{build.replace('-', '_')}.conda"),
            url=f"https://x.org/c/{subdir}/{file}",
            **fields,
        )
    ),
    name=st.text("abc019", max_size=5),
    number=st.integers(0, 9),
    build=words,
    build_number=st.integers(0, 20),
    subdir=st.sampled_from(["linux-64", "noarch"]),
    noarch=st.sampled_from([None, "python", "generic"]),
    channel=st.sampled_from(["https://x.org/c/", "https://mirror.org/c/"]),
    sha256=st.binary(min_size=32, max_size=32),
    md5=st.none() | st.binary(min_size=16, max_size=16),
    size=st.none() | st.integers(0, 2**40),
    timestamp_ms=st.none() | st.integers(10**12, 2 * 10**12),
    license=texts,
    license_family=texts,
    features=texts,
    track_features_source=st.lists(words, max_size=2).map(tuple),
    depends=st.lists(words.map("a >={}".format), max_size=3).map(tuple),
    constrains=st.lists(words, max_size=2).map(tuple),
)


@settings(max_examples=50)
@given(records)
def test_any_record_is_the_same_on_both_sides(tmp_path_factory, record):
    directory = tmp_path_factory.mktemp("lock")
    check([record], directory, read_text=lambda path: load_raw_yaml(path.read_text()))


def test_we_read_what_py_rattler_writes(tmp_path):
    platform = rattler.LockPlatform("linux-64")
    lock_file = rattler.LockFile([platform])
    lock_file.set_channels("default", [rattler.LockChannel("https://x.org/c")])
    lock_file.add_pypi_package("default", platform, "numpy", "1.26", "https://x.org/n-1.whl")
    path = tmp_path / "theirs.lock"
    lock_file.to_path(path)
    read = LockFile.read(path)
    assert read.encode() == path.read_text()
    (package,) = read.default_environment().pypi_packages()["linux-64"]
    assert (package.name, package.version) == ("numpy", "1.26")
