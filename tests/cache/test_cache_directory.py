"""Where the caches lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from hognose.cache import CACHE_KINDS, PackageCache, default_cache_dir
from hognose.errors import PackageCacheError


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {"HOME": "/home/me"}, "/home/me/.cache/rattler/cache"),
        ("linux", {"HOME": "/home/me", "XDG_CACHE_HOME": "/c"}, "/c/rattler/cache"),
        ("linux", {"HOME": "/home/me", "XDG_CACHE_HOME": "c"}, "/home/me/.cache/rattler/cache"),
        ("linux", {"HOME": "/home/me", "RATTLER_CACHE_DIR": "/r"}, "/r"),
        ("darwin", {"HOME": "/Users/me"}, "/Users/me/Library/Caches/rattler/cache"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/rattler/cache"),
        ("win32", {"USERPROFILE": "/me"}, "/me/AppData/Local/rattler/cache"),
    ],
)
def test_the_cache_is_where_rattler_has_it(
    platform: str, environ: dict[str, str], expected: str
) -> None:
    assert Path(expected) == default_cache_dir(environ, platform=platform)


def test_without_a_home_the_variable_to_set_is_named() -> None:
    with pytest.raises(PackageCacheError, match="RATTLER_CACHE_DIR"):
        default_cache_dir({}, platform="linux")


def test_the_default_package_cache_is_the_folder_of_packages() -> None:
    cache = PackageCache.default({"RATTLER_CACHE_DIR": "/r"})
    assert cache.root == Path("/r/pkgs")
    assert [kind.folder for kind in CACHE_KINDS if kind.is_packages] == ["pkgs"]
