"""Put a wheel's files where a conda package has them, with a `RECORD` that says so."""

from __future__ import annotations

import csv
import hashlib
import io
import posixpath
import re
from typing import TYPE_CHECKING, Final

import msgspec

from hognose.channel.elf import ElfFile, highest_glibc, is_elf
from hognose.channel.staged_package import PREFIX_PLACEHOLDER, place_file
from hognose.channel.wheel import encode_digest
from hognose.errors import ChannelBuildError

if TYPE_CHECKING:
    from pathlib import Path

    from hognose.channel.wheel import Wheel, WheelFile
    from hognose.channel.wheel_platform import WheelTarget
    from hognose.types import EntryPoint

_SCHEMES: Final = frozenset({"data", "headers", "platlib", "purelib", "scripts"})
_REPLACED: Final = frozenset(
    {"INSTALLER", "RECORD", "RECORD.jws", "RECORD.p7s", "REQUESTED", "direct_url.json"}
)

_SCRIPT: Final = """\
#!{prefix}/bin/python{version}
import sys

from {module} import {first}

if __name__ == "__main__":
    sys.argv[0] = sys.argv[0].removesuffix(".exe")
    sys.exit({function}())
"""


class _Layout(msgspec.Struct, frozen=True, gc=False):
    """Where the parts of a wheel go, as directories below the package's root.

    Attributes:
        site_packages: Where modules go.
        scripts: Where programs go.
        headers: Where C headers go.
        is_noarch: Whether an installer moves modules and programs to where Python wants them.
    """

    site_packages: str
    scripts: str
    headers: str
    is_noarch: bool

    def recorded(self, relative: str) -> str:
        """Give a file's path in `RECORD`: from the installed `site-packages`."""
        if not self.is_noarch:
            return posixpath.relpath(relative, self.site_packages)
        if relative.startswith("site-packages/"):
            return relative.removeprefix("site-packages/")
        if relative.startswith("python-scripts/"):
            relative = f"bin/{relative.removeprefix('python-scripts/')}"
        return f"../../../{relative}"


def _layout(target: WheelTarget, name: str, site_packages: str | None) -> _Layout:
    if target.is_noarch_python:
        return _Layout("site-packages", "python-scripts", f"include/{name}", is_noarch=True)
    free_threaded = "t" if target.abi_tag is not None and target.abi_tag.endswith("t") else ""
    library = f"python3.{target.minor}{free_threaded}"
    return _Layout(
        site_packages or f"lib/{library}/site-packages",
        "bin",
        f"include/{library}/{name}",
        is_noarch=False,
    )


