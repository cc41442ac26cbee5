"""Patch instructions against py-rattler, which carries them out when it indexes a channel.

Accepted differences, each with its reason:

* py-rattler keeps removed records under `packages` beside their names in `removed`, we take them
  out as conda-index does. Readers leave them out in both cases.
* py-rattler writes dependencies in its own form: `python 2.7*` becomes `python 2.7.*`.
* py-rattler does not know `revoke`, and does not patch run exports.
"""

import asyncio
import json

import pytest
from backports import zstd

from hognose.types import ArchiveIdentifier, MatchSpec, PatchInstructions, RepoData
from support import shared_data
from support.package_maker import make_package

rattler = pytest.importorskip("rattler")

SUBDIR = "win-64"


@pytest.fixture
def real_instructions():
    """Real instructions: thirty that change dependencies or set features, and some removals."""
    path = shared_data.require(f"other/conda-forge-patches-2018-08-28/{SUBDIR}.json.zst")
    tree = json.loads(zstd.decompress(path.read_bytes()))
    rich = [name for name, patch in tree["packages"].items() if len(patch) > 1]
    plain = [name for name, patch in tree["packages"].items() if len(patch) == 1]
    chosen = [*rich[::60], *plain[::200]]
    return {
        "patch_instructions_version": 1,
        "packages": {name: tree["packages"][name] for name in chosen},
        "remove": tree["remove"][:5],
        "revoke": [],
    }


def test_py_rattler_corrects_the_same_records_alike(tmp_path, real_instructions):
    channel = tmp_path / "channel"
    archives = {
        name: "conda" if number % 3 == 0 else "tar.bz2"
        for number, name in enumerate(
            [*real_instructions["packages"], *real_instructions["remove"]]
        )
    }
    for file_name, archive in archives.items():
        parsed = ArchiveIdentifier.parse(file_name)
        make_package(
            channel,
            parsed.name,
            parsed.version,
            parsed.build,
            depends=["before"],
            subdir=SUBDIR,
            archive=archive,
        )
    make_package(
        channel,
        "patches",
        "1",
        noarch="generic",
        files={f"{SUBDIR}/patch_instructions.json": json.dumps(real_instructions)},
    )
    asyncio.run(rattler.index.index_fs(channel, repodata_patch="patches-1-0.conda"))

    ours = RepoData.from_path(channel / SUBDIR / "repodata_from_packages.json")
    before = len(list(ours.iter_package_records()))
    ours.apply_patches(PatchInstructions.decode(json.dumps(real_instructions)))
    theirs = RepoData.from_path(channel / SUBDIR / "repodata.json")

    assert len(archives) == before
    assert before - 5 == len(list(ours.iter_package_records()))
    their_records = dict(theirs.iter_package_records())
    for file_name, record in ours.iter_package_records():
        record.depends = tuple(str(MatchSpec(text)) for text in record.depends)
        assert their_records[file_name] == record, file_name
    # py-rattler names archives that were never there as well.
    assert set(ours.removed) == {name for name in theirs.removed if name in their_records}
