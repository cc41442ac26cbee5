"""py-rattler's `install` in a process of its own.

After `rattler.install` the interpreter often crashes while it exits (py-rattler 0.28: threads of
its runtime outlive the interpreter), which would make a passing test run end with a signal. So the
installer lives in a child that leaves without tidying up.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from hognose.types import RepoDataRecord


class RattlerInstaller:
    """A child process that installs; a context manager."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()

    def install(
        self,
        records: Sequence[RepoDataRecord],
        prefix: str | os.PathLike[str],
        cache: str | os.PathLike[str] | None,
        *,
        specs: Sequence[str] | None = None,
    ) -> float:
        """Install, and return how many seconds the call took."""
        job = {
            "records": [json.loads(record.to_json()) for record in records],
            "prefix": str(prefix),
            "cache": None if cache is None else str(cache),
            "specs": specs,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return float(answer["seconds"])


def _record(fields: dict[str, Any]) -> Any:
    import datetime as dt

    import rattler
    from rattler.package.build_string import BuildString

    names = (
        "arch",
        "platform",
        "size",
        "python_site_packages_path",
        "license",
        "license_family",
    )
    package = rattler.PackageRecord(
        name=fields["name"],
        version=fields["version"],
        build=BuildString(fields["build"]),
        build_number=fields["build_number"],
        subdir=fields["subdir"],
        noarch=rattler.NoArchType(fields.get("noarch")),
        depends=fields["depends"],
        constrains=fields["constrains"],
        sha256=bytes.fromhex(fields["sha256"]),
        md5=bytes.fromhex(fields["md5"]),
        **{name: fields.get(name) for name in names},
    )
    if "timestamp" in fields:
        package.timestamp = dt.datetime.fromtimestamp(fields["timestamp"] / 1000, dt.UTC)
    return rattler.RepoDataRecord(package, fields["fn"], fields["url"], fields["channel"])


def _serve() -> None:
    import asyncio
    import os
    import time

    import rattler

    for line in sys.stdin:
        job = json.loads(line)
        records = [_record(fields) for fields in job["records"]]
        specs = job["specs"]
        answer: dict[str, object]
        started = time.perf_counter()
        try:
            asyncio.run(
                rattler.install(
                    records=records,
                    target_prefix=Path(job["prefix"]),
                    cache_dir=None if job["cache"] is None else Path(job["cache"]),
                    show_progress=False,
                    platform=rattler.Subdir("linux-64"),
                    # This version hands the wrapped objects on as they are.
                    requested_specs=None
                    if specs is None
                    else [rattler.MatchSpec(spec)._match_spec for spec in specs],
                )
            )
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        else:
            answer = {"seconds": time.perf_counter() - started}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    _serve()
