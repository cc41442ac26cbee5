"""From nothing to an installed conda, and what must not happen on the way."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from hognose.express import main
from hognose.lock import LockFile
from hognose.types import Platform
from support.channel_server import ChannelServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.cx_world import World


def installed(world: World) -> list[str]:
    metadata = world.prefix / "conda-meta"
    return sorted(path.name.rsplit("-", 2)[0] for path in metadata.glob("*.json"))


def cx(world: World, *words: str) -> int:
    return main(words, environ=world.environ)


def test_a_live_solve_installs_the_packages_without_the_excluded_ones(world: World) -> None:
    assert cx(world, "bootstrap") == 0
    assert installed(world) == ["conda", "zlib"]
    assert (world.prefix / "lib/libz.txt").read_text() == "z"


def test_a_lock_file_installs_the_packages_without_the_excluded_ones(world: World) -> None:
    assert cx(world, "bootstrap", "--lockfile", str(world.lock())) == 0
    assert installed(world) == ["conda", "hognose", "zlib"]


def test_the_files_say_what_was_really_used(world: World) -> None:
    cx(world, "bootstrap", "--lockfile", str(world.lock()), "-p", "hognose")
    condarc = (world.prefix / ".condarc").read_text()
    assert condarc.splitlines()[0] == "solver: rattler"
    assert world.channel.as_uri() in condarc
    frozen = json.loads((world.prefix / "conda-meta/frozen").read_text())
    assert list(frozen) == ["message"]
    assert len(frozen["message"].splitlines()) == 4
    state = json.loads((world.prefix / ".cx.json").read_text())
    assert state["packages"] == ["conda >=25", "hognose"]
    assert state["excludes"] == ["conda-libmamba-solver"]
    assert state["delegate"] == "conda"
    assert state["removed"] == {
        "conda-libmamba-solver": "excluded, though needed by conda",
        "libmamba": "needed only by conda-libmamba-solver",
    }


def test_the_prefix_is_an_environment_with_a_history_and_requested_specs(world: World) -> None:
    cx(world, "bootstrap")
    assert (world.prefix / "conda-meta/history").read_text()
    record = json.loads((world.prefix / "conda-meta/conda-25.1-0.json").read_text())
    assert record["requested_specs"] == ["conda >=25"]
    explicit = (world.prefix / "conda-meta/initial-state.explicit.txt").read_text()
    assert explicit.splitlines()[1] == "@EXPLICIT"
    assert "zlib-1.3-0.conda#sha256:" in explicit


def test_the_base_environment_is_registered_until_it_is_uninstalled(world: World) -> None:
    cx(world, "bootstrap")
    registry = world.home / ".conda/environments.txt"
    assert registry.read_text() == f"{world.prefix}\n"
    cx(world, "uninstall", "--yes")
    assert registry.read_text() == ""


def test_a_home_without_room_for_the_registry_does_not_stop_a_bootstrap(world: World) -> None:
    (world.home / ".conda").touch()
    assert cx(world, "bootstrap") == 0


def test_a_second_bootstrap_touches_nothing(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    cx(world, "bootstrap")
    before = sorted((str(path), path.lstat().st_mtime_ns) for path in world.prefix.rglob("*"))
    capsys.readouterr()
    assert cx(world, "bootstrap") == 0
    assert "already bootstrapped" in capsys.readouterr().err
    after = sorted((str(path), path.lstat().st_mtime_ns) for path in world.prefix.rglob("*"))
    assert before == after


def test_messages_go_to_standard_error(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    cx(world, "bootstrap")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Bootstrapping conda into" in captured.err
    assert "Excluded 2 packages (conda-libmamba-solver, libmamba)" in captured.err


@pytest.mark.parametrize("words", [("-q", "bootstrap"), ("bootstrap", "-q")])
def test_quiet_says_nothing_before_and_after_the_command(
    world: World, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cx(world, *words) == 0
    assert capsys.readouterr().err == ""


def test_a_marker_means_that_the_bootstrap_is_taken_up_again(world: World) -> None:
    cx(world, "bootstrap")
    (world.prefix / ".cx-bootstrapping").touch()
    (world.prefix / ".cx.json").unlink()
    shutil.rmtree(world.prefix / "conda-meta")
    assert cx(world, "bootstrap") == 0
    assert installed(world) == ["conda", "zlib"]
    assert not (world.prefix / ".cx-bootstrapping").exists()
    assert (world.prefix / ".cx.json").exists()


def test_a_killed_bootstrap_does_not_look_finished_and_is_finished_by_the_next(
    world: World,
) -> None:
    with ChannelServer(world.channel) as server:
        world.write_config(f'channels = ["{server.url}"]\npackages = ["conda"]\n')
        archive = f"{Platform.current()}/conda-25.1-0.conda"
        server.stall(archive)
        process = start(world, "bootstrap")
        wait_until(lambda: server.count(archive) > 0)
        process.kill()
        process.communicate()
        assert (world.prefix / ".cx-bootstrapping").exists()
        assert "not complete" in world.run("status").stderr
        server.heal()
        assert cx(world, "bootstrap") == 0
    assert not (world.prefix / ".cx-bootstrapping").exists()
    assert "conda" in installed(world)


def test_two_bootstraps_at_once_install_once(world: World) -> None:
    processes = [start(world, "bootstrap") for _ in range(2)]
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum("Installed" in text for text in errors) == 1
    assert installed(world) == ["conda", "zlib"]
    assert not list(world.prefix.glob(".cx-boot*"))


def start(world: World, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "hognose.express", *words],
        env=world.environ,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


def test_force_keeps_named_environments(world: World) -> None:
    cx(world, "bootstrap")
    environment = world.prefix / "envs" / "mine" / "conda-meta"
    environment.mkdir(parents=True)
    stale = world.prefix / "stale.txt"
    stale.touch()
    assert cx(world, "bootstrap", "--force") == 0
    assert environment.is_dir()
    assert not stale.exists()
    assert installed(world) == ["conda", "zlib"]
    assert not (world.prefix / ".cx-old").exists()


def test_a_forced_bootstrap_that_fails_brings_the_old_one_back(world: World) -> None:
    cx(world, "bootstrap")
    lock = world.lock()
    text = lock.read_text().replace(world.records[4].sha256_hex or "-", "0" * 64)
    lock.write_text(text)
    shutil.rmtree(world.environ["RATTLER_CACHE_DIR"])
    assert cx(world, "bootstrap", "--force", "--lockfile", str(lock)) == 1
    assert installed(world) == ["conda", "zlib"]
    assert (world.prefix / ".cx.json").exists()
    assert not (world.prefix / ".cx-old").exists()
    assert not (world.prefix / ".cx-bootstrapping").exists()


@pytest.mark.parametrize("what", ["home", "root", "parent", "other"])
def test_force_refuses_to_delete_what_is_not_ours(
    world: World, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = world.home / "documents"
    other.mkdir()
    (other / "thesis.txt").touch()
    places = {"home": world.home, "root": "/", "parent": world.home.parent, "other": other}
    assert cx(world, "bootstrap", "--force", "--prefix", str(places[what])) == 1
    assert "refusing to delete" in capsys.readouterr().err
    assert (other / "thesis.txt").exists()


def test_a_directory_with_other_files_is_not_installed_into(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    other = world.home / "documents"
    other.mkdir()
    (other / "thesis.txt").touch()
    assert cx(world, "bootstrap", "--prefix", str(other)) == 1
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in other.iterdir()] == ["thesis.txt"]


def test_a_package_with_the_wrong_hash_leaves_no_prefix(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = world.lock()
    lock.write_text(lock.read_text().replace(world.records[4].sha256_hex or "-", "0" * 64))
    assert cx(world, "bootstrap", "--lockfile", str(lock)) == 1
    assert "zlib" in capsys.readouterr().err
    assert not world.prefix.exists()


def test_an_unreachable_channel_leaves_no_prefix(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cx(world, "bootstrap", "-c", (world.home / "nothing").as_uri()) == 1
    assert capsys.readouterr().err
    assert not world.prefix.exists()


def test_unsatisfiable_packages_leave_no_prefix(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cx(world, "bootstrap", "-p", "conda <20") == 1
    assert "conda" in capsys.readouterr().err
    assert not world.prefix.exists()


def test_a_lock_file_is_not_solved_again_for_extra_packages(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = str(world.lock())
    assert cx(world, "bootstrap", "--lockfile", lock, "-p", "numpy") == 1
    assert "no package for `numpy`" in capsys.readouterr().err
    assert cx(world, "bootstrap", "--lockfile", lock, "-p", "zlib >=1.3") == 0


def test_an_excluded_package_stays_if_it_is_asked_for(world: World) -> None:
    assert cx(world, "bootstrap", "-p", "conda-libmamba-solver") == 0
    assert installed(world) == ["conda", "conda-libmamba-solver", "libmamba", "zlib"]


def test_nothing_is_excluded_on_request(world: World) -> None:
    assert cx(world, "bootstrap", "--no-exclude") == 0
    assert installed(world) == ["conda", "conda-libmamba-solver", "libmamba", "zlib"]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--offline", "--no-lock"), "incompatible"),
        (("--payload", "nowhere"), "not a directory"),
        (("--offline",), "needs a lock file"),
        (("--lockfile", "nowhere.lock"), "failed to read lockfile"),
        (("--config", "nowhere.toml"), "cannot be read"),
    ],
)
def test_options_that_cannot_be_followed_are_errors(
    world: World, words: tuple[str, ...], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cx(world, "bootstrap", *words) == 1
    assert part in capsys.readouterr().err
    assert not world.prefix.exists()


def test_a_channel_and_a_lock_file_do_not_go_together(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cx(world, "bootstrap", "--lockfile", str(world.lock()), "-c", "conda-forge") == 1
    assert "--no-lock" in capsys.readouterr().err


def test_an_unknown_option_is_a_usage_error(world: World) -> None:
    assert cx(world, "bootstrap", "--frobnicate") == 2


def test_a_payload_stands_in_for_the_network(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = world.lock(["conda", "zlib"])
    payload = world.home / "payload"
    payload.mkdir()
    for record in world.records:
        shutil.copy(record.url.removeprefix("file://"), payload)
    shutil.rmtree(world.channel)
    words = ("bootstrap", "--lockfile", str(lock), "--payload", str(payload), "--offline")
    assert cx(world, *words) == 0
    assert installed(world) == ["conda", "zlib"]
    err = capsys.readouterr().err
    assert "Payload: 2/2 packages found locally" in err
    assert "Mode: offline" in err


def test_an_incomplete_payload_is_an_error_offline(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    payload = world.home / "payload"
    payload.mkdir()
    words = ("bootstrap", "--lockfile", str(world.lock()), "--payload", str(payload), "--offline")
    assert cx(world, *words) == 1
    assert "3 packages are missing in the payload: conda-25.1-0.conda" in capsys.readouterr().err
    assert not world.prefix.exists()


def test_the_environment_switches_the_network_off(world: World) -> None:
    world.environ["CX_OFFLINE"] = "yes"
    assert cx(world, "bootstrap", "--lockfile", str(world.lock())) == 0
    assert cx(world, "bootstrap", "--force") == 1


def test_a_lock_file_for_other_platforms_is_an_error(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    other = next(name for name in ("osx-arm64", "win-64") if name != str(Platform.current()))
    lock = world.lock()
    lock.write_text(lock.read_text().replace(f"      {Platform.current()}:", f"      {other}:"))
    assert cx(world, "bootstrap", "--lockfile", str(lock)) == 1
    assert "lockfile has no records for platform" in capsys.readouterr().err


def test_python_packages_in_a_lock_file_are_not_passed_over_in_silence(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    path = world.lock()
    lock_file = LockFile.read(path)
    lock_file.add_pypi_package("default", Platform.current(), "attrs", "1", "https://x.org/a-1.whl")
    lock_file.write(path)
    assert cx(world, "bootstrap", "--lockfile", str(path)) == 0
    assert "not installed: attrs" in capsys.readouterr().err


def test_an_installation_is_never_mixed_with_an_environment_of_somebody_else(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    other = world.home / "miniconda"
    (other / "conda-meta").mkdir(parents=True)
    (other / "conda-meta/history").touch()
    assert cx(world, "bootstrap", "--prefix", str(other)) == 0
    assert "already bootstrapped" in capsys.readouterr().err
    assert [path.name for path in (other / "conda-meta").iterdir()] == ["history"]


def test_the_environment_can_name_the_prefix_and_the_payload(world: World) -> None:
    lock = world.lock(["conda", "zlib"])
    payload = world.home / "payload"
    payload.mkdir()
    world.environ.update(CX_PREFIX=str(world.home / "elsewhere"), CX_PAYLOAD=str(payload))
    assert cx(world, "bootstrap", "--lockfile", str(lock)) == 0
    assert (world.home / "elsewhere/bin/conda").exists()
    assert not world.prefix.exists()
