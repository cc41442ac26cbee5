"""Byte-code for the modules of `noarch: python` packages, made by the environment's interpreter.

The sources lie where they will stay, so the time stamp that a `.pyc` carries is the one that its
source keeps. Several interpreters share the work. A source that does not compile is a warning:
packages ship templates and tests for other versions of Python.
"""

from __future__ import annotations

import os
import subprocess
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from hognose.install.link_method import CANNOT_LINK, copy_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = (
    "BYTE_CODE_DIRECTORY",
    "CompileFailure",
    "Dialect",
    "byte_code_path",
    "compile_sources",
    "find_dialect",
    "keep",
    "kept_byte_code",
    "link_kept",
)

BYTE_CODE_DIRECTORY = "info/hognose-byte-code"

_ASK = """
import importlib.util, json, sys
tag = sys.implementation.cache_tag or ""
print(json.dumps({"tag": tag, "magic": importlib.util.MAGIC_NUMBER.hex()}))
"""

# Answers one line per source, in order: empty, or the reason why there is no byte-code.
_WORKER = """
import json, py_compile, sys
for line in sys.stdin:
    source, target, shown = json.loads(line)
    try:
        py_compile.compile(source, cfile=target, dfile=shown, doraise=True)
        answer = ""
    except Exception as error:
        answer = str(error).strip() or type(error).__name__
    print(json.dumps(answer), flush=True)
"""


# Few enough that all are busy to the end, and that requests and answers fit into pipes.
_BATCH = 16
_GONE = "the interpreter ended before its turn"


class Dialect(msgspec.Struct, frozen=True, gc=False):
    """What byte-code an interpreter reads.

    Attributes:
        tag: The part of the file names that says it: `cpython-312`.
        magic: The number at the start of the files, as hex text; it changes more often.
    """

    tag: str
    magic: str


# Made once: msgspec crashes where several threads make the first one at the same time.
_DIALECT = msgspec.json.Decoder(Dialect)


class CompileFailure(msgspec.Struct, frozen=True, gc=False):
    """A source that has no byte-code.

    Attributes:
        path: The source, relative to the prefix.
        reason: What the interpreter said.
    """

    path: str
    reason: str


def byte_code_path(source: str, tag: str) -> str:
    """Return where the interpreter with this cache tag looks for the byte-code of a source."""
    folder, _, name = source.rpartition("/")
    module = name.removesuffix(".py")
    return f"{folder}/__pycache__/{module}.{tag}.pyc".lstrip("/")


def find_dialect(interpreter: str, *, package_directory: str | None = None) -> Dialect | None:
    """Ask an interpreter what byte-code it reads; None if it does not run or writes none.

    Args:
        interpreter: The program.
        package_directory: The extracted package that it comes from, where the answer is kept: it
            saves starting an interpreter for every environment.
    """
    note = f"{package_directory}/{BYTE_CODE_DIRECTORY}/dialect.json"
    if package_directory is not None:
        try:
            with open(note, "rb") as file:
                return _DIALECT.decode(file.read())
        except (OSError, msgspec.DecodeError):
            pass
    try:
        done = subprocess.run(
            [interpreter, "-I", "-S", "-c", _ASK], capture_output=True, check=False, timeout=60
        )
        dialect = _DIALECT.decode(done.stdout) if not done.returncode else None
    except (OSError, subprocess.TimeoutExpired, msgspec.DecodeError):
        return None
    if dialect is None or not dialect.tag:
        return None
    if package_directory is not None and os.path.isdir(package_directory):
        with suppress(OSError):
            _publish(note, msgspec.json.encode(dialect))
    return dialect


