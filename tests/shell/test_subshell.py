"""Interactive shells in an activated environment, on a real terminal."""

from __future__ import annotations

import os
import pty
import select
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hognose.errors import ActivationError
from hognose.shell import spawn
from support.real_shells import shell_or_skip

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = str(Path(__file__).resolve().parents[2] / "src")


def converse(prefix: Path, home: Path, name: str, lines: str) -> tuple[str, int]:
    """Spawn a shell on a terminal of its own, type lines, and return what it showed."""
    shell_or_skip(name)
    program = (
        "import sys; from hognose.shell import Shell, spawn;"
        "sys.exit(spawn(sys.argv[1], Shell.parse(sys.argv[2])))"
    )
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": SOURCE,
        "TERM": "dumb",
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".data"),
    }
    process, terminal = pty.fork()
    if process == 0:
        os.execve(sys.executable, [sys.executable, "-c", program, str(prefix), name], environ)
    os.write(terminal, lines.encode())
    shown = b""
    deadline = time.monotonic() + 20
    # The terminal may stay open longer than the shell: fish leaves a process behind.
    has_ended = False
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.02)[0]:
            try:
                shown += os.read(terminal, 65536)
            except OSError:
                break
        elif has_ended:
            break
        elif os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            has_ended = True
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    return shown.decode(errors="replace"), os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize(
    ("name", "start_file"),
    [("bash", ".bashrc"), ("zsh", ".zshrc"), ("fish", ".config/fish/config.fish")],
)
def test_the_shell_is_activated_after_the_users_own_start_file(
    name: str, start_file: str, make_prefix: Callable[..., Path], tmp_path: Path
) -> None:
    prefix = make_prefix("mine", state={"VALUE": "from state"})
    file = tmp_path / "home" / start_file
    file.parent.mkdir(parents=True)
    assign = "set -gx OWN yes; set -gx VALUE no" if name == "fish" else "export OWN=yes VALUE=no"
    file.write_text(f"{assign}\n")
    lines = 'echo "[$OWN|$VALUE|$CONDA_DEFAULT_ENV]"\nexit 3\n'
    shown, status = converse(prefix, tmp_path / "home", name, lines)
    assert "[yes|from state|mine]" in shown
    assert status == 3


def test_the_prompt_shows_the_environment(make_prefix: Callable[..., Path], tmp_path: Path) -> None:
    prefix = make_prefix("mine")
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.bashrc").write_text("PS1='prompt> '\n")
    shown, _ = converse(prefix, tmp_path / "home", "bash", "exit\n")
    assert "(mine) prompt> " in shown


def test_a_missing_environment_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ActivationError, match="there is no environment"):
        spawn(tmp_path / "nothing")
