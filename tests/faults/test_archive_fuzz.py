"""Archives with a few bytes changed, cut out or put in, at random places.

Whatever comes out, it is an archive error or a tree, and nothing is anywhere else.
"""

from __future__ import annotations

import bz2
import io
import os
import random
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from backports import zstd

from hognose.archive import ExtractLimits, PackageArchive, extract
from hognose.errors import ArchiveError
from support.hostile_archives import INDEX, conda, file, hard_link, member, symlink, tar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMITS = ExtractLimits(expanded_size=1 << 24, members=1000)


@pytest.fixture
def memory() -> Iterator[Path]:
    """Give a folder in memory where there is one: a disk takes most of the time of a long run."""
    place = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Path(folder)


def inner_tar() -> bytes:
    """A tar archive with a member of every kind, in GNU and in pax form."""
    members = [
        file("lib/a", b"content" * 50),
        symlink("lib/l", "a"),
        hard_link("lib/h", "lib/a"),
        member("lib/d", b"5"),
        file("n/" * 70 + "long", b"long"),
        symlink("lib/to-long", "n/" * 70),
        INDEX,
    ]
    return tar(members, end=b"", tar_format=1) + tar(
        [(header, content) for header, content in members[:1]], tar_format=2
    )


def mutate(data: bytes, generator: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(generator.randrange(1, 4)):
        place = generator.randrange(len(changed))
        kind = generator.randrange(5)
        if kind == 0:
            changed[place : place + 1] = generator.randbytes(1)
        elif kind == 1:
            changed[place : place + 1] = bytes([changed[place] ^ 1 << generator.randrange(8)])
        elif kind == 2:
            del changed[place : place + generator.choice((1, 4, 512))]
        elif kind == 3:
            changed[place:place] = generator.randbytes(generator.choice((1, 4, 512)))
        else:
            changed[place : place + 8] = generator.choice(
                (b"../../..", b"\xff" * 8, b"\0" * 8, b"77777777", b"PK\3\4PK\5\6", b"/etc/pas")
            )
        changed = changed or bytearray(1)
    return bytes(changed)


def fix_checksums(data: bytes) -> bytes:
    """Make the checksums of all blocks that may be headers right, to get past the first check."""
    fixed = bytearray(data)
    for place in range(0, len(fixed) - 511, 512):
        block = fixed[place : place + 512]
        if block[257:262] == b"ustar":
            block[148:156] = b" " * 8
            fixed[place + 148 : place + 156] = b"%06o\0 " % sum(block)
    return bytes(fixed)


def attempt(data: bytes, tmp_path: Path) -> None:
    (place := tmp_path / "a/b").mkdir(parents=True, exist_ok=True)
    before = set(tmp_path.iterdir()) | set((tmp_path / "a").iterdir())
    try:
        extract(io.BytesIO(data), place / "t", limits=LIMITS)
    except ArchiveError:
        assert list(place.iterdir()) == []
    else:
        assert [child.name for child in place.iterdir()] == ["t"]
        (place / "t").rename(tmp_path / "done")
        shutil.rmtree(tmp_path / "done")
    assert before == set(tmp_path.iterdir()) | set((tmp_path / "a").iterdir())
    with suppress(ArchiveError), PackageArchive.open(io.BytesIO(data)) as archive:
        archive.list_files()


MAKERS: dict[str, Callable[[random.Random], bytes]] = {
    "the tar in a conda": lambda generator: conda(
        zstd.compress(fix_checksums(mutate(inner_tar(), generator)), 1)
    ),
    "the tar in bzip2": lambda generator: bz2.compress(
        fix_checksums(mutate(inner_tar(), generator)), 1
    ),
    "the zip": lambda generator: mutate(conda(zstd.compress(inner_tar(), 1)), generator),
    "the bzip2": lambda generator: mutate(bz2.compress(inner_tar(), 1), generator),
}


def test_the_archive_that_is_changed_is_fine_as_it_is(tmp_path: Path) -> None:
    extract(io.BytesIO(conda(zstd.compress(inner_tar()))), tmp_path / "t")
    assert (tmp_path / "t/lib/h").read_bytes() == b"content" * 50


@pytest.mark.parametrize("what", MAKERS)
def test_changed_archives_are_refused_or_extracted(what: str, tmp_path: Path) -> None:
    generator = random.Random(3)
    for _ in range(40):
        attempt(MAKERS[what](generator), tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("what", MAKERS)
def test_many_changed_archives_are_refused_or_extracted(what: str, memory: Path) -> None:
    generator = random.Random(4)
    for _ in range(1000):
        attempt(MAKERS[what](generator), memory)
