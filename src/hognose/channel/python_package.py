"""Repackage an installed CPython as the conda package `python`.

CPython finds its prefix from where its program lies, so programs and libraries need no prefix in
them. What keeps an installed interpreter in its place is dealt with file by file:

* Library search paths become relative to the file (`$ORIGIN`), see `elf_edit`.
* Shared libraries that it loads are copied into `lib/`, except those of the C library.
* The prefix compiled into `libpython`, a last resort that is used if the standard library is not
  beside the program, is spoilt, so that a broken copy does not run on the original's library. A
  conda placeholder cannot stand there: the compiled-in text has the length of the old prefix, and
  a text in a binary cannot grow.
* In text files (`_sysconfigdata`, `Makefile`, scripts, `.pc`) a placeholder replaces the prefix.
  Of an interpreter in `/usr` only paths of files that are packaged are meant by that.

Left out: what `site-packages` holds, test suites and test modules, compiled `__pycache__`, IDLE,
Tk and turtle (they need Tcl/Tk's own library directories), `nis` (it would bring in Kerberos),
static libraries, debugging information.

The package is tried before it is packed: the staged interpreter must start from its new place and
import every one of its extension modules with libraries from the package only.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from hognose.channel.disk_errors import explain_disk_errors
from hognose.channel.elf import ElfFile, highest_glibc, is_elf
from hognose.channel.elf_edit import replace_text, set_run_path, strip_debug_sections
from hognose.channel.interpreter import Interpreter, detect_interpreter, libc_requirement
from hognose.channel.shared_libraries import find_linker, is_c_library, list_libraries
from hognose.channel.staged_package import (
    DEFAULT_LEVEL,
    PREFIX_PLACEHOLDER,
    BuiltPackage,
    PackageFacts,
    place_file,
    write_package,
)
from hognose.errors import ChannelBuildError
from hognose.types import AboutJson, RunExportsJson

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEFT_OUT_DIRECTORIES: Final = frozenset(
    (
        *("__pycache__", "dist-packages", "idle_test", "idlelib", "site-packages"),
        *("test", "tests", "tkinter", "turtledemo"),
    )
)
_LEFT_OUT_FILES: Final = re.compile(
    r"EXTERNALLY-MANAGED|sitecustomize\.py|usercustomize\.py|turtle\.py|.*\.(a|o|pyc|orig)"
    r"|(_tkinter|_ctypes_test|_test.*|_xxtestfuzz|xxlimited.*|nis)\..*so"
)
_SYSTEM_PREFIXES: Final = frozenset({"/", "/usr", "/usr/local"})

_TRIAL = """
import importlib, importlib.machinery, json, os, platform, site, sys
suffixes = tuple(importlib.machinery.EXTENSION_SUFFIXES)
names = {f.partition(".")[0] for p in sys.path if p.endswith("lib-dynload") and os.path.isdir(p)
         for f in os.listdir(p) if f.endswith(suffixes)}
failures = {}
for name in sorted(names):
    try:
        importlib.import_module(name)
    except Exception as error:
        failures[name] = repr(error)
import encodings.idna, json.tool, sysconfig
sysconfig.get_config_var("SOABI")
libraries = set()
with open("/proc/self/maps") as maps:
    libraries.update(line.split(None, 5)[5].strip() for line in maps if ".so" in line)
print(json.dumps({"prefix": sys.prefix, "exec_prefix": sys.exec_prefix, "path": sys.path,
                  "site_packages": site.getsitepackages(), "failures": failures,
                  "libraries": sorted(libraries), "version_text": sys.version,
                  "platform_version": platform.python_version()}))
"""


class _Trial(msgspec.Struct):
    """What the staged interpreter says when it runs from the stage."""

    prefix: str
    exec_prefix: str
    path: list[str]
    site_packages: list[str]
    failures: dict[str, str]
    libraries: list[str]
    version_text: str
    platform_version: str


class _Stage:
    """The package's files on their way: where each one comes from, then what it becomes."""

    def __init__(self, interpreter: Interpreter, root: Path) -> None:
        self.interpreter = interpreter
        self.root = root
        self.linker = find_linker([interpreter.executable])
        self.sources: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.placeholders: dict[str, str] = {}
        self.elf_files: list[ElfFile] = []

    def add(self, relative: str, source: str) -> None:
        """Plan a file; the first one planned for a place stays."""
        if relative.startswith(".."):
            message = f"`{source}` is not below the interpreter's prefix"
            raise ChannelBuildError(message, path=source)
        if relative not in self.links:
            self.sources.setdefault(relative, source)

    def link(self, relative: str, target: str) -> None:
        """Plan a symbolic link."""
        if relative not in self.sources:
            self.links.setdefault(relative, target)


