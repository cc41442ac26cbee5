"""The metadata files inside a package (CEP 34)."""

from typing import TYPE_CHECKING

from hognose._lazy import attach

if TYPE_CHECKING:
    from hognose.types.package.about_json import AboutJson as AboutJson
    from hognose.types.package.index_json import IndexJson as IndexJson
    from hognose.types.package.link_json import EntryPoint as EntryPoint
    from hognose.types.package.link_json import LinkJson as LinkJson
    from hognose.types.package.link_json import NoArchLinks as NoArchLinks
    from hognose.types.package.package_file import PackageFile as PackageFile
    from hognose.types.package.paths_json import FileMode as FileMode
    from hognose.types.package.paths_json import PathsEntry as PathsEntry
    from hognose.types.package.paths_json import PathsJson as PathsJson
    from hognose.types.package.paths_json import PathType as PathType
    from hognose.types.package.run_exports_json import RunExportsJson as RunExportsJson

__all__ = (
    "AboutJson",
    "EntryPoint",
    "FileMode",
    "IndexJson",
    "LinkJson",
    "NoArchLinks",
    "PackageFile",
    "PathType",
    "PathsEntry",
    "PathsJson",
    "RunExportsJson",
)

__getattr__, __dir__ = attach(
    __name__,
    {
        "about_json": ("AboutJson",),
        "index_json": ("IndexJson",),
        "link_json": ("EntryPoint", "LinkJson", "NoArchLinks"),
        "package_file": ("PackageFile",),
        "paths_json": ("FileMode", "PathType", "PathsEntry", "PathsJson"),
        "run_exports_json": ("RunExportsJson",),
    },
)
