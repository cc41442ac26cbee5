from __future__ import annotations

import hashlib
import subprocess
import sys

from hognose.repodata.shard_store import ShardStore


def digest(content):
    return hashlib.sha256(content).digest()


def fill(path, *contents):
    store = ShardStore(path)
    for content in contents:
        store.put(digest(content), content)
    store.flush()
    return store


def test_what_was_kept_is_found_by_the_next(tmp_path):
    store = fill(tmp_path / "new" / "shards", b"one", b"two")
    assert store.get(digest(b"one")) == b"one"
    again = fill(tmp_path / "new" / "shards", b"three")
    for content in (b"one", b"two", b"three"):
        assert again.get(digest(content)) == content
    assert again.get(digest(b"four")) is None


def test_what_is_not_on_disk_yet_is_found_too(tmp_path):
    store = ShardStore(tmp_path / "shards")
    store.put(digest(b"one"), b"one")
    assert store.get(digest(b"one")) == b"one"
    assert not (tmp_path / "shards").exists()


def test_a_torn_end_loses_only_itself(tmp_path):
    path = tmp_path / "shards"
    fill(path, b"one", b"two")
    path.write_bytes(path.read_bytes()[:-1])
    assert ShardStore(path).get(digest(b"one")) == b"one"
    assert ShardStore(path).get(digest(b"two")) is None
    fill(path, b"three")
    store = ShardStore(path)
    assert store.get(digest(b"one")) == b"one"
    assert store.get(digest(b"three")) == b"three"


def test_garbage_is_removed_when_it_is_the_larger_part(tmp_path):
    path = tmp_path / "shards"
    fill(path, b"a" * 1000, b"b" * 1100)
    store = ShardStore(path)
    store.collect_garbage({digest(b"b" * 1100)})
    assert store.get(digest(b"a" * 1000)) == b"a" * 1000
    store.collect_garbage({digest(b"a" * 1000)})
    assert store.get(digest(b"a" * 1000)) == b"a" * 1000
    assert store.get(digest(b"b" * 1100)) is None
    assert path.stat().st_size < 1100


def test_several_processes_append_at_once(tmp_path):
    script = (
        "import hashlib, sys; from pathlib import Path\n"
        "from hognose.repodata.shard_store import ShardStore\n"
        "for turn in range(20):\n"
        "    store = ShardStore(Path(sys.argv[1]))\n"
        "    content = f'{sys.argv[2]}-{turn}'.encode() * 50\n"
        "    store.put(hashlib.sha256(content).digest(), content)\n"
        "    store.flush()\n"
    )
    path = tmp_path / "shards"
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(path), str(number)])
        for number in range(3)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    store = ShardStore(path)
    for number in range(3):
        for turn in range(20):
            content = f"{number}-{turn}".encode() * 50
            assert store.get(digest(content)) == content