def build_python_package(
    output_dir: str | os.PathLike[str],
    *,
    interpreter: str | os.PathLike[str] = sys.executable,
    build_number: int = 0,
    level: int = DEFAULT_LEVEL,
) -> BuiltPackage:
    """Make the conda package `python` from an installed CPython.

    Args:
        output_dir: The channel's directory; the package goes into the platform's subdir of it.
        interpreter: The interpreter's program; of a virtual environment the one below it is taken.
        build_number: The package's build number.
        level: The compression level, 1 to 19.

    Returns:
        What was written. The module's docstring says what the package leaves out.

    Raises:
        ChannelBuildError: It is not a CPython on Linux, or the result does not run from its new
            place.
        ArchiveError: The package cannot be written.
    """
    found = detect_interpreter(interpreter)
    if found.implementation != "cpython" or not found.subdir.startswith("linux-"):
        message = (
            f"`{found.executable}` cannot be repackaged: only CPython on Linux can, and this is "
            f"{found.implementation} for {found.subdir}"
        )
        raise ChannelBuildError(message, path=found.executable)
    with (
        explain_disk_errors("repackage", found.executable),
        tempfile.TemporaryDirectory(prefix="hognose-python-") as directory,
    ):
        stage = _Stage(found, Path(os.path.realpath(directory)))
        _plan_files(stage)
        _plan_libraries(stage)
        _write_files(stage)
        trial = _try(stage)
        return write_package(
            stage.root,
            _facts(stage, build_number, _site_packages_path(stage, trial)),
            output_dir,
            level=level,
        )


def build_python_abi_package(
    output_dir: str | os.PathLike[str],
    *,
    interpreter: str | os.PathLike[str] = sys.executable,
    level: int = DEFAULT_LEVEL,
) -> BuiltPackage:
    """Make the package `python_abi`, which ties compiled packages to Python's minor version.

    It is empty. Compiled packages need `python_abi 3.11.* *_cp311`, and it allows only the Python
    of that version, as in conda-forge.

    Raises:
        ChannelBuildError: The interpreter does not answer.
        ArchiveError: The package cannot be written.
    """
    found = detect_interpreter(interpreter)
    with (
        explain_disk_errors("write a package to", output_dir),
        tempfile.TemporaryDirectory(prefix="hognose-python-abi-") as directory,
    ):
        facts = PackageFacts(
            name="python_abi",
            version=found.python_version,
            build=f"1_{found.abi_tag}",
            build_number=1,
            subdir="noarch",
            constrains=(f"python {found.python_version}.* *_{_build_suffix(found)}",),
            is_noarch_generic=True,
            about=AboutJson(
                summary="The binary interface of a Python version",
                home=("https://www.python.org/",),
                license="BSD-3-Clause",
            ),
        )
        return write_package(directory, facts, output_dir, level=level)


def _build_suffix(interpreter: Interpreter) -> str:
    return interpreter.abi_tag if interpreter.is_free_threaded else "cpython"


def _facts(stage: _Stage, build_number: int, site_packages: str) -> PackageFacts:
    found = stage.interpreter
    return PackageFacts(
        name="python",
        version=found.version,
        build=f"h{{hash}}_{build_number}_{_build_suffix(found)}",
        build_number=build_number,
        subdir=found.subdir,
        depends=libc_requirement(highest_glibc(stage.elf_files)),
        constrains=(f"python_abi {found.python_version}.* *_{found.abi_tag}",),
        run_exports=RunExportsJson(
            weak=(f"python_abi {found.python_version}.* *_{found.abi_tag}",), noarch=("python",)
        ),
        python_site_packages_path=site_packages,
        timestamp_ms=int(Path(found.executable).stat().st_mtime) * 1000,
        about=AboutJson(
            summary="The Python programming language, repackaged from an installed interpreter",
            home=("https://www.python.org/",),
            doc_url=("https://docs.python.org/",),
            dev_url=("https://github.com/python/cpython",),
            license="Python-2.0",
        ),
        placeholders=stage.placeholders,
    )


