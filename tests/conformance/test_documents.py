"""The documents that the CEPs show as examples can be read, as they stand there."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from hognose.types import (
    EnvironmentYaml,
    ExplicitEnvironmentSpec,
    IndexJson,
    LinkJson,
    MatchSpec,
    NoArchType,
    Platform,
    RepoData,
    wire,
)
from hognose.types.explicit_environment import parse_spec_lines

DATA = Path(__file__).parent / "data"


def read(name):
    return (DATA / name).read_text(encoding="utf-8")


def test_the_package_files_of_cep_20_are_read():
    documents = json.loads(read("cep20.json"))
    python, generic = (wire.convert(tree, LinkJson) for tree in documents["link.json"])
    index = wire.convert(documents["index.json"], IndexJson)

    assert ["isympy = isympy:main"] == [str(point) for point in python.noarch.entry_points]
    assert ("generic", ()) == (generic.noarch.type, generic.noarch.entry_points)
    assert NoArchType("python") is index.noarch
    assert ("sympy", "1.12.1", "pyh2585a3b_103") == (index.name, str(index.version), index.build)


def test_the_explicit_file_of_cep_23_is_read():
    spec = ExplicitEnvironmentSpec.from_str(read("cep23-explicit.txt"))

    assert Platform("osx-arm64") is spec.platform
    assert 16 == len(spec.packages)
    assert 12 == sum(entry.md5 is not None for entry in spec.packages)
    assert 2 == sum(entry.sha256 is not None for entry in spec.packages)
    assert ("bzip2", "pip") == (spec.packages[0].archive.name, spec.packages[-1].archive.name)


def test_the_regular_file_of_cep_23_is_read():
    specs = [MatchSpec(line) for line in parse_spec_lines(read("cep23-specs.txt"))]

    assert ["python", "scikit-learn", "scipy", "setuptools", "tk"] == [
        str(spec.name) for spec in specs
    ]
    assert ["1.13.1.*", ">=69.5.1"] == [str(specs[2].version), str(specs[3].version)]
    assert "h5083fa2_1" == str(specs[4].build)


@pytest.mark.parametrize("text", read("cep24.yml").split("---\n"))
def test_the_environments_of_cep_24_are_read(text):
    tree = yaml.safe_load(text)

    environment = EnvironmentYaml.from_text(text, yaml.safe_load, platform="win-64")

    assert () == environment.warnings
    assert tree.get("name") == environment.name
    assert tuple(tree.get("channels", ())) == environment.channels
    assert tree.get("variables", {}) == environment.variables
    assert tree.get("category") == environment.category
    assert [] != environment.dependencies


def test_the_selectors_of_cep_24_choose_by_platform():
    *_, comments, mapping = read("cep24.yml").split("---\n")
    for text in (comments, mapping):
        for platform, names in (("win-64", ["python", "pywin32"]), ("linux-64", ["python"])):
            environment = EnvironmentYaml.from_text(text, yaml.safe_load, platform=platform)
            assert names == [str(spec.name) for spec in environment.dependencies]


def test_the_repodata_of_cep_48_is_read():
    data = RepoData.decode(read("cep48.json"))
    record = data.v3.conda["example-3.0.0-0"]

    assert 1 == data.repodata_version
    assert "This is just an example v3 revision" == data.repodata_revisions["v3"].message
    assert 3 == len(list(data.iter_package_records()))
    assert {"test": ("test-dependency",)} == record.extra_depends
    assert datetime(2026, 3, 18, 16, 32, 41, 10_000, tzinfo=UTC) == record.indexed_timestamp
    assert "__unix" == str(MatchSpec(record.depends[0]).condition)


def test_the_repodata_of_cep_48_loses_nothing_when_it_is_written():
    text = read("cep48.json")
    written = json.loads(RepoData.decode(text).encode())
    known = json.loads(text)

    for part in ("packages", "packages.conda"):
        for file_name, record in known[part].items():
            assert written[part][file_name] == {**written[part][file_name], **record}
    stem, record = next(iter(known["v3"]["conda"].items()))
    assert written["v3"]["conda"][stem] == {**written["v3"]["conda"][stem], **record}
    assert known["info"] == written["info"]


@pytest.mark.parametrize(
    ("spec", "version", "condition"),
    [
        ('numpy>=2[when="python>=3.10"]', ">=2", "python>=3.10"),
        ("package[version=2,build_number=0,when=__unix]", "==2", "__unix"),
    ],
)
def test_the_conditional_specs_of_cep_43_are_read(spec, version, condition):
    found = MatchSpec(spec)

    assert (version, condition) == (str(found.version), str(found.condition))


def test_the_spec_with_extras_of_cep_44_is_read():
    assert ("group-name",) == MatchSpec('example[extras="group-name"]').extras
    assert ("a", "b") == MatchSpec('example[extras=[ "a" , b ]]').extras


def test_the_spec_with_flags_of_cep_45_is_read():
    spec = MatchSpec('pytorch[version=">=3.1", flags=["cuda", "blas:*"]]')

    assert ">=3.1" == str(spec.version)
    assert ["cuda", "blas:*"] == [str(flag) for flag in spec.flags]
