"""Packages as archives: `.conda` and `.tar.bz2` (CEP 35), read, checked and written."""

from __future__ import annotations

from hognose._lazy import attach

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from hognose.archive.archive_digest import ArchiveDigest as ArchiveDigest
    from hognose.archive.archive_digest import Readable as Readable
    from hognose.archive.extract_limits import ExtractLimits as ExtractLimits
    from hognose.archive.extraction import extract as extract
    from hognose.archive.extraction import extract_info as extract_info
    from hognose.archive.extraction import extract_into as extract_into
    from hognose.archive.extraction_workers import ExtractionWorkers as ExtractionWorkers
    from hognose.archive.extraction_workers import worth_processes as worth_processes
    from hognose.archive.package_archive import ArchiveEntry as ArchiveEntry
    from hognose.archive.package_archive import PackageArchive as PackageArchive
    from hognose.archive.package_writer import PackageEntry as PackageEntry
    from hognose.archive.package_writer import create_package as create_package
    from hognose.archive.package_writer import write_conda as write_conda
    from hognose.archive.package_writer import write_tar_bz2 as write_tar_bz2
    from hognose.archive.parallel_extraction import ExtractionJob as ExtractionJob
    from hognose.archive.parallel_extraction import extract_many as extract_many
    from hognose.archive.renaming import delete as delete
    from hognose.archive.renaming import delete_tree as delete_tree
    from hognose.archive.renaming import is_held as is_held
    from hognose.archive.renaming import outlast as outlast
    from hognose.archive.renaming import remove_tree as remove_tree
    from hognose.archive.renaming import rename as rename
    from hognose.archive.safe_paths import component_fault as component_fault
    from hognose.archive.safe_paths import resolve_inside as resolve_inside
    from hognose.archive.transmutation import transmute as transmute
    from hognose.archive.tree_validation import ValidationMode as ValidationMode
    from hognose.archive.tree_validation import find_faults as find_faults
    from hognose.archive.tree_validation import (
        validate_package_directory as validate_package_directory,
    )

__all__ = (
    "ArchiveDigest",
    "ArchiveEntry",
    "ExtractLimits",
    "ExtractionJob",
    "ExtractionWorkers",
    "PackageArchive",
    "PackageEntry",
    "Readable",
    "ValidationMode",
    "component_fault",
    "create_package",
    "delete",
    "delete_tree",
    "extract",
    "extract_info",
    "extract_into",
    "extract_many",
    "find_faults",
    "is_held",
    "outlast",
    "remove_tree",
    "rename",
    "resolve_inside",
    "transmute",
    "validate_package_directory",
    "worth_processes",
    "write_conda",
    "write_tar_bz2",
)

__getattr__, __dir__ = attach(
    __name__,
    {
        "archive_digest": ("ArchiveDigest", "Readable"),
        "extract_limits": ("ExtractLimits",),
        "extraction": ("extract", "extract_info", "extract_into"),
        "extraction_workers": ("ExtractionWorkers", "worth_processes"),
        "package_archive": ("ArchiveEntry", "PackageArchive"),
        "package_writer": ("PackageEntry", "create_package", "write_conda", "write_tar_bz2"),
        "parallel_extraction": ("ExtractionJob", "extract_many"),
        "renaming": ("delete", "delete_tree", "is_held", "outlast", "remove_tree", "rename"),
        "safe_paths": ("component_fault", "resolve_inside"),
        "transmutation": ("transmute",),
        "tree_validation": ("ValidationMode", "find_faults", "validate_package_directory"),
    },
)
