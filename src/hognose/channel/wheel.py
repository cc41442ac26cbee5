"""Read a wheel: its file name, its metadata and its files (PEP 427, PEP 643)."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
import zipfile
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import compat32
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from hognose._closing import Closing
from hognose.channel.requirement_reader import DistributionQuestion
from hognose.errors import ChannelBuildError
from hognose.types import EntryPoint

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from email.message import Message

_FILE_NAME: Final = re.compile(
    r"(?P<name>[^-]+)-(?P<version>[^-]+)(?:-(?P<build>\d[^-]*))?"
    r"-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl"
)
_ENTRY_POINT: Final = re.compile(
    r"(?P<module>[\w.]+)\s*(?::\s*(?P<function>[\w.]+))?\s*(?:\[.*\])?\s*"
)

# What Poetry and Hatchling write where nobody tells them a date, beside 1980, the first year that
# an archive can hold. Whoever sets `SOURCE_DATE_EPOCH` means it.
_PLACEHOLDER_TIMES: Final = frozenset({(2016, 1, 1, 0, 0, 0), (2020, 2, 2, 0, 0, 0)})


class WheelTags(msgspec.Struct, frozen=True, gc=False):
    """The compatibility tags of a wheel, each one a set written with dots in the file name."""

    python: tuple[str, ...]
    abi: tuple[str, ...]
    platform: tuple[str, ...]

    @classmethod
    def parse(cls, file_name: str) -> WheelTags:
        """Read the tags from a wheel's file name.

        Raises:
            ChannelBuildError: It is not the name of a wheel.
        """
        match = _FILE_NAME.fullmatch(file_name)
        if match is None:
            message = f"not the file name of a wheel: `{file_name}`"
            raise ChannelBuildError(message, path=file_name)
        return cls(*(tuple(match[part].split(".")) for part in ("python", "abi", "platform")))


class WheelFile(msgspec.Struct, frozen=True, gc=False):
    """One file of a wheel.

    Attributes:
        path: Its place in the archive, with slashes.
        data: Its content, which has the hash that the wheel's `RECORD` promises.
        is_executable: Whether the wheel marks it as a program.
    """

    path: str
    data: bytes
    is_executable: bool


class Wheel(Closing):
    """An open wheel; a context manager.

    Attributes:
        path: Where it is.
        tags: What it is compatible with.
        dist_info: The name of its `.dist-info` directory.
        metadata: The headers of its `METADATA`.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open a wheel and read its metadata.

        Raises:
            ChannelBuildError: The file is missing, or is no wheel.
        """
        self.path = Path(path)
        self.tags = WheelTags.parse(self.path.name)
        try:
            self._archive = zipfile.ZipFile(self.path)
        except (OSError, zipfile.BadZipFile) as error:
            message = f"wheel that cannot be read: `{self.path}`: {error}"
            raise ChannelBuildError(message, path=str(self.path)) from error
        try:
            self.dist_info = self._find_dist_info()
            text = self._archive.read(f"{self.dist_info}/METADATA")
            self.metadata: Message = BytesParser(policy=compat32).parsebytes(text, headersonly=True)
        except BaseException:
            self._archive.close()
            raise

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()

    def _find_dist_info(self) -> str:
        found = [
            name.removesuffix("/METADATA")
            for name in self._archive.namelist()
            if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)
        ]
        if len(found) != 1:
            message = f"wheel with {len(found)} `.dist-info` directories: `{self.path}`"
            raise ChannelBuildError(message, path=str(self.path))
        return found[0]

    def header(self, name: str) -> str | None:
        """The first value of a `METADATA` header, or None if it is missing or says `UNKNOWN`."""
        value = self.metadata.get(name)
        text = None if value is None else str(value).strip()
        return None if text in (None, "", "UNKNOWN") else text

    def headers(self, name: str) -> tuple[str, ...]:
        """All values of a `METADATA` header."""
        return tuple(str(value).strip() for value in self.metadata.get_all(name, ()))

    @property
    def name(self) -> str:
        """The name of the distribution, as it is written."""
        return self.header("Name") or self.path.name.partition("-")[0]

    def question(self) -> DistributionQuestion:
        """What `read_requirements` has to understand about this wheel."""
        return DistributionQuestion(
            name=self.name,
            version=self.header("Version") or self.path.name.split("-")[1],
            requires_python=self.header("Requires-Python"),
            extras=self.headers("Provides-Extra"),
            requirements=self.headers("Requires-Dist"),
        )

    @property
    def timestamp_ms(self) -> int | None:
        """When its newest file was made, or None if the wheel does not tell.

        Build tools that make the same wheel twice give all files one date that says nothing; that,
        and what is no date at all, does not count. Archives have no time zone: it is taken for UTC.
        """
        times = [
            time
            for info in self._archive.infolist()
            if info.date_time[0] > 1980 and info.date_time not in _PLACEHOLDER_TIMES
            for time in _timestamp_ms(info.date_time)
        ]
        return max(times, default=None)

    def entry_points(self) -> tuple[EntryPoint, ...]:
        """The commands that installing the wheel makes, sorted by name.

        Raises:
            ChannelBuildError: `entry_points.txt` breaks the standard.
        """
        member = f"{self.dist_info}/entry_points.txt"
        if member not in self._archive.namelist():
            return ()
        parser = ConfigParser(delimiters=("=",), interpolation=None, strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]  # commands keep their case
        try:
            parser.read_string(self._archive.read(member).decode())
        except (ConfigParserError, UnicodeDecodeError) as error:
            message = f"wheel with broken `entry_points.txt`: `{self.path}`: {error}"
            raise ChannelBuildError(message, path=str(self.path)) from error
        points: dict[str, EntryPoint] = {}
        for section in ("console_scripts", "gui_scripts"):
            for command, value in parser.items(section) if parser.has_section(section) else ():
                match = _ENTRY_POINT.fullmatch(value)
                if match is None or not match["function"] or "/" in command:
                    message = f"wheel with a broken entry point: `{command} = {value}`"
                    raise ChannelBuildError(message, path=str(self.path))
                points[command] = EntryPoint(command, match["module"], match["function"])
        return tuple(points[command] for command in sorted(points))

    def iter_files(self) -> Iterator[WheelFile]:
        """Yield the wheel's files in the order of their paths; `RECORD` itself comes last.

        Raises:
            ChannelBuildError: A file's content is not what `RECORD` promises.
        """
        promised = self._read_record()
        record = f"{self.dist_info}/RECORD"
        infos = [info for info in self._archive.infolist() if not info.is_dir()]
        for info in sorted(infos, key=lambda info: (info.filename == record, info.filename)):
            try:
                data = self._archive.read(info)
            except (OSError, zipfile.BadZipFile, RuntimeError) as error:
                message = f"wheel that cannot be read: `{self.path}`: {error}"
                raise ChannelBuildError(
                    message, path=str(self.path), member=info.filename
                ) from error
            expected = promised.get(info.filename)
            if expected:
                algorithm, _, digest = expected.partition("=")
                if algorithm in hashlib.algorithms_guaranteed and digest != encode_digest(
                    hashlib.new(algorithm, data).digest()
                ):
                    message = f"`{info.filename}` in `{self.path}` is not what its RECORD promises"
                    raise ChannelBuildError(message, path=str(self.path), member=info.filename)
            yield WheelFile(info.filename, data, bool((info.external_attr >> 16) & 0o111))

    def _read_record(self) -> dict[str, str]:
        try:
            text = self._archive.read(f"{self.dist_info}/RECORD").decode()
        except KeyError as error:
            message = f"wheel without a RECORD: `{self.path}`"
            raise ChannelBuildError(message, path=str(self.path)) from error
        return {row[0]: row[1] for row in csv.reader(text.splitlines()) if len(row) >= 2}


def _timestamp_ms(time: tuple[int, int, int, int, int, int]) -> tuple[int, ...]:
    """Give a time of an archive in milliseconds since the epoch; nothing for what is no time."""
    try:
        return (int(datetime(*time, tzinfo=UTC).timestamp()) * 1000,)
    except ValueError:
        return ()


def encode_digest(digest: bytes) -> str:
    """Write a hash as wheels do: URL-safe base 64 without padding."""
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
