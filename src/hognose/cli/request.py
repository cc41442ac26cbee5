"""What a command line asks for: the specs on it, and the files that it names.

A file is an `environment.yml` (CEP 24), a list of package URLs, or a list of specs (both CEP 23);
its ending and its content say which.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hognose._unreadable import unreadable
from hognose._url_secrets import without_query
from hognose.cli.specs import parse_spec
from hognose.errors import (
    InvalidMatchSpecError,
    InvalidTextError,
    ParseEnvironmentYamlError,
    ParseLockFileError,
    UsageError,
)
from hognose.types import ExplicitEnvironmentEntry, MatchSpec, Platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hognose.types import EnvironmentYaml

__all__ = ("Request", "read_request")

# YAML documents that people hand to `--file` and that are no `environment.yml`.
_LOCK_FILE_KEYS = frozenset({"environments", "metadata"})


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted of an environment.

    Attributes:
        specs: What to solve for.
        packages: Packages by URL, with nothing left to solve.
        archives: Packages by URL or path, to be installed with what they need.
        channels: The channels that files name, highest priority first.
        has_default_channels: Whether those of the configuration may be used besides.
        name: The name that a file gives the environment.
        prefix: The directory that a file gives the environment.
        variables: What activation is to set.
        platforms: The platforms that a file is meant for.
        requirements: What pip is to install afterwards, as lines of a requirements file.
        directory: Where the relative paths of these requirements start.
    """

    specs: tuple[MatchSpec, ...] = ()
    packages: tuple[ExplicitEnvironmentEntry, ...] = ()
    archives: tuple[ExplicitEnvironmentEntry, ...] = ()
    channels: tuple[str, ...] = ()
    has_default_channels: bool = True
    name: str | None = None
    prefix: str | None = None
    variables: dict[str, str] = {}
    platforms: tuple[Platform, ...] = ()
    requirements: tuple[str, ...] = ()
    directory: str = os.curdir

    @property
    def is_empty(self) -> bool:
        """Whether nothing to install is named."""
        return not (self.specs or self.packages or self.archives or self.requirements)

    def only_specs(self) -> tuple[MatchSpec, ...]:
        """Return the specs, for a command that has nothing but a solve to do.

        Raises:
            UsageError: Packages are named by URL.
        """
        if self.packages or self.archives:
            raise UsageError(
                "packages are named by URL, and not by spec",
                hint="`hognose create` and `hognose install` take them",
            )
        return self.specs

    def merged(self, other: Request) -> Request:
        """Return both together; where only one can hold, the first."""
        return Request(
            specs=self.specs + other.specs,
            packages=self.packages + other.packages,
            archives=self.archives + other.archives,
            channels=tuple(dict.fromkeys(self.channels + other.channels)),
            has_default_channels=self.has_default_channels and other.has_default_channels,
            name=self.name or other.name,
            prefix=self.prefix or other.prefix,
            variables={**other.variables, **self.variables},
            platforms=self.platforms or other.platforms,
            requirements=self.requirements + other.requirements,
            directory=self.directory if self.requirements else other.directory,
        )


def read_request(words: Sequence[str], files: Sequence[str], *, platform: Platform) -> Request:
    """Parse the specs of a command line, and read the files it names.

    Args:
        words: Match specs, and URLs or paths of archives.
        files: Names of files.
        platform: What the selectors in an `environment.yml` are evaluated for.

    Raises:
        InvalidMatchSpecError: One of the words is no spec.
        UsageError: A file cannot be read or breaks its format, or specs and URLs are mixed.
    """
    archives = [word for word in words if _is_archive(word)]
    request = Request(
        specs=tuple(parse_spec(word) for word in words if word not in archives),
        archives=tuple(ExplicitEnvironmentEntry.parse(word) for word in archives),
    )
    for file in files:
        request = request.merged(_read_file(file, platform))
    if request.packages and (request.specs or request.archives):
        raise UsageError(
            "specs and a list of URLs exclude each other",
            hint="install the list first, then add to it with `hognose install`",
        )
    return msgspec.structs.replace(request, specs=tuple(dict.fromkeys(request.specs)))


def _is_archive(word: str) -> bool:
    return without_query(word.partition("#")[0]).endswith((".conda", ".tar.bz2"))


def _read_file(file: str, platform: Platform) -> Request:
    from hognose.types import ExplicitEnvironmentSpec

    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {unreadable(error)}") from error
    if file.lower().endswith((".yml", ".yaml")):
        return _of_environment(_parse_environment(file, text, platform), file)
    if ExplicitEnvironmentSpec.is_explicit(text):
        try:
            explicit = ExplicitEnvironmentSpec.from_path(file)
        except InvalidTextError as error:
            raise UsageError(f"{_place(file, text, error.text)}: {error}") from error
        if explicit.platform not in {None, platform}:
            raise UsageError(
                f"{file} lists packages for {explicit.platform}, not for {platform}",
                hint=f"`--platform {explicit.platform}` makes an environment for it",
            )
        return Request(packages=explicit.packages)
    return Request(specs=tuple(_specs_of_lines(file, text)))


def _specs_of_lines(file: str, text: str) -> Iterator[MatchSpec]:
    for number, whole in enumerate(text.splitlines(), start=1):
        line = whole.partition(" #")[0].strip()
        if line and not line.startswith("#"):
            try:
                yield parse_spec(line)
            except InvalidMatchSpecError as error:
                message = f"{file}, line {number}: {error.message}"
                raise UsageError(message, hint=error.hint) from error


def _place(file: str, text: str, wrong: str) -> str:
    """Say where in a file the text is that is wrong; the file alone where that cannot be told."""
    for number, line in enumerate(text.splitlines(), start=1):
        if wrong and wrong in line:
            return f"{file}, line {number}"
    return file


def _parse_environment(file: str, text: str, platform: Platform) -> EnvironmentYaml:
    from hognose.lock import load_yaml
    from hognose.types import EnvironmentYaml

    def load(document: str) -> object:
        tree = load_yaml(document)
        if isinstance(tree, dict) and "dependencies" not in tree and _LOCK_FILE_KEYS & set(tree):
            raise UsageError(f"{file} is a lock file", hint=f"install it with `--lockfile {file}`")
        return tree

    try:
        return EnvironmentYaml.from_text(text, load, platform=platform)
    except (ParseEnvironmentYamlError, ParseLockFileError) as error:
        raise UsageError(": ".join(filter(None, (file, error.rule, error.text)))) from error


def _of_environment(environment: EnvironmentYaml, file: str) -> Request:
    from hognose.install import require_variable_names

    try:
        require_variable_names(environment.variables)
    except ValueError as error:
        raise UsageError(f"{file}: {error}") from error
    return Request(
        specs=environment.dependencies,
        channels=environment.channels,
        has_default_channels=environment.has_defaults,
        name=environment.name,
        prefix=environment.prefix,
        variables=environment.variables,
        platforms=environment.platforms,
        requirements=environment.pip,
        directory=os.path.dirname(os.path.abspath(file)),
    )
