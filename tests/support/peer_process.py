"""Servers that others wrote, started for one test and ended with it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ("find_program", "free_port", "make_certificates", "running")


def find_program(name: str, package: str) -> str:
    """Return the path of a program, or skip the test and say what would be needed."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"`{name}` is not installed ({package})")
    return found


def free_port() -> int:
    """Return a port of loopback that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str],
    port: int,
    *,
    log: Path,
    environ: Mapping[str, str] | None = None,
    time_limit: float = 20.0,
) -> Iterator[None]:
    """Start a server, wait until it listens, and end it and what it started at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environ or {})},
            start_new_session=True,
        )
        try:
            _wait(process, port, log, time.monotonic() + time_limit)
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path, ends_at: float) -> None:
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            if process.poll() is not None or time.monotonic() > ends_at:
                said = log.read_text(errors="replace")[-2000:]
                pytest.fail(f"{process.args!r} does not listen: {said}")
            # It tells nobody when it is ready; a connection is the condition.
            time.sleep(0.02)


def make_certificates(folder: Path) -> None:
    """Make an authority (`ca.pem`), a server (`server.pem`) and a client (`client.pem`).

    Each of the latter two files has the key, too. The server is 127.0.0.1 and `localhost`.
    """
    openssl = find_program("openssl", "Debian's `openssl`")

    def run(*words: str) -> None:
        subprocess.run([openssl, *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run(
        *("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2"),
        *("-subj", "/CN=hognose test authority"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    names = {
        "server": "subjectAltName=IP:127.0.0.1,DNS:localhost",
        "client": "keyUsage=digitalSignature",
    }
    for name, extension in names.items():
        (folder / f"{name}.ext").write_text(f"{extension}\nauthorityKeyIdentifier=keyid\n")
        run("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        run(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key"),
            *("-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.crt"),
        )
        both = (folder / f"{name}.key").read_text() + (folder / f"{name}.crt").read_text()
        (folder / f"{name}.pem").write_text(both)
