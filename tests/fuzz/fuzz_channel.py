"""Channels, names and the other small texts raise nothing but their errors."""

import contextlib

from fuzz.harness import fuzz, instrument, text_of

if __name__ == "__main__":
    instrument()

from hognose.errors import InvalidChannelError, InvalidTextError
from hognose.types import (
    ArchiveIdentifier,
    BuildNumberSpec,
    BuildString,
    Channel,
    ChannelConfig,
    ExplicitEnvironmentEntry,
    ExplicitEnvironmentSpec,
    GenericVirtualPackage,
    PackageName,
    PackageNameMatcher,
    Platform,
    StringMatcher,
)

SEEDS = (
    "conda-forge/label/dev",
    "https://user:secret@host:8080/t/TOKEN/conda-forge/linux-64",
    "conda-forge[linux-64, noarch]",
    "C:\\channels\\mine",
    "./here",
    "file:///a/b%20c",
    "numpy-1.26.0-py312_0.conda",
    ">=3",
    "__glibc=2.17=0",
    "@EXPLICIT\nhttps://h/c/noarch/a-1-0.conda#sha256:" + "0" * 64,
    "^a.*$",
    "py3*_0",
)
CONFIG = ChannelConfig(root_dir="/root")


def check(data):
    text = text_of(data)
    with contextlib.suppress(InvalidChannelError):
        channel = Channel(text, CONFIG)
        assert channel.base_url.partition("?")[0].endswith("/")
        assert "\n" not in channel.platform_url("noarch")
        assert channel == Channel(channel.base_url, CONFIG)
        str(channel.canonical_name)
    for parse in (
        ArchiveIdentifier.parse,
        BuildNumberSpec,
        BuildString,
        ExplicitEnvironmentEntry.parse,
        ExplicitEnvironmentSpec.from_str,
        GenericVirtualPackage.parse,
        PackageName,
        PackageNameMatcher,
        Platform,
        StringMatcher,
    ):
        try:
            value = parse(text)
        except InvalidTextError as error:
            str(error)
        else:
            assert value == parse(str(value)), parse


if __name__ == "__main__":
    fuzz(check, SEEDS)
