"""The small files of an environment: history, registry, frozen marker, lock; and removal."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from hognose.errors import FrozenEnvironmentError, InstallerError, LinkError, TransactionError
from hognose.install import (
    PrefixLock,
    environments_file,
    find_foreign_packages,
    freeze,
    frozen_message,
    has_unfinished_transaction,
    iter_revisions,
    parse_history,
    plan_transaction,
    read_history,
    recover,
    register_environment,
    registered_environments,
    require_not_frozen,
    thaw,
    unregister_environment,
)
from hognose.install.codesign import sign_ad_hoc
from hognose.install.history import format_history_block
from hognose.install.unlink import empty_trash, remove_empty_directories, remove_file
from hognose.types import Platform, PrefixRecord, RepoDataRecord

CONDA_HISTORY = """\
==> 2023-01-02 03:04:05 <==
# cmd: /opt/conda/bin/conda create -n x python=3.10 numpy
# conda version: 23.1.0
+conda-forge/linux-64::python-3.10.0-h1_0
+conda-forge/noarch::tzdata-2022-h2_0
# update specs: ['python=3.10', 'numpy']
==> 2023-02-03 04:05:06 <==
# cmd: /opt/conda/bin/conda update python
# conda version: 23.1.0
-conda-forge/linux-64::python-3.10.0-h1_0
+conda-forge/linux-64::python-3.11.0-h1_0
# update specs: ["python[version='>=3']"]
# neutered specs: ['python=3.10']
"""


def test_the_history_that_conda_writes_is_read():
    first, second = parse_history(CONDA_HISTORY)
    assert first.command == "/opt/conda/bin/conda create -n x python=3.10 numpy"
    assert (first.tool, first.tool_version) == ("conda", "23.1.0")
    assert first.update_specs == ("python=3.10", "numpy")
    assert second.unlinked == ("conda-forge/linux-64::python-3.10.0-h1_0",)
    assert second.update_specs == ("python[version='>=3']",)
    assert second.neutered_specs == ("python=3.10",)


def test_revisions_add_up_what_came_and_went():
    revisions = list(iter_revisions(parse_history(CONDA_HISTORY)))
    assert [revision.number for revision in revisions] == [0, 1]
    assert revisions[1].packages == (
        "conda-forge/linux-64::python-3.11.0-h1_0",
        "conda-forge/noarch::tzdata-2022-h2_0",
    )


@pytest.mark.parametrize("text", ["", "\n\n", "no block\n+a\n", "==> tomorrow <==\n+a\n"])
def test_lines_outside_of_blocks_are_passed_over(text):
    assert parse_history(text) == ()


def test_a_block_that_was_written_is_read_back():
    def record(name, version):
        return RepoDataRecord.create(
            name=name,
            version=version,
            build="0",
            subdir="noarch",
            channel="https://conda.anaconda.org/conda-forge/",
        )

    old = PrefixRecord.from_repodata_record(record("a", "1"))
    transaction = plan_transaction([old], [record("a", "2")], platform=Platform("linux-64"))
    text = format_history_block(
        transaction,
        time=datetime(2024, 5, 6, 7, 8, 9),  # noqa: DTZ001  # the file holds local time
        command="cx install\na",
        tool_version="1.0",
        update_specs=["a"],
        remove_specs=["b"],
    )
    assert text == (
        "==> 2024-05-06 07:08:09 <==\n"
        "# cmd: cx install a\n"
        "# hognose version: 1.0\n"
        "-conda-forge/noarch::a-1-0\n"
        "+conda-forge/noarch::a-2-0\n"
        "# update specs: ['a']\n"
        "# remove specs: ['b']\n"
    )
    (block,) = parse_history(text)
    assert block.remove_specs == ("b",)


def test_no_history_is_an_empty_one(tmp_path):
    assert read_history(tmp_path) == ()


def make_environment(path: Path) -> Path:
    (path / "conda-meta").mkdir(parents=True)
    (path / "conda-meta/history").touch()
    return path


def test_environments_are_registered_once_and_forgotten_when_gone(tmp_path):
    registry = environments_file({"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)})
    assert registry == tmp_path / ".conda" / "environments.txt"
    one, two = make_environment(tmp_path / "one"), make_environment(tmp_path / "two")
    assert register_environment(one, registry)
    assert register_environment(two, registry)
    assert not register_environment(one, registry)
    assert registered_environments(registry) == (str(one), str(two))
    assert unregister_environment(one, registry)
    assert not unregister_environment(one, registry)
    assert registry.read_text() == f"{two}\n"
    (two / "conda-meta/history").unlink()
    assert registered_environments(registry) == ()


def test_an_environment_is_frozen_and_thawed(tmp_path):
    make_environment(tmp_path)
    require_not_frozen(tmp_path)
    freeze(tmp_path, "a reason\nin two lines")
    assert frozen_message(tmp_path) == "a reason\nin two lines"
    with pytest.raises(FrozenEnvironmentError) as caught:
        require_not_frozen(tmp_path, override="--override-frozen")
    assert "    a reason\n    in two lines" in str(caught.value)
    assert "--override-frozen" in str(caught.value)
    assert thaw(tmp_path)
    assert not thaw(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"message": 3}', '{"other": 1}'])
def test_a_marker_without_a_message_freezes_too(tmp_path, content):
    make_environment(tmp_path)
    (tmp_path / "conda-meta/frozen").write_text(content)
    with pytest.raises(FrozenEnvironmentError, match="marked as frozen"):
        require_not_frozen(tmp_path)


HOLD = """
import sys
from hognose.install import PrefixLock
with PrefixLock(sys.argv[1]):
    print("taken", flush=True)
    sys.stdin.read()
