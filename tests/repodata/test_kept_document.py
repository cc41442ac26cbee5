"""What is known of a folder's documents: found out, written down, and read by the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hognose.net.transport import Headers
from hognose.repodata.document_cache import DocumentCache
from hognose.repodata.kept_document import KeptDocument

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://example.com/channel/noarch/"
DAY = 86_400.0


@pytest.fixture
def cache(tmp_path: Path) -> DocumentCache:
    return DocumentCache(tmp_path, URL)


def test_a_document_that_is_kept_is_what_the_next_one_finds(cache: DocumentCache) -> None:
    kept = KeptDocument(cache, now=5.0).keep_bytes("zst", Headers({"ETag": '"a"'}), b"content")

    found = KeptDocument(cache, now=6.0).document
    assert found == kept
    assert found is not None
    assert {"If-None-Match": '"a"'} == found.conditions()
    assert b"content" == cache.read_content(found)


def test_a_server_that_confirms_a_document_vouches_for_it_anew(cache: DocumentCache) -> None:
    KeptDocument(cache, now=5.0).keep_bytes("zst", Headers({"Cache-Control": "max-age=10"}), b"x")
    later = KeptDocument(cache, now=50.0)
    assert not later.is_fresh

    later.confirm(Headers({"Cache-Control": "max-age=10"}))

    assert KeptDocument(cache, now=59.0).is_fresh


def test_a_format_that_is_missing_is_asked_for_again_after_a_day(cache: DocumentCache) -> None:
    kept = KeptDocument(cache, now=0.0)
    kept.note_missing("shards")
    kept.write()

    assert KeptDocument(cache, now=DAY - 1).is_known_missing("shards")
    assert not KeptDocument(cache, now=DAY).is_known_missing("shards")
    assert not KeptDocument(cache, now=1.0).is_known_missing("zst")


def test_a_folder_that_comes_back_is_absent_no_more(cache: DocumentCache) -> None:
    KeptDocument(cache, now=0.0).note_absence(["zst", "json"])
    assert ("zst", "json") == KeptDocument(cache, now=1.0).absent

    KeptDocument(cache, now=1.0).keep_bytes("json", Headers(), b"{}")

    assert () == KeptDocument(cache, now=2.0).absent


def test_a_damaged_document_is_gone_for_everybody(cache: DocumentCache) -> None:
    kept = KeptDocument(cache, now=0.0)
    document = kept.keep_bytes("json", Headers(), b"{}")
    assert document is not None

    kept.drop(document)

    assert kept.document is None
    assert KeptDocument(cache, now=1.0).document is None
    assert not cache.content_path(document).exists()


def test_without_a_cache_nothing_is_kept() -> None:
    kept = KeptDocument(None, now=0.0)

    assert kept.keep_bytes("json", Headers(), b"{}") is None
    assert kept.document is None
