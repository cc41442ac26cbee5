"""No text makes a version raise anything but its error, and what it shows parses back."""

import contextlib

from fuzz.harness import fuzz, instrument, text_of

if __name__ == "__main__":
    instrument()

from hognose.errors import InvalidVersionError, VersionBumpError, VersionExtendError
from hognose.types import Version, VersionWithSource

SEEDS = ("1.2.3", "1!2.0rc1+a.1", "0.4.1b2_", "1.0.post1.dev0", "2024a", "1-2-3")
OTHER = Version("1.0")


def check(data):
    text = text_of(data)
    try:
        version = Version(text)
    except InvalidVersionError as error:
        str(error)
        return
    assert version == Version(str(version)) == VersionWithSource(text)
    assert hash(version) == hash(Version(str(version)))
    assert text == str(VersionWithSource(text))
    assert (version < OTHER) + (version == OTHER) + (version > OTHER) == 1
    assert version.segments()
    assert version.starts_with(version)
    assert version.compatible_with(version)
    version.strip_local().pop_segments(0)
    for change in (version.bump_last, version.bump_major, version.with_alpha):
        with contextlib.suppress(VersionBumpError, VersionExtendError, InvalidVersionError):
            str(change())


if __name__ == "__main__":
    fuzz(check, SEEDS)
