"""Versions and specs against py-rattler, over everything in the shared data.

The accepted differences are listed in docs/reference/types-differences.md with their reasons.
"""

import json
import random
import re
from functools import cache
from itertools import pairwise

import pytest

from hognose.types import MatchSpec, PackageRecord, Version, VersionSpec, package_name_of
from support import shared_data

rattler = pytest.importorskip("rattler")

CHANNELS = (
    "conda-forge",
    "bioconda",
    "conda-forge-python39",
    "pytorch",
    "anaconda-r",
    "robostack-humble",
)
SUBDIRS = ("linux-64", "osx-arm64", "win-64", "noarch")
# CEP 29: `==1.8.*` is one of the ways to write fuzzy equality; py-rattler ignores the star.
FUZZY_BY_CEP_29 = {
    "pytorch-cpu ==1.6.0.*=*_1",
    "python ==2.7.*|>=3.5",
    "python ==2.7.*|>=3.6",
    "python ==2.7.*|>=3.7",
}


@cache
def versions():
    text = shared_data.read_zst("versions.txt.zst").decode()
    found = sorted(set(text.splitlines()))
    random.Random(0).shuffle(found)
    return found


@cache
def records():
    """Return (name, version, build) of all packages, and all distinct dependency strings."""
    packages, specs = set(), set()
    for channel in CHANNELS:
        for subdir in SUBDIRS:
            path = shared_data.ROOT / "channels" / channel / subdir / "repodata.json.zst"
            if not path.exists():
                continue
            name = f"channels/{channel}/{subdir}/repodata.json.zst"
            tree = json.loads(shared_data.read_zst(name))
            for key in ("packages", "packages.conda"):
                for record in tree.get(key, {}).values():
                    packages.add((record["name"], record["version"], record["build"]))
                    specs.update(record.get("depends", ()), record.get("constrains", ()))
    if not packages:
        pytest.skip("no shared channels")
    found = sorted(specs)
    random.Random(0).shuffle(found)
    return sorted(packages), found


def check_versions(texts):
    ours = {text: Version(text) for text in texts}
    theirs = {text: rattler.Version(text) for text in texts}
    for text in texts:
        assert str(theirs[text]) == str(ours[text])
        assert theirs[text].segments() == ours[text].segments()
        assert theirs[text].local_segments() == ours[text].local_segments()
    for a, b in pairwise(sorted(texts, key=ours.__getitem__)):
        assert (ours[a] == ours[b]) is (theirs[a] == theirs[b]), (a, b)
        assert not theirs[b] < theirs[a], (a, b)


def check_specs(specs, packages, limit):
    by_name = {}
    for name, version, build in packages:
        by_name.setdefault(name, []).append((version, build))
    compared = 0
    for text in specs:
        theirs = rattler.MatchSpec(text, exact_names_only=False)
        ours = MatchSpec(text, exact_names_only=False)
        assert theirs.name.normalized == package_name_of(text)
        if text in FUZZY_BY_CEP_29:
            continue
        assert str(theirs) == str(ours)
        assert ours == MatchSpec(ours.to_cep29_string(), exact_names_only=False)
        candidates = by_name.get(theirs.name.normalized, [])
        for version, build in candidates[:: max(1, len(candidates) // limit)]:
            compared += 1
            left = theirs.matches(their_record(theirs.name.normalized, version, build))
            right = ours.matches(our_record(theirs.name.normalized, version, build))
            assert left is right, (text, version, build)
    return compared


@cache
def our_record(name, version, build):
    return PackageRecord.create(name=name, version=version, build=build)


@cache
def their_record(name, version, build):
    build = rattler.package.BuildString.new_unchecked(build)
    return rattler.PackageRecord(
        name=name, version=version, build=build, build_number=0, subdir="linux-64"
    )


def test_a_sample_of_real_versions_is_ordered_and_shown_alike():
    check_versions(versions()[:4000])


def test_a_sample_of_real_specs_matches_the_same_packages():
    packages, specs = records()

    assert check_specs(specs[:1500], packages, 8) > 3000


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_all_real_versions_are_ordered_and_shown_alike():
    check_versions(versions())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_all_real_specs_match_the_same_packages():
    packages, specs = records()

    assert check_specs(specs, packages, 40) > 300_000


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(10))
def test_a_million_made_up_versions_are_ordered_alike(seed):
    # A trailing underscore belongs to the string before it (CEP 33), and to nothing in py-rattler.
    choose = random.Random(seed)
    atoms = ["0", "1", "2", "10", "00", "01", "113", "a", "b", "rc", "dev", "post", "DEV", "alpha"]
    atoms += ["20190125161400", str(2**64 - 1), "zz", "Post", "g"]

    def part():
        segments = ["".join(choose.choices(atoms, k=choose.choice((1, 1, 2, 3)))) for _ in range(4)]
        return choose.choice("._").join(segments[: choose.randint(1, 4)])

    def version():
        return choose.choice(("", "", "", "1!", "0!")) + part()

    def local():
        return choose.choice(("", "", "", f"+{part()}"))

    texts = {version() + local() for _ in range(140_000)}
    readable = [text for text in texts if not _has_long_number(text)]
    assert len(readable) > 100_000
    check_versions(sorted(readable))


def _has_long_number(text):
    return any(int(digits) >= 2**64 for digits in re.findall("[0-9]+", text))


@pytest.mark.parametrize(
    ("spec", "version"),
    [("=1.2.0", "1.2rc1"), ("1.2.0.*", "1.2dev"), ("==1.8.*", "1.8.3"), ("1.2+a.*", "1.2.3+a")],
)
def test_the_listed_differences_are_still_differences(spec, version):
    ours = VersionSpec(spec).matches(Version(version))

    assert ours is not rattler.VersionSpec(spec).matches(rattler.Version(version))
