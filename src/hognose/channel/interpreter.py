"""Ask a Python interpreter what it is and where its parts lie.

The interpreter answers in a subprocess, in isolated mode: nothing from the caller's environment, a
user's site or a virtual environment gets into the answer. Of a virtual environment the interpreter
that it was made from is described.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import ChannelBuildError

if TYPE_CHECKING:
    import os

_QUESTION = """
import json, os, struct, sys, sysconfig
info = sys.version_info
suffix = {"alpha": "a", "beta": "b", "candidate": "rc"}.get(info.releaselevel)
number = "%d.%d.%d" % info[:3]
executable = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
named = os.path.join(sys.base_exec_prefix, "bin", "python%d.%d" % info[:2])
if os.path.isfile(named):
    executable = os.path.realpath(named)
header = sysconfig.get_config_h_filename()
multiarch = getattr(sys.implementation, "_multiarch", "")
real = os.path.join(sys.base_prefix, "include", multiarch,
                    "python" + sysconfig.get_python_version(), "pyconfig.h")
if multiarch and os.path.isfile(real):  # Debian's pyconfig.h includes the one for the machine
    header = real
base = {"installed_base": sys.base_prefix, "installed_platbase": sys.base_exec_prefix,
        "base": sys.base_prefix, "platbase": sys.base_exec_prefix}
variable = sysconfig.get_config_var
print(json.dumps({
    "implementation": sys.implementation.name,
    "version_text": sys.version,
    "version": number + (suffix + str(info.serial) if suffix else ""),
    "python_version": "%d.%d" % info[:2],
    "executable": executable,
    "prefix": os.path.realpath(sys.base_prefix),
    "named_prefix": sys.base_prefix,
    "stdlib": os.path.realpath(sysconfig.get_path("stdlib", vars=base)),
    "platstdlib": os.path.realpath(sysconfig.get_path("platstdlib", vars=base)),
    "include": os.path.realpath(sysconfig.get_path("include", vars=base)),
    "config_header": os.path.realpath(header),
    "library_directory": os.path.realpath(variable("LIBDIR") or sys.base_prefix),
    "is_free_threaded": bool(variable("Py_GIL_DISABLED")),
    "abi_flags": getattr(sys, "abiflags", ""),
    "platform": sysconfig.get_platform(),
    "bits": struct.calcsize("P") * 8,
}))
"""

_LINUX_ARCHITECTURES = {
    "x86_64": "64",
    "amd64": "64",
    "i686": "32",
    "i386": "32",
    "aarch64": "aarch64",
    "armv6l": "armv6l",
    "armv7l": "armv7l",
    "ppc64le": "ppc64le",
    "ppc64": "ppc64",
    "s390x": "s390x",
    "riscv32": "riscv32",
    "riscv64": "riscv64",
    "loongarch64": "loongarch64",
}


class Interpreter(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A Python interpreter; paths are absolute, without symbolic links.

    Attributes:
        implementation: `cpython` for the interpreters that can be repackaged.
        version: The full version in conda's spelling, such as `3.11.7` or `3.14.0rc1`.
        version_text: What `sys.version` says.
        python_version: The minor version, such as `3.11`.
        executable: The program itself, not a link to it and not a virtual environment's.
        prefix: The directory that it is installed in.
        named_prefix: The same directory as the interpreter names it, which its files may mention.
        stdlib: The directory of the standard library.
        platstdlib: The directory whose `lib-dynload` holds the extension modules.
        include: The directory of the C headers.
        config_header: The real `pyconfig.h`.
        library_directory: The directory of `libpython`.
        is_free_threaded: True for an interpreter without a global lock.
        abi_flags: What its files have after the version, such as `t`.
        platform: The platform as `sysconfig` names it, such as `linux-x86_64`.
        bits: 32 or 64.
    """

    implementation: str
    version: str
    version_text: str
    python_version: str
    executable: str
    prefix: str
    named_prefix: str
    stdlib: str
    platstdlib: str
    include: str
    config_header: str
    library_directory: str
    is_free_threaded: bool
    abi_flags: str
    platform: str
    bits: int

    @property
    def subdir(self) -> str:
        """The conda subdir of the interpreter's platform, such as `linux-64`.

        Raises:
            ChannelBuildError: conda has no name for the platform.
        """
        system, _, machine = self.platform.partition("-")
        if system == "linux":
            if self.bits == 32 and machine in ("x86_64", "amd64"):
                return "linux-32"
            architecture = _LINUX_ARCHITECTURES.get(machine)
            if architecture is not None:
                return f"linux-{architecture}"
        elif system == "macosx":
            return "osx-arm64" if machine.endswith(("arm64", "universal2")) else "osx-64"
        elif self.platform.startswith("win"):
            return {"win32": "win-32", "win-arm64": "win-arm64"}.get(self.platform, "win-64")
        message = f"conda has no subdir for the platform `{self.platform}`"
        raise ChannelBuildError(message, path=self.executable)

    @property
    def abi_tag(self) -> str:
        """The tag of compiled modules made for this interpreter, such as `cp311` or `cp313t`."""
        return f"cp{self.python_version.replace('.', '')}{'t' if self.is_free_threaded else ''}"

    @property
    def library_name(self) -> str:
        """The last part of the standard library's directory, such as `python3.11`."""
        return Path(self.stdlib).name


def detect_interpreter(executable: str | os.PathLike[str] = sys.executable) -> Interpreter:
    """Run an interpreter and describe it, or the one below it if it is a virtual environment's.

    Args:
        executable: The program to ask.

    Raises:
        ChannelBuildError: The program does not run, or is not a Python of version 3.8 or later.
    """
    try:
        process = subprocess.run(
            [executable, "-I", "-c", _QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=60,
        )
        return msgspec.json.decode(process.stdout, type=Interpreter)
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        message = f"`{executable}` does not answer as a Python interpreter: {last}"
        raise ChannelBuildError(message, path=str(executable)) from error
    except (OSError, subprocess.TimeoutExpired, msgspec.DecodeError) as error:
        message = f"`{executable}` does not answer as a Python interpreter: {error}"
        raise ChannelBuildError(message, path=str(executable)) from error


def libc_requirement(glibc: tuple[int, ...] | None) -> tuple[str, ...]:
    """Give the dependency that says which glibc compiled files need.

    `__glibc` names the C library of the machine (CEP 30); glibc keeps old symbols, so only a
    change of its major version could break them.
    """
    if glibc is None:
        return ()
    return (f"__glibc >={'.'.join(map(str, glibc[:2]))},<3.0.a0",)