"""


def test_a_lock_names_its_holder_and_ends_with_it(tmp_path):
    make_environment(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        with pytest.raises(InstallerError) as caught, PrefixLock(tmp_path, timeout=0):
            pass
        assert caught.value.holder.process == holder.pid
        holder.kill()
    with PrefixLock(tmp_path):
        pass
    assert not (tmp_path / "conda-meta/.lock").exists()


def test_nothing_to_recover_is_none(tmp_path):
    assert not has_unfinished_transaction(tmp_path)
    assert recover(tmp_path) is None


def test_a_journal_of_a_newer_program_is_left_alone(tmp_path):
    journal = tmp_path / "conda-meta/.transaction/journal"
    journal.parent.mkdir(parents=True)
    journal.write_text('{"step":"started","process":1,"journal_version":2}\n')
    with pytest.raises(TransactionError, match="newer program"):
        recover(tmp_path)
    assert journal.exists()


def test_a_line_that_was_cut_off_is_not_read(tmp_path):
    journal = tmp_path / "conda-meta/.transaction/journal"
    journal.parent.mkdir(parents=True)
    (tmp_path / "made").touch()
    journal.write_text(
        '{"step":"started","process":1}\n{"step":"creating","files":["made"]}\n{"step":"creat'
    )
    recovered = recover(tmp_path)
    assert (recovered.outcome, recovered.process) == ("undone", 1)
    assert "undone" in str(recovered)
    assert os.listdir(tmp_path / "conda-meta") == []
    assert not (tmp_path / "made").exists()


def test_empty_folders_go_with_their_parents_and_others_stay(tmp_path):
    for path in ("a/b/c", "keep/x", "code/__pycache__", "full"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "full/file").touch()
    (tmp_path / "code/__pycache__/x.pyc").touch()
    remove_empty_directories(
        f"{tmp_path}/",
        ["a/b/c", "keep/x", "code", "full", "gone/already"],
        kept=frozenset({"keep/x"}),
        byte_code_only=frozenset({"code"}),
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "keep"]


def test_a_file_that_is_gone_is_removed_already(tmp_path):
    remove_file(f"{tmp_path}/", "nothing/here")


def test_the_trash_is_emptied(tmp_path):
    assert empty_trash(tmp_path) == 0
    (tmp_path / ".trash").mkdir()
    (tmp_path / ".trash/old.dll.1.trash").touch()
    assert empty_trash(tmp_path) == 0
    assert not (tmp_path / ".trash").exists()


def test_packages_of_another_installer_are_found(tmp_path):
    modules = tmp_path / "lib/site-packages"
    for name, installer in (("rich-1.0", "pip"), ("numpy-2.0", "conda"), ("six-3", "uv")):
        (modules / f"{name}.dist-info").mkdir(parents=True)
        (modules / f"{name}.dist-info/INSTALLER").write_text(installer + "\n")
    owned = PrefixRecord.create(
        name="six", version="3", build="0", files=("lib/site-packages/six-3.dist-info/INSTALLER",)
    )
    found = find_foreign_packages(tmp_path, [owned], "lib/site-packages")
    assert [str(package) for package in found] == ["rich 1.0 (pip)"]


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_binaries_are_signed_in_batches(tmp_path):
    program = tmp_path / "codesign"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n')
    program.chmod(0o755)
    sign_ad_hoc([f"/lib/{number}" for number in range(501)], program=str(program))
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [len(call.split()) - 4 for call in calls] == [500, 1]
    assert calls[1] == "--sign - --force --preserve-metadata=identifier,entitlements /lib/500"


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_a_program_that_cannot_sign_is_an_error(tmp_path):
    program = tmp_path / "codesign"
    program.write_text("#!/bin/sh\necho no identity >&2\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(LinkError, match="ended with 1: no identity"):
        sign_ad_hoc(["/lib/x"], program=str(program))
    with pytest.raises(LinkError, match="does not start"):
        sign_ad_hoc(["/lib/x"], program="/nowhere/codesign")


@pytest.mark.skipif(os.name == "nt", reason="makes symbolic links")
def test_an_environment_is_registered_once_whatever_the_way_to_it(tmp_path):
    prefix = tmp_path / "env"
    prefix.mkdir()
    (tmp_path / "link").symlink_to(prefix)

    assert register_environment(prefix, tmp_path / "environments.txt")
    assert not register_environment(tmp_path / "link", tmp_path / "environments.txt")
