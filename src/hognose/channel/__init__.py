"""Channels: make conda packages from an installed Python and from wheels, and index them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose._lazy import attach

if TYPE_CHECKING:
    from hognose.channel.build import ChannelBuild as ChannelBuild
    from hognose.channel.build import build_channel as build_channel
    from hognose.channel.channel_server import ChannelServer as ChannelServer
    from hognose.channel.index import SubdirIndex as SubdirIndex
    from hognose.channel.index import index_channel as index_channel
    from hognose.channel.python_package import build_python_abi_package as build_python_abi_package
    from hognose.channel.python_package import build_python_package as build_python_package
    from hognose.channel.reporter import ChannelReporter as ChannelReporter
    from hognose.channel.staged_package import BuiltPackage as BuiltPackage
    from hognose.channel.wheel_package import build_package_from_wheel as build_package_from_wheel
    from hognose.channel.wheel_source import collect_wheels as collect_wheels

__all__ = (
    "BuiltPackage",
    "ChannelBuild",
    "ChannelReporter",
    "ChannelServer",
    "SubdirIndex",
    "build_channel",
    "build_package_from_wheel",
    "build_python_abi_package",
    "build_python_package",
    "collect_wheels",
    "index_channel",
)

__getattr__, __dir__ = attach(
    __name__,
    {
        "build": ("ChannelBuild", "build_channel"),
        "channel_server": ("ChannelServer",),
        "index": ("SubdirIndex", "index_channel"),
        "python_package": ("build_python_abi_package", "build_python_package"),
        "reporter": ("ChannelReporter",),
        "staged_package": ("BuiltPackage",),
        "wheel_package": ("build_package_from_wheel",),
        "wheel_source": ("collect_wheels",),
    },
)