class StagedWheel:
    """A wheel's files on their way into a package.

    Attributes:
        placeholders: The files that hold the prefix, with what stands for it in them.
    """

    def __init__(
        self,
        wheel: Wheel,
        stage: Path,
        *,
        name: str,
        target: WheelTarget,
        site_packages: str | None,
    ) -> None:
        """Plan where files go; `write` puts them there.

        Args:
            wheel: The wheel.
            stage: The package's root directory, empty.
            name: The package's name.
            target: What the package is for.
            site_packages: Where Python looks for packages, if not in the usual place.
        """
        self.placeholders: dict[str, str] = {}
        self._wheel = wheel
        self._stage = stage
        self._target = target
        self._layout = _layout(target, name, site_packages)
        self._elf_files: list[ElfFile] = []
        self._record: list[tuple[str, str, str]] = []
        self._written: set[str] = set()

    @property
    def glibc(self) -> tuple[int, ...] | None:
        """The highest glibc that the compiled files need, or None if they need none."""
        return highest_glibc(self._elf_files)

    def write(self, entry_points: tuple[EntryPoint, ...]) -> None:
        """Write all files.

        Args:
            entry_points: The wheel's commands; written as programs if no installer makes them.

        Raises:
            ChannelBuildError: The wheel is damaged, or has files where they may not be.
            UnsafeArchiveError: A file would leave the package.
        """
        from hognose.archive import resolve_inside

        for file in self._wheel.iter_files():
            if self._is_replaced(file.path):
                continue
            resolve_inside(self._stage, file.path)  # `//a` would be joined below a directory
            self._write_file(file)
            self._write_license(file)
        if not self._layout.is_noarch:
            for point in entry_points:
                self._place(
                    f"bin/{point.command}", self._script(point), is_executable=True, has_prefix=True
                )
        dist_info = f"{self._layout.site_packages}/{self._wheel.dist_info}"
        self._place(f"{dist_info}/INSTALLER", b"conda\n")
        place_file(self._stage / dist_info / "RECORD", self._format_record(), is_executable=False)

    def _is_replaced(self, path: str) -> bool:
        """Tell whether a file is replaced by our own, or says what is no longer true."""
        directory, _, name = path.rpartition("/")
        return directory == self._wheel.dist_info and name in _REPLACED

    def _write_file(self, file: WheelFile) -> None:
        relative, is_script = self._place_of(file.path)
        data = file.data
        has_prefix = is_script and data.startswith(b"#!python")
        if has_prefix:
            version = "" if self._layout.is_noarch else f"3.{self._target.minor}"
            shebang = f"#!{PREFIX_PLACEHOLDER}/bin/python{version}\n"
            data = shebang.encode() + data.partition(b"\n")[2]
        if is_elf(data):
            self._elf_files.append(ElfFile(data))
        self._place(
            relative, data, is_executable=file.is_executable or is_script, has_prefix=has_prefix
        )

    def _place_of(self, path: str) -> tuple[str, bool]:
        """Give the path in the package of a path in the wheel, and whether it is a program."""
        directory, _, inside = path.partition("/")
        if not directory.endswith(".data"):
            return f"{self._layout.site_packages}/{path}", False
        scheme, _, rest = inside.partition("/")
        if scheme not in _SCHEMES or not rest:
            message = f"`{self._wheel.path.name}` has a file for an unknown scheme: `{path}`"
            raise ChannelBuildError(message, path=str(self._wheel.path), member=path)
        root = {
            "data": "",
            "headers": f"{self._layout.headers}/",
            "scripts": f"{self._layout.scripts}/",
        }.get(scheme, f"{self._layout.site_packages}/")
        return root + rest, scheme == "scripts"

    def _place(
        self,
        relative: str,
        data: bytes,
        *,
        is_executable: bool = False,
        has_prefix: bool = False,
    ) -> None:
        from hognose.archive import resolve_inside

        relative = resolve_inside(self._stage, relative).removeprefix(f"{self._stage}/")
        if relative.startswith(("info/", "conda-meta/")):
            message = f"`{self._wheel.path.name}` has a file `{relative}`, which is conda's own"
            raise ChannelBuildError(message, path=str(self._wheel.path), member=relative)
        if relative in self._written:
            message = f"two files of `{self._wheel.path.name}` would be `{relative}`"
            raise ChannelBuildError(message, path=str(self._wheel.path), member=relative)
        self._written.add(relative)
        place_file(self._stage / relative, data, is_executable=is_executable)
        digest, size = f"sha256={encode_digest(hashlib.sha256(data).digest())}", str(len(data))
        if has_prefix:
            self.placeholders[relative] = PREFIX_PLACEHOLDER
            digest, size = "", ""  # the installer changes the file
        self._record.append((self._layout.recorded(relative), digest, size))

    def _write_license(self, file: WheelFile) -> None:
        """Copy licence files to where conda looks for them."""
        prefix = f"{self._wheel.dist_info}/"
        inside = file.path.removeprefix(prefix)
        if file.path.startswith(prefix) and (
            inside.startswith("licenses/")
            or re.fullmatch(r"(LICEN[CS]E|COPYING|NOTICE|AUTHORS)[^/]*", inside, re.IGNORECASE)
        ):
            path = self._stage / "info/licenses" / inside.removeprefix("licenses/")
            place_file(path, file.data, is_executable=False)

    def _script(self, point: EntryPoint) -> bytes:
        return _SCRIPT.format(
            prefix=PREFIX_PLACEHOLDER,
            version=f"3.{self._target.minor}",
            module=point.module,
            first=point.function.partition(".")[0],
            function=point.function,
        ).encode()

    def _format_record(self) -> bytes:
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows(sorted(self._record))
        writer.writerow((f"{self._wheel.dist_info}/RECORD", "", ""))
        return stream.getvalue().encode()
