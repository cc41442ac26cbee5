"""Real versions and specs on which py-rattler and conda agree (CEP 29, CEP 33).

The data is made by `make_corpus.py` out of real channels. One JSON value a line:

* `versions.jsonl`: versions that are equal; the lines rise.
* `version_specs.jsonl`: a spec, versions that match it and versions that do not.
* `match_specs.jsonl`: a spec, packages of its name that match it and such that do not, each as
  version and build.
"""

import json
from itertools import chain
from pathlib import Path

import pytest

from hognose.types import MatchSpec, PackageRecord, Version, VersionSpec

DATA = Path(__file__).parent / "data"


def read(name):
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def test_versions_are_in_the_agreed_order():
    groups = read("versions.jsonl")
    versions = [[Version(text) for text in group] for group in groups]

    assert len(groups) > 500
    assert versions == sorted(versions)
    assert len(groups) == len(set(chain.from_iterable(versions)))
    for group in versions:
        assert len(set(group)) == 1


@pytest.mark.parametrize("case", read("version_specs.jsonl"), ids=lambda case: case["spec"])
def test_a_version_spec_matches_what_it_is_agreed_to_match(case):
    spec = VersionSpec(case["spec"])

    assert case["matches"] == [text for text in case["matches"] if spec.matches(Version(text))]
    assert [] == [text for text in case["differs"] if spec.matches(Version(text))]


@pytest.mark.parametrize("case", read("match_specs.jsonl"), ids=lambda case: case["spec"])
def test_a_match_spec_matches_what_it_is_agreed_to_match(case):
    spec = MatchSpec(case["spec"])

    def matches(text):
        version, build = text.split(" ")
        return spec.matches(
            PackageRecord.create(name=spec.name.exact, version=version, build=build)
        )

    assert case["matches"] == [text for text in case["matches"] if matches(text)]
    assert [] == [text for text in case["differs"] if matches(text)]
