"""Every exception that hognose raises on purpose.

The tree, with what each branch is about::

    HognoseError
    ├── InvalidVersionError, InvalidVersionSpecError, InvalidMatchSpecError,   text that breaks a
    │   InvalidPackageNameError, InvalidChannelError, InvalidUrlError,          rule; these are also
    │   InvalidBuildStringError, ParseSubdirError, ParseArchError,              `ValueError`s
    │   PackageNameMatcherParseError, VirtualPackageOverrideError,
    │   InvalidPackageFileError, ParseExplicitEnvironmentSpecError,
    │   ParseEnvironmentYamlError, ParseLockFileError
    ├── VersionBumpError, VersionExtendError      an operation that a version does not allow
    ├── ValidatePackageRecordsError               records that do not fit together
    ├── ArchiveError
    │   ├── UnsafeArchiveError                    a member that would leave its place
    │   └── HashMismatchError                     bytes that are not the ones promised
    ├── NetworkError                              a URL that did not answer as asked
    │   ├── NotFoundError
    │   ├── FetchCancelledError                   the caller does not want it any more
    │   └── OfflineError
    ├── FetchRepoDataError                        repodata that is missing or broken
    ├── PackageCacheError
    │   └── LockTimeoutError
    ├── SolverError
    │   ├── UnsolvableError                       no environment fits; carries the explanation
    │   ├── SolveCancelledError                   time-out or cancellation
    │   └── SolverBackendError                    a solver that is missing, or cannot express it
    ├── InstallerError
    │   ├── LinkError
    │   ├── TransactionError
    │   │   └── EnvironmentChangedError           somebody was faster; plan again
    │   └── FrozenEnvironmentError
    ├── ActivationError
    ├── ChannelBuildError                         a package or channel that cannot be made
    ├── ConfigError
    └── UsageError                                a command that was asked for the impossible

An error keeps its facts as attributes (`url`, `path`, `spec`, ...) and an optional `hint`, which
says what to do next. All of them survive pickling, so they cross process borders unharmed.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from typing import Any, Self

__all__ = (
    "ActivationError",
    "ArchiveError",
    "ChannelBuildError",
    "ConfigError",
    "EnvironmentChangedError",
    "FetchCancelledError",
    "FetchRepoDataError",
    "FrozenEnvironmentError",
    "HashMismatchError",
    "HognoseError",
    "InstallerError",
    "InvalidBuildStringError",
    "InvalidChannelError",
    "InvalidMatchSpecError",
    "InvalidPackageFileError",
    "InvalidPackageNameError",
    "InvalidUrlError",
    "InvalidVersionError",
    "InvalidVersionSpecError",
    "LinkError",
    "LockTimeoutError",
    "NetworkError",
    "NotFoundError",
    "OfflineError",
    "PackageCacheError",
    "PackageNameMatcherParseError",
    "ParseArchError",
    "ParseEnvironmentYamlError",
    "ParseExplicitEnvironmentSpecError",
    "ParseLockFileError",
    "ParseSubdirError",
    "SolveCancelledError",
    "SolverBackendError",
    "SolverError",
    "TransactionError",
    "UnsafeArchiveError",
    "UnsolvableError",
    "UsageError",
    "ValidatePackageRecordsError",
    "VersionBumpError",
    "VersionExtendError",
    "VirtualPackageOverrideError",
)


def _restore(cls: type[HognoseError], args: tuple[Any, ...], state: dict[str, Any]) -> HognoseError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class HognoseError(Exception):
    """The root of every error in this library.

    Attributes:
        hint: What to do next, or None where that is not known. Part of `str(error)`, on a line
            of its own.
    """

    hint: str | None = None

    def __init__(self, message: str, *, hint: str | None = None, **facts: Any) -> None:
        """Keep the message, the hint and the facts; each fact becomes an attribute."""
        super().__init__(message)
        self.hint = hint
        self.__dict__.update(facts)

    @property
    def message(self) -> str:
        """The message alone, without the hint."""
        return str(self.args[0]) if self.args else type(self).__name__

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, self.__dict__.copy())

    def with_hint(self, hint: str) -> Self:
        """Set the hint, and return the error itself so that it can be raised in the same line."""
        self.hint = hint
        return self


class InvalidTextError(HognoseError, ValueError):
    """Text that breaks a rule: names the text, the position where it broke, and the rule.

    Attributes:
        text: The whole text that was given.
        position: The zero-based index in `text` at which the rule broke, or None.
        rule: The rule, as a sentence fragment.
    """

    noun = "text"

    def __init__(
        self, text: str, rule: str, *, position: int | None = None, hint: str | None = None
    ) -> None:
        """Build the message `invalid <noun> '<text>': <rule> (at character N)`.

        Secrets in addresses are taken out of all of it.
        """
        if "://" in text or "t/" in text:
            from hognose._url_secrets import redact

            bare, rule, hint = redact(text), redact(rule), hint and redact(hint)
            if bare != text:
                text, position = bare, None
        shown = text if len(text) <= 200 else f"{text[:200]}..."
        where = "" if position is None else f" (at character {position + 1})"
        why = rule if len(rule) <= 500 else f"{rule[:500]}..."
        super().__init__(f"invalid {self.noun} {shown!r}: {why}{where}", hint=hint)
        self.text = text
        self.position = position
        self.rule = rule


class InvalidVersionError(InvalidTextError):
    """Text that is not a version (CEP 33)."""

    noun = "version"


class InvalidVersionSpecError(InvalidTextError):
    """Text that is not a version spec (CEP 29)."""

    noun = "version spec"


class InvalidMatchSpecError(InvalidTextError):
    """Text that is not a match spec (CEP 29)."""

    noun = "match spec"


class InvalidPackageNameError(InvalidTextError):
    """Text that is not a package name (CEP 26)."""

    noun = "package name"


class InvalidBuildStringError(InvalidTextError):
    """Text that is not a build string (CEP 26)."""

    noun = "build string"


class PackageNameMatcherParseError(InvalidTextError):
    """Text that is neither a package name nor a glob or regular expression for one."""

    noun = "package name pattern"


class InvalidChannelError(InvalidTextError):
    """Text that is not a channel (CEP 26)."""

    noun = "channel"


class InvalidUrlError(InvalidTextError):
    """Text that is not an absolute URL."""

    noun = "URL"


class ParseSubdirError(InvalidTextError):
    """Text that is not one of the known subdirs."""

    noun = "platform"


class ParseArchError(InvalidTextError):
    """Text that is not one of the known architectures."""

    noun = "architecture"


class VirtualPackageOverrideError(InvalidTextError):
    """An override of a virtual package, usually `CONDA_OVERRIDE_...`, that cannot be used."""

    noun = "virtual package override"


class ParseExplicitEnvironmentSpecError(InvalidTextError):
    """A line of an explicit environment file (CEP 23) that cannot be used."""

    noun = "explicit environment entry"


class ParseEnvironmentYamlError(InvalidTextError):
    """An `environment.yml` (CEP 24) that cannot be used."""

    noun = "environment file"


class ParseLockFileError(InvalidTextError):
    """A lock file that cannot be read."""

    noun = "lock file"


class InvalidPackageFileError(HognoseError, ValueError):
    """A metadata file of a package, or repodata, whose content cannot be used (CEP 34, CEP 36).

    Attributes set by whoever raises it: `path`, what was being read.
    """


class VersionBumpError(HognoseError, ValueError):
    """A version segment that cannot be raised."""


class VersionExtendError(HognoseError, ValueError):
    """A version that cannot be extended to the length asked for."""


class ValidatePackageRecordsError(HognoseError):
    """A set of records that is no environment: something is missing or clashes."""


class ArchiveError(HognoseError):
    """A package archive that cannot be read or written; names the archive, and the member.

    Attributes:
        digest: The `hognose.archive.ArchiveDigest` of the whole archive, where that was asked for
            and could be read to its end; otherwise None.
        is_page: Whether it is a web page, which came in the place of a package.
    """

    digest: Any = None
    is_page: bool = False


class UnsafeArchiveError(ArchiveError):
    """An archive member that would end outside its place, or breaks a limit."""


class HashMismatchError(ArchiveError):
    """Bytes whose hash or size is not the one promised; has `expected` and `actual`."""


class NetworkError(HognoseError):
    """A URL that could not be fetched.

    Attributes:
        url: The URL, without secrets.
        status: The HTTP status where there was an answer.
        is_transient: Whether the same request may succeed later.
    """

    url: str | None = None
    status: int | None = None
    is_transient: bool = False


class NotFoundError(NetworkError):
    """A URL, or local file of a channel, that does not exist."""


class FetchCancelledError(NetworkError):
    """A URL that is not fetched any more, because the caller said so meanwhile."""


class OfflineError(NetworkError):
    """A URL that would need the network while it is switched off."""


class FetchRepoDataError(HognoseError):
    """Repodata that is missing, broken or unreachable; has `url`."""


class PackageCacheError(HognoseError):
    """A package cache that cannot be used; has `path`."""


class LockTimeoutError(PackageCacheError):
    """A lock that somebody else held for too long; has `path` and `holder`."""


class SolverError(HognoseError):
    """A solve that gave no environment."""


class UnsolvableError(SolverError):
    """No environment satisfies the specs.

    Attributes:
        conflict: The explanation as data (`hognose.solve.Conflict`).
    """

    conflict: Any


class SolveCancelledError(SolverError):
    """A solve that ran out of time or was cancelled."""


class SolverBackendError(SolverError):
    """A solver back end that is not there, or has no way to express the question.

    Attributes:
        backend: Its name.
    """

    backend: str


class InstallerError(HognoseError):
    """An environment that could not be changed."""


class LinkError(InstallerError):
    """A file that could not be linked into a prefix; has `path`."""


class TransactionError(InstallerError):
    """A transaction that could not be planned or carried out."""


class EnvironmentChangedError(TransactionError):
    """An environment that is not what a plan was made from: somebody else has changed it since.

    Nothing was done. Reading the environment and planning again is the way on.

    Attributes:
        path: The environment.
    """

    path: str


class FrozenEnvironmentError(InstallerError):
    """A change to an environment that is marked as frozen (CEP 22); has `path`."""


class ActivationError(HognoseError):
    """An environment that cannot be activated, or a program that cannot be run in it."""


class ChannelBuildError(HognoseError):
    """A package or a channel that cannot be made from what was given."""


class ConfigError(HognoseError):
    """A configuration file or value that cannot be used."""


class UsageError(HognoseError):
    """A command line that asks for something impossible; commands exit with status 2."""
