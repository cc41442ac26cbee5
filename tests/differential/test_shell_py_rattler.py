"""Activation scripts of hognose and py-rattler leave the same variables in a real shell.

Accepted differences, each with its reason:

* Values are literal in our scripts; py-rattler's let the shell expand `$` (and in zsh and fish
  back-quotes), so that a value like `$(reboot)` is run.
* Deactivation scripts run in reverse order (CEP 32); py-rattler runs them in ascending order.
* Where the shell has no search path, ours does not end in a separator.
"""

import pytest

from hognose.shell import ActivationVariables, Shell, activate
from support.real_shells import SHELLS, make_prefix, variables_after

rattler_shell = pytest.importorskip("rattler.shell.shell")
IGNORED = ("_", "SHLVL", "PWD", "OLDPWD")


@pytest.mark.parametrize("name", SHELLS)
def test_both_scripts_leave_the_same_variables(name, tmp_path):
    shell = Shell.parse(name)
    their_shell = getattr(rattler_shell.Shell, "bash" if shell is Shell.sh else name)
    extension = shell.extension
    line = "set -gx {0} {1}\n" if name == "fish" else "export {0}={1}\n"
    old = make_prefix(
        tmp_path / "old env",
        state={"ONLY_OLD": "1", "BOTH": "old"},
        scripts={f"deactivate.d/a.{extension}": line.format("LEFT", "yes")},
    )
    new = make_prefix(
        tmp_path / "new env",
        state={"both": "new: 'quoted' \"twice\"", "words": "a b  c"},
        env_vars={"p.json": {"PKG": "é"}},
        scripts={
            f"activate.d/b.{extension}": line.format("LAST", "b"),
            f"activate.d/a.{extension}": line.format("LAST", "a"),
        },
    )
    path = [str(old / "bin"), "/usr/bin", "/bin"]
    start = {"PATH": "/usr/bin:/bin", "ONLY_OLD": "1", "BOTH": "old"}
    theirs = rattler_shell.activate(new, rattler_shell.ActivationVariables(old, path), their_shell)
    ours = activate(new, ActivationVariables(old, path), shell)
    assert list(map(str, theirs.path)) == list(map(str, ours.path))
    expected = variables_after(name, theirs.script, start)
    found = variables_after(name, ours.script, start)
    # py-rattler's Python interface is not told the level; ours takes the active one for the first.
    assert (expected.pop("CONDA_SHLVL"), found.pop("CONDA_SHLVL")) == ("1", "2")
    assert found.pop("CONDA_ENV_SHLVL_2_CONDA_PREFIX") == str(old)
    assert {key: value for key, value in found.items() if key not in IGNORED} == {
        key: value for key, value in expected.items() if key not in IGNORED
    }
