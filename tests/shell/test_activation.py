"""Activation and deactivation, one on top of the other, in real shells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hognose.errors import ActivationError
from hognose.shell import (
    ActivationVariables,
    PathModificationBehavior,
    Shell,
    activate,
    deactivate,
)
from support.real_shells import NASTY, SHELLS, shell_or_skip, variables_after

if TYPE_CHECKING:
    from collections.abc import Callable


def test_an_environment_without_anything_is_a_path_and_two_variables(
    make_prefix: Callable[..., Path],
) -> None:
    prefix = make_prefix("plain")
    result = activate(prefix, ActivationVariables(None, ["/usr/bin"]), Shell.bash)
    assert result.path == [prefix / "bin", Path("/usr/bin")]
    assert result.script == (
        f'export PATH={prefix}/bin:/usr/bin"${{PATH:+:${{PATH}}}}"\n'
        f"export CONDA_SHLVL=1\nexport CONDA_PREFIX={prefix}\n"
    )


@pytest.mark.parametrize(
    ("behavior", "expected"),
    [
        (PathModificationBehavior.Prepend, "{prefix}/bin:/one:/usr/bin:/bin"),
        (PathModificationBehavior.Append, "/usr/bin:/bin:{prefix}/bin:/one"),
        (PathModificationBehavior.Replace, "{prefix}/bin:/one"),
    ],
)
def test_the_path_is_put_before_behind_or_in_the_place_of_the_shells_own(
    make_prefix: Callable[..., Path], behavior: PathModificationBehavior, expected: str
) -> None:
    prefix = make_prefix()
    result = activate(prefix, ActivationVariables(None, ["/one"], behavior), Shell.bash)
    after = variables_after("bash", result.script, {"PATH": "/usr/bin:/bin"})
    assert after["PATH"] == expected.format(prefix=prefix)


@pytest.mark.parametrize("name", SHELLS)
def test_a_real_shell_has_the_variables_and_has_run_the_scripts_in_order(
    name: str, make_prefix: Callable[..., Path]
) -> None:
    shell, _ = shell_or_skip(name)
    extension = shell.extension
    assign = "set -gx LOG" if name == "fish" else "export LOG="
    line = f'{assign} "$LOG$FROM_STATE-{{}}"\n'.replace("= ", "=")
    prefix = make_prefix(
        state={"from_state": "s", "nasty": NASTY},
        scripts={
            f"activate.d/b.{extension}": line.format("b"),
            f"activate.d/a.{extension}": line.format("a"),
            "activate.d/ignored.txt": "exit 1\n",
        },
    )
    after = variables_after(name, activate(prefix, shell=shell).script, {"PATH": "/usr/bin:/bin"})
    assert after["LOG"] == "s-as-b"
    assert after["NASTY"] == NASTY
    assert after["CONDA_PREFIX"] == str(prefix)
    assert after["PATH"].split(":")[0] == f"{prefix}/bin"


def test_files_override_each_other_in_order_and_the_state_wins(
    make_prefix: Callable[..., Path],
) -> None:
    prefix = make_prefix(
        env_vars={"b.json": {"X": "b", "Y": "b"}, "a.json": {"X": "a", "Z": "a", "N": 1}},
        state={"y": "state"},
    )
    after = variables_after("bash", activate(prefix).script, {})
    assert {key: after.get(key) for key in "XYZN"} == {"X": "b", "Y": "state", "Z": "a", "N": None}


def test_deactivation_brings_every_variable_back(make_prefix: Callable[..., Path]) -> None:
    prefix = make_prefix(
        state={"OLD": "inside", "NEW": "inside"},
        scripts={
            "activate.d/s.sh": "export FROM_SCRIPT=1\n",
            "deactivate.d/a.sh": 'export LOG="$LOG a"\n',
            "deactivate.d/b.sh": 'export LOG="$LOG b"; unset FROM_SCRIPT\n',
        },
    )
    before = {"PATH": "/usr/bin:/bin", "OLD": "outside", "LOG": ""}
    shell = Shell.bash
    script = activate(prefix, ActivationVariables.from_environ(before), shell).script
    active = variables_after("bash", script, before)
    assert (active["OLD"], active["NEW"], active["FROM_SCRIPT"]) == ("inside", "inside", "1")
    script = deactivate(ActivationVariables.from_environ(active), shell).script
    after = variables_after("bash", script, active)
    assert after.pop("LOG") == " b a"
    expected = {key: value for key, value in before.items() if key != "LOG"}
    assert {key: after[key] for key in after if key not in ("PWD", "SHLVL", "_")} == expected


def test_activating_on_top_and_deactivating_comes_back_to_the_first(
    make_prefix: Callable[..., Path],
) -> None:
    script = {"activate.d/s.sh": "export ACTIVE=one\n", "deactivate.d/s.sh": "unset ACTIVE\n"}
    one = make_prefix("one", state={"SHARED": "one", "ONLY_ONE": "1"}, scripts=script)
    two = make_prefix("two", state={"SHARED": "two"})
    start = {"PATH": "/usr/bin:/bin", "SHARED": "nobody"}

    def step(make: Callable[[ActivationVariables], str], environ: dict[str, str]) -> dict[str, str]:
        return variables_after("bash", make(ActivationVariables.from_environ(environ)), environ)

    in_one = step(lambda v: activate(one, v, name="one").script, start)
    in_two = step(lambda v: activate(two, v, name="two").script, in_one)
    assert in_two["PATH"] == f"{two}/bin:/usr/bin:/bin"
    assert in_two["SHARED"] == "two"
    assert in_two["CONDA_SHLVL"] == "2"
    assert in_two["CONDA_DEFAULT_ENV"] == "two"
    assert "ONLY_ONE" not in in_two
    assert "ACTIVE" not in in_two
    back = step(lambda v: deactivate(v).script, in_two)
    ignored = ("_", "SHLVL", "PWD")
    assert {k: v for k, v in back.items() if k not in ignored} == {
        k: v for k, v in in_one.items() if k not in ignored
    }
    out = step(lambda v: deactivate(v).script, back)
    assert {k: v for k, v in out.items() if k not in ignored} == start


def test_nothing_is_deactivated_where_nothing_is_active() -> None:
    assert deactivate(ActivationVariables(None, ["/bin"])).script == ""


def test_windows_has_more_directories_and_another_separator(
    make_prefix: Callable[..., Path],
) -> None:
    prefix = make_prefix("win")
    (prefix / "Library/mingw64/bin").mkdir(parents=True)
    result = activate(prefix, shell=Shell.powershell, platform="win-64")
    expected = ["", "Library/mingw64/bin", "Library/mingw-w64/bin", "Library/usr/bin"]
    expected += ["Library/bin", "Scripts", "bin"]
    assert result.path == [prefix / part for part in expected]
    assert ";".join(str(prefix / part) for part in expected) in result.script


@pytest.mark.parametrize(
    "text",
    ["{", "[1]", "é" * 3, '{"x": ' + "[" * 100_000],
    ids=["cut off", "a list", "no JSON", "nested deeply"],
)
def test_a_broken_file_is_an_error_that_names_it(
    make_prefix: Callable[..., Path], text: str
) -> None:
    prefix = make_prefix(env_vars={"a.json": text})
    with pytest.raises(ActivationError, match=r"a\.json"):
        activate(prefix)
