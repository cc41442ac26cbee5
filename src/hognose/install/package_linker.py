"""The files of extracted packages, put into a prefix.

A file goes straight to its place when nobody else has it. Otherwise it waits in the journal's
folder until `arrangement` has decided, knowing all packages, who gets the place. Nothing is ever
overwritten here, and every file and folder is in the journal before it is made.

Paths are plain strings, folders are looked at once and made once, and a file that needs no care
costs one system call.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import HognoseError, LinkError
from hognose.install.hard_links import HardLinks, link_error
from hognose.install.link_method import (
    LinkMethods,
    LinkOptions,
    clone_or_copy,
    copy_file,
    detect_link_methods,
    hash_file,
    modification_time,
    read_file,
    write_file,
)
from hognose.install.package_paths import read_entries
from hognose.install.package_targets import PackageTargets
from hognose.install.prefix_places import Bounds, PrefixPlaces, detect_fold
from hognose.install.prefix_replacement import (
    is_mach_o,
    replace_binary_prefix,
    replace_text_prefix,
)
from hognose.types import PrefixPathsEntry, RepoDataRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hognose.install.entry_points import EntryPointFile
    from hognose.install.journal import Journal
    from hognose.install.noarch_python import PythonInfo
    from hognose.types import Platform

__all__ = ("LinkedPackage", "PackageLinker")

# Entry points are made for everybody in the group, as conda makes them.
_EXECUTABLE = 0o775


class LinkedPackage(msgspec.Struct, kw_only=True):
    """A package whose files are in the prefix, though perhaps not at their places yet.

    Attributes:
        record: The package.
        directory: Where it was extracted.
        entries: What its record says of each file. `relative_path` is where the file belongs.
        places: Where each file is, relative to the prefix, in the order of `entries`.
        folders: What its record says of the folders that it asks for.
        link_type: How files are linked that stay as they are. A file that cannot be, because it
            has the most links there can be, is a copy all the same.
    """

    record: RepoDataRecord
    directory: str
    entries: list[PrefixPathsEntry]
    places: list[str]
    folders: list[PrefixPathsEntry]
    link_type: int


class _Cache(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A folder of extracted packages: what works from there, and where in the prefix it is."""

    methods: LinkMethods
    # Relative to it; empty if it is elsewhere.
    inside: str


