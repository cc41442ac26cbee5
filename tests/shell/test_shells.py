"""The words of each shell: as text, and as the shell itself understands them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hognose.errors import ActivationError
from hognose.shell import Shell
from support.real_shells import NASTY, SHELLS, variables_after

if TYPE_CHECKING:
    from pathlib import Path

ALL = (
    Shell.bash,
    Shell.sh,
    Shell.zsh,
    Shell.fish,
    Shell.xonsh,
    Shell.powershell,
    Shell.cmd_exe,
    Shell.nushell,
)


@pytest.mark.parametrize("name", SHELLS)
@pytest.mark.parametrize(
    "value", [NASTY, "", "'", "\\", "\n", "a\n\nb\n", "$(exit)", "!x", "%PATH%"]
)
def test_any_value_arrives_in_a_real_shell_as_it_is(name: str, value: str) -> None:
    script = Shell.parse(name).set_variable("SOME_VALUE", value)
    assert variables_after(name, script, {"HOME": "/"})["SOME_VALUE"] == value


@pytest.mark.parametrize("name", SHELLS)
def test_a_variable_is_removed_in_a_real_shell(name: str) -> None:
    script = Shell.parse(name).unset_variable("GONE")
    assert "GONE" not in variables_after(name, script, {"GONE": "1", "KEPT": "2"})


@pytest.mark.parametrize("name", SHELLS)
def test_the_search_path_is_set_extended_and_replaced_in_a_real_shell(name: str) -> None:
    shell = Shell.parse(name)
    before = {"PATH": "/usr/bin:/bin"}
    paths = ["/a b/bin", "/it's/$x"]
    set_, front, back = (
        variables_after(name, method(paths, separator=":"), before)["PATH"]
        for method in (shell.set_path, shell.prepend_path, shell.append_path)
    )
    assert set_ == "/a b/bin:/it's/$x"
    assert front == "/a b/bin:/it's/$x:/usr/bin:/bin"
    assert back == "/usr/bin:/bin:/a b/bin:/it's/$x"


@pytest.mark.parametrize("name", SHELLS)
def test_a_script_runs_in_the_shell_itself(name: str, tmp_path: Path) -> None:
    shell = Shell.parse(name)
    script = tmp_path / f"a 'script'.{shell.extension}"
    script.write_text(shell.set_variable("FROM_SCRIPT", "yes"))
    after = variables_after(name, shell.run_script(str(script)), {})
    assert after["FROM_SCRIPT"] == "yes"


@pytest.mark.parametrize("shell", ALL, ids=str)
@pytest.mark.parametrize("name", ["", "A=B", "A B", "A;B", "1A", "A\n", "A-B", "é"])
def test_a_name_that_no_variable_can_have_is_refused(shell: Shell, name: str) -> None:
    with pytest.raises(ActivationError):
        shell.set_variable(name, "value")


@pytest.mark.parametrize("shell", ALL, ids=str)
def test_a_nul_character_is_refused(shell: Shell) -> None:
    with pytest.raises(ActivationError, match="NUL"):
        shell.set_variable("A", "x\0y")


def test_powershell_doubles_all_that_it_takes_for_a_single_quote() -> None:
    assert Shell.powershell.quote("it's \u2019s $x `y") == "'it''s \u2019\u2019s $x `y'"


def test_cmd_escapes_percent_signs_and_what_stands_between_quotes() -> None:
    assert Shell.cmd_exe.set_variable("A", "100% & more") == '@SET "A=100%% & more"\n'
    assert Shell.cmd_exe.quote('say "a & b" & c') == '"say "a ^& b" & c"'


def test_cmd_cannot_hold_a_line_break() -> None:
    with pytest.raises(ActivationError, match="line break"):
        Shell.cmd_exe.set_variable("A", "a\nb")


def test_nushell_and_xonsh_write_line_breaks_as_escapes() -> None:
    assert Shell.nushell.set_variable("A", 'x\n"y"\\') == '$env."A" = "x\\n\\"y\\"\\\\"\n'
    assert Shell.xonsh.set_variable("A", "x\n'y'") == "$A = \"x\\n'y'\"\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/usr/bin/zsh", "zsh"),
        ("C:\\Windows\\System32\\cmd.exe", "cmd.exe"),
        ("pwsh", "powershell"),
        ("/bin/dash", "sh"),
        ("nu", "nushell"),
        ("cmd_exe", "cmd.exe"),
    ],
)
def test_a_shell_is_found_by_name_or_program(text: str, expected: str) -> None:
    assert Shell.parse(text).name == expected


def test_an_unknown_shell_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ActivationError, match="tcsh") as caught:
        Shell.parse("/bin/tcsh")
    assert "bash" in str(caught.value)


def test_the_users_shell_is_the_one_in_the_environment() -> None:
    assert Shell.current({"SHELL": "/usr/bin/fish"}).name == "fish"
    assert Shell.current({"SHELL": "/bin/tcsh"}) in (Shell.bash, Shell.powershell)
