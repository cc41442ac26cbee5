"""What the things of the conda world are: values, records and the files they lie in.

Nothing here opens a socket, reads a clock or looks at the environment. `encode_json` and
`decode_json` take every value and record across the border to JSON; `enc_hook` and `dec_hook` do
it for a caller's own msgspec encoders, and for `json.dumps(default=enc_hook)`.
"""

from typing import TYPE_CHECKING

from hognose._lazy import attach

if TYPE_CHECKING:
    from hognose.types import wire as wire
    from hognose.types.archive_identifier import ArchiveIdentifier as ArchiveIdentifier
    from hognose.types.build_spec import BuildNumberSpec as BuildNumberSpec
    from hognose.types.build_spec import BuildString as BuildString
    from hognose.types.build_spec import StringMatcher as StringMatcher
    from hognose.types.channel import Channel as Channel
    from hognose.types.channel import ChannelConfig as ChannelConfig
    from hognose.types.channel import ChannelPriority as ChannelPriority
    from hognose.types.condition import Condition as Condition
    from hognose.types.environment_yaml import EnvironmentYaml as EnvironmentYaml
    from hognose.types.explicit_environment import (
        ExplicitEnvironmentEntry as ExplicitEnvironmentEntry,
    )
    from hognose.types.explicit_environment import (
        ExplicitEnvironmentSpec as ExplicitEnvironmentSpec,
    )
    from hognose.types.match_spec import MatchSpec as MatchSpec
    from hognose.types.match_spec import package_name_of as package_name_of
    from hognose.types.nameless_match_spec import NamelessMatchSpec as NamelessMatchSpec
    from hognose.types.no_arch_type import NoArchType as NoArchType
    from hognose.types.package import AboutJson as AboutJson
    from hognose.types.package import EntryPoint as EntryPoint
    from hognose.types.package import FileMode as FileMode
    from hognose.types.package import IndexJson as IndexJson
    from hognose.types.package import LinkJson as LinkJson
    from hognose.types.package import NoArchLinks as NoArchLinks
    from hognose.types.package import PackageFile as PackageFile
    from hognose.types.package import PathsEntry as PathsEntry
    from hognose.types.package import PathsJson as PathsJson
    from hognose.types.package import PathType as PathType
    from hognose.types.package import RunExportsJson as RunExportsJson
    from hognose.types.package_name import PackageName as PackageName
    from hognose.types.package_name import PackageNameMatcher as PackageNameMatcher
    from hognose.types.package_record import PackageRecord as PackageRecord
    from hognose.types.package_record import RepoDataRecord as RepoDataRecord
    from hognose.types.patch_instructions import PackageRecordPatch as PackageRecordPatch
    from hognose.types.patch_instructions import PatchInstructions as PatchInstructions
    from hognose.types.patch_instructions import V3PackagePatches as V3PackagePatches
    from hognose.types.platform import Arch as Arch
    from hognose.types.platform import Platform as Platform
    from hognose.types.platform import Subdir as Subdir
    from hognose.types.prefix_record import Link as Link
    from hognose.types.prefix_record import LinkType as LinkType
    from hognose.types.prefix_record import PrefixPaths as PrefixPaths
    from hognose.types.prefix_record import PrefixPathsEntry as PrefixPathsEntry
    from hognose.types.prefix_record import PrefixRecord as PrefixRecord
    from hognose.types.record_graph import dependencies as dependencies
    from hognose.types.record_graph import dependents as dependents
    from hognose.types.record_graph import problems as problems
    from hognose.types.record_graph import reachable as reachable
    from hognose.types.record_graph import validate as validate
    from hognose.types.repo_data import ChannelInfo as ChannelInfo
    from hognose.types.repo_data import ChannelRelations as ChannelRelations
    from hognose.types.repo_data import RepoData as RepoData
    from hognose.types.repo_data import RepodataRevisionMetadata as RepodataRevisionMetadata
    from hognose.types.repo_data import V3Packages as V3Packages
    from hognose.types.topological_order import sort_topologically as sort_topologically
    from hognose.types.version import Version as Version
    from hognose.types.version_spec import VersionSpec as VersionSpec
    from hognose.types.version_with_source import VersionWithSource as VersionWithSource
    from hognose.types.virtual_package import GenericVirtualPackage as GenericVirtualPackage
    from hognose.types.wire import dec_hook as dec_hook
    from hognose.types.wire import decode_json as decode_json
    from hognose.types.wire import enc_hook as enc_hook
    from hognose.types.wire import encode_json as encode_json

