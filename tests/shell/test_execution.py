"""Programs in an activated environment: real processes, their status, streams and signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hognose.errors import ActivationError
from hognose.shell import environment_variables, run
from support.real_shells import NASTY

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = str(Path(__file__).resolve().parents[2] / "src")


def start(prefix: Path, *argv: str, stdin: object = None) -> subprocess.Popen[bytes]:
    """Start a process that becomes a program in an environment."""
    program = "import sys; from hognose.shell import run; run(sys.argv[1], sys.argv[2:])"
    return subprocess.Popen(
        [sys.executable, "-c", program, str(prefix), *argv],
        env={**os.environ, "PYTHONPATH": SOURCE},
        stdin=subprocess.PIPE if stdin is None else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_without_scripts_the_variables_are_computed_without_a_shell(
    make_prefix: Callable[..., Path],
) -> None:
    prefix = make_prefix("mine", state={"VALUE": NASTY})
    assert environment_variables(prefix, {"PATH": "/nowhere"}) == {
        "PATH": f"{prefix}/bin:/nowhere",
        "CONDA_PREFIX": str(prefix),
        "CONDA_SHLVL": "1",
        "CONDA_DEFAULT_ENV": "mine",
        "CONDA_PROMPT_MODIFIER": "(mine) ",
        "VALUE": NASTY,
    }


def test_scripts_run_in_a_shell_and_may_do_anything_to_the_variables(
    make_prefix: Callable[..., Path],
) -> None:
    prefix = make_prefix(
        state={"BASE": "a\nb"},
        scripts={
            "activate.d/x.sh": 'export DERIVED="$BASE!"; unset GONE; PATH=/x:$PATH; echo hi\n'
        },
    )
    before = {
        "PATH": "/usr/bin:/bin",
        "GONE": "1",
        "SHLVL": "7",
        "BASH_ENV": "/nowhere",
        "L": "\udcff",
    }
    after = environment_variables(prefix, before)
    assert after["DERIVED"] == "a\nb!"
    assert "GONE" not in after
    assert after["PATH"] == f"/x:{prefix}/bin:/usr/bin:/bin"
    assert (after["SHLVL"], after["BASH_ENV"], after["L"]) == ("7", "/nowhere", "\udcff")
    assert "_" not in after


def test_an_active_environment_is_put_aside(make_prefix: Callable[..., Path]) -> None:
    one, two = make_prefix("one", state={"ONE": "1"}), make_prefix("two")
    in_one = environment_variables(one, {"PATH": "/bin"})
    in_two = environment_variables(two, in_one)
    assert "ONE" not in in_two
    assert in_two["PATH"] == f"{two}/bin:/bin"


def test_a_failing_script_is_an_error_that_names_it(make_prefix: Callable[..., Path]) -> None:
    prefix = make_prefix(scripts={"activate.d/bad.sh": "exit 9\n"})
    with pytest.raises(ActivationError, match=r"bad\.sh"):
        environment_variables(prefix)


def test_a_missing_environment_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ActivationError, match="there is no environment"):
        environment_variables(tmp_path / "nothing")


def test_a_missing_program_is_an_error(make_prefix: Callable[..., Path]) -> None:
    with pytest.raises(ActivationError, match="frobnicate"):
        run(make_prefix(), ["frobnicate"])


@pytest.mark.parametrize("status", [0, 1, 3, 130, 255])
def test_the_programs_exit_status_is_ours(make_prefix: Callable[..., Path], status: int) -> None:
    prefix = make_prefix()
    assert run(prefix, ["sh", "-c", f"exit {status}"], replace=False) == status
    with start(prefix, "sh", "-c", f"exit {status}") as process:
        process.communicate()
    assert process.returncode == status


def test_a_signal_becomes_a_status_where_we_wait_and_stays_one_where_we_do_not(
    make_prefix: Callable[..., Path],
) -> None:
    prefix = make_prefix()
    assert run(prefix, ["sh", "-c", "kill -KILL $$"], replace=False) == 137
    with start(prefix, "sh", "-c", "kill -KILL $$") as process:
        process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_a_megabyte_passes_through_unchanged(make_prefix: Callable[..., Path]) -> None:
    with start(make_prefix(), "cat") as process:
        data = bytes(range(256)) * 4096
        assert process.communicate(data)[0] == data


def test_an_interrupt_reaches_the_program_itself(make_prefix: Callable[..., Path]) -> None:
    script = "trap 'echo caught; exit 42' INT; echo ready; while :; do sleep 0.05; done"
    with start(make_prefix(), "sh", "-c", script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == b"caught\n"
    assert process.returncode == 42


def test_a_closed_pipe_ends_the_program_silently(make_prefix: Callable[..., Path]) -> None:
    with start(make_prefix(), "sh", "-c", "yes") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""


def test_the_environments_own_program_is_found_first(make_prefix: Callable[..., Path]) -> None:
    prefix = make_prefix()
    program = prefix / "bin/ls"
    program.write_text("#!/bin/sh\necho mine $1\n")
    program.chmod(0o755)
    with start(prefix, "ls", 'it\'s a "word"') as process:
        assert process.communicate()[0] == b'mine it\'s a "word"\n'
