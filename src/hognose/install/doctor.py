"""What is wrong with an environment: files that are not as recorded, packages that do not fit.

`diagnose` only reads. Files that were altered in place are altered in the package cache as well
where the environment has hard links to it, so `repair` looks at the cache's copy before it links
again.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal

import msgspec

from hognose.errors import (
    HognoseError,
    InstallerError,
    TransactionError,
    ValidatePackageRecordsError,
)
from hognose.install.arguments import require_all, require_means, require_object
from hognose.install.byte_code import has_byte_code
from hognose.install.conda_record import with_real_paths
from hognose.install.foreign_health import ForeignHealth, examine_foreign_packages
from hognose.install.foreign_packages import ForeignPackage
from hognose.install.frozen import require_not_frozen
from hognose.install.installed_record import recorded_specs
from hognose.install.link_method import LinkOptions, hash_file
from hognose.install.lost_records import (
    begin_history,
    find_lost_records,
    lost_specs,
    put_aside,
    read_records,
)
from hognose.install.noarch_python import PythonInfo
from hognose.install.prefix_lock import is_locked
from hognose.install.recorded_paths import find_unsafe_records, require_own_folders
from hognose.install.unfinished import has_unfinished_transaction
from hognose.types import MatchSpec, PackageRecord, Platform, PrefixRecord, package_name_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from hognose.cache import PackageCache
    from hognose.install.installation import InstallationResult
    from hognose.net import Client
    from hognose.types import GenericVirtualPackage, PrefixPathsEntry, RepoDataRecord

__all__ = ("Diagnosis", "Fault", "diagnose", "discard_damaged_entries", "repair")

FaultKind = Literal[
    "missing",
    "altered",
    "replaced",
    "broken",
    "stranded",
    "inconsistent",
    "unreadable",
    "doubled",
    "unsafe",
    "unlogged",
    "unfinished",
]

_CHUNK = 256


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong.

    Attributes:
        kind: `missing` and `altered` are about a file; `replaced` is about a package in whose place
            another installer has put its own; `broken` about a package of another installer that
            lacks files; `stranded` about one that was installed for another Python; `inconsistent`
            about packages that do not fit together; `unreadable` about a record; `doubled` about
            one of a package that has another one; `unsafe` about a record or a link that leads out
            of the environment; `unlogged` about an environment without a history; `unfinished`
            about an interrupted change.
        package: The package that it is about, or that the file belongs to, or empty.
        path: The file, relative to the prefix, or empty.
        message: The fault in words.
    """

    kind: FaultKind
    package: str = ""
    path: str = ""
    message: str = ""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What was found.

    Attributes:
        faults: What is wrong: of files in the order of packages and paths, then the rest.
        foreign: Packages that another installer put there. That is no fault.
        packages: How many packages were looked at.
        files: How many files were looked at.
    """

    faults: tuple[Fault, ...] = ()
    foreign: tuple[ForeignPackage, ...] = ()
    packages: int = 0
    files: int = 0

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    @property
    def damaged_packages(self) -> tuple[str, ...]:
        """The packages without all their files, sorted; linking them again is the cure.

        One that another installer replaced is none of them: its files are that installer's.
        """
        kinds = ("missing", "altered", "doubled")
        return tuple(sorted({fault.package for fault in self.faults if fault.kind in kinds}))


def diagnose(
    prefix: str | os.PathLike[str],
    *,
    compare: Literal["hashes", "sizes"] = "hashes",
    virtual_packages: Iterable[GenericVirtualPackage] | None = None,
    platform: Platform | None = None,
    threads: int | None = None,
) -> Diagnosis:
    """Look at an environment and change nothing.

    Byte-code is not looked at: interpreters make and replace it as they like. Where a change is
    under way or was interrupted, neither records nor files are looked at: some are as they were
    before, some as they will be, and only the journal of the change knows which.

    Args:
        prefix: The environment.
        compare: Whether files are read, or only their sizes are compared.
        virtual_packages: What the machine offers; None leaves dependencies on it unchecked.
        platform: The platform of the environment, by default the one that runs.
        threads: How many threads read files, by default one per processor.

    Raises:
        InstallerError: There is no environment.
    """
    root = os.path.abspath(prefix)
    if not os.path.isdir(f"{root}/conda-meta"):
        raise InstallerError(f"there is no environment: {root}", path=root)
    if has_unfinished_transaction(root):
        return Diagnosis(faults=(*_unsafe(root, ()), _unfinished(root)))
    found, lost = read_records(root)
    records = [with_real_paths(record) for record in found]
    faults = [
        Fault(
            kind="unreadable" if item.double is None else "doubled",
            package="" if item.double is None else str(item.double.name),
            path=item.path,
            message=item.message,
        )
        for item in lost
    ]
    unsafe = _unsafe(root, records)
    faults += unsafe
    # Paths that lead out are none of ours to read.
    trusted = [record for record in records if str(record.name) not in {f.package for f in unsafe}]
    jobs = [(str(record.name), entry) for record in trusted for entry in record.paths_data.paths]
    shares = [jobs[start : start + _CHUNK] for start in range(0, len(jobs), _CHUNK)]

    def look(share: Sequence[tuple[str, PrefixPathsEntry]]) -> list[Fault]:
        found = ((name, entry, _look_at(root, entry, compare)) for name, entry in share)
        return [_file_fault(kind, name, entry) for name, entry, kind in found if kind]

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        files = [fault for found in pool.map(look, shares) for fault in found]
    foreign = _examine_foreign(root, records, platform or Platform.current())
    files = [fault for fault in files if not _is_of_others(fault, foreign)]
    faults = [*files, *_foreign_faults(foreign), *faults]
    faults += _inconsistencies(records, virtual_packages)
    if not os.path.isfile(f"{root}/conda-meta/history"):
        message = (
            "conda-meta/history is missing: other programs see no environment here, and there is "
            "no earlier state to go back to"
        )
        faults.append(Fault(kind="unlogged", path="conda-meta/history", message=message))
    return Diagnosis(
        faults=tuple(faults),
        foreign=foreign.packages,
        packages=len(records),
        files=len(jobs),
    )


def _unfinished(root: str) -> Fault:
    message = (
        "a change was interrupted: the next command that changes the environment, or "
        "`hognose doctor --repair`, undoes or finishes it"
    )
    if is_locked(root):
        message = "another process is changing the environment: look again when it is done"
    return Fault(kind="unfinished", message=message)


def _unsafe(root: str, records: Sequence[PrefixRecord]) -> list[Fault]:
    faults = []
    try:
        require_own_folders(root)
    except TransactionError as error:
        faults.append(Fault(kind="unsafe", message=error.message))
    for record, unsafe in find_unsafe_records(root, records):
        path = f"conda-meta/{record.record_file_name}"
        message = f"{path} lists {unsafe.path!a}, which {unsafe.rule}"
        faults.append(Fault(kind="unsafe", package=str(record.name), path=path, message=message))
    return faults


def _is_of_others(fault: Fault, foreign: ForeignHealth) -> bool:
    """Tell whether a file is not as recorded because of what another installer put there."""
    return any(
        # An installer removes the files of the version that it replaces.
        fault.path in item.paths or (fault.kind == "missing" and item.is_same_distribution)
        for item in foreign.taken
        if item.package == fault.package
    )


def _file_fault(kind: FaultKind, package: str, entry: PrefixPathsEntry) -> Fault:
    words = "is missing" if kind == "missing" else "is not what was installed"
    path = entry.relative_path
    return Fault(kind=kind, package=package, path=path, message=f"{path} of {package} {words}")


def _look_at(root: str, entry: PrefixPathsEntry, compare: str) -> FaultKind | None:
    if entry.path_type in {"pyc_file", "linked_package_record"}:
        return None
    path = f"{root}/{entry.relative_path}"
    try:
        if entry.path_type == "directory":
            return None if os.path.isdir(path) else "missing"
        if os.path.islink(path):
            return _look_at_link(path, entry, compare)
        size = os.stat(path).st_size
        if compare == "hashes":
            digest = entry.sha256_in_prefix_hex or entry.sha256_hex
            if digest is not None:
                return None if hash_file(path) == digest.lower() else "altered"
        # The size of a file with a placeholder is that of the packaged file for some installers.
        if entry.prefix_placeholder is None and entry.size_in_bytes not in {None, size}:
            return "altered"
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    except OSError:
        # It is there, and cannot be read any more.
        return "altered"
    return None


def _look_at_link(path: str, entry: PrefixPathsEntry, compare: str) -> FaultKind | None:
    """Check a symbolic link by its own text, which is what was recorded if it differs."""
    digest = entry.sha256_in_prefix_hex
    if entry.path_type != "softlink":
        return "altered"
    if compare != "hashes" or digest is None:
        return None
    text = hashlib.sha256(os.fsencode(os.readlink(path))).hexdigest()
    if digest in {text, entry.sha256_hex}:
        return None
    # Other installers record the hash of what the link leads to.
    return None if os.path.isfile(path) and hash_file(path) == digest else "altered"


def _inconsistencies(
    records: Sequence[PrefixRecord], virtual_packages: Iterable[GenericVirtualPackage] | None
) -> list[Fault]:
    messages: list[str] = []
    try:
        PackageRecord.validate(records)
    except ValidatePackageRecordsError as error:
        messages += getattr(error, "problems", (error.message,))
    if virtual_packages is not None:
        offered = {
            package.name: PackageRecord.create(
                name=str(package.name), version=str(package.version), build=package.build_string
            )
            for package in virtual_packages
        }
        for record in records:
            for text in record.depends:
                name = package_name_of(text)
                if name.startswith("__"):
                    fact = offered.get(name)  # type: ignore[call-overload]  # a PackageName is a str
                    if fact is None or not MatchSpec(text).matches(fact):
                        has = f"only `{fact.version}` of it" if fact else "nothing of that name"
                        messages.append(
                            f"package `{record}` needs `{text}`, and this machine has {has}"
                        )
    return [Fault(kind="inconsistent", message=message) for message in messages]


def _examine_foreign(
    root: str, records: Sequence[PrefixRecord], platform: Platform
) -> ForeignHealth:
    try:
        python = PythonInfo.from_records(records, platform)
    except HognoseError:
        return ForeignHealth()
    return examine_foreign_packages(root, records, python.site_packages if python else None)


def _foreign_faults(foreign: ForeignHealth) -> list[Fault]:
    faults = [
        Fault(
            kind="replaced",
            package=item.package,
            message=f"{item.package} is not what was installed: {item.foreign} is in its place",
        )
        for item in foreign.taken
    ]
    faults += [
        Fault(
            kind="broken",
            package=item.package.name,
            path=item.paths[0],
            message=f"{item.package} lacks {len(item.paths)} of its {item.files} files, such as "
            f"{item.paths[0]}: install `{item.package.requirement}` again",
        )
        for item in foreign.broken
    ]
    faults += [
        Fault(
            kind="stranded",
            package=package.name,
            path=package.metadata,
            message=f"{package} is not for the Python that is here, in {package.metadata}: install "
            f"`{package.requirement}` again",
        )
        for package in foreign.stranded
    ]
    return faults


def discard_damaged_entries(
    cache: PackageCache, records: Iterable[RepoDataRecord]
) -> tuple[str, ...]:
    """Take packages whose files are not the packaged ones out of the cache.

    Args:
        cache: The cache; entries in directories that are only read stay.
        records: The packages to look at.

    Returns:
        The folders that are gone.
    """
    from hognose.archive import remove_tree, rename, validate_package_directory

    gone = []
    for record in records:
        path = cache.lookup(record)
        if path is None or path.parent != cache.root:
            continue
        try:
            validate_package_directory(path)
        except (HognoseError, ExceptionGroup):
            # The name is the one that the cache gives to what it has not finished.
            trash = f"{cache.root}/.{path.name[:100]}.{os.urandom(6).hex()}.partial"
            rename(os.fspath(path), trash)
            remove_tree(trash)
            gone.append(os.fspath(path))
    return tuple(gone)


def repair(
    prefix: str | os.PathLike[str],
    packages: Collection[str],
    *,
    cache: PackageCache,
    client: Client,
    reporter: object | None = None,
    platform: Platform | None = None,
    override_frozen: bool = False,
    command: str = "",
) -> InstallationResult:
    """Link packages again, from copies in the cache that are verified or fetched anew.

    Whatever was altered in their files is lost. An interrupted change is undone or finished first;
    if its journal is damaged, that is put aside. Packages whose records cannot be read are linked
    again if the cache has them, and so are those that are recorded twice; a history that is missing
    is begun anew. Byte-code is made where packages of the environment have it.

    Args:
        prefix: The environment.
        packages: The names of the packages, such as `Diagnosis.damaged_packages`.
        cache: Where packages are kept.
        client: What fetches those that are not there, or are damaged.
        reporter: An object with methods of `Reporter`.
        platform: The platform of the environment, by default the one that runs.
        override_frozen: Repair the environment although it is marked as frozen (CEP 22).
        command: The command line, for the environment's history.

    Raises:
        TypeError: An argument is of another kind than it takes.
        HognoseError: As `install`; the environment is as it was.
    """
    from hognose.install.installation import install, recover

    require_means(cache, client)
    require_object("reporter", reporter)
    named = frozenset(require_all("packages", packages, str))
    require_own_folders(os.path.abspath(prefix))
    recover(prefix, abandon_damaged=True)
    if not override_frozen:
        require_not_frozen(prefix)
    begin_history(prefix, command=command)
    records, lost = read_records(prefix)
    lost = find_lost_records(prefix, lost, cache=cache)
    named |= {str(item.double.name) for item in lost if item.double is not None}
    wanted = [*records, *[item.package for item in lost if item.package is not None]]
    discard_damaged_entries(cache, [record for record in records if record.name in named])
    with put_aside(prefix, lost) if lost else nullcontext():
        return install(
            wanted,
            prefix,
            cache=cache,
            client=client,
            reinstall=named,
            requested_specs=[*recorded_specs(records), *lost_specs(prefix, lost)],
            # The files of a package whose record is lost are still there, and nobody's.
            link_options=LinkOptions(clobber="ignore" if lost else "warn"),
            reporter=reporter,
            platform=platform,
            compile_byte_code=has_byte_code(records),
            override_frozen=override_frozen,
            command=command,
        )
