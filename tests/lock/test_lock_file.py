"""Lock files that are read, made and written."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hognose.errors import ParseLockFileError
from hognose.lock import (
    CondaLockedBinaryPackage,
    CondaLockedSourcePackage,
    Environment,
    LockChannel,
    LockFile,
    LockPlatform,
    PypiLockedPackage,
)
from hognose.types import Channel, MatchSpec, Platform, RepoDataRecord

DATA = Path(__file__).parent / "data"


def record(
    name: str, version: str = "1.0", subdir: str = "linux-64", **fields: object
) -> RepoDataRecord:
    file_name = f"{name}-{version}-0.conda"
    fields = {"sha256": bytes(32), "depends": ["python"], **fields}
    return RepoDataRecord.create(
        name=name,
        version=version,
        build="0",
        subdir=subdir,
        file_name=file_name,
        url=f"https://conda.example.org/main/{subdir}/{file_name}",
        channel="https://conda.example.org/main/",
        **fields,
    )


@pytest.mark.parametrize("name", ["version-6.lock", "version-7.lock"])
def test_what_is_read_is_written_to_the_letter(name: str) -> None:
    path = DATA / name
    assert LockFile.read(path).encode() == path.read_text()


def test_a_record_has_all_that_is_written_and_all_that_the_location_says() -> None:
    environment = LockFile.read(DATA / "version-6.lock").default_environment()
    assert environment is not None
    alpha, zeta, local = environment.conda_repodata_records_for_platform("linux-64") or ()
    assert (zeta.name.source, str(zeta.version), zeta.build) == ("Zeta", "1.0", "h123_4")
    assert (zeta.build_number, zeta.subdir, zeta.arch, zeta.platform) == (
        7,
        "linux-64",
        "x86_64",
        "linux",
    )
    assert zeta.depends == ("alpha >=2.0,<3", "__glibc >=2.17")
    assert zeta.constrains == ("beta 1.*",)
    assert zeta.extra_depends == {"all": ("gamma",)}
    assert zeta.channel == "https://mirror.example.org/main/"
    assert zeta.track_features == ("mkl", "nomkl")
    assert zeta.timestamp_ms == 1700000000123
    assert zeta.file_name == "Zeta-1.0-h123_4.conda"
    assert alpha.noarch.generic
    assert alpha.purls == ()
    assert local.url == "file:///srv/channel/linux-64/local-0.1-0.tar.bz2"
    assert local.channel == "https://conda.example.org/extra/"
    assert local.purls is None


def test_python_packages_keep_what_they_have() -> None:
    environment = LockFile.read(DATA / "version-6.lock").default_environment()
    assert environment is not None
    wheel, source = environment.pypi_packages()["linux-64"]
    assert (wheel.name, wheel.version, wheel.extras) == ("wheel", "1.5", ("fast",))
    assert wheel.hashes is not None
    assert wheel.hashes.sha256 == bytes.fromhex(
        "2bd8da22ab7d4e7b6bd8da22ab7d4e7b" + "6bd8da22ab7d4e7b" * 2
    )
    assert wheel.requires_dist == ["attrs>=23 ; extra == 'fast'"]
    assert wheel.satisfies("Wheel[fast] >=1,<2")
    assert not wheel.satisfies("wheel ==2")
    assert not wheel.satisfies("attrs")
    assert source.requires_python == ">=3.11"


def test_version_7_has_variants_of_platforms_and_sources() -> None:
    lock_file = LockFile.read(DATA / "version-7.lock")
    gpu, plain = lock_file.platforms()
    assert (gpu.name, gpu.subdir, gpu.virtual_packages) == (
        "gpu",
        Platform("linux-64"),
        ["__cuda=12.0=0"],
    )
    assert plain.is_plain
    environment = lock_file.default_environment()
    assert environment is not None
    tool, made = environment.packages(gpu) or ()
    assert isinstance(tool, CondaLockedBinaryPackage)
    assert tool.package_record.run_exports is not None
    assert tool.package_record.run_exports.weak == ("tool >=1.0,<2",)
    assert isinstance(made, CondaLockedSourcePackage)
    assert (made.name, str(made.version), made.location) == ("made", "0.1.0", "../made")
    assert made.satisfies("made >=0.1")
    assert [package.name for package in lock_file.build_packages] == ["builder"]


def test_the_older_format_cannot_say_everything() -> None:
    with pytest.raises(ValueError, match="the platform gpu"):
        LockFile.read(DATA / "version-7.lock").encode(version=6)


def test_conda_lock_files_are_one_environment() -> None:
    environment = LockFile.read(DATA / "conda-lock.yml").default_environment()
    assert environment is not None
    assert [str(channel) for channel in environment.channels()] == ["conda-forge"]
    python, tzdata = environment.conda_repodata_records_for_platform("linux-64") or ()
    assert str(python.version) == "3.10"
    assert python.depends == ("bzip2 >=1.0.8,<2.0a0", "tzdata")
    assert python.track_features == ("one",)
    assert tzdata.subdir == "noarch"
    assert tzdata.noarch.generic
    (requests,) = environment.pypi_packages_for_platform(LockPlatform("linux-64")) or ()
    assert requests.requires_dist == ["idna>=2.5,<4"]


def test_a_lock_file_is_made_written_and_read_back(tmp_path: Path) -> None:
    lock_file = LockFile(["linux-64", "osx-arm64"])
    lock_file.set_channels("default", [Channel("conda-forge"), LockChannel("https://x.org/c")])
    lock_file.add_conda_package("default", Platform("linux-64"), record("b"))
    lock_file.add_conda_package("default", LockPlatform("linux-64"), record("a"))
    lock_file.add_conda_package("default", "osx-arm64", record("a", subdir="osx-arm64"))
    lock_file.add_pypi_package("test", LockPlatform("linux-64"), "p", "1", "https://x.org/p-1.whl")
    lock_file.write(tmp_path / "made.lock")
    read = LockFile.read(tmp_path / "made.lock")
    assert [name for name, _ in read.environments()] == ["default", "test"]
    environment = read.environment("default")
    assert environment is not None
    assert [str(channel) for channel in environment.channels()] == [
        "https://conda.anaconda.org/conda-forge/",
        "https://x.org/c",
    ]
    records = environment.conda_repodata_records()
    assert [item.name for item in records["linux-64"]] == ["a", "b"]
    assert records["linux-64"][0] == record("a", arch="x86_64", platform="linux")
    assert os.listdir(tmp_path) == ["made.lock"]


def test_the_order_in_which_things_were_added_does_not_show() -> None:
    items = [
        (platform, record(name, subdir=platform))
        for platform in ("osx-64", "linux-64")
        for name in "cab"
    ]
    texts = set()
    for order in (items, items[::-1]):
        lock_file = LockFile(version=6)
        for platform, item in order:
            lock_file.add_conda_package("default", platform, item)
        texts.add(lock_file.encode())
    assert len(texts) == 1


def test_a_package_of_two_environments_is_described_once() -> None:
    lock_file = LockFile(["linux-64"])
    for name in ("one", "two"):
        lock_file.add_conda_package(name, "linux-64", record("a"))
    assert lock_file.encode().count("sha256") == 1


def test_secrets_do_not_reach_the_file() -> None:
    lock_file = LockFile(["linux-64"])
    lock_file.set_channels("default", ["https://me:secret@x.org/t/tk-1/main"])
    item = record("a")
    item.url = item.url.replace("https://", "https://me:secret@")
    item.channel = "https://me:secret@conda.example.org/main"
    lock_file.add_conda_package("default", "linux-64", item)
    text = lock_file.encode()
    assert "secret" not in text
    assert "tk-1" not in text
    assert "url: https://x.org/main" in text


def test_a_channel_that_conda_wrote_with_the_subdir_is_not_written() -> None:
    texts = set()
    for channel in ("https://conda.example.org/main", "https://conda.example.org/main/linux-64"):
        lock_file = LockFile(["linux-64"])
        item = record("a")
        item.channel = channel
        lock_file.add_conda_package("default", "linux-64", item)
        texts.add(lock_file.encode())
    assert len(texts) == 1


def test_an_environment_is_made_of_records() -> None:
    environment = Environment(
        "mine", {Platform("linux-64"): [record("a")]}, [Channel("conda-forge")]
    )
    (platform,) = environment.platforms()
    (package,) = environment.packages(platform) or ()
    assert isinstance(package, CondaLockedBinaryPackage)
    assert package.repo_data_record() == record("a")
    assert package.satisfies(MatchSpec("a >=1"))
    assert not package.satisfies("a >1")
    assert environment.packages(LockPlatform("win-64")) is None
    lock_file = LockFile()
    lock_file.add_environment(environment)
    assert lock_file.platforms() == [platform]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: 1", "no `version`"),
        ("version: six", "not a number"),
        ("version: 1000", "versions up to 7"),
        ("version: 6\nenvironments: []\npackages: []", "not a mapping"),
        ("version: 6\nenvironments: {}", "missing, or not a list"),
        ("version: 6\nenvironments: {}\npackages:\n- other: 1", "one of the keys"),
        (
            "version: 6\nenvironments: {}\npackages:\n- conda: https://x/c/linux-64/a-1-0.conda\n  size: big",
            "`size` is not a number",
        ),
        (
            "version: 6\nenvironments: {}\npackages:\n- conda: https://x/c/other/a-1-0.conda",
            "no `subdir`",
        ),
        (
            (
                "version: 6\nenvironments:\n  d:\n    channels: []\n    packages:\n      linux-64:\n"
                "      - conda: https://x/c/linux-64/a-1-0.conda\npackages: []"
            ),
            "not there",
        ),
        (
            "version: 7\nplatforms:\n- name: linux-64\n- name: linux-64\nenvironments: {}\npackages: []",
            "defined twice",
        ),
        ("version: 7\nplatforms:\n- name: a b\nenvironments: {}\npackages: []", "letters, digits"),
        ("version: 7\nplatforms:\n- name: linux-XX\nenvironments: {}\npackages: []", "linux-XX"),
        (
            (
                "version: 7\nplatforms: []\nenvironments:\n  d:\n    channels: []\n    packages:\n"
                "      linux-64: []\npackages: []"
            ),
            "not defined",
        ),
        ("version: 6\nenvironments: {}\npackages: [", "not YAML"),
    ],
)
def test_a_broken_file_is_an_error_that_names_it(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "broken.lock"
    path.write_text(text)
    with pytest.raises(ParseLockFileError, match=part) as caught:
        LockFile.read(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ParseLockFileError, match=r"nothing\.lock"):
        LockFile.read(tmp_path / "nothing.lock")


def test_versions_that_look_like_numbers_stay_what_they_are() -> None:
    text = (
        "version: 6\nenvironments: {}\npackages:\n"
        "- conda: ./a-1-0.conda\n  name: a\n  version: 3.10\n  build: 1_0\n  subdir: linux-64\n"
    )
    (record_,) = lock_file_records(text)
    assert (str(record_.version), record_.build) == ("3.10", "1_0")


def lock_file_records(text: str) -> list[RepoDataRecord]:
    """Read a lock file whose packages all belong to one environment."""
    used = [f"      {line}" for line in text.splitlines() if line.startswith("- conda: ")]
    environment = "  default:\n    channels: []\n    packages:\n      linux-64:"
    text = text.replace("environments: {}", "\n".join(["environments:", environment, *used]))
    found = LockFile.decode(text).default_environment()
    assert found is not None
    return found.conda_repodata_records()["linux-64"]


def test_only_pypi_packages_without_version_need_version_7() -> None:
    lock_file = LockFile(["linux-64"])
    lock_file.add_pypi_package("default", "linux-64", "source", "", "./source")
    assert lock_file.encode().startswith("version: 7\n")
    assert isinstance(
        (lock_file.default_environment() or Environment("")).pypi_packages()["linux-64"][0],
        PypiLockedPackage,
    )


LINES = {
    name: (DATA / name).read_text().splitlines()
    for name in ("version-6.lock", "version-7.lock", "conda-lock.yml")
}


@settings(max_examples=150)
@given(
    name=st.sampled_from(sorted(LINES)),
    position=st.integers(0, 80),
    change=st.sampled_from(
        [
            "",
            "- x",
            "  a: b",
            "packages: 3",
            "      size: x",
            "- conda: 1",
            "    - []",
            "  sha256: 12",
            "- {}",
            "- pypi: null",
            "    channels:",
        ]
    ),
)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    name: str, position: int, change: str
) -> None:
    lines = list(LINES[name])
    position %= len(lines)
    lines[position] = (
        change if change[:1] != " " else lines[position].split(":")[0] + change.strip()
    )
    with contextlib.suppress(ParseLockFileError):
        LockFile.decode("\n".join(lines))


def test_a_hash_that_is_none_is_an_error() -> None:
    text = (DATA / "version-6.lock").read_text().replace("md5: 6bd8da22ab7d4e7b", "md5: xyz")
    with pytest.raises(ParseLockFileError, match="`md5` is not 32 hexadecimal digits"):
        LockFile.decode(text)