def _plan_files(stage: _Stage) -> None:
    found = stage.interpreter
    version = found.python_version
    program = f"python{version}{found.abi_flags}"
    stage.add(f"bin/{program}", found.executable)
    for alias in (f"python{version}", "python3", "python"):
        if alias != program:
            stage.link(f"bin/{alias}", program)
    for tool, aliases in {
        f"pydoc{version}": ("pydoc3", "pydoc"),
        f"2to3-{version}": ("2to3",),
        f"{program}-config": ("python3-config", "python-config"),
    }.items():
        source = os.path.join(found.prefix, "bin", tool)
        if os.path.isfile(source):
            stage.add(f"bin/{tool}", os.path.realpath(source))
            for alias in aliases:
                stage.link(f"bin/{alias}", tool)
    for directory in dict.fromkeys((found.stdlib, found.platstdlib, found.include)):
        _plan_directory(stage, directory)
    include = os.path.relpath(found.include, found.prefix)
    if os.path.isfile(found.config_header):
        stage.sources[f"{include}/pyconfig.h"] = found.config_header
    _plan_directory(stage, os.path.join(found.prefix, "lib", "pkgconfig"), r"python.*\.pc")
    _plan_directory(stage, os.path.join(found.prefix, "share", "man", "man1"), r"python.*")
    # Of a libpython in a distribution's own library directory only what is loaded is copied, below.
    if found.library_directory == os.path.join(found.prefix, "lib"):
        _plan_directory(
            stage, found.library_directory, rf"libpython({re.escape(version)}.*|3)\.so.*", depth=0
        )
    license_file = next(
        (
            path
            for path in (f"{found.stdlib}/LICENSE.txt", f"{found.prefix}/LICENSE.txt")
            if os.path.isfile(path)
        ),
        None,
    )
    if license_file is not None:
        stage.add("info/licenses/LICENSE.txt", license_file)


def _plan_directory(stage: _Stage, directory: str, pattern: str = r".*", depth: int = 99) -> None:
    """Plan all files of a directory below the prefix whose names match a pattern."""
    prefix = stage.interpreter.prefix
    for path in _iter_directory(directory, depth):
        name = os.path.basename(path)
        if re.fullmatch(pattern, name) is None or _LEFT_OUT_FILES.fullmatch(name):
            continue
        relative = os.path.relpath(path, prefix)
        target = os.path.realpath(path)
        if os.path.islink(path) and os.path.dirname(target) == os.path.dirname(path):
            stage.link(relative, os.path.basename(target))
        elif os.path.isfile(target) and not (os.path.islink(path) and "/config-" in path):
            stage.add(relative, target)


def _iter_directory(directory: str, depth: int) -> Iterator[str]:
    if not os.path.isdir(directory):
        return
    for entry in sorted(os.scandir(directory), key=lambda entry: entry.name):
        if not entry.is_dir():
            yield entry.path
        elif depth and entry.name not in _LEFT_OUT_DIRECTORIES and not entry.is_symlink():
            yield from _iter_directory(entry.path, depth - 1)


def _plan_libraries(stage: _Stage) -> None:
    """Plan copies of the shared libraries that planned files load; drop what cannot be loaded."""
    own = {os.path.realpath(source) for source in stage.sources.values()}
    for relative, source in list(stage.sources.items()):
        with open(source, "rb") as stream:
            if not is_elf(stream.read(4)):
                continue
        libraries = list_libraries(stage.linker, source)
        if libraries.missing and "/lib-dynload/" in relative:
            del stage.sources[relative]  # it does not load where it is installed either
            continue
        for name, path in libraries.found.items():
            if path not in own:
                stage.add(f"lib/{os.path.basename(name)}", path)


def _write_files(stage: _Stage) -> None:
    found = stage.interpreter
    own_files = {found.executable}
    for relative, source in stage.sources.items():
        with open(source, "rb") as stream:
            data = stream.read()
        is_executable = os.access(source, os.X_OK)
        if is_elf(data):
            is_own = source in own_files or source.startswith((found.stdlib, found.platstdlib))
            is_own = is_own or os.path.basename(source).startswith("libpython")
            data = _relocate(stage, relative, data) if is_own else data
            stage.elf_files.append(ElfFile(data))
        elif b"\0" not in data:
            data = _put_placeholder(stage, relative, data)
        place_file(stage.root / relative, data, is_executable=is_executable)
    for relative, target in stage.links.items():
        path = stage.root / relative
        if os.path.normpath(os.path.join(os.path.dirname(relative), target)) in stage.sources:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(target)