def _publish(path: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = f"{path}.{os.getpid()}.part"
    with open(part, "wb") as file:
        file.write(data)
    os.replace(part, path)


def kept_byte_code(package_directory: str, dialect: Dialect, source: str) -> str:
    """Return where the package cache keeps the byte-code of a package's module.

    It lies with the extracted package, so that it is the package's hash that vouches for the
    source, and leaves the cache with it. A `.pyc` holds its source's time and size, which linked
    sources keep; the file name in it is corrected by the importer.

    Args:
        package_directory: The extracted package.
        dialect: What the interpreter reads.
        source: The module, relative to the package.
    """
    return f"{package_directory}/{BYTE_CODE_DIRECTORY}/{dialect.tag}-{dialect.magic}/{source}c"


def link_kept(kept: str, target: str, *, hard_links: bool) -> bool:
    """Put kept byte-code into a prefix; tell whether there was any."""
    try:
        if hard_links:
            try:
                os.link(kept, target)
            except OSError as error:
                if error.errno not in CANNOT_LINK:
                    raise
            else:
                return True
        copy_file(kept, target)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False
    return True


def keep(target: str, kept: str, *, hard_links: bool) -> None:
    """Keep byte-code from a prefix for later ones, if the package cache can be written to."""
    with suppress(OSError):
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        if hard_links:
            try:
                os.link(target, kept)
            except FileExistsError:
                return
            except OSError as error:
                if error.errno not in CANNOT_LINK:
                    raise
            else:
                return
        part = f"{kept}.{os.getpid()}.part"
        copy_file(target, part)
        os.replace(part, kept)


def compile_sources(
    interpreter: str,
    prefix: str,
    sources: Sequence[tuple[str, str]],
    *,
    shown_prefix: str | None = None,
    workers: int | None = None,
    popen: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen,
) -> tuple[CompileFailure, ...]:
    """Compile modules.

    Args:
        interpreter: The environment's Python, absolute.
        prefix: The environment.
        sources: Pairs of source and byte-code, relative to the prefix. The folders of the latter
            exist.
        shown_prefix: The prefix that tracebacks shall show, by default `prefix`.
        workers: How many interpreters to start, by default one per processor.
        popen: What starts them.

    Returns:
        The sources that have no byte-code now, in order.
    """
    count = max(1, min(workers or os.cpu_count() or 1, (len(sources) + 31) // 32))
    shown = prefix if shown_prefix is None else shown_prefix

    batches = deque(sources[start : start + _BATCH] for start in range(0, len(sources), _BATCH))
    with ThreadPoolExecutor(count) as pool:
        shares = [
            pool.submit(_work, interpreter, batches, prefix, shown, popen) for _ in range(count)
        ]
    failures = [failure for share in shares for failure in share.result()]
    failures += [CompileFailure(source, _GONE) for batch in batches for source, _ in batch]
    return tuple(sorted(failures, key=lambda failure: failure.path))


def _work(
    interpreter: str,
    batches: deque[Sequence[tuple[str, str]]],
    prefix: str,
    shown: str,
    popen: Callable[..., subprocess.Popen[bytes]],
) -> list[CompileFailure]:
    """Have one interpreter compile batches until there are none, or it ends."""
    failures: list[CompileFailure] = []
    try:
        process = popen(
            [interpreter, "-I", "-S", "-c", _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        # Others may have more luck; what nobody takes is a failure.
        return []
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        while True:
            try:
                batch = batches.popleft()
            except IndexError:
                break
            answers = []
            with suppress(BrokenPipeError):
                process.stdin.write(
                    b"".join(
                        msgspec.json.encode(
                            (f"{prefix}/{source}", f"{prefix}/{target}", f"{shown}/{source}")
                        )
                        + b"\n"
                        for source, target in batch
                    )
                )
                process.stdin.flush()
                answers = [
                    msgspec.json.decode(line, type=str)
                    for line in (process.stdout.readline() for _ in batch)
                    if line.endswith(b"\n")
                ]
            is_gone = len(answers) < len(batch)
            answers += [_GONE] * (len(batch) - len(answers))
            failures += [
                CompileFailure(source, answer)
                for (source, _), answer in zip(batch, answers, strict=True)
                if answer
            ]
            if is_gone:
                break
        with suppress(BrokenPipeError):
            process.stdin.close()
    return failures
