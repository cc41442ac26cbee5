"""Small wheels made on the spot, written with the standard library only."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

_DATE = (2024, 5, 17, 12, 30, 0)


def make_wheel(
    directory: str | os.PathLike[str],
    name: str = "demo",
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    files: Mapping[str, bytes | str] | None = None,
    requires: Sequence[str] = (),
    extras: Sequence[str] = (),
    requires_python: str | None = None,
    entry_points: str | None = None,
    headers: Sequence[str] = (),
    dist_info: Mapping[str, bytes | str] = {},
    record: Mapping[str, str] = {},
    date: tuple[int, int, int, int, int, int] = _DATE,
) -> Path:
    """Write one wheel and return its path.

    Args:
        directory: Where it goes; made if it is missing.
        name: The distribution's name, as `METADATA` has it.
        version: Its version.
        tag: The compatibility tags of the file name.
        files: What it holds, by path; by default a module of the same name.
        requires: `Requires-Dist` values.
        extras: `Provides-Extra` values.
        requires_python: The `Requires-Python` value.
        entry_points: The text of `entry_points.txt`.
        headers: More lines of `METADATA`.
        dist_info: More files in `.dist-info`.
        record: Hashes that `RECORD` claims, by path, in place of the right ones.
        date: When its files were made.
    """
    stem = f"{name.replace('-', '_')}-{version}"
    module = name.replace("-", "_").replace(".", "_")
    metadata = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Requires-Dist: {line}" for line in requires),
        *(f"Provides-Extra: {extra}" for extra in extras),
        *([f"Requires-Python: {requires_python}"] if requires_python else []),
        *headers,
    ]
    pure = "true" if tag.endswith("-any") else "false"
    members: dict[str, bytes | str] = {
        **(files if files is not None else {f"{module}.py": f"NAME = {name!r}\n"}),
        f"{stem}.dist-info/METADATA": "\n".join(metadata) + "\n\nA description.\n",
        f"{stem}.dist-info/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: {pure}\nTag: {tag}\n",
        **({f"{stem}.dist-info/entry_points.txt": entry_points} if entry_points else {}),
        **{f"{stem}.dist-info/{path}": data for path, data in dist_info.items()},
    }
    data = {k: v.encode() if isinstance(v, str) else v for k, v in members.items()}
    stream = io.StringIO()
    writer = csv.writer(stream)
    for path, content in data.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        writer.writerow((path, record.get(path, f"sha256={digest}"), len(content)))
    writer.writerow((f"{stem}.dist-info/RECORD", "", ""))
    data[f"{stem}.dist-info/RECORD"] = stream.getvalue().encode()

    target = Path(directory, f"{stem}-{tag}.whl")
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in data.items():
            member = zipfile.ZipInfo(path, date)
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)
    return target
