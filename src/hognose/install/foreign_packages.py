"""Packages in an environment that another installer put there, such as pip or uv.

They are told by their `dist-info` folders: one that no conda package ships is foreign, and so is
one that was written anew by somebody else. `RECORD` in it lists the package's files and their
hashes, `direct_url.json` (PEP 610) where it is from if that is no index.
"""

from __future__ import annotations

import os
import posixpath
import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from hognose.types import PrefixRecord

__all__ = (
    "ForeignPackage",
    "TakenFiles",
    "find_foreign_packages",
    "find_owner",
    "find_stranded_packages",
    "find_taken_files",
    "is_file_of",
    "read_file_list",
)

# PEP 491: what stands for a file without a hash in RECORD is byte-code, or RECORD itself.
_ALGORITHM = "sha256="


class ForeignPackage(msgspec.Struct, frozen=True, kw_only=True):
    """A package that is not conda's.

    Attributes:
        name: The name of the distribution.
        version: Its version.
        installer: What its `INSTALLER` file says, or empty.
        metadata: Its `dist-info` or `egg-info` folder, relative to the prefix.
        requirement: What tells pip to install it again, as a line of a requirements file.
    """

    name: str
    version: str
    installer: str
    metadata: str
    requirement: str = ""

    def __str__(self) -> str:
        by = f" ({self.installer})" if self.installer else ""
        return f"{self.name} {self.version}{by}"


class TakenFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a conda package that a foreign package has in their places.

    Attributes:
        package: The name of the conda package.
        foreign: The package that they belong to now.
        paths: The files, relative to the prefix, sorted.
        is_same_distribution: Whether they are of the same distribution, perhaps in other versions;
            otherwise the two only have files of the same names.
    """

    package: str
    foreign: ForeignPackage
    paths: tuple[str, ...]
    is_same_distribution: bool = False


def find_foreign_packages(
    prefix: str | os.PathLike[str], records: Iterable[PrefixRecord], site_packages: str
) -> tuple[ForeignPackage, ...]:
    """Find the packages in the site-packages folder that no conda record accounts for.

    Args:
        prefix: The environment.
        records: All conda packages in it.
        site_packages: The folder of modules, relative to the prefix.
    """
    root = os.fspath(prefix)
    names = _metadata_folders(os.path.join(prefix, site_packages))
    if not names:
        return ()
    start = f"{site_packages}/"
    owners: dict[str, PrefixRecord] = {}
    for record in records:
        for path in record.files:
            # One look into most paths, of which there may be 100,000.
            if "-info" in path and path.startswith(start):
                owners.setdefault(path[len(start) :].partition("/")[0], record)
    found = []
    for name in names:
        folder, owner = start + name, owners.get(name)
        installer = _installer(root, folder)
        if installer == "conda":
            continue
        # A folder that could not be removed with its package may be left, and empty.
        is_left = owner is None and _is_empty(f"{root}/{folder}")
        if not is_left and (owner is None or _is_rewritten(root, folder, owner)):
            found.append(_read(root, folder, installer))
    return tuple(found)


def find_stranded_packages(
    prefix: str | os.PathLike[str], records: Iterable[PrefixRecord], site_packages: str | None
) -> tuple[ForeignPackage, ...]:
    """Find the foreign packages that were installed for another Python than the one there is.

    Args:
        prefix: The environment.
        records: All conda packages in it.
        site_packages: The folder that its Python reads, relative to the prefix; None without one.
    """
    try:
        folders = sorted(os.listdir(os.path.join(prefix, "lib")))
    except OSError:
        return ()
    known = list(records)
    places = [
        f"lib/{folder}/site-packages"
        for folder in folders
        if re.fullmatch(r"python\d+\.\d+t?", folder)
        and not os.path.islink(os.path.join(prefix, "lib", folder))
    ]
    return tuple(
        package
        for place in places
        if place != site_packages
        for package in find_foreign_packages(prefix, known, place)
    )


def find_taken_files(
    prefix: str | os.PathLike[str],
    records: Iterable[PrefixRecord],
    foreign: Iterable[ForeignPackage],
    *,
    linked: Container[str] = (),
) -> tuple[TakenFiles, ...]:
    """Find the files of conda packages that belong to foreign packages now.

    A foreign package has to be whole where it meets a conda package: one that was overwritten in
    its turn has nothing left to lose. One of the same distribution may also have no file in common
    with the conda package, whose metadata is gone then. Only files that both list are read.

    Args:
        prefix: The environment.
        records: The conda packages to look at.
        foreign: The foreign packages.
        linked: The names of conda packages that are going to be linked anew. A package of the same
            distribution need not be whole for what is left of it to be in their places.
    """
    lists = {package: read_file_list(prefix, package.metadata) for package in foreign}
    found = []
    for record in records if any(lists.values()) else ():
        files = frozenset(record.files)
        own = _distributions(files)
        for package, hashes in lists.items():
            common = [path for path in hashes if path in files]
            folders = own.get(_distribution(package.metadata), ())
            is_gone = folders and not any(os.path.isdir(f"{prefix}/{each}") for each in folders)
            is_met = common or is_gone
            if (folders and record.name in linked) or (
                is_met and all(is_file_of(prefix, path, hashes) is not False for path in common)
            ):
                found.append(
                    TakenFiles(
                        package=str(record.name),
                        foreign=package,
                        paths=tuple(sorted(common)),
                        is_same_distribution=bool(folders),
                    )
                )
    return tuple(found)


def _distributions(files: Iterable[str]) -> dict[str, set[str]]:
    """Return the metadata folders among files, by what `_distribution` returns for them."""
    found: dict[str, set[str]] = {}
    for path in files:
        if "-info/" in path:
            folder = posixpath.dirname(path)
            if folder.endswith((".dist-info", ".egg-info")):
                found.setdefault(_distribution(folder), set()).add(folder)
    return found


def _distribution(metadata: str) -> str:
    """Return where a metadata folder is, with the distribution's name and without the version."""
    place, _, folder = metadata.rpartition("/")
    stem = folder.rpartition(".")[0]
    return f"{place}/{_normalized(stem.partition('-')[0])}"


