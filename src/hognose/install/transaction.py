"""What turns one set of installed packages into another. Pure: computed from records.

`plan_transaction` compares; `execution` carries out. Removals come first, dependents before what
they depend on; then what is installed, changed or linked again, dependencies first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from hognose.errors import TransactionError
from hognose.install.arguments import require_all
from hognose.install.conda_record import with_real_paths
from hognose.install.noarch_python import PythonInfo
from hognose.types import PackageRecord, Platform, PrefixRecord, RepoDataRecord, sort_topologically

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

__all__ = (
    "Operation",
    "OperationKind",
    "Transaction",
    "describe_same_package",
    "plan_transaction",
)

OperationKind = Literal["install", "remove", "change", "reinstall"]
"""What an operation does: `change` puts another package of the same name in the place of the old
one, `reinstall` links the same package again."""

Direction = Literal["install", "remove", "upgrade", "downgrade", "rebuild", "reinstall"]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a transaction.

    Attributes:
        kind: What is done.
        old: The installed package that goes; None for `install`.
        new: The package that comes; None for `remove`.
    """

    kind: OperationKind
    old: PrefixRecord | None = None
    new: RepoDataRecord | None = None

    @property
    def name(self) -> str:
        """The package's name."""
        record = self.new or self.old
        assert record is not None
        return str(record.name)

    @property
    def direction(self) -> Direction:
        """What the operation means to a reader: a change is an upgrade, downgrade or rebuild."""
        if self.kind != "change":
            return self.kind
        assert self.old is not None
        assert self.new is not None
        if self.old.version == self.new.version:
            return "rebuild"
        return "upgrade" if self.old.version < self.new.version else "downgrade"


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that has to happen to an environment, in order.

    Attributes:
        operations: What is done: removals, then the rest in topological order.
        unchanged: The installed packages that stay as they are.
        platform: The platform that is installed for.
        python: The Python of the environment afterwards, or None.
        current_python: The Python of the environment before, or None.
        order: The names of all packages of the environment afterwards, dependencies first.
    """

    operations: tuple[Operation, ...]
    unchanged: tuple[PrefixRecord, ...]
    platform: Platform
    python: PythonInfo | None = None
    current_python: PythonInfo | None = None
    order: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has to happen."""
        return not self.operations

    @property
    def removed(self) -> tuple[PrefixRecord, ...]:
        """The installed packages whose files go, also where a package of that name comes back."""
        return tuple(item.old for item in self.operations if item.old is not None)

    @property
    def installed(self) -> tuple[RepoDataRecord, ...]:
        """The packages whose files come, in topological order."""
        return tuple(item.new for item in self.operations if item.new is not None)

    def differences(self) -> tuple[tuple[str, str, str, Direction], ...]:
        """Return the rows of a table for people: name, from, to, and what it means.

        From and to are `version build`, or empty where there is nothing. Rows are sorted by name.
        """
        return tuple(
            sorted(
                (item.name, _release(item.old), _release(item.new), item.direction)
                for item in self.operations
            )
        )


def _release(record: PackageRecord | None) -> str:
    return "" if record is None else f"{record.version} {record.build}"


