"""Explicit environments: lists of package URLs that need no solver (CEP 23)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import msgspec

from hognose._url_secrets import without_query
from hognose.errors import ParseExplicitEnvironmentSpecError
from hognose.types.archive_identifier import ArchiveIdentifier
from hognose.types.platform import Platform

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

__all__ = ("ExplicitEnvironmentEntry", "ExplicitEnvironmentSpec", "expand_user_and_variables")

MARKER: Final = "@EXPLICIT"
_PLATFORM = re.compile(r"#\s*platform:\s*(\S+)\s*$")
_HASH = re.compile(r"(?:md5:)?([0-9a-fA-F]{32})|(?:sha256:)?([0-9a-fA-F]{64})")
_ARCHIVE_ENDS: Final = (".conda", ".tar.bz2")


def expand_user_and_variables(text: str) -> str:
    """Replace a leading `~` and the environment variables in a line, as CEP 23 wants."""
    from os.path import expanduser, expandvars

    return expandvars(expanduser(text))


class ExplicitEnvironmentEntry(msgspec.Struct, frozen=True, gc=False):
    """One package: where it is, and which hash it has to have."""

    url: str
    """A URL or a path, without the hash. A relative path starts at the working directory."""
    md5: bytes | None = None
    """The MD5 digest, None if the line has none."""
    sha256: bytes | None = None
    """The SHA-256 digest, None if the line has none."""

    @classmethod
    def parse(cls, line: str) -> Self:
        """Parse a line: `<url or path>[#<md5>|#[sha256:]<sha256>]`.

        An `http` URL may have a query, which is a part of neither the file name nor the hash.

        Raises:
            ParseExplicitEnvironmentSpecError: If it does not end in an archive's file name, or
                what follows `#` is no hash.
        """
        line = line.strip()
        url, mark, digest = line.partition("#")
        if not without_query(url).endswith(_ARCHIVE_ENDS):
            rule = "it is no URL or path of a `.conda` or `.tar.bz2` file"
            raise ParseExplicitEnvironmentSpecError(line, rule)
        if not mark:
            return cls(url)
        found = _HASH.fullmatch(digest.strip())
        if found is None:
            rule = "what follows `#` is neither an MD5 nor a SHA-256 digest"
            raise ParseExplicitEnvironmentSpecError(line, rule, position=len(url) + 1)
        if found[1]:
            return cls(url, bytes.fromhex(found[1]))
        return cls(url, None, bytes.fromhex(found[2]))

    @property
    def file_name(self) -> str:
        """The file name of the archive."""
        return re.split(r"[/\\]", without_query(self.url))[-1]

    @property
    def archive(self) -> ArchiveIdentifier | None:
        """The name, version and build in the file name; None if it has not that form."""
        return ArchiveIdentifier.try_parse(self.file_name)

    def __str__(self) -> str:
        if self.sha256 is not None:
            return f"{self.url}#sha256:{self.sha256.hex()}"
        return self.url if self.md5 is None else f"{self.url}#{self.md5.hex()}"


class ExplicitEnvironmentSpec(msgspec.Struct, frozen=True):
    """The packages of an environment, in the order in which they are linked."""

    packages: tuple[ExplicitEnvironmentEntry, ...]
    platform: Platform | None = None
    """What a comment `# platform: linux-64` says; None without one."""

    @classmethod
    def from_str(cls, content: str, *, expand: Callable[[str], str] | None = None) -> Self:
        """Parse a document.

        Args:
            content: The document, with a line `@EXPLICIT`.
            expand: Expands `~` and variables in a line; None leaves lines as they are.

        Raises:
            ParseExplicitEnvironmentSpecError: If the marker is missing, or a line is no package.
        """
        if not cls.is_explicit(content):
            rule = f"the line `{MARKER}` is missing"
            raise ParseExplicitEnvironmentSpecError(content.partition("\n")[0], rule)
        platform: Platform | None = None
        packages = []
        for line in content.splitlines():
            stripped = line.strip()
            if not stripped or stripped == MARKER:
                continue
            if stripped.startswith("#"):
                found = _PLATFORM.match(stripped)
                if found and platform is None:
                    platform = _known_platform(found[1])
                continue
            packages.append(
                ExplicitEnvironmentEntry.parse(expand(stripped) if expand else stripped)
            )
        return cls(tuple(packages), platform)

    parse = from_str

    @classmethod
    def from_path(
        cls,
        path: str | os.PathLike[str],
        *,
        expand: Callable[[str], str] | None = expand_user_and_variables,
    ) -> Self:
        """Read a file.

        Raises:
            ParseExplicitEnvironmentSpecError: If its content cannot be used.
            OSError: If it cannot be read.
        """
        return cls.from_str(Path(path).read_text(encoding="utf-8"), expand=expand)

    @staticmethod
    def is_explicit(content: str) -> bool:
        """Return whether a document is a list of URLs rather than of match specs."""
        return any(line.strip() == MARKER for line in content.splitlines())

    @classmethod
    def from_entries(
        cls, entries: Iterable[ExplicitEnvironmentEntry], platform: Platform | None = None
    ) -> Self:
        """Make a spec of entries."""
        return cls(tuple(entries), platform)

    def to_str(self) -> str:
        """Return the document; `from_str` makes an equal value of it."""
        head = [f"# platform: {self.platform}"] if self.platform is not None else []
        return "\n".join([*head, MARKER, *map(str, self.packages)]) + "\n"

    def __str__(self) -> str:
        return self.to_str()


def parse_spec_lines(content: str) -> tuple[str, ...]:
    """Return the match specs of a document without the marker, one for each line.

    They are not parsed; comments and empty lines are left out.
    """
    lines = (line.strip() for line in content.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _known_platform(text: str) -> Platform | None:
    try:
        return Platform(text)
    except ValueError:
        return None
