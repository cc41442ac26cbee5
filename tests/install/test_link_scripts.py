import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hognose.errors import InstallerError, TransactionError
from hognose.install import recover
from hognose.install.journal import Journal
from hognose.install.link_scripts import _end_tree_command
from support.package_maker import File

posix = pytest.mark.skipif(os.name == "nt", reason="named pipes and signals")
TESTS = Path(__file__).parent.parent

# A script that says that it runs and then waits to be told to go on, through two named pipes.
SLOW = File(
    'echo > "$PREFIX/../runs"; read word < "$PREFIX/../go"; touch "$PREFIX/late"\n',
    executable=True,
)
INSTALL = f"""
import sys
from pathlib import Path
from support.environment import Environment
from support.package_maker import File
environment = Environment(Path(sys.argv[1]))
script = File({SLOW.content!r}, executable=True)
package = environment.package("slow", files={{"bin/.slow-post-link.sh": script}})
environment.install(package, execute_link_scripts=True)
"""
SCRIPT = File(
    'echo "$PKG_NAME $PKG_VERSION" >> "$PREFIX/log"\necho hello > "$PREFIX/.messages.txt"\n',
    executable=True,
)


def test_link_scripts_are_listed_and_not_run(environment):
    result = environment.install(environment.package("a", files={"bin/.a-post-link.sh": SCRIPT}))
    (script,) = result.outcome.skipped_scripts
    assert (script.package, script.action) == ("a", "post-link")
    assert not (environment.prefix / "log").exists()


def test_link_scripts_run_for_the_packages_that_may(environment):
    packages = [
        environment.package(name, files={f"bin/.{name}-post-link.sh": SCRIPT}) for name in "ab"
    ]
    result = environment.install(*packages, execute_link_scripts={"a"})
    assert environment.read("log") == "a 1\n"
    (outcome,) = result.outcome.scripts
    assert outcome.messages == "hello\n"
    assert not (environment.prefix / ".messages.txt").exists()


def test_pre_link_and_pre_unlink_scripts_run_at_their_time(environment):
    package = environment.package(
        "a",
        files={
            "bin/.a-pre-link.sh": File(
                'test ! -e "$PREFIX/bin" && touch "$PREFIX/before"', executable=True
            ),
            "bin/.a-pre-unlink.sh": File(
                'test -e "$PREFIX/bin" && touch "$PREFIX/last"', executable=True
            ),
        },
    )
    environment.install(package, execute_link_scripts=True)
    assert (environment.prefix / "before").exists()
    environment.install(execute_link_scripts=True)
    assert (environment.prefix / "last").exists()


def test_scripts_are_told_of_the_root_prefix(environment):
    script = File('echo "$ROOT_PREFIX" > "$PREFIX/root"\n', executable=True)
    package = environment.package("a", files={"bin/.a-post-link.sh": script})
    environment.install(package, execute_link_scripts=True, root_prefix="/opt/conda")
    assert "/opt/conda\n" == environment.read("root")


def test_a_failing_link_script_undoes_everything(environment):
    old = environment.package("a", files={"x": "old"})
    environment.install(old)
    new = environment.package(
        "a",
        "2",
        files={"x": "new", "bin/.a-post-link.sh": File("echo broken; exit 3", executable=True)},
    )
    with pytest.raises(TransactionError, match="status 3: broken"):
        environment.install(new, execute_link_scripts=True)
    assert environment.files() == ["x"]
    assert environment.read("x") == "old"


@pytest.fixture
def pipes(environment):
    """Make the named pipes of `SLOW`; return the one that it reads."""
    for name in ("runs", "go"):
        os.mkfifo(environment.prefix.parent / name)
    return environment.prefix.parent / "go"


def await_script(pipes):
    with pipes.with_name("runs").open() as pipe:
        pipe.read()


def slow(environment):
    return environment.package("slow", files={"bin/.slow-post-link.sh": SLOW})


@posix
def test_a_script_of_a_change_that_is_cancelled_is_ended(environment, pipes):
    cancelled = threading.Event()

    def cancel():
        await_script(pipes)
        cancelled.set()

    threading.Thread(target=cancel).start()
    with pytest.raises(TransactionError, match="post-link script of slow was cancelled"):
        environment.install(
            slow(environment), execute_link_scripts=True, is_cancelled=cancelled.is_set
        )

    assert not environment.prefix.exists()
    with pytest.raises(OSError, match="No such device or address"):
        # Nobody reads any more.
        os.open(pipes, os.O_WRONLY | os.O_NONBLOCK)


