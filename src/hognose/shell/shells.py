"""What each shell calls the handful of things that activation needs.

A `Shell` turns one step (set a variable, put directories on the path, run a script) into one or
more lines of its language. Every value is written as a literal: nothing in it is expanded, so
quotes, dollars, back-slashes and line breaks arrive as they are. Which steps there are, and in
what order, is `hognose.shell.activation`; starting shells is `hognose.shell.execution`.
"""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING, ClassVar

from hognose.errors import ActivationError
from hognose.shell.prefix_settings import is_variable_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Shell:
    """One shell language; the class attributes `Shell.bash`, `Shell.fish`, ... hold the known ones.

    Attributes:
        name: What people call it, and what `Shell.parse` accepts.
        executable: The program that runs it.
        extension: The extension of its scripts, without the dot.
        script_extensions: The extensions of the scripts that it can run in `activate.d`.
        line_ending: What ends each line of a script file.
    """

    bash: ClassVar[Shell]
    sh: ClassVar[Shell]
    zsh: ClassVar[Shell]
    fish: ClassVar[Shell]
    xonsh: ClassVar[Shell]
    powershell: ClassVar[Shell]
    cmd_exe: ClassVar[Shell]
    nushell: ClassVar[Shell]

    __slots__ = ()

    name = "sh"
    executable = "sh"
    extension = "sh"
    script_extensions: tuple[str, ...] = ("sh",)
    line_ending = "\n"

    @staticmethod
    def parse(name: str) -> Shell:
        """Find a shell by its name or by the path of its program.

        Raises:
            ActivationError: If it is none of the known shells.
        """
        base = name.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
        shell = _SHELLS.get(base)
        if shell is None:
            message = f"unknown shell: {name}"
            known = ", ".join(sorted({shell.name for shell in _SHELLS.values()}))
            raise ActivationError(message, hint=f"the known shells are {known}", shell=name)
        return shell

    @staticmethod
    def current(environ: Mapping[str, str] | None = None) -> Shell:
        """The user's shell: the one named by `SHELL`, or the platform's usual one."""
        environ = os.environ if environ is None else environ
        try:
            return Shell.parse(environ["SHELL"])
        except (KeyError, ActivationError):
            return Shell.powershell if sys.platform == "win32" else Shell.bash

    def __repr__(self) -> str:
        return f"Shell({self.name})"

    def __str__(self) -> str:
        return self.name

    def preamble(self) -> str:
        """Lines that belong at the start of every script; empty for most shells."""
        return ""

    def quote(self, text: str) -> str:
        """Write a text as one literal word."""
        return shlex.quote(text)

    def set_variable(self, name: str, value: str) -> str:
        """Set and export a variable."""
        return f"export {_checked(name, value)}={self.quote(value)}\n"

    def unset_variable(self, name: str) -> str:
        """Remove a variable; no error if it is not set."""
        return f"unset {_checked(name)}\n"

    def set_path(self, paths: Sequence[str], *, separator: str) -> str:
        """Set the search path to exactly these directories."""
        return self.set_variable("PATH", separator.join(paths))

    def prepend_path(self, paths: Sequence[str], *, separator: str) -> str:
        """Put directories in front of the search path."""
        return f'export PATH={self.quote(separator.join(paths))}"${{PATH:+{separator}${{PATH}}}}"\n'

    def append_path(self, paths: Sequence[str], *, separator: str) -> str:
        """Put directories behind the search path."""
        return f'export PATH="${{PATH:+${{PATH}}{separator}}}"{self.quote(separator.join(paths))}\n'

    def run_script(self, path: str) -> str:
        """Run a script in the shell itself, so that it can change variables."""
        return f". {self.quote(path)}\n"

    def set_prompt(self, text: str) -> str:
        """Put a text in front of the prompt."""
        return f'PS1={self.quote(text)}"${{PS1-}}"\n'

    def script_command(self, path: str) -> list[str]:
        """The command that runs a script file in a new shell."""
        return [self.executable, path]


class _Bash(Shell):
    __slots__ = ()
    name = executable = "bash"


class _Zsh(Shell):
    __slots__ = ()
    name = executable = "zsh"


