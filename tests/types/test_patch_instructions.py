"""Corrections of a channel's records (CEP 21, CEP 47, CEP 48)."""

import json

import pytest
from backports import zstd

from hognose.errors import InvalidPackageFileError
from hognose.types import ArchiveIdentifier, PatchInstructions, RepoData, RunExportsJson
from support import shared_data

A = {"name": "a", "version": "1", "build": "0", "depends": ["b", "c"], "license": "GPL"}
PATCHES = "other/conda-forge-patches-2018-08-28"


def repodata(**more):
    return RepoData.decode(
        json.dumps(
            {
                "packages": {"a-1-0.tar.bz2": A},
                "packages.conda": {"a-1-0.conda": A, "d-1-0.conda": A | {"name": "d"}},
                **more,
            }
        )
    )


def instructions(**fields):
    return PatchInstructions.decode(json.dumps({"patch_instructions_version": 1, **fields}))


def patched(**fields):
    data = repodata()
    data.apply_patches(instructions(**fields))
    return data


def test_a_patch_sets_the_fields_it_names_and_leaves_the_others():
    data = patched(packages={"a-1-0.tar.bz2": {"depends": ["b <2"], "license_family": "MIT"}})
    record = data.packages["a-1-0.tar.bz2"]

    assert record.depends == ("b <2",)
    assert record.license_family == "MIT"
    assert record.license == "GPL"


def test_null_takes_a_value_away():
    data = patched(packages={"a-1-0.tar.bz2": {"license": None, "depends": None}})
    record = data.packages["a-1-0.tar.bz2"]

    assert record.license is None
    assert record.depends == ()


def test_a_patch_of_a_tar_bz2_is_for_its_conda_twin_too():
    data = patched(
        packages={"a-1-0.tar.bz2": {"depends": ["x"], "constrains": ["y"]}},
        **{"packages.conda": {"a-1-0.conda": {"depends": ["z"]}}},
    )

    assert data.packages["a-1-0.tar.bz2"].depends == ("x",)
    assert data.conda_packages["a-1-0.conda"].depends == ("z",)
    assert data.conda_packages["a-1-0.conda"].constrains == ("y",)
    assert data.conda_packages["d-1-0.conda"].depends == ("b", "c")


def test_what_is_removed_moves_from_the_records_to_the_names():
    data = patched(remove=["a-1-0.tar.bz2", "unheard-of-1-0.tar.bz2"])

    assert data.packages == {}
    assert list(data.conda_packages) == ["d-1-0.conda"]
    assert data.removed == ("a-1-0.conda", "a-1-0.tar.bz2")


def test_what_is_revoked_depends_on_something_that_does_not_exist():
    data = patched(revoke=["a-1-0.tar.bz2"])

    for record in (data.packages["a-1-0.tar.bz2"], data.conda_packages["a-1-0.conda"]):
        assert record.depends == ("b", "c", "package_has_been_revoked")


def test_run_exports_are_patched_by_version_2_only():
    """CEP 21."""
    fields = {"packages": {"a-1-0.tar.bz2": {"run_exports": {"weak": ["a >=1"]}}}}

    for version, expected in ((1, None), (2, RunExportsJson(weak=("a >=1",)))):
        data = patched(**fields, patch_instructions_version=version)
        assert expected == data.packages["a-1-0.tar.bz2"].run_exports


def test_a_version_that_is_not_known_is_refused():
    with pytest.raises(InvalidPackageFileError, match="version 3") as caught:
        instructions(patch_instructions_version=3)
    assert caught.value.hint == "versions up to 2 are known"


def test_records_of_the_third_revision_have_patches_of_their_own():
    """CEP 48."""
    data = repodata(v3={"conda": {"e-1-0": A}, "tar.bz2": {"e-1-0": A}})
    data.apply_patches(
        instructions(v3={"conda": {"e-1-0": {"flags": ["cuda"]}}}, remove=["e-1-0.tar.bz2"])
    )

    assert data.v3.conda == {}
    assert data.v3.tar_bz2 == {}
    assert data.removed == ("e-1-0.conda", "e-1-0.tar.bz2")

    data = repodata(v3={"conda": {"e-1-0": A}})
    data.apply_patches(instructions(v3={"conda": {"e-1-0": {"flags": ["cuda"]}}}))
    assert data.v3.conda["e-1-0"].flags == ("cuda",)


def test_identity_hashes_and_the_time_of_indexing_are_not_for_patches():
    """CEP 47: a patch should not modify `indexed_timestamp`."""
    data = patched(
        packages={"a-1-0.tar.bz2": {"version": "2", "sha256": "00", "indexed_timestamp": 5}}
    )
    record = data.packages["a-1-0.tar.bz2"]

    assert str(record.version) == "1"
    assert record.sha256 is None
    assert record.indexed_timestamp is None


def test_instructions_round_trip():
    text = '{"packages":{"a-1-0.tar.bz2":{"depends":[],"features":null}},"patch_instructions_version":2,"remove":["b-1-0.conda"]}'

    assert instructions(**json.loads(text)) == PatchInstructions.decode(
        instructions(**json.loads(text)).encode()
    )
    assert json.loads(text) == json.loads(instructions(**json.loads(text)).encode())


@pytest.mark.parametrize(
    ("subdir", "left", "removals"), [("linux-64", 1323, 45), ("win-64", 2643, 29)]
)
def test_the_real_instructions_of_conda_forge_are_carried_out(subdir, left, removals):
    path = shared_data.require(f"{PATCHES}/{subdir}.json.zst")
    tree = json.loads(zstd.decompress(path.read_bytes()))
    packages = {}
    for file_name in [*tree["packages"], *tree["remove"]]:
        parsed = ArchiveIdentifier.parse(file_name)
        packages[file_name] = {
            "name": parsed.name,
            "version": parsed.version,
            "build": parsed.build,
            "depends": ["before"],
            "features": "before",
            "track_features": "before",
        }
    data = RepoData.decode(json.dumps({"packages": packages}))
    data.apply_patches(PatchInstructions.decode(json.dumps(tree)))

    assert removals == len(data.removed)
    assert left == len(data.packages)
    for file_name, record in data.packages.items():
        patch = tree["packages"][file_name]
        assert tuple(patch.get("depends", ["before"])) == record.depends
        assert patch.get("features", "before") == record.features
        assert patch.get("track_features", "before") == record.track_features_source
