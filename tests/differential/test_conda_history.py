"""One environment, changed by conda and by us in turn: what either says of its history.

Environments that conda left are among the ordinary tests as files; here conda itself runs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hognose.channel import index_channel
from hognose.cli import main
from hognose.install import iter_revisions, read_whole_history
from hognose.types import PrefixRecord
from support.channel_server import ChannelServer
from support.conda_program import CONDA, CondaProgram
from support.package_maker import make_package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not CONDA, reason="there is no conda"),
]


class Shared:
    """An environment of two programs, and a channel that conda may know by its name."""

    def __init__(self, root: Path, server: str, *, is_named: bool) -> None:
        self.prefix = root / "env"
        self.url = f"{server}/ours"
        self._channel = "ours" if is_named else self.url
        settings = {"CONDA_CHANNEL_ALIAS": server} if is_named else {}
        self._conda = CondaProgram(root / "home", root / "their-cache", **settings)

    def conda(self, verb: str, *words: object) -> Any:
        if verb == "list":
            return self._conda(verb, "-p", self.prefix, *words)
        channels = ("--override-channels", "-c", self._channel)
        return self._conda(verb, "-y", "-p", self.prefix, *channels, *words)

    def hognose(self, verb: str, *words: object) -> None:
        channels = () if verb in {"rollback", "remove"} else ("--override-channels", "-c", self.url)
        command = (verb, "-y", "-p", self.prefix, *channels, *words)
        assert main([str(word) for word in command]) == 0

    def programs(self) -> list[str]:
        """Name who made each revision, by our reading."""
        blocks = read_whole_history(self.prefix, PrefixRecord.collect(self.prefix))
        return ["unlogged" if block.is_catch_up else block.tool for block in blocks]

    def revisions(self) -> list[list[str]]:
        """Name the packages of each revision, by our reading."""
        blocks = read_whole_history(self.prefix, PrefixRecord.collect(self.prefix))
        return [
            sorted(text.rpartition("::")[2] for text in revision.packages)
            for revision in iter_revisions(blocks)
        ]


@pytest.fixture(params=["by its name", "by its URL"])
def shared(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shared]:
    channel = tmp_path / "server/ours"
    make_package(channel, "app", "1", depends=["lib"], files={"app": "1"})
    for version in "12":
        make_package(channel, "lib", version, files={"lib": version})
    make_package(channel, "data", "1", noarch="generic", files={"data": "1"})
    index_channel(channel)
    monkeypatch.setenv("HOME", str(tmp_path / "our-home"))
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "our-cache"))
    with ChannelServer(tmp_path / "server") as server:
        url, is_named = server.url.rstrip("/"), request.param == "by its name"
        if is_named:
            monkeypatch.setenv("CONDA_CHANNEL_ALIAS", url)
        yield Shared(tmp_path, url, is_named=is_named)


def test_what_either_program_did_is_one_revision(shared: Shared) -> None:
    shared.conda("create", "app", "lib=1")
    shared.hognose("install", "data")
    shared.conda("install", "lib=2")
    shared.hognose("remove", "data")

    assert ["conda", "hognose", "conda", "hognose"] == shared.programs()
    assert [
        ["app-1-0", "lib-1-0"],
        ["app-1-0", "data-1-0", "lib-1-0"],
        ["app-1-0", "data-1-0", "lib-2-0"],
        ["app-1-0", "lib-2-0"],
    ] == shared.revisions()


def test_what_conda_did_can_be_rolled_back(shared: Shared) -> None:
    shared.conda("create", "app", "lib=1")
    shared.conda("install", "lib=2", "data")

    shared.hognose("rollback", "0")

    assert ["conda", "conda", "hognose"] == shared.programs()
    assert ["app=1=0", "lib=1=0"] == list(map(str, PrefixRecord.collect(shared.prefix)))


def test_what_we_remove_of_condas_is_gone_for_conda(shared: Shared) -> None:
    shared.conda("create", "app", "data")
    shared.hognose("remove", "data")

    _, last = shared.conda("list", "--revisions")
    (gone,) = last["remove"]
    assert gone.startswith("data-1-0-")
    assert [] == last["install"]


def test_the_channel_is_the_same_in_both_lists(
    shared: Shared, capfd: pytest.CaptureFixture[str]
) -> None:
    shared.conda("create", "app", "data")
    capfd.readouterr()
    assert main(["list", "-p", str(shared.prefix), "--json"]) == 0

    ours = json.loads(capfd.readouterr().out)["packages"]

    theirs = {item["name"]: item["base_url"] for item in shared.conda("list")}
    urls = {
        name: url if url.endswith("/ours") else f"{url}/{shared.url.rpartition('/')[2]}"
        for name, url in theirs.items()
    }
    assert urls == {item["name"]: item["channel"] for item in ours}