class _Fish(Shell):
    __slots__ = ()
    name = executable = extension = "fish"
    script_extensions = ("fish",)

    def quote(self, text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def set_variable(self, name: str, value: str) -> str:
        return f"set -gx {_checked(name, value)} {self.quote(value)}\n"

    def unset_variable(self, name: str) -> str:
        return f"set -e {_checked(name)}\n"

    def set_path(self, paths: Sequence[str], *, separator: str) -> str:
        del separator  # PATH is a list in fish
        return f"set -gx PATH {' '.join(map(self.quote, paths))}\n"

    def prepend_path(self, paths: Sequence[str], *, separator: str) -> str:
        del separator
        return f"set -gx PATH {' '.join(map(self.quote, paths))} $PATH\n"

    def append_path(self, paths: Sequence[str], *, separator: str) -> str:
        del separator
        return f"set -gx PATH $PATH {' '.join(map(self.quote, paths))}\n"

    def run_script(self, path: str) -> str:
        return f"source {self.quote(path)}\n"

    def set_prompt(self, text: str) -> str:
        return (
            "functions -q fish_prompt; and functions --copy fish_prompt __hognose_prompt\n"
            f"function fish_prompt; printf '%s' {self.quote(text)}; "
            "functions -q __hognose_prompt; and __hognose_prompt; end\n"
        )


class _Xonsh(Shell):
    __slots__ = ()
    name = executable = "xonsh"
    extension = "xsh"
    script_extensions = ("xsh", "sh")

    def quote(self, text: str) -> str:
        return repr(text)

    def set_variable(self, name: str, value: str) -> str:
        return f"${_checked(name, value)} = {self.quote(value)}\n"

    def unset_variable(self, name: str) -> str:
        return f"__xonsh__.env.pop({_checked(name)!r}, None)\n"

    def set_path(self, paths: Sequence[str], *, separator: str) -> str:
        del separator  # PATH is a list in xonsh
        return f"$PATH = {list(paths)!r}\n"

    def prepend_path(self, paths: Sequence[str], *, separator: str) -> str:
        del separator
        return "".join(f"$PATH.insert(0, {path!r})\n" for path in reversed(paths))

    def append_path(self, paths: Sequence[str], *, separator: str) -> str:
        del separator
        return "".join(f"$PATH.append({path!r})\n" for path in paths)

    def run_script(self, path: str) -> str:
        source = "source-bash" if path.endswith(".sh") else "source"
        return f"{source} {self.quote(path)}\n"

    def set_prompt(self, text: str) -> str:
        return f"$PROMPT = {text!r} + $PROMPT if isinstance($PROMPT, str) else $PROMPT\n"


class _PowerShell(Shell):
    __slots__ = ()
    name = "powershell"
    executable = "pwsh"
    extension = "ps1"
    script_extensions = ("ps1",)

    def preamble(self) -> str:
        utf8 = "[System.Text.Encoding]::UTF8"
        console = "[System.Console]::OutputEncoding = [System.Console]::InputEncoding"
        return f"$OutputEncoding = {console} = {utf8}\n"

    def quote(self, text: str) -> str:
        # PowerShell takes the four typographic single quotes for the plain one.
        for mark in "'\u2018\u2019\u201a\u201b":
            text = text.replace(mark, mark * 2)
        return f"'{text}'"

    def set_variable(self, name: str, value: str) -> str:
        return f"${{Env:{_checked(name, value)}}} = {self.quote(value)}\n"

    def unset_variable(self, name: str) -> str:
        return f"Remove-Item -ErrorAction Ignore -LiteralPath Env:{_checked(name)}\n"

    def prepend_path(self, paths: Sequence[str], *, separator: str) -> str:
        return f"${{Env:PATH}} = {self.quote(separator.join(paths) + separator)} + ${{Env:PATH}}\n"

    def append_path(self, paths: Sequence[str], *, separator: str) -> str:
        return f"${{Env:PATH}} = ${{Env:PATH}} + {self.quote(separator + separator.join(paths))}\n"

    def set_prompt(self, text: str) -> str:
        return (
            "$function:__hognose_prompt = $function:prompt\n"
            f"function global:prompt {{ {self.quote(text)} + (__hognose_prompt) }}\n"
        )

    def script_command(self, path: str) -> list[str]:
        return [
            self.executable,
            "-NoProfile",
            "-ExecutionPolicy",
            "Bypass",
            "-File",
            path,
        ]


class _CmdExe(Shell):
    __slots__ = ()
    name = "cmd.exe"
    executable = "cmd.exe"
    extension = "bat"
    script_extensions = ("bat",)
    line_ending = "\r\n"

    def preamble(self) -> str:
        return "@chcp 65001 > nul\n"

    def quote(self, text: str) -> str:
        if "\n" in text or "\r" in text:
            message = "cmd.exe cannot hold a line break in a value"
            raise ActivationError(
                message,
                hint="use another shell, or start the program with `hognose run`",
            )
        # A quote inside the value closes the outer quotes: until the next one, characters that
        # cmd.exe acts on need their caret.
        quoted, outside = ['"'], False
        for character in text.replace("%", "%%"):
            if character == '"':
                outside = not outside
            elif outside and character in "^&|<>()":
                quoted.append("^")
            quoted.append(character)
        return "".join([*quoted, '"'])

    def set_variable(self, name: str, value: str) -> str:
        return f"@SET {self.quote(f'{_checked(name, value)}={value}')}\n"

    def unset_variable(self, name: str) -> str:
        return f'@SET "{_checked(name)}="\n'

    def prepend_path(self, paths: Sequence[str], *, separator: str) -> str:
        return f'@SET {self.quote("PATH=" + separator.join(paths) + separator)[:-1]}%PATH%"\n'

    def append_path(self, paths: Sequence[str], *, separator: str) -> str:
        return f'@SET "PATH=%PATH%{self.quote(separator + separator.join(paths))[1:]}\n'

    def run_script(self, path: str) -> str:
        return f"@CALL {self.quote(path)}\n"

    def set_prompt(self, text: str) -> str:
        # PROMPT has its own escapes, which start with a dollar.
        prompt = text.replace("$", "$$").replace("(", "$C").replace(")", "$F")
        return f'@SET {self.quote("PROMPT=" + prompt)[:-1]}%PROMPT%"\n'

    def script_command(self, path: str) -> list[str]:
        return [self.executable, "/D", "/C", path]


class _NuShell(Shell):
    __slots__ = ()
    name = "nushell"
    executable = "nu"
    extension = "nu"
    script_extensions = ("nu",)

    def quote(self, text: str) -> str:
        escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
        return '"' + "".join(escapes.get(character, character) for character in text) + '"'

    def set_variable(self, name: str, value: str) -> str:
        return f"$env.{self.quote(_checked(name, value))} = {self.quote(value)}\n"

    def unset_variable(self, name: str) -> str:
        return f"hide-env --ignore-errors {self.quote(_checked(name))}\n"

    def set_path(self, paths: Sequence[str], *, separator: str) -> str:
        del separator  # PATH is a list in nushell
        return f"$env.PATH = [{', '.join(map(self.quote, paths))}]\n"

    def prepend_path(self, paths: Sequence[str], *, separator: str) -> str:
        del separator
        return f"$env.PATH = ($env.PATH | prepend [{', '.join(map(self.quote, paths))}])\n"

    def append_path(self, paths: Sequence[str], *, separator: str) -> str:
        del separator
        return f"$env.PATH = ($env.PATH | append [{', '.join(map(self.quote, paths))}])\n"

    def run_script(self, path: str) -> str:
        return f"source-env {self.quote(path)}\n"

    def set_prompt(self, text: str) -> str:
        return f"$env.PROMPT_COMMAND = {{|| {self.quote(text)} + (pwd) }}\n"


def _checked(name: str, value: str = "") -> str:
    """Return a variable's name, if a shell script can carry it and its value without harm."""
    if not is_variable_name(name):
        message = f"not a name for an environment variable: {name!r}"
        raise ActivationError(message, variable=name)
    if "\0" in value:
        message = f"the value of {name} contains a NUL character"
        raise ActivationError(message, variable=name)
    return name


Shell.bash = _Bash()
Shell.sh = Shell()
Shell.zsh = _Zsh()
Shell.fish = _Fish()
Shell.xonsh = _Xonsh()
Shell.powershell = _PowerShell()
Shell.cmd_exe = _CmdExe()
Shell.nushell = _NuShell()

_SHELLS = {
    "bash": Shell.bash,
    "brush": Shell.bash,
    "sh": Shell.sh,
    "dash": Shell.sh,
    "ash": Shell.sh,
    "ksh": Shell.sh,
    "busybox": Shell.sh,
    "zsh": Shell.zsh,
    "fish": Shell.fish,
    "xonsh": Shell.xonsh,
    "powershell": Shell.powershell,
    "pwsh": Shell.powershell,
    "cmd": Shell.cmd_exe,
    "cmd_exe": Shell.cmd_exe,
    "nu": Shell.nushell,
    "nushell": Shell.nushell,
}
