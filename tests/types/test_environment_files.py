"""environment.yml (CEP 24) and explicit environments (CEP 23)."""

import pytest
import yaml

from hognose.errors import ParseEnvironmentYamlError, ParseExplicitEnvironmentSpecError
from hognose.types import EnvironmentYaml, ExplicitEnvironmentSpec, MatchSpec, Platform
from hognose.types.explicit_environment import parse_spec_lines
from hognose.types.platform_selectors import evaluate_selector, select_lines, variables_of

MD5 = "1bbc659ca658bfd49a481b5ef7a0f40f"
SHA256 = "72d143408507043628b32bed089730b6d5f5445eccc44b59911ec9f262e365e7"


def read(text, platform=None, **options):
    return EnvironmentYaml.from_text(text, yaml.safe_load, platform=platform, **options)


def test_every_key_is_read():
    environment = read(
        """
        name: test
        prefix: ~/envs/x
        channels: [conda-forge, nodefaults]
        dependencies: [numpy >=1.10, pip: [scipy]]
        variables: {A: "My Value", B: 1, C: true}
        platforms: [linux-64]
        category: dev
        extra: 1
        """
    )

    assert environment.name == "test"
    assert environment.channels == ("conda-forge",)
    assert not environment.has_defaults
    assert environment.dependencies == (MatchSpec("numpy >=1.10"),)
    assert environment.pip == ("scipy",)
    assert environment.variables == {"A": "My Value", "B": "1", "C": "true"}
    assert environment.platforms == (Platform("linux-64"),)
    assert environment.category == "dev"
    assert environment.warnings == ("the key `extra` is unknown and ignored",)
    assert environment == EnvironmentYaml.from_tree({**environment.to_tree(), "extra": 1})


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "name: a",
        "dependencies: a",
        "dependencies: [1]",
        "dependencies: ['a b c d']",
        "dependencies: [{npm: [x]}]",
        "dependencies: []\nname: base",
        "dependencies: []\nname: a b",
        "dependencies: []\nname: a/b",
        "dependencies: []\nprefix: /x/a:b",
        "dependencies: []\nplatforms: [noarch]",
        "dependencies: []\nplatforms: [x-1]",
        "dependencies: []\nvariables: {'A=B': 1}",
        "dependencies: []\nchannels: {a: b}",
        "dependencies: [{sel(win): a}]",
    ],
)
def test_what_breaks_a_rule_is_refused(text):
    with pytest.raises(ParseEnvironmentYamlError):
        read(text)


def test_dictionary_selectors_are_evaluated():
    text = "dependencies: [python, {sel(win): pywin32}, {sel(unix): uvloop}]"

    assert read(text, "win-64").dependencies == (MatchSpec("python"), MatchSpec("pywin32"))
    assert read(text, "osx-64").dependencies == (MatchSpec("python"), MatchSpec("uvloop"))
    with pytest.raises(ParseEnvironmentYamlError):
        read("dependencies: [{sel(osx64): a}]", "osx-64")


def test_comment_selectors_keep_or_empty_their_line():
    text = "a:\n- b  # [win]\n- c  # [linux and (x86_64 or aarch64)]\n- d # see [1] below\n"

    assert select_lines(text, Platform("linux-64")) == "a:\n\n- c\n- d # see [1] below\n"
    assert select_lines(text, Platform("win-64")) == "a:\n- b\n\n- d # see [1] below\n"


@pytest.mark.parametrize(
    "expression", ["py", "linux and", "(linux", "linux osx", "np", "build_platform", ""]
)
def test_a_selector_that_means_nothing_is_refused(expression):
    with pytest.raises(ParseEnvironmentYamlError):
        evaluate_selector(expression, variables_of(Platform("linux-64")))


EXPLICIT = f"""
# platform: osx-arm64
@EXPLICIT
https://conda.anaconda.org/conda-forge/osx-arm64/bzip2-1.0.8-h93a5062_5.conda#{MD5}

https://conda.anaconda.org/conda-forge/noarch/setuptools-69.5.1-pyhd8ed1ab_0.conda#sha256:{SHA256}
~/pkgs/wheel-0.43.0-pyhd8ed1ab_1.tar.bz2
"""


def test_an_explicit_environment_is_read_in_order():
    spec = ExplicitEnvironmentSpec.from_str(EXPLICIT)

    assert spec.platform is Platform("osx-arm64")
    assert [entry.archive.name for entry in spec.packages] == ["bzip2", "setuptools", "wheel"]
    assert bytes.fromhex(MD5) == spec.packages[0].md5
    assert bytes.fromhex(SHA256) == spec.packages[1].sha256
    assert spec.packages[2].url == "~/pkgs/wheel-0.43.0-pyhd8ed1ab_1.tar.bz2"
    assert spec == ExplicitEnvironmentSpec.from_str(spec.to_str())


def test_an_explicit_file_has_its_variables_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/x")
    monkeypatch.setenv("USERPROFILE", "/home/x")
    path = tmp_path / "e.txt"
    path.write_text(EXPLICIT, encoding="utf-8")

    entry = ExplicitEnvironmentSpec.from_path(path).packages[2]

    assert entry.url == "/home/x/pkgs/wheel-0.43.0-pyhd8ed1ab_1.tar.bz2"


@pytest.mark.parametrize(
    "text", ["", "a", "@EXPLICIT\na", "@EXPLICIT\nh/a-1-0.conda#12", "@explicit\n"]
)
def test_what_is_no_explicit_environment_is_refused(text):
    with pytest.raises(ParseExplicitEnvironmentSpecError):
        ExplicitEnvironmentSpec.from_str(text)


def test_a_file_without_the_marker_is_a_list_of_specs():
    text = "# a comment\n\npython\n  tk[build=h5083fa2_1] \n"

    assert not ExplicitEnvironmentSpec.is_explicit(text)
    assert parse_spec_lines(text) == ("python", "tk[build=h5083fa2_1]")
