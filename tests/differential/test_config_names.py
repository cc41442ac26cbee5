"""What py-rattler's `Config` offers, ours offers under the same names.

The installed py-rattler is asked what there is. What we lack is listed here, each with its reason,
and the list is complete: a name that a later py-rattler adds fails the test until it is decided on.
"""

from __future__ import annotations

import inspect

import pytest

from hognose.config import Config
from hognose.config.settings import SHARED_KEYS

theirs = pytest.importorskip("rattler.config").Config

NAMES: dict[str, str] = {}
# What has the same name and is another thing.
DIFFERENT = {
    "set": "returns the changed configuration: ours are frozen",
    "unset": "returns the changed configuration: ours are frozen",
    "concurrency_downloads": "None where nothing is said, so that each part has its own default",
    "concurrency_solves": "None where nothing is said",
    "loaded_from": "texts",
    "authentication_override_file": "a text",
    "resolve_index_config": "a frozen struct, `IndexOptions`, in place of a dict",
    "keys": "a tuple, which has conda's settings and ours as well",
    "validate": "raises `ConfigError`, which is no `ValueError`",
}
# Keys of theirs that are none of ours, because they are entries of a table of ours.
ENTRIES = {"virtual-package-detectors.timeout-seconds", "virtual-package-detectors.consent"}


def names_of(kind: type) -> set[str]:
    return {name for name in dir(kind) if name[0] != "_"}


def test_every_name_is_there_or_has_a_reason():
    assert NAMES.keys() == names_of(theirs) - names_of(Config)


def test_every_argument_is_there():
    lacking = {}
    for name, method in inspect.getmembers(theirs, callable):
        if name[0] != "_" and name not in NAMES:
            missing = set(inspect.signature(method).parameters) - set(
                inspect.signature(getattr(Config, name)).parameters
            )
            if missing - {"self"}:
                lacking[name] = missing
    assert {} == lacking


def test_what_differs_is_in_both():
    assert DIFFERENT.keys() <= names_of(theirs) & names_of(Config)


def test_every_key_is_known_and_every_shared_key_is_theirs():
    keys = set(theirs().keys())
    assert keys - ENTRIES <= set(Config.keys())
    assert {key for key in keys if key not in ENTRIES} | {"virtual-package-detectors"} == set(
        SHARED_KEYS
    )
    for key in ENTRIES:
        assert Config().get(key) is None


TEXT = """
default-channels = ["conda-forge", "bioconda"]
tls-no-verify = true
tls-root-certs = "native"
run-post-link-scripts = "insecure"
allow-hard-links = false
authentication-override-file = "/secrets.json"
[mirrors]
"https://conda.anaconda.org/" = ["https://mirror.example.com/"]
[concurrency]
downloads = 5
solves = 3
[proxy-config]
https = "http://proxy:3128/"
non-proxy-hosts = ["localhost"]
[repodata-config]
disable-zstd = true
[repodata-config."https://prefix.dev/"]
disable-sharded = true
[index-config]
write-zst = false
[build]
package-format = "conda:max"
[virtual-package-detectors]
timeout-seconds = 60
"""


@pytest.mark.parametrize(
    "name",
    [
        "default_channels",
        "tls_no_verify",
        "tls_root_certs",
        "run_post_link_scripts",
        "allow_symbolic_links",
        "allow_hard_links",
        "allow_ref_links",
        "mirrors",
        "concurrency_downloads",
        "concurrency_solves",
        "proxy_http",
        "proxy_https",
        "proxy_non_proxy_hosts",
        "repodata_config",
        "index_config",
        "build_package_format",
        "virtual_package_detectors",
    ],
)
def test_a_document_says_the_same_to_both(name):
    ours, other = getattr(Config.from_toml(TEXT), name), getattr(theirs.from_toml(TEXT), name)
    assert plain(ours) == plain(other)


def test_files_are_looked_for_in_the_same_places(monkeypatch, tmp_path):
    for name in ("XDG_CONFIG_HOME", "SOME_TOOL_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RATTLER_HOME", str(tmp_path / "shared"))
    assert theirs.config_search_paths("pixi") == Config.config_search_paths("pixi")
    monkeypatch.setenv("SOME_TOOL_HOME", str(tmp_path / "own"))
    assert theirs.config_search_paths("some-tool") == Config.config_search_paths("some-tool")


def test_what_we_write_they_read():
    text = Config.from_toml(TEXT).unset("tls-no-verify").to_toml()
    config, unused = theirs.from_toml_with_unused_keys(text)
    assert [] == unused
    assert 5 == config.concurrency_downloads
    assert {"https://conda.anaconda.org/": ["https://mirror.example.com/"]} == config.mirrors


def test_a_merge_is_theirs():
    low = "default-channels = ['a']\n[mirrors]\n'https://x/' = ['https://l/']\n"
    high = "default-channels = ['b']\n[mirrors]\n'https://y/' = ['https://h/']\n"
    ours = Config.from_toml(low).merge(Config.from_toml(high))
    other = theirs.from_toml(low).merge(theirs.from_toml(high))
    assert other.default_channels == list(ours.default_channels or ())
    assert plain(other.mirrors) == plain(ours.mirrors)


def plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