def _relocate(stage: _Stage, relative: str, data: bytes) -> bytes:
    """Make one of the interpreter's own ELF files independent of its place."""
    found = stage.interpreter
    to_lib = os.path.relpath("lib", os.path.dirname(relative))
    run_path = "$ORIGIN" if to_lib == "." else f"$ORIGIN/{to_lib}"
    data = set_run_path(strip_debug_sections(data), run_path)
    for prefix in {found.prefix, found.named_prefix} - _SYSTEM_PREFIXES:
        old = os.fsencode(prefix)
        # One byte only: linkers let other texts be the tail of this one, such as the `3.11.7` of
        # `/opt/python/3.11.7`, which is also the interpreter's version.
        data = replace_text(data, old, b"/-" + old[2:])
    return data


def _put_placeholder(stage: _Stage, relative: str, data: bytes) -> bytes:
    """Put the placeholder where a text file names the prefix, and note that it is there."""
    found = stage.interpreter
    changed = data
    for prefix in {found.prefix, found.named_prefix}:
        before = rb""
        if prefix in _SYSTEM_PREFIXES:
            before = rb"(?:(?<![\w./-])|(?<=-[IL]))"
            is_generated = relative.startswith("bin/") or re.search(
                r"(_sysconfigdata[^/]*\.py|/config-[^/]*/Makefile|\.pc)$", relative
            )
            if not is_generated:
                continue
        changed = re.sub(
            before + re.escape(os.fsencode(prefix)) + rb"((?:/[\w.+-]+)*)(?![\w.+-])",
            lambda match, prefix=prefix: _new_path(stage, prefix, match),  # type: ignore[misc]  # bound per prefix
            changed,
        )
    if changed != data:
        stage.placeholders[relative] = PREFIX_PLACEHOLDER
    return changed


def _new_path(stage: _Stage, prefix: str, match: re.Match[bytes]) -> bytes:
    tail = match[1]
    if prefix in _SYSTEM_PREFIXES and tail:
        inside = tail[1:].decode("utf-8", "surrogateescape")
        if not any(
            path == inside or path.startswith(f"{inside}/")
            for planned in (stage.sources, stage.links)
            for path in planned
        ):
            return match[0]
    return PREFIX_PLACEHOLDER.encode() + tail


def _try(stage: _Stage) -> _Trial:
    """Run the staged interpreter with an empty environment, and judge what it says."""
    program = stage.root / "bin" / "python"
    try:
        process = subprocess.run(
            [program, "-I", "-B", "-c", _TRIAL],
            env={},
            cwd=stage.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=120,
        )
        trial = msgspec.json.decode(process.stdout, type=_Trial)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()
        message = f"the repackaged `{stage.interpreter.executable}` does not start: {said}"
        raise ChannelBuildError(message, path=stage.interpreter.executable) from error
    except (subprocess.TimeoutExpired, msgspec.DecodeError) as error:
        message = f"the repackaged `{stage.interpreter.executable}` does not answer: {error}"
        raise ChannelBuildError(message, path=stage.interpreter.executable) from error
    root = str(stage.root)
    strangers = [
        path
        for path in trial.libraries
        if not path.startswith(f"{root}/") and not is_c_library(os.path.basename(path))
    ]
    if trial.prefix != root or trial.exec_prefix != root:
        message = f"the repackaged interpreter believes that it lives in `{trial.prefix}`"
    elif trial.version_text != stage.interpreter.version_text:
        message = f"the repackaged interpreter believes that it is {trial.version_text}"
    elif trial.failures:
        name, reason = next(iter(trial.failures.items()))
        message = f"the repackaged interpreter cannot import `{name}`: {reason}"
    elif strangers:
        message = f"the repackaged interpreter loads `{strangers[0]}`, which is not packaged"
    else:
        return trial
    raise ChannelBuildError(message, path=stage.interpreter.executable)


def _site_packages_path(stage: _Stage, trial: _Trial) -> str:
    """Choose where packages go: the interpreter's own choice, nearest to its standard library."""
    inside = [
        os.path.relpath(path, stage.root)
        for path in trial.site_packages
        if path.startswith(f"{stage.root}/")
    ]
    library = os.path.relpath(stage.interpreter.stdlib, stage.interpreter.prefix)
    for path in inside:
        if os.path.dirname(path) == library:
            return path
    if not inside:
        message = "the repackaged interpreter has no place for packages inside its prefix"
        raise ChannelBuildError(message, path=stage.interpreter.executable)
    return inside[0]
