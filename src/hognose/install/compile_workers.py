"""Interpreters of an environment that compile modules, several at a time.

A source that does not compile is no error here: packages ship templates and tests for other
versions of Python.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ("CompileFailure", "CompileWorkers", "SourceFile", "compile_sources")

# Answers one line per source, in order: empty, or the reason why there is no byte-code. The files
# are those that `py_compile` makes, which takes 70 us more for each and 10 ms to be imported:
# together a twelfth of the time. What the compiler makes has no cycles, and looking for them takes
# a twentieth.
_WORKER = """
import gc, json, marshal, os, sys
from importlib._bootstrap_external import MAGIC_NUMBER

FLAGS = bytes(4) if sys.version_info >= (3, 7) else b""
NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)

def compile_file(source, target, shown):
    with open(source, "rb", buffering=0) as reader:
        about = os.fstat(reader.fileno())
        text = reader.read()
    code = compile(text, shown, "exec", dont_inherit=True)
    numbers = [number & 0xFFFFFFFF for number in (int(about.st_mtime), about.st_size)]
    head = MAGIC_NUMBER + FLAGS + b"".join(number.to_bytes(4, "little") for number in numbers)
    part = "%s.%d.part" % (target, os.getpid())
    mode = about.st_mode & 0o666 | 0o200
    try:
        descriptor = os.open(part, NEW, mode)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        descriptor = os.open(part, NEW, mode)
    try:
        with open(descriptor, "wb") as writer:
            writer.write(head + marshal.dumps(code))
        os.replace(part, target)
    except BaseException:
        os.unlink(part)
        raise

gc.disable()
for line in sys.stdin:
    try:
        compile_file(*json.loads(line))
        answer = ""
    except Exception as error:
        answer = str(error).strip() or type(error).__name__
    print(json.dumps(answer), flush=True)
"""

# Few enough that all are busy to the end, and that requests and answers fit into pipes.
_BATCH = 16
# An interpreter takes as long to start as it takes to compile some ten modules.
_WORTH_AN_INTERPRETER = 32
_GONE = "the interpreter ended before its turn"


class CompileFailure(msgspec.Struct, frozen=True, gc=False):
    """A source that has no byte-code.

    Attributes:
        path: The source, relative to the prefix.
        reason: What the interpreter said.
    """

    path: str
    reason: str


class SourceFile(msgspec.Struct, frozen=True, gc=False):
    """A module to compile.

    Attributes:
        name: What failures call it: its path relative to the prefix.
        path: Where it is, absolute. It keeps its time and size.
        target: Where its byte-code goes, absolute; replaced if it is there.
        shown: The path that tracebacks shall show.
    """

    name: str
    path: str
    target: str
    shown: str


class CompileWorkers:
    """Interpreters that are started when there is work, and take more until `finish`."""

    def __init__(
        self,
        interpreter: str,
        *,
        count: int | None = None,
        popen: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen,
    ) -> None:
        """Prepare; nothing is started yet.

        Args:
            interpreter: The environment's Python, absolute.
            count: How many of it may run at a time, by default one per processor.
            popen: What starts them.
        """
        self._interpreter = interpreter
        self._count = count or os.cpu_count() or 1
        self._popen = popen
        self._submitted = 0
        self._batches: deque[Sequence[SourceFile]] = deque()
        self._failures: list[CompileFailure] = []
        self._threads: list[threading.Thread] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        self._changed = threading.Condition()
        self._is_complete = False

    def submit(self, sources: Sequence[SourceFile]) -> None:
        """Have modules compiled some time before `finish` returns."""
        with self._changed:
            for start in range(0, len(sources), _BATCH):
                self._batches.append(sources[start : start + _BATCH])
            self._submitted += len(sources)
            wanted = -(-self._submitted // _WORTH_AN_INTERPRETER)
            while len(self._threads) < min(wanted, self._count):
                thread = threading.Thread(target=self._work, name="hognose-compile", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify_all()

    def finish(self) -> tuple[CompileFailure, ...]:
        """Wait until everything is compiled; return what could not be, in order."""
        self._complete()
        failures = [*self._failures]
        failures += [CompileFailure(file.name, _GONE) for batch in self._batches for file in batch]
        return tuple(sorted(failures, key=lambda failure: failure.path))

    def stop(self) -> None:
        """End the interpreters in the middle of their work; nothing is written afterwards."""
        with self._changed:
            self._batches.clear()
            for process in self._processes:
                process.kill()
        self._complete()

    def _complete(self) -> None:
        with self._changed:
            self._is_complete = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _next_batch(self) -> Sequence[SourceFile] | None:
        with self._changed:
            while not self._batches:
                if self._is_complete:
                    return None
                self._changed.wait()
            return self._batches.popleft()

    def _work(self) -> None:
        """Have one interpreter compile batches until there are no more, or it ends."""
        try:
            process = self._popen(
                [self._interpreter, "-I", "-S", "-B", "-c", _WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            # Others may have more luck; what nobody takes is a failure.
            return
        with self._changed:
            self._processes.append(process)
        with process:
            assert process.stdin is not None
            while (batch := self._next_batch()) is not None:
                answers = _ask(process, batch)
                is_gone = len(answers) < len(batch)
                answers += [_GONE] * (len(batch) - len(answers))
                failures = [
                    CompileFailure(file.name, answer)
                    for file, answer in zip(batch, answers, strict=True)
                    if answer
                ]
                with self._changed:
                    self._failures += failures
                if is_gone:
                    break
            with suppress(BrokenPipeError):
                process.stdin.close()


def _ask(process: subprocess.Popen[bytes], batch: Sequence[SourceFile]) -> list[str]:
    """Have an interpreter compile a batch; there are fewer answers if it ends before."""
    assert process.stdin is not None
    assert process.stdout is not None
    lines = [msgspec.json.encode((file.path, file.target, file.shown)) + b"\n" for file in batch]
    try:
        process.stdin.write(b"".join(lines))
        process.stdin.flush()
        return [
            msgspec.json.decode(line, type=str)
            for line in (process.stdout.readline() for _ in batch)
            if line.endswith(b"\n")
        ]
    except BrokenPipeError:
        return []


def compile_sources(
    interpreter: str,
    prefix: str,
    sources: Sequence[tuple[str, str]],
    *,
    shown_prefix: str | None = None,
    workers: int | None = None,
    popen: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen,
) -> tuple[CompileFailure, ...]:
    """Compile modules of a prefix.

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
    shown = prefix if shown_prefix is None else shown_prefix
    pool = CompileWorkers(interpreter, count=workers, popen=popen)
    try:
        pool.submit(
            [
                SourceFile(source, f"{prefix}/{source}", f"{prefix}/{target}", f"{shown}/{source}")
                for source, target in sources
            ]
        )
        return pool.finish()
    except BaseException:
        pool.stop()
        raise