def _normalized(name: str) -> str:
    """Return the name of a distribution as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_file_list(prefix: str | os.PathLike[str], metadata: str) -> dict[str, str]:
    """Read which files a package has, by its `RECORD`; nothing where that cannot be read.

    Returns:
        By path relative to the prefix, the hash as RECORD has it, or empty. Files outside of the
        prefix are left out.
    """
    import csv

    place = posixpath.dirname(metadata)
    found = {}
    try:
        with open(os.path.join(prefix, metadata, "RECORD"), encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                if row and not posixpath.isabs(row[0]):
                    path = posixpath.normpath(f"{place}/{row[0]}".replace("\\", "/"))
                    if not path.startswith("../"):
                        found[path] = row[1] if len(row) > 1 else ""
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}
    return found


def is_file_of(prefix: str | os.PathLike[str], path: str, hashes: Mapping[str, str]) -> bool | None:
    """Tell whether the file at a path is the one that a list has.

    None where that is open: the list has no hash of it, or there is no such file.
    """
    listed = hashes.get(path, "")
    if not listed.startswith(_ALGORITHM):
        return None
    import base64
    import hashlib

    try:
        with open(os.path.join(prefix, path), "rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None
    return listed == _ALGORITHM + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def find_owner(prefix: str, path: str) -> ForeignPackage | None:
    """Return the foreign package whose list of files names this path, if there is one."""
    folder, marker, inside = path.partition("site-packages/")
    if not marker:
        return None
    site_packages = f"{folder}site-packages"
    for name in _metadata_folders(os.path.join(prefix, site_packages)):
        try:
            with open(f"{prefix}/{site_packages}/{name}/RECORD", encoding="utf-8") as file:
                if any(line.startswith(f"{inside},") for line in file):
                    metadata = f"{site_packages}/{name}"
                    installer = _installer(prefix, metadata)
                    return None if installer == "conda" else _read(prefix, metadata, installer)
        except (OSError, UnicodeDecodeError):
            continue
    return None


def _metadata_folders(folder: str) -> list[str]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    # pip renames what it is about to remove to `~name`.
    return sorted(
        name
        for name in names
        if name.endswith((".dist-info", ".egg-info")) and not name.startswith("~")
    )


def _is_empty(folder: str) -> bool:
    try:
        return not os.listdir(folder)
    except OSError:
        return False


def _installer(prefix: str, metadata: str) -> str:
    return _text(f"{prefix}/{metadata}/INSTALLER")[:80].strip()


def _read(prefix: str, metadata: str, installer: str) -> ForeignPackage:
    stem = metadata.rpartition("/")[2].rpartition(".")[0]
    name, _, version = stem.partition("-")
    if metadata.endswith(".egg-info"):
        version = version.partition("-py")[0]
    return ForeignPackage(
        name=name,
        version=version,
        installer=installer,
        metadata=metadata,
        requirement=_requirement(prefix, metadata, name, version),
    )


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return ""


def _is_rewritten(prefix: str, metadata: str, owner: PrefixRecord) -> bool:
    """Tell whether another installer wrote the metadata that a conda package came with.

    Some conda packages say themselves that pip installed them, at build time.
    """
    import hashlib

    from hognose.install.conda_record import with_real_paths

    path = f"{metadata}/INSTALLER"
    try:
        with open(f"{prefix}/{path}", "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return False
    for entry in with_real_paths(owner).paths_data.paths:
        if entry.relative_path == path:
            packaged = {entry.sha256_in_prefix_hex, entry.sha256_hex}
            return packaged != {None} and digest not in packaged
    return path not in owner.files


def _requirement(prefix: str, metadata: str, name: str, version: str) -> str:
    """Return how pip is told to install a package again."""
    from hognose.net import redact

    document = _text(f"{prefix}/{metadata}/direct_url.json")
    try:
        origin: dict[str, Any] = msgspec.json.decode(document, type=dict[str, Any])
    except msgspec.MsgspecError:
        origin = {}
    url = origin.get("url")
    if not isinstance(url, str):
        return f"{name}=={version}" if version else name
    url = redact(url)
    folder, control = origin.get("dir_info"), origin.get("vcs_info")
    if isinstance(folder, dict) and folder.get("editable") is True:
        return f"-e {url}"
    if isinstance(control, dict):
        return f"{name} @ {control.get('vcs')}+{url}@{control.get('commit_id')}"
    return f"{name} @ {url}"
