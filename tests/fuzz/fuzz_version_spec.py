"""No text makes a version spec raise anything but its error, and what it shows parses back."""

import contextlib

from fuzz.harness import fuzz, instrument, text_of

if __name__ == "__main__":
    instrument()

from hognose.errors import InvalidVersionSpecError
from hognose.types import Version, VersionSpec

SEEDS = (">=1.2,<2.0a0|==3.*", "~=1.4.2", "!=1.2.*,(>1|<=0.5)", "^1\\.[23]$", "1.*.3", "=1.2+a.*")
VERSIONS = sorted({Version(text) for text in ("0", "1.2", "1.2rc1", "2!1", "1.2+a", "3.post1")})


def check(data):
    text = text_of(data)
    with contextlib.suppress(InvalidVersionSpecError):
        VersionSpec(text, strict=True)
    try:
        spec = VersionSpec(text)
    except InvalidVersionSpecError as error:
        str(error)
        return
    assert spec == VersionSpec(str(spec))
    assert str(spec) == str(VersionSpec(str(spec)))
    expected = sum(1 << i for i, version in enumerate(VERSIONS) if spec.matches(version))
    assert expected == spec.mask(VERSIONS)


if __name__ == "__main__":
    fuzz(check, SEEDS)
