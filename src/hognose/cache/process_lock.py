"""The lock between processes that guards the entries of caches; `repodata` has the same one."""

from hognose._process_lock import file_lock, is_on_network

__all__ = ("file_lock", "is_on_network")
