"""`cx` reaches what the user can reach: stored logins and mirrors hold for it too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hognose.express import main
from support.channel_server import ChannelServer

if TYPE_CHECKING:
    from support.cx_world import World


def test_a_stored_login_is_used(world: World) -> None:
    login = world.home / ".rattler" / "credentials.json"
    login.parent.mkdir()
    wanted = {"Authorization": "Bearer let-me-in"}
    with ChannelServer(world.channel, required_headers=wanted) as server:
        login.write_text(json.dumps({server.host: {"BearerToken": "let-me-in"}}))

        assert 0 == main(("bootstrap", "--no-lock", "-c", server.url), environ=world.environ)

    assert (world.prefix / "bin/conda").is_file()


def test_a_mirror_of_the_configuration_is_asked(world: World) -> None:
    settings = world.home / ".config" / "rattler" / "config.toml"
    settings.parent.mkdir(parents=True)
    channel = "https://conda.example.invalid/channel"
    with ChannelServer(world.channel) as server:
        settings.write_text(f'[mirrors]\n"{channel}" = ["{server.url}"]\n')

        assert 0 == main(("bootstrap", "--no-lock", "-c", channel), environ=world.environ)

    records = (world.prefix / "conda-meta").glob("zlib-*.json")
    assert [f"{channel}/"] == [json.loads(path.read_text())["channel"] for path in records]