__all__ = (
    "AboutJson",
    "Arch",
    "ArchiveIdentifier",
    "BuildNumberSpec",
    "BuildString",
    "Channel",
    "ChannelConfig",
    "ChannelInfo",
    "ChannelPriority",
    "ChannelRelations",
    "Condition",
    "EntryPoint",
    "EnvironmentYaml",
    "ExplicitEnvironmentEntry",
    "ExplicitEnvironmentSpec",
    "FileMode",
    "GenericVirtualPackage",
    "IndexJson",
    "Link",
    "LinkJson",
    "LinkType",
    "MatchSpec",
    "NamelessMatchSpec",
    "NoArchLinks",
    "NoArchType",
    "PackageFile",
    "PackageName",
    "PackageNameMatcher",
    "PackageRecord",
    "PackageRecordPatch",
    "PatchInstructions",
    "PathType",
    "PathsEntry",
    "PathsJson",
    "Platform",
    "PrefixPaths",
    "PrefixPathsEntry",
    "PrefixRecord",
    "RepoData",
    "RepoDataRecord",
    "RepodataRevisionMetadata",
    "RunExportsJson",
    "StringMatcher",
    "Subdir",
    "V3PackagePatches",
    "V3Packages",
    "Version",
    "VersionSpec",
    "VersionWithSource",
    "dec_hook",
    "decode_json",
    "dependencies",
    "dependents",
    "enc_hook",
    "encode_json",
    "package_name_of",
    "problems",
    "reachable",
    "sort_topologically",
    "validate",
)

__getattr__, __dir__ = attach(
    __name__,
    {
        "archive_identifier": ("ArchiveIdentifier",),
        "build_spec": ("BuildNumberSpec", "BuildString", "StringMatcher"),
        "channel": ("Channel", "ChannelConfig", "ChannelPriority"),
        "condition": ("Condition",),
        "environment_yaml": ("EnvironmentYaml",),
        "explicit_environment": ("ExplicitEnvironmentEntry", "ExplicitEnvironmentSpec"),
        "match_spec": ("MatchSpec", "package_name_of"),
        "nameless_match_spec": ("NamelessMatchSpec",),
        "no_arch_type": ("NoArchType",),
        "package": (
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
        ),
        "package_name": ("PackageName", "PackageNameMatcher"),
        "package_record": ("PackageRecord", "RepoDataRecord"),
        "patch_instructions": ("PackageRecordPatch", "PatchInstructions", "V3PackagePatches"),
        "platform": ("Arch", "Platform", "Subdir"),
        "prefix_record": ("Link", "LinkType", "PrefixPaths", "PrefixPathsEntry", "PrefixRecord"),
        "record_graph": ("dependencies", "dependents", "problems", "reachable", "validate"),
        "repo_data": (
            "ChannelInfo",
            "ChannelRelations",
            "RepoData",
            "RepodataRevisionMetadata",
            "V3Packages",
        ),
        "topological_order": ("sort_topologically",),
        "version": ("Version",),
        "version_spec": ("VersionSpec",),
        "version_with_source": ("VersionWithSource",),
        "virtual_package": ("GenericVirtualPackage",),
        "wire": ("dec_hook", "decode_json", "enc_hook", "encode_json"),
    },
)