class PackageLinker:
    """Links packages into one prefix, one after the other; not to be shared by threads."""

    def __init__(
        self,
        prefix: str,
        journal: Journal,
        *,
        hard_links: HardLinks,
        platform: Platform,
        python: PythonInfo | None,
        options: LinkOptions,
        target_prefix: str,
        scratch: str,
        owned: frozenset[str],
        warn: Callable[[str], None],
    ) -> None:
        """Prepare for a prefix that exists.

        Args:
            prefix: The prefix, absolute.
            journal: Where to announce files before they are made.
            hard_links: What makes hard links, perhaps later; the caller has it come to an end.
            platform: The platform that is installed for.
            python: The environment's Python, for `noarch: python` packages.
            options: What ways of linking may be used.
            target_prefix: The path that is written into files in the place of placeholders.
            scratch: A folder on the prefix's file system to find out what works.
            owned: The paths of the packages that are in the prefix.
            warn: Called with what a person should know.
        """
        self._root = f"{prefix}/"
        self._prefix = prefix
        self._journal = journal
        self._hard_links = hard_links
        self._platform = platform
        self._options = options
        self._target_prefix = target_prefix
        self._scratch = scratch
        self._warn = warn
        self._warned: set[str] = set()
        self._bounds = Bounds(prefix)
        self._caches: dict[tuple[int, str], _Cache] = {}
        fold = detect_fold(prefix, scratch=scratch)
        self._targets = PackageTargets(
            prefix,
            platform=platform,
            python=python,
            target_prefix=target_prefix,
            owned=owned,
            fold=fold,
            warn=warn,
        )
        self._places = PrefixPlaces(
            prefix, owned=owned, staging_path=journal.staging_path, fold=fold
        )

    @property
    def has_contests(self) -> bool:
        """Whether a package may have met something that was there before it."""
        return self._places.has_contests

    def link(self, record: RepoDataRecord, directory: str) -> LinkedPackage:
        """Put the files of one package into the prefix.

        Args:
            record: The package.
            directory: Where it was extracted, absolute.

        Raises:
            LinkError: A file cannot be linked; has `path` and `package`.
            TransactionError: A `noarch: python` package without Python.
            UnsafeArchiveError: A path would leave the prefix.
        """
        package = record.file_stem
        described = read_entries(directory)
        entries = [entry for entry in described if entry.path_type != "directory"]
        folders = [entry for entry in described if entry.path_type == "directory"]
        sources = [entry.relative_path for entry in entries]
        cache = self._cache_of(directory)
        targets = self._targets.find(record, entries, cache=cache.inside)
        asked_for = self._targets.find(record, folders, cache=cache.inside)
        generated = self._targets.plan_entry_points(record, directory)
        made = {file.path for file in generated}
        if not made.isdisjoint(targets):
            # What is made goes over what is shipped: a script of the name of an entry point.
            kept = [index for index, target in enumerate(targets) if target not in made]
            entries = [entries[index] for index in kept]
            sources = [sources[index] for index in kept]
            targets = [targets[index] for index in kept]
        places, new_folders = self._places.find(
            [*targets, *(file.path for file in generated)], asked_for
        )
        self._journal.note_creation(directories=new_folders, files=places)
        root = self._root
        for folder in new_folders:
            os.mkdir(root + folder)
        self._link_files(package, directory, sources, entries, places, cache.methods)
        for file, place in zip(generated, places[len(sources) :], strict=True):
            entries.append(self._write_entry_point(file, place))
        return LinkedPackage(
            record=record,
            directory=directory,
            entries=entries,
            places=places,
            folders=folders,
            link_type=cache.methods.link_type,
        )

    def _cache_of(self, directory: str) -> _Cache:
        root = os.path.dirname(directory)
        key = (os.stat(directory).st_dev, root)
        cache = self._caches.get(key)
        if cache is None:
            methods = detect_link_methods(directory, self._options, scratch=self._scratch)
            prefix, root = os.path.realpath(self._prefix), os.path.realpath(root)
            inside = ""
            if root != prefix and Bounds(prefix).hold(root):
                inside = os.path.relpath(root, prefix).replace(os.sep, "/")
            cache = self._caches[key] = _Cache(methods=methods, inside=inside)
        return cache

    def _link_files(
        self,
        package: str,
        directory: str,
        sources: Sequence[str],
        entries: Sequence[PrefixPathsEntry],
        places: Sequence[str],
        methods: LinkMethods,
    ) -> None:
        """Make every file, and complete the entries by what is only known now."""
        source_root, root = f"{directory}/", self._root
        is_linked = methods.hard_links and not methods.ref_links
        linked_paths: list[str] = []
        linked_places: list[str] = []
        modified_ns = modification_time(directory)
        to_sign: list[int] = []
        path = ""
        try:
            for index, (path, entry, place) in enumerate(
                zip(sources, entries, places, strict=False)
            ):
                if entry.path_type != "hardlink":
                    self._link_softly(entry, source_root + path, root + place, methods)
                elif entry.prefix_placeholder is not None:
                    if self._replace(entry, source_root + path, root + place, modified_ns):
                        to_sign.append(index)
                else:
                    if is_linked and not entry.no_link:
                        linked_paths.append(path)
                        linked_places.append(place)
                    else:
                        clone_or_copy(source_root + path, root + place, entry, methods)
                    entry.file_mode = None
                    if entry.sha256_hex is None or entry.size_in_bytes is None:
                        _complete(entry, source_root + path, hash_file(source_root + path))
        except OSError as error:
            raise link_error(error, package, path, source=source_root + path) from error
        except HognoseError as error:
            error.add_note(f"while linking {path} of {package}")
            raise
        self._hard_links.make(package, directory, linked_paths, linked_places)
        if to_sign:
            self._sign(entries, places, to_sign, modified_ns)

    def _link_softly(
        self, entry: PrefixPathsEntry, origin: str, path: str, methods: LinkMethods
    ) -> None:
        """Make a symbolic link, or where there are none a copy of what it points to."""
        if methods.symbolic_links and not entry.no_link:
            text = self._link_symbolically(origin, path, entry.relative_path)
            # The hash of the link's own text: its target may not be there yet.
            digest = hashlib.sha256(os.fsencode(text)).hexdigest()
        else:
            copy_file(os.path.realpath(origin), path)
            digest = hash_file(path)
        entry.file_mode = None
        _complete(entry, path, digest)

    def _link_symbolically(self, origin: str, path: str, target: str) -> str:
        text = os.readlink(origin)
        policy = self._options.external_symlinks
        if policy != "allow" and not self._bounds.hold_end(self._root + target, text):
            message = f"the link {target} points out of the environment: {text}"
            if policy == "deny":
                raise LinkError(message, path=target)
            self._warn(message)
        os.symlink(text, path)
        if os.utime in os.supports_follow_symlinks:
            changed = os.lstat(origin).st_mtime_ns
            os.utime(path, ns=(changed, changed), follow_symlinks=False)
        return text

    def _replace(self, entry: PrefixPathsEntry, origin: str, path: str, modified_ns: int) -> bool:
        """Write a file with its placeholder replaced; tell whether it has to be signed."""
        placeholder = entry.prefix_placeholder
        assert placeholder is not None
        before, permissions = read_file(origin)
        data = before
        if entry.file_mode != "binary":
            entry.file_mode = "text"
            data = replace_text_prefix(
                data, placeholder, self._target_prefix, platform=self._platform
            )
        elif not self._platform.is_windows:
            # Windows binaries find what they need without a path in them.
            data = replace_binary_prefix(data, placeholder, self._target_prefix)
        write_file(path, data, permissions, modified_ns)
        digest = hashlib.sha256(data).hexdigest()
        entry.sha256_in_prefix_hex = None if digest == entry.sha256_hex else digest
        entry.size_in_bytes = len(data)
        return (
            self._platform.is_osx
            and entry.file_mode == "binary"
            and data != before
            and is_mach_o(data)
        )

    def _sign(
        self,
        entries: Sequence[PrefixPathsEntry],
        places: Sequence[str],
        indices: Sequence[int],
        modified_ns: int,
    ) -> None:
        policy = self._options.sign_binaries
        if policy == "never":
            return
        from hognose.install.codesign import UNFINISHED_SUFFIX, sign_changed

        signed = [places[index] for index in indices]
        self._journal.note_creation(files=[place + UNFINISHED_SUFFIX for place in signed])
        paths = [self._root + place for place in signed]
        sign_changed(paths, policy, warn=self._warn_once)
        for index, path in zip(indices, paths, strict=True):
            entries[index].sha256_in_prefix_hex = hash_file(path)
            entries[index].size_in_bytes = os.stat(path).st_size
            os.utime(path, ns=(modified_ns, modified_ns))

    def _warn_once(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            self._warn(message)

    def _write_entry_point(self, file: EntryPointFile, place: str) -> PrefixPathsEntry:
        path = self._root + place
        try:
            with open(path, "xb") as writer:
                writer.write(file.content)
            if file.executable:
                os.chmod(path, _EXECUTABLE)
        except OSError as error:
            raise link_error(error, "an entry point", file.path) from error
        return PrefixPathsEntry(
            relative_path=file.path,
            path_type=file.path_type,
            sha256_hex=hashlib.sha256(file.content).hexdigest(),
            size_in_bytes=len(file.content),
        )


def _complete(entry: PrefixPathsEntry, path: str, digest: str) -> None:
    if digest != entry.sha256_hex:
        entry.sha256_in_prefix_hex = digest
    if entry.size_in_bytes is None:
        entry.size_in_bytes = os.lstat(path).st_size