@posix
def test_what_a_killed_process_had_started_is_waited_for(environment, pipes, caplog):
    process = subprocess.Popen(
        [sys.executable, "-c", INSTALL, environment.prefix.parent], cwd=TESTS
    )
    await_script(pipes)
    process.send_signal(signal.SIGKILL)
    process.wait()

    with pytest.raises(InstallerError, match=r"a program .* still runs"):
        recover(environment.prefix, lock_timeout=0)
    assert (environment.prefix / "conda-meta/.transaction").exists()
    with pytest.raises(InstallerError, match="still runs"):
        recover(environment.prefix, lock_timeout=1.2)
    assert ["waiting for it"] == [record.message[-14:] for record in caplog.records]

    pipes.write_text("go\n")
    assert str(recover(environment.prefix)).startswith("an interrupted change was undone")
    # The environment was made for that change, so what the script wrote goes with it.
    assert not environment.prefix.exists()


@posix
def test_a_script_is_ended_by_an_interrupt(environment, pipes):
    process = subprocess.Popen(
        [sys.executable, "-c", INSTALL, environment.prefix.parent],
        cwd=TESTS,
        stderr=subprocess.PIPE,
    )
    await_script(pipes)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()

    assert b"KeyboardInterrupt" in said
    assert not environment.prefix.exists()
    with pytest.raises(OSError, match="No such device or address"):
        os.open(pipes, os.O_WRONLY | os.O_NONBLOCK)


# What a script may leave: a file, one in a folder of a package's, folders, a link.
LITTER = File(
    'echo x > "$PREFIX/litter"; echo x > "$PREFIX/bin/litter"; mkdir -p "$PREFIX/new/inner"\n'
    'echo x > "$PREFIX/new/inner/x"; echo x > "$PREFIX/conda-meta/litter"\n'
    'ln -s "$PREFIX/../kept" "$PREFIX/new/link"; echo x > "$PREFIX/share/litter"; exit 3\n',
    executable=True,
)


@posix
@pytest.mark.parametrize("action", ["pre-link", "post-link"])
def test_an_environment_that_was_to_be_made_is_gone_with_what_scripts_left_in_it(
    environment, action
):
    kept = environment.prefix.parent / "kept"
    kept.mkdir()
    (kept / "mine").write_text("mine")
    packages = [
        environment.package("a", files={"bin/a": "a", "share/a": "a"}),
        environment.package("b", depends=["a"], files={f"bin/.b-{action}.sh": LITTER}),
    ]
    with pytest.raises(TransactionError, match="status 3"):
        environment.install(*packages, execute_link_scripts=True)
    assert not environment.prefix.exists()
    assert "mine" == (kept / "mine").read_text()


def test_what_scripts_left_goes_after_a_kill_as_well(environment):
    prefix = environment.prefix
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "before").write_text("made before the scripts")
    made = [str(prefix), f"{prefix}/conda-meta"]
    journal = Journal.begin(str(prefix), made_directories=made)
    journal.make_directories(["bin"])
    journal.note_scripts()
    for path in ("bin/x", "envs/other/conda-meta/history", "new/x"):
        (prefix / path).parent.mkdir(parents=True, exist_ok=True)
        (prefix / path).write_text("x")
    journal.close()

    recover(prefix)

    # Another environment is nobody's trace.
    assert ["before", "envs/other/conda-meta/history"] == sorted(
        path.relative_to(prefix).as_posix() for path in prefix.rglob("*") if path.is_file()
    )
    assert not (prefix / "new").exists()


@posix
def test_what_scripts_wrote_into_an_environment_that_was_there_stays(environment):
    environment.install()
    package = environment.package("b", files={"share/b": "b", "bin/.b-post-link.sh": LITTER})
    with pytest.raises(TransactionError, match="status 3"):
        environment.install(package, execute_link_scripts=True)
    assert ["bin/litter", "litter", "new/inner/x", "new/link", "share/litter"] == (
        environment.files()
    )


def test_on_windows_a_script_is_ended_with_all_that_it_has_started(monkeypatch):
    monkeypatch.setenv("SYSTEMROOT", "W:")

    program, *options = _end_tree_command(42)

    assert program == os.path.join("W:", "System32", "taskkill.exe")
    assert options == ["/F", "/T", "/PID", "42"]
