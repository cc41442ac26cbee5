"""What py-rattler's gateway, its records and its client offer, we offer under the same names.

The installed py-rattler is asked what there is. What we lack is listed here, each with its reason,
and the list is complete: a name that a later py-rattler adds fails the test until it is decided on.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest

from hognose import aio, configured, net, repodata, types

if TYPE_CHECKING:
    from collections.abc import Mapping

rattler = pytest.importorskip("rattler")

from rattler.networking import fetch_repo_data  # noqa: E402
from rattler.package_streaming import (  # noqa: E402
    download_and_extract,
    download_bytes,
    download_to_path,
    download_to_writer,
)
from rattler.repo_data import gateway as theirs  # noqa: E402

_DETECTORS = "detectors of virtual packages are programs in packages, a draft that no CEP describes"
_BARS = "a library draws nothing: `reporter` is told what goes on, and draws"
_STRUCT = "our records are made by keyword, one for each field: `RepoDataRecord(name=..., url=...)`"

# By class: the methods that we lack.
METHODS: dict[str, dict[str, str]] = {
    "Gateway": {"virtual_package_detectors": _DETECTORS},
    "GatewayNamesResult": {},
    "MultiSource": {},
    "RepoDataSource": {},
    "SparseRepoData": {},
    "RepoDataRecord": {
        "from_package_archive": "`hognose.archive` reads archives, and types never open a file",
        "to_graph": "it needs networkx; `sort_topologically` is what it is used for",
    },
}
# By class and method: the arguments that we lack.
ARGUMENTS: dict[str, dict[str, str]] = {
    "Gateway.__init__": {"show_progress": _BARS},
    "Gateway.from_config": {"show_progress": _BARS},
    "Gateway.query": {"detector_target": _DETECTORS, "constraints": _DETECTORS},
    "RepoDataRecord.__init__": {"package_record": _STRUCT},
}
# By class: the attributes of its objects that we lack.
ATTRIBUTES: dict[str, dict[str, str]] = {
    "GatewayQueryResult": {
        "virtual_package_detectors": _DETECTORS,
        "wanted_virtual_packages": _DETECTORS,
        "detector_target": _DETECTORS,
    },
    "SourceConfig": {"jlap_enabled": "py-rattler ignores it with a warning; JLAP is gone"},
}
OURS: dict[str, Any] = {
    "Gateway": aio.Gateway,
    "RepoDataSource": repodata.RepoDataSource,
    "RepoDataRecord": types.RepoDataRecord,
}


def ours(name: str) -> Any:
    return OURS.get(name) or getattr(repodata, name, None) or getattr(types, name)


def methods_of(kind: type) -> set[str]:
    return {
        name for name, each in inspect.getmembers(kind) if name[0] != "_" and callable(each)
    } - set(dir(list))


def arguments_of(function: Any) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


def lacks(wanted: set[str], there: Any, known: Mapping[str, str]) -> None:
    missing = {name for name in wanted if not hasattr(there, name)}
    assert set(known) == missing


@pytest.mark.parametrize("name", METHODS)
def test_the_methods_are_there(name: str) -> None:
    their_class = getattr(theirs, name, None) or getattr(rattler, name)
    lacks(methods_of(their_class), ours(name), METHODS[name])


@pytest.mark.parametrize(
    "name",
    [
        "Gateway.__init__",
        "Gateway.from_config",
        "Gateway.query",
        "Gateway.names",
        "Gateway.who_needs",
        "Gateway.channel_notices",
        "Gateway.channel_relations",
        "Gateway.clear_repodata_cache",
        "GatewayNamesResult.__init__",
        "MultiSource.__init__",
        "RepoDataRecord.__init__",
        "RepoDataSource.fetch_package_records",
        "RepoDataSource.package_names",
        "SparseRepoData.__init__",
        "SparseRepoData.load_all_records",
        "SparseRepoData.load_matching_records",
        "SparseRepoData.load_records",
        "SparseRepoData.load_records_recursive",
        "SparseRepoData.load_removed",
        "SparseRepoData.package_names",
        "SparseRepoData.record_count",
    ],
)
def test_the_arguments_are_there_in_their_order(name: str) -> None:
    class_name, _, method = name.partition(".")
    their_class = getattr(theirs, class_name, None) or getattr(rattler, class_name)
    wanted = arguments_of(getattr(their_class, method))
    our_class = ours(class_name)
    is_struct = issubclass(our_class, msgspec.Struct)
    there = (
        list(our_class.__struct_fields__) if is_struct else arguments_of(getattr(our_class, method))
    )
    known = ARGUMENTS.get(name, {})
    assert set(known) == set(wanted) - set(there)
    if not is_struct:
        shared = [argument for argument in wanted if argument not in known]
        assert shared == [argument for argument in there if argument in shared]


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("GatewayQueryResult", {"notices", "removed", *arguments_of(theirs.GatewayQueryResult)}),
        ("SourceConfig", set(theirs.SourceConfig.__dataclass_fields__)),
        ("ChannelNotice", set(theirs.ChannelNotice.__dataclass_fields__)),
        ("RemovedPackage", set(rattler.RemovedPackage.__dataclass_fields__)),
        ("Dependent", {name for name in dir(rattler.Dependent) if name[0] != "_"}),
        ("ChannelInfo", {name for name in dir(rattler.ChannelInfo) if name[0] != "_"}),
        ("ChannelRelations", {name for name in dir(rattler.ChannelRelations) if name[0] != "_"}),
        ("RepoDataRecord", {name for name in dir(rattler.RepoDataRecord) if name[0] != "_"}),
    ],
)
def test_the_attributes_are_there(name: str, attributes: set[str]) -> None:
    known = ATTRIBUTES.get(name, {}) | METHODS.get(name, {})
    our_class = ours(name)
    there = our_class() if name == "GatewayQueryResult" else our_class
    # The first argument is the list itself.
    lacks(attributes - {"repodata"}, there, known)


def test_the_words_for_choices_are_the_same() -> None:
    assert set(get_args(theirs.CacheAction)) == set(get_args(repodata.CacheAction))
    assert set(get_args(theirs.ChannelRelationsMode)) == set(
        get_args(repodata.ChannelRelationsMode)
    )


def test_the_choices_of_formats_are_there() -> None:
    names = {each.name for each in rattler.PackageFormatSelection}
    # Records of wheels are a draft (conda/ceps#145) that channels do not have.
    assert {"PREFER_CONDA_WITH_WHL"} == names - {
        each.name for each in repodata.PackageFormatSelection
    }


@pytest.mark.parametrize(
    "function", [download_and_extract, download_bytes, download_to_path, download_to_writer]
)
def test_the_downloads_are_there(function: Any) -> None:
    assert arguments_of(function) == arguments_of(getattr(aio, function.__name__))


def test_repodata_is_not_fetched_by_a_function() -> None:
    """`fetch_repo_data` is what py-rattler had first; the gateway does it, and keeps the files."""
    assert callable(fetch_repo_data)
    assert not hasattr(aio, "fetch_repo_data")


def test_a_client_is_one_object() -> None:
    """Its parts have a fixed order, which users of middlewares can get wrong."""
    ours = {"headers", "user_agent", "max_retries", "mirrors", "s3_buckets", "credentials"}
    assert ours <= set(arguments_of(net.Client))
    assert {"middlewares", "headers", "user_agent", "timeout"} == set(
        arguments_of(rattler.Client.__init__)
    )
    # There is a time-out for connecting and one for silence; none for the whole.
    assert {"connect_timeout", "read_timeout"} <= set(arguments_of(net.Client))
    # `default_client` and `authenticated_client` take what only commands should: secrets that
    # nobody handed over. `hognose.configured.client_from_config` is `from_config`.
    assert {"default_client", "authenticated_client", "from_config"} == methods_of(rattler.Client)
    assert callable(configured.client_from_config)
    assert callable(net.default_credentials)
