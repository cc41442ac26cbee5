import os
import sys

import msgspec
import pytest

from hognose.errors import (
    FrozenEnvironmentError,
    HognoseError,
    InstallerError,
    LinkError,
    NetworkError,
    TransactionError,
)
from hognose.install import PrefixLock, execute_transaction, freeze, plan_transaction, read_history
from hognose.net import Client
from hognose.types import PrefixRecord
from support.environment import LINUX
from support.package_maker import PLACEHOLDER, File, Link, make_python


def test_an_environment_has_the_files_the_records_and_a_history(environment):
    result = environment.install(
        environment.package(
            "a", files={"bin/a": File("a", executable=True), "lib/a": Link("../bin/a")}
        ),
        requested_specs=["a >=1"],
        command="hognose create -p x a",
    )
    assert [item.kind for item in result.operations] == ["install"]
    assert environment.files() == ["bin/a", "lib/a"]
    (record,) = PrefixRecord.collect(environment.prefix)
    assert record.files == ("bin/a", "lib/a")
    assert record.requested_specs == ("a >=1",)
    (block,) = read_history(environment.prefix)
    assert block.command == "hognose create -p x a"
    assert block.linked == (f"{environment.channel.as_uri()}/linux-64::a-1-0",)
    assert block.update_specs == ("a >=1",)
    assert sorted(os.listdir(environment.prefix / "conda-meta")) == ["a-1-0.json", "history"]


def test_a_second_call_changes_no_file(environment):
    package = environment.package("a", files={"x": "x"})
    environment.install(package, requested_specs=["a"])
    before = {path: path.stat().st_mtime_ns for path in environment.prefix.rglob("*")}
    assert environment.install(package, requested_specs=["a"]).is_empty
    del before[environment.prefix / "conda-meta"]
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_new_specs_are_recorded_with_packages_that_stay(environment):
    package = environment.package("a", files={"x": "x"})
    environment.install(package, requested_specs=["a"])
    environment.install(package, requested_specs=["a 1.*"])
    assert PrefixRecord.collect(environment.prefix)[0].requested_specs == ("a 1.*",)
    environment.install(package)
    assert PrefixRecord.collect(environment.prefix)[0].requested_specs == ("a 1.*",)
    environment.install(package, requested_specs=[])
    assert PrefixRecord.collect(environment.prefix)[0].requested_specs == ()


def test_a_failing_download_leaves_no_environment_behind(environment):
    present = environment.package("a", files={"x": "x"})
    gone = environment.package("b", files={"y": "y"})
    (environment.channel / "linux-64" / "b-1-0.conda").unlink()
    with pytest.raises(NetworkError):
        environment.install(present, gone)
    assert not environment.prefix.exists()


def test_a_failing_update_leaves_the_environment_as_it_was(environment):
    old = environment.package("a", files={"x": "old", "y": "old"})
    environment.install(old)
    before = {path: path.read_bytes() for path in environment.prefix.rglob("*") if path.is_file()}
    new = environment.package("a", "2", files={"x": "new", "z/z": "new"})
    bad = environment.package(
        "b", files={"z/b": File(PLACEHOLDER[:3], prefix="binary")}, prefix_placeholder="/o"
    )
    with pytest.raises(LinkError, match="too long"):
        environment.install(new, bad)
    after = {path: path.read_bytes() for path in environment.prefix.rglob("*") if path.is_file()}
    assert before == after
    assert not (environment.prefix / "z").exists()


def test_a_cancelled_installation_is_undone(environment):
    asked = []

    def is_cancelled():
        asked.append(None)
        return len(asked) > 1

    packages = [environment.package(name, files={name: name}) for name in "abc"]
    with pytest.raises(InstallerError, match="cancelled"):
        environment.install(*packages, is_cancelled=is_cancelled)
    assert not environment.prefix.exists()


