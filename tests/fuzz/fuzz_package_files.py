"""Metadata files raise nothing but their error, and what is written reads back the same."""

import contextlib
import json

from fuzz.harness import fuzz, instrument, text_of

if __name__ == "__main__":
    instrument()

from hognose.errors import HognoseError, InvalidPackageFileError
from hognose.types import (
    AboutJson,
    Channel,
    EnvironmentYaml,
    IndexJson,
    LinkJson,
    PackageRecord,
    PatchInstructions,
    PathsJson,
    PrefixRecord,
    RepoData,
    RunExportsJson,
    problems,
    sort_topologically,
)

SEEDS = (
    '{"name": "a", "version": "1", "build": "0", "depends": ["b >=1"], "noarch": "python"}',
    '{"home": "https://a", "dev_url": ["https://b", null], "extra": {"x": 1}}',
    '{"paths": [{"_path": "bin/a", "path_type": "hardlink", "file_mode": "text", "sha256": "00"}], "paths_version": 1}',
    '{"noarch": {"type": "python", "entry_points": ["x = a.b:c.d"]}, "package_metadata_version": 1}',
    '{"weak": ["a >=1"], "strong": ["b"]}',
    '["a >=1"]',
    '{"info": {"subdir": "noarch", "base_url": "../f"}, "packages": {"a-1-0.tar.bz2": {"name": "a", "version": "1", "build": "0"}}, "removed": ["b"], "v3": {"conda": {}}, "repodata_version": 2}',
    '{"patch_instructions_version": 1, "packages": {"a-1-0.tar.bz2": {"depends": null}}, "remove": ["a-1-0.tar.bz2"], "revoke": ["a-1-0.tar.bz2"]}',
    '{"name": "x", "channels": ["c", "nodefaults"], "dependencies": ["a", {"pip": ["b"]}, {"sel(linux)": "c"}], "variables": {"A": 1}, "platforms": ["linux-64"]}',
    '{"name": "a", "version": "1", "build": "0", "fn": "a-1-0.conda", "link": {"source": "/p", "type": 1}, "paths_data": {"paths": [], "paths_version": 1}, "timestamp": 1e300}',
)
KINDS = (AboutJson, IndexJson, LinkJson, PathsJson, RunExportsJson, PrefixRecord)
CHANNEL = Channel("https://h/c")


def check(data):
    for kind in KINDS:
        with contextlib.suppress(InvalidPackageFileError):
            value = kind.decode(data)
            assert value.encode() == kind.decode(value.encode()).encode(), kind
    with contextlib.suppress(InvalidPackageFileError):
        instructions = PatchInstructions.decode(data)
        assert instructions == PatchInstructions.decode(instructions.encode())
        repodata = RepoData.decode(data)
        assert repodata == RepoData.decode(repodata.encode())
        repodata.apply_patches(instructions)
        records = repodata.into_repo_data(CHANNEL)
        with contextlib.suppress(HognoseError):
            problems(records)
            sort_topologically(records)
    with contextlib.suppress(InvalidPackageFileError):
        record = IndexJson.decode(data)
        with contextlib.suppress(HognoseError):
            PackageRecord.create(name=record.name, version=record.version, build=record.build)
    with contextlib.suppress(HognoseError):
        EnvironmentYaml.from_text(text_of(data), decode_json)


def decode_json(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


if __name__ == "__main__":
    fuzz(check, SEEDS)
