"""The package cache on disk: extracted packages that environments are linked from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose._lazy import attach

if TYPE_CHECKING:
    from hognose.cache.cache_cleaning import CacheItem as CacheItem
    from hognose.cache.cache_cleaning import CacheKindSummary as CacheKindSummary
    from hognose.cache.cache_cleaning import CleanResult as CleanResult
    from hognose.cache.cache_cleaning import clean_cache as clean_cache
    from hognose.cache.cache_cleaning import summarise_cache as summarise_cache
    from hognose.cache.cache_directory import CACHE_KINDS as CACHE_KINDS
    from hognose.cache.cache_directory import CacheKind as CacheKind
    from hognose.cache.cache_directory import default_cache_dir as default_cache_dir
    from hognose.cache.cache_entry import complete_record as complete_record
    from hognose.cache.package_cache import CachedPackage as CachedPackage
    from hognose.cache.package_cache import PackageCache as PackageCache
    from hognose.cache.package_download import CacheReporter as CacheReporter
    from hognose.cache.process_lock import file_lock as file_lock
    from hognose.cache.process_lock import is_on_network as is_on_network
    from hognose.cache.remote_archive import open_remote_archive as open_remote_archive

__all__ = (
    "CACHE_KINDS",
    "CacheItem",
    "CacheKind",
    "CacheKindSummary",
    "CacheReporter",
    "CachedPackage",
    "CleanResult",
    "PackageCache",
    "clean_cache",
    "complete_record",
    "default_cache_dir",
    "file_lock",
    "is_on_network",
    "open_remote_archive",
    "summarise_cache",
)

__getattr__, __dir__ = attach(
    __name__,
    {
        "cache_cleaning": (
            "CacheItem",
            "CacheKindSummary",
            "CleanResult",
            "clean_cache",
            "summarise_cache",
        ),
        "cache_directory": ("CACHE_KINDS", "CacheKind", "default_cache_dir"),
        "cache_entry": ("complete_record",),
        "process_lock": ("file_lock", "is_on_network"),
        "remote_archive": ("open_remote_archive",),
        "package_cache": ("CachedPackage", "PackageCache"),
        "package_download": ("CacheReporter",),
    },
)