def test_a_frozen_environment_is_changed_only_on_request(environment):
    environment.install()
    freeze(environment.prefix, "for production")
    package = environment.package("a", files={"x": "x"})
    with pytest.raises(FrozenEnvironmentError, match="for production") as caught:
        environment.install(package)
    assert "override_frozen=True" in caught.value.hint
    environment.install(package, override_frozen=True)
    assert environment.files() == ["x"]


def test_two_writers_do_not_meet(environment):
    environment.install()
    with (
        PrefixLock(environment.prefix),
        pytest.raises(InstallerError, match=f"process {os.getpid()}"),
    ):
        environment.install(environment.package("a", files={"x": "x"}), lock_timeout=0)


def test_a_prefix_that_is_a_file_is_named(environment):
    environment.prefix.write_text("")
    with pytest.raises(LinkError, match="is a file"):
        environment.install()
    assert environment.prefix.read_text() == ""


def test_a_prefix_that_is_too_long_is_refused_before_anything_is_fetched(environment, tmp_path):
    environment.prefix = tmp_path / ("p" * 200) / ("q" * 60)
    with pytest.raises(LinkError, match="at most 255"):
        environment.install(environment.package("a", files={"x": "x"}))
    assert not environment.cache.root.exists()
    environment.install(environment.package("b", noarch="generic", files={"x": "x"}))


def test_noarch_python_without_python_is_an_error(environment):
    package = environment.package("a", noarch="python", files={"site-packages/a.py": ""})
    with pytest.raises(TransactionError, match="needs Python"):
        environment.install(package)


def test_modules_are_compiled_recorded_and_removed_with_their_package(environment):
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = make_python(environment.channel, f"{version}.0", runs=True)
    package = environment.package(
        "a",
        noarch="python",
        files={"site-packages/a.py": "x = 1\n", "site-packages/bad.py": "no python\n"},
    )
    result = environment.install(python, package, compile_byte_code=True)
    folder = f"lib/python{version}/site-packages/"
    (compiled,) = [path for path in environment.files() if path.endswith(".pyc")]
    assert compiled.startswith(f"{folder}__pycache__/a.")
    assert [failure.path for failure in result.outcome.compile_failures] == [f"{folder}bad.py"]
    record = PrefixRecord.collect(environment.prefix)[0]
    assert compiled in record.files
    environment.install(python, package, compile_byte_code=True, reinstall={"a"})
    assert compiled in environment.files()
    environment.install(python)
    assert not (environment.prefix / folder).exists()


def test_secrets_in_an_address_are_not_recorded(environment):
    package = environment.package("a", files={"x": "x"})
    environment.install(package)
    package.url = "https://user:pa55@example.com/t/token-1/c/linux-64/a-1-0.conda"
    package.channel = "https://user:pa55@example.com/t/token-1/c/"
    environment.install(package, reinstall={"a"})
    text = (environment.prefix / "conda-meta/a-1-0.json").read_text()
    assert "pa55" not in text
    assert "token-1" not in text


@pytest.mark.parametrize("known", ["nothing", "md5", "sha256"])
def test_what_was_measured_of_a_package_is_recorded(environment, known):
    package = environment.package("a", files={"x": "x"})
    full = (package.sha256_hex, package.md5_hex, package.size)
    bare = msgspec.structs.replace(
        package,
        sha256_hex=package.sha256_hex if known == "sha256" else None,
        md5_hex=package.md5_hex if known == "md5" else None,
        size=None,
    )

    for _ in range(2):  # the second time out of the cache
        environment.install(bare)
        (record,) = PrefixRecord.collect(environment.prefix)
        # With a SHA-256 to compare with, no MD5 is computed.
        expected = (full[0], None, full[2]) if known == "sha256" else full
        assert expected == (record.sha256_hex, record.md5_hex, record.size)
        environment.install()


