"""Small files that unpack to a lot: refused before they fill memory or disk."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from hognose.errors import FetchRepoDataError
from hognose.repodata import Gateway
from support.channel_server import ChannelServer
from support.repodata_files import entry, repodata, write_repodata, zstd

if TYPE_CHECKING:
    from pathlib import Path

    from hognose.net import Client

MIB = 1 << 20
# Queries, and says what went wrong and what the most memory was that it had, in MiB.
QUERY = """
import sys
from hognose.errors import HognoseError
from hognose.net import Client
from hognose.repodata import Gateway
try:
    with Client(environ={}) as client:
        Gateway(client, cache_dir=sys.argv[2]).query([sys.argv[1]], ["noarch"], sys.argv[3:])
except HognoseError as error:
    print(error.message)
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status")
           if line.startswith("VmHWM")))
"""


def frames(piece: bytes, count: int) -> bytes:
    """What unpacks to a piece many times over."""
    return zstd.compress(piece) * count


def many_shards(server: ChannelServer, count: int) -> list[str]:
    """Serve an index of shards that unpack to the same size; return their names."""
    shards = {}
    for number in range(count):
        packed = zstd.compress(b"%d" % number) + frames(bytes(MIB), 63)
        digest = hashlib.sha256(packed)
        server.serve(f"noarch/shards/{digest.hexdigest()}.msgpack.zst", packed)
        shards[f"n{number}"] = digest.digest()
    index = msgspec.msgpack.encode({"info": {}, "shards": shards})
    server.serve("noarch/repodata_shards.msgpack.zst", zstd.compress(index))
    return list(shards)


def peak(server: ChannelServer, cache: Path, *names: str) -> tuple[str, int]:
    """Query in a process of its own; return what it said, and its peak in MiB."""
    command = [sys.executable, "-c", QUERY, server.url, str(cache), *names]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    message, _, size = answer.stdout.strip().rpartition("\n")
    return message, int(size)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the peak")
@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("repodata.json.zst", zstd.compress(b'{"packages":{') + frames(b" " * MIB, 400)),
        ("repodata_shards.msgpack.zst", frames(bytes(MIB), 400)),
    ],
)
def test_a_document_that_unpacks_to_much_takes_little_memory(
    cache: Path, name: str, packed: bytes
) -> None:
    with ChannelServer() as server:
        url = server.serve(f"noarch/{name}", packed)
        message, size = peak(server, cache, "x")
    assert f"{url} is too large: it unpacks to more than 200 times its size" in message
    assert size < 200
    assert not list(cache.rglob("content-*"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the peak")
def test_shards_that_unpack_to_much_take_little_memory_together(cache: Path) -> None:
    with ChannelServer() as server:
        names = many_shards(server, 32)
        message, size = peak(server, cache, *names)
    assert "is too large" in message
    assert size < 400


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the peak")
def test_a_plain_document_without_end_is_not_kept_in_memory(cache: Path) -> None:
    text = b'{"packages":{},"x":"' + b"a" * (400 * MIB)
    with ChannelServer() as server:
        url = server.serve("noarch/repodata.json", text)
        message, size = peak(server, cache, "x")
    assert f"{url} cannot be used" in message
    # What is mapped counts, and leaves memory when that is short.
    assert size < 600
    assert not [path for path in cache.rglob("*") if path.is_file() and path.stat().st_size > MIB]


def test_what_packs_well_and_is_small_is_accepted(
    channel: Path, cache: Path, client: Client
) -> None:
    document = repodata(entry("app"), note=" " * (7 * MIB))
    write_repodata(channel, document, formats=["zst"])
    assert (channel / "noarch/repodata.json.zst").stat().st_size < 7 * MIB // 1000
    with ChannelServer(channel) as server:
        (found,) = Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["app"])
    assert len(found) == 1


def test_an_index_has_a_limit_of_its_own(cache: Path, client: Client) -> None:
    # Hashes do not pack, so this is no matter of the ratio.
    digests = hashlib.shake_256(b"digests").digest(32 << 15)
    piece = {f"{at:x}": digests[at : at + 32] for at in range(0, len(digests), 32)}
    index = b"".join(msgspec.msgpack.encode(each) for each in piece.items())
    with ChannelServer() as server:
        server.serve("noarch/repodata_shards.msgpack.zst", frames(index, 66 * MIB // len(index)))
        with pytest.raises(FetchRepoDataError, match=r"too large: it has more than 67108864 bytes"):
            Gateway(client, cache_dir=cache).query([server.url], ["noarch"], ["app"])
