"""Where the files of a `noarch: python` package go: facts about the environment's Python.

Such a package (CEP 17, CEP 20) holds `site-packages/...` and `python-scripts/...`, which are
moved to where the installed interpreter looks for them. The `noarch` field decides, never the
subdir. Pure: the facts come from the record of the package named `python`.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import TransactionError
from hognose.install.shebang import has_blanks, python_by_shell

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from hognose.types import PackageRecord, Platform

__all__ = ("PythonInfo",)

_SITE_PACKAGES = "site-packages/"
_SCRIPTS = "python-scripts/"

# `#!` and the path must fit into what Linux reads of a first line; the same limit is used on every
# platform, so that an environment's scripts do not depend on where it was made.
_INTERPRETER_LIMIT = 127 - len("#!")


class PythonInfo(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What linking needs to know about the Python of an environment.

    Attributes:
        major: The major version.
        minor: The minor version.
        executable: The interpreter, relative to the prefix.
        site_packages: The folder of third-party modules, relative to the prefix (CEP 17).
        scripts: The folder of entry points, relative to the prefix.
    """

    major: int
    minor: int
    executable: str
    site_packages: str
    scripts: str

    @classmethod
    def from_records(cls, records: Iterable[PackageRecord], platform: Platform) -> Self | None:
        """Take the facts from the record named `python`; None where there is none."""
        for record in records:
            if record.name == "python":
                return cls.from_record(record, platform)
        return None

    @classmethod
    def from_record(cls, record: PackageRecord, platform: Platform) -> Self:
        """Take the facts from the record of the package `python`.

        Raises:
            TransactionError: The version has no minor part, or the site-packages path that the
                record names leaves the prefix.
        """
        release = record.version.as_major_minor()
        if release is None:
            message = f"the version of python has no major and minor part: {record.version}"
            raise TransactionError(message, record=str(record.file_stem))
        major, minor = release
        if platform.is_windows:
            executable, scripts, site_packages = "python.exe", "Scripts", "Lib/site-packages"
        else:
            executable = f"bin/python{major}.{minor}"
            scripts = "bin"
            site_packages = f"lib/python{major}.{minor}/site-packages"
        if record.python_site_packages_path is not None:
            site_packages = _checked(record.python_site_packages_path, record)
        return cls(
            major=major,
            minor=minor,
            executable=executable,
            site_packages=site_packages,
            scripts=scripts,
        )

    def target_path(self, path: str) -> str:
        """Map a path inside a `noarch: python` package to the path below the prefix."""
        if path.startswith(_SITE_PACKAGES):
            return f"{self.site_packages}/{path[len(_SITE_PACKAGES) :]}"
        if path.startswith(_SCRIPTS):
            return f"{self.scripts}/{path[len(_SCRIPTS) :]}"
        return path

    def shebang(self, prefix: str) -> str:
        """Return the first line, or lines, of a Unix script that this Python is to run.

        Where the kernel cannot read the path because it is too long or has blanks, `/bin/sh` does.
        """
        interpreter = f"{prefix}/{self.executable}".encode()
        is_readable = len(interpreter) <= _INTERPRETER_LIMIT and not has_blanks(interpreter)
        line = b"#!" + interpreter if is_readable else python_by_shell(interpreter)
        return line.decode()

    def needs_relink(self, previous: PythonInfo) -> bool:
        """Tell whether `noarch: python` packages linked for `previous` must be linked again."""
        return (self.major, self.minor, self.site_packages) != (
            previous.major,
            previous.minor,
            previous.site_packages,
        )


def _checked(path: str, record: PackageRecord) -> str:
    normal = posixpath.normpath(path.replace("\\", "/"))
    if normal.startswith(("/", "..")) or ":" in normal or normal == ".":
        message = f"{record.file_stem} names a site-packages path outside the environment: {path}"
        raise TransactionError(message, record=record.file_stem, path=path)
    return normal