def plan_transaction(
    installed: Iterable[PrefixRecord],
    wanted: Iterable[RepoDataRecord],
    *,
    reinstall: Collection[str] = (),
    ignored: Collection[str] = (),
    platform: Platform | str | None = None,
) -> Transaction:
    """Compute what turns the installed packages into the wanted ones.

    A package stays when `describe_same_package` takes it for the same. A `noarch: python` package
    that stays is linked again when the minor version or the site-packages path of Python changes.

    Args:
        installed: What is in the environment.
        wanted: All that shall be in it, in any order.
        reinstall: Names of packages to link again although they are the same.
        ignored: Names of packages that stay as they are, wanted or not.
        platform: The platform that is installed for, by default the one that runs.

    Raises:
        TypeError: One value is given where several are meant, or values of another kind.
        ParseSubdirError: There is no such platform.
        TransactionError: A package is wanted twice, is for another platform, or is to be linked
            again and not wanted; a `noarch: python` package comes without Python; or python's
            version has no minor part.
    """
    platform = Platform.current() if platform is None else Platform(platform)
    again = frozenset(require_all("reinstall", reinstall, str))
    left = frozenset(require_all("ignored", ignored, str))
    given = require_all("installed", installed, PrefixRecord)
    current = {record.name: with_real_paths(record) for record in given}
    desired = _by_name(require_all("wanted", wanted, RepoDataRecord))
    strangers = sorted(again - desired.keys())
    if strangers:
        message = f"packages to link again are not wanted: {', '.join(strangers)}"
        raise TransactionError(message, records=tuple(strangers))
    python = PythonInfo.from_records(desired.values(), platform)
    current_python = PythonInfo.from_records(current.values(), platform)
    relink = bool(python and current_python and python.needs_relink(current_python))

    operations: list[Operation] = []
    unchanged: list[PrefixRecord] = []
    for old in reversed(sort_topologically(current.values())):
        if old.name not in desired:
            if old.name in left:
                unchanged.append(old)
            else:
                operations.append(Operation(kind="remove", old=old))
    for new in sort_topologically(desired.values()):
        before = current.get(new.name)
        if new.name in left:
            if before is not None:
                unchanged.append(before)
        elif before is None:
            operations.append(Operation(kind="install", new=new))
        elif not describe_same_package(before, new):
            operations.append(Operation(kind="change", old=before, new=new))
        elif new.name in again or (relink and before.noarch.is_python):
            operations.append(Operation(kind="reinstall", old=before, new=new))
        else:
            unchanged.append(before)
    coming = [item.new for item in operations if item.new is not None]
    _require_platform(coming, platform)
    if python is None:
        _require_no_python_needed(coming)
    after: list[PackageRecord] = [*unchanged, *coming]
    return Transaction(
        operations=tuple(operations),
        unchanged=tuple(unchanged),
        platform=platform,
        python=python,
        current_python=current_python,
        order=tuple(str(record.name) for record in sort_topologically(after)),
    )


def describe_same_package(one: PackageRecord, other: PackageRecord) -> bool:
    """Tell whether two records are about the same bytes, as far as they say.

    The best fact that both have decides: sha256, then md5, then size, name, version and build.
    A hash that only one of them has says nothing: other tools record packages that were installed
    from a file or a bare URL without one, and those are not to be fetched again for it.
    """
    for mine, theirs in ((one.sha256_hex, other.sha256_hex), (one.md5_hex, other.md5_hex)):
        if mine is not None and theirs is not None:
            return mine == theirs
    if one.size is not None and other.size is not None and one.size != other.size:
        return False
    return (one.name, one.version, one.build) == (other.name, other.version, other.build)


def _by_name(wanted: Iterable[RepoDataRecord]) -> dict[str, RepoDataRecord]:
    desired: dict[str, RepoDataRecord] = {}
    for record in wanted:
        twin = desired.setdefault(record.name, record)
        if twin is not record:
            message = f"a package is wanted twice: {twin.file_stem} and {record.file_stem}"
            raise TransactionError(message, records=(twin.file_stem, record.file_stem))
        for part in (record.name, str(record.version), record.build):
            # A line break would write lines of its own into the environment's log.
            if "/" in part or "\\" in part or part in {"", ".", ".."} or not part.isprintable():
                message = f"a record cannot name its file in the environment: {record.file_stem!r}"
                raise TransactionError(message, record=record.file_stem)
    return desired


def _require_no_python_needed(records: Iterable[RepoDataRecord]) -> None:
    """Refuse `noarch: python` packages: where their modules belong, only Python knows."""
    for record in records:
        if record.noarch.is_python:
            message = (
                f"{record.file_stem} needs Python to be linked, and none is in the environment"
            )
            raise TransactionError(message, record=record.file_stem, hint="install `python`")


def _require_platform(records: Iterable[RepoDataRecord], platform: Platform) -> None:
    others: Sequence[str] = [
        f"{record.subdir}/{record.file_stem}"
        for record in records
        if record.subdir not in {str(platform), "noarch", ""}
    ]
    if others:
        message = f"packages for other platforms cannot be installed for {platform}: "
        raise TransactionError(f"{message}{', '.join(others)}", records=tuple(others))
