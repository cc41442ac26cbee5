"""Versions and specs against conda's own classes, over everything in the shared data.

The third opinion, beside py-rattler's: it runs where conda can be imported. Put a source tree of
it, and a folder with its dependencies, on PYTHONPATH. The accepted differences are listed in
docs/reference/types-differences.md with their reasons.
"""

import json
import random
from functools import cache
from itertools import chain, pairwise

import pytest

from hognose.errors import InvalidVersionSpecError
from hognose.types import MatchSpec, PackageRecord, Version, VersionSpec
from support import shared_data

pytest.importorskip("conda.models.match_spec", reason="no conda on PYTHONPATH")

from conda.models.match_spec import MatchSpec as CondaMatchSpec
from conda.models.records import PackageRecord as CondaRecord
from conda.models.version import VersionOrder
from conda.models.version import VersionSpec as CondaVersionSpec

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SUBDIRS = ("conda-forge/linux-64", "conda-forge/noarch", "anaconda-r/linux-64", "pytorch/linux-64")


@cache
def records_and_specs():
    """Return all packages by name, and all distinct dependency strings."""
    by_name, specs = {}, set()
    for subdir in SUBDIRS:
        tree = json.loads(shared_data.read_zst(f"channels/{subdir}/repodata.json.zst"))
        for record in chain(
            *(tree.get(key, {}).values() for key in ("packages", "packages.conda"))
        ):
            package = record["version"], record["build"], record["build_number"]
            by_name.setdefault(record["name"], set()).add(package)
            specs.update(record.get("depends", ()), record.get("constrains", ()))
    return {name: sorted(packages) for name, packages in by_name.items()}, sorted(specs)


def test_all_real_versions_are_in_condas_order():
    texts = set(shared_data.read_zst("versions.txt.zst").decode().splitlines())
    texts |= {version for packages in records_and_specs()[0].values() for version, _, _ in packages}
    theirs = {text: VersionOrder(text) for text in texts}
    ours = {text: Version(text) for text in texts}

    for a, b in pairwise(sorted(texts, key=ours.__getitem__)):
        assert (theirs[a] == theirs[b]) is (ours[a] == ours[b]), (a, b)
        assert not theirs[b] < theirs[a], (a, b)


def test_all_real_version_specs_match_what_conda_matches():
    packages, specs = records_and_specs()
    clauses = {text.split()[1] for text in specs if len(text.split()) > 1}
    versions = random.Random(1).sample(
        sorted({version for of_name in packages.values() for version, _, _ in of_name}), 60
    )

    compared = 0
    for clause in sorted(clauses - {"1.*.*"}):
        try:
            ours = VersionSpec(clause)
        except InvalidVersionSpecError:
            continue  # no version alone: a build string behind `=`, or a space after the operator
        theirs = CondaVersionSpec(clause)
        for text in versions:
            compared += 1
            assert theirs.match(text) is ours.matches(Version(text)), (clause, text)
    assert compared > 400_000


def test_all_real_match_specs_match_what_conda_matches():
    packages, specs = records_and_specs()
    compared = 0
    for text in specs:
        theirs = CondaMatchSpec(text)
        ours = MatchSpec(text, exact_names_only=False)
        name = str(ours.name)
        candidates = packages.get(name, [])
        for version, build, number in candidates[:: max(1, len(candidates) // 25)]:
            facts = {"name": name, "version": version, "build": build, "build_number": number}
            compared += 1
            said = theirs.match(CondaRecord(subdir="linux-64", **facts))
            assert said is ours.matches(PackageRecord.create(**facts)), (text, version, build)
    assert compared > 100_000