def test_what_a_directory_says_of_another_package_is_not_recorded(environment):
    package = environment.package("a", files={"x": "x"})
    with Client() as client:
        directory = environment.cache.fetch(package, client).path
    other = msgspec.structs.replace(
        package, sha256_hex=None, md5_hex=None, size=None, url="https://example.com/a-1-0.conda"
    )
    plan = plan_transaction([], [other], platform=LINUX)
    execute_transaction(plan, environment.prefix, lambda _: directory)
    (record,) = PrefixRecord.collect(environment.prefix)
    assert (None, None) == (record.sha256_hex, record.size)


def test_secrets_in_specs_and_in_the_command_line_are_not_recorded(environment):
    channel = "https://user:pa55@example.com/t/token-1/c"
    package = environment.package("a", files={"x": "x"})
    for _ in range(2):
        result = environment.install(
            package,
            requested_specs=[f"a[version='>=1', channel='{channel}']"],
            command=f"hognose create -c {channel} a",
        )
    # What was recorded is what is asked for again.
    assert result.is_empty
    for path in (environment.prefix / "conda-meta").iterdir():
        assert "pa55" not in path.read_text()
        assert "token-1" not in path.read_text()


def test_specs_are_recorded_where_conda_looks_for_them(environment):
    # It passes over the specs of a block that has no command.
    environment.install(environment.package("a", files={"x": "x"}), requested_specs=["a >=1"])
    (block,) = read_history(environment.prefix)
    assert ("hognose", ("a >=1",)) == (block.command, block.update_specs)


def test_a_plan_made_before_can_be_carried_out(environment):
    package = environment.package("a", files={"x": "x"})
    with Client() as client:
        directory = environment.cache.fetch(package, client).path
    plan = plan_transaction([], [package], platform=LINUX)
    result = execute_transaction(plan, environment.prefix, lambda _: directory)
    assert environment.files() == ["x"]
    assert result.recovered is None
    with pytest.raises(TransactionError, match="has changed since"):
        execute_transaction(plan, environment.prefix, lambda _: directory)


def test_every_event_has_its_end(environment):
    events = []

    class Reporter:
        def __getattr__(self, name):
            if not name.startswith("on_"):
                raise AttributeError(name)
            return lambda *_: events.append(name.removeprefix("on_"))

    environment.install(environment.package("a", files={"x": "x"}), reporter=Reporter())
    environment.install(reporter=Reporter())
    for event in ("transaction", "transaction_operation", "link", "unlink", "populate_cache"):
        assert events.count(f"{event}_start") == events.count(f"{event}_complete") > 0


def test_errors_of_the_verb_are_hognoses(environment):
    package = environment.package("a", files={"x": "x"})
    package.sha256 = b"0" * 32
    with pytest.raises(HognoseError, match="not the package that was promised"):
        environment.install(package)
    assert not environment.prefix.exists()


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user that can be refused"
)
def test_a_place_that_may_not_be_written_to_is_named(environment, tmp_path):
    package = environment.package("a", files={"x": "x"})
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(HognoseError, match="not allowed to write"):
            environment.install(package)
    finally:
        tmp_path.chmod(0o700)
    assert not environment.prefix.exists()


@pytest.mark.parametrize("prefix_mode", [None, "text"])
def test_a_package_that_lacks_a_file_in_the_cache_is_fetched_anew(environment, prefix_mode):
    content = File(f"in {PLACEHOLDER}\n", prefix=prefix_mode)
    package = environment.package("a", files={"share/x": content, "share/y": "y"})
    environment.install(package)
    environment.install()
    (cached,) = environment.cache.root.glob("a-1-0*/share/x")
    cached.unlink()

    result = environment.install(package)

    assert ["share/x", "share/y"] == environment.files()
    assert cached.exists()
    assert result.installed == (package,)


def test_a_package_that_lacks_a_file_in_the_archive_too_is_an_error(environment):
    package = environment.package(
        "a", files={"x": "x"}, paths=[{"_path": "missing", "path_type": "hardlink"}]
    )
    with pytest.raises(LinkError, match="cannot link missing of a-1-0"):
        environment.install(package)
    assert not environment.prefix.exists()
