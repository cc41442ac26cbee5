"""Records of packages that no channel was asked about: from a file, or from a list of URLs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import msgspec

from hognose._url_secrets import split_secrets, without_query
from hognose.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hognose.cache import PackageCache
    from hognose.cli.request import Request
    from hognose.cli.session import Session
    from hognose.net import Client
    from hognose.types import ExplicitEnvironmentEntry, IndexJson, MatchSpec, RepoDataRecord

__all__ = ("record_of_file", "records_of_urls", "with_archives")

_WORKERS = 8


def record_of_file(path: str | os.PathLike[str]) -> RepoDataRecord:
    """Make the record that a channel would have of an archive.

    Raises:
        UsageError: There is no such file.
        ArchiveError: It is no package.
    """
    from hognose.archive import PackageArchive

    place = Path(os.path.abspath(path))
    if not place.is_file():
        raise UsageError(f"there is no file {path}", hint="`hognose download` fetches packages")
    with PackageArchive.open(place) as archive, place.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return _record(
            archive.index_json(), place.as_uri(), sha256=sha256, size=place.stat().st_size
        )


def records_of_urls(
    entries: Sequence[ExplicitEnvironmentEntry], *, cache: PackageCache, client: Client
) -> list[RepoDataRecord]:
    """Make the records of listed packages, out of the metadata in the archives (CEP 23).

    What is in the cache is not asked for again. Of a `.conda` archive only the part with the
    metadata is fetched.

    Raises:
        UsageError: Two entries are for the same package.
        ArchiveError: One is no package.
        NetworkError: One cannot be had.
    """
    from concurrent.futures import ThreadPoolExecutor

    from hognose.net import redact

    with ThreadPoolExecutor(_WORKERS, "hognose-metadata") as executor:
        records = list(executor.map(lambda entry: _fetch_record(entry, cache, client), entries))
    urls: dict[str, str] = {}
    for record in records:
        other = urls.setdefault(record.name, record.url)
        if other != record.url:
            both = redact(f"{other} and {record.url}")
            raise UsageError(f"`{record.name}` is listed twice: {both}")
    return records


def with_archives(
    session: Session, request: Request
) -> tuple[tuple[MatchSpec, ...], list[RepoDataRecord]]:
    """Return a request's specs with those of its archives, and the records of these.

    Raises:
        HognoseError: As `records_of_urls`.
    """
    from hognose.types import MatchSpec

    if not request.archives:
        return request.specs, []
    records = records_of_urls(request.archives, cache=session.cache, client=session.client)
    return (*request.specs, *(MatchSpec(record.name) for record in records)), records


def _fetch_record(
    entry: ExplicitEnvironmentEntry, cache: PackageCache, client: Client
) -> RepoDataRecord:
    from hognose.cache import open_remote_archive
    from hognose.net import path_of_file_url
    from hognose.types import RepoDataRecord

    url = entry.url if "://" in entry.url else Path(os.path.abspath(entry.url)).as_uri()
    md5 = entry.md5.hex() if entry.md5 else None
    sha256 = entry.sha256.hex() if entry.sha256 else None
    if url.startswith("file:") and sha256 is None and md5 is None:
        # The file may have been built anew since the cache took it in: its bytes decide.
        return record_of_file(path_of_file_url(url))
    # The client keeps the login and the token of what it was asked for; a query it has to be told.
    address, url = url, split_secrets(url).url
    archive_name = entry.archive
    if archive_name is not None:
        channel, subdir, file_name = _place(url)
        outline = RepoDataRecord.create(
            name=archive_name.name,
            version=archive_name.version,
            build=archive_name.build,
            build_number=0,
            subdir=subdir,
            file_name=file_name,
            url=url,
            channel=channel,
            md5_hex=md5,
            sha256_hex=sha256,
        )
        cached = cache.lookup(outline)
        if cached is not None:
            return _cached_record(cached, outline)
    with open_remote_archive(address, client) as archive:
        return _record(archive.index_json(), url, md5=md5, sha256=sha256, size=archive.size)


def _cached_record(directory: Path, outline: RepoDataRecord) -> RepoDataRecord:
    """Make the record of a package in the cache, under the URL that it is listed with."""
    from hognose.types import IndexJson, RepoDataRecord, wire

    stored = directory / "info" / "repodata_record.json"
    if stored.is_file():
        record = wire.decode_json(stored.read_bytes(), RepoDataRecord, what=str(stored))
        place = {name: getattr(outline, name) for name in ("url", "channel", "file_name")}
        return msgspec.structs.replace(record, **place)
    index = IndexJson.from_package_directory(directory)
    return _record(index, outline.url, md5=outline.md5_hex, sha256=outline.sha256_hex)


def _record(
    index: IndexJson,
    url: str,
    *,
    md5: str | None = None,
    sha256: str | None = None,
    size: int | None = None,
) -> RepoDataRecord:
    from hognose.types import IndexJson, RepoDataRecord

    shared = set(IndexJson.__struct_fields__) & set(RepoDataRecord.__struct_fields__)
    fields = {name: getattr(index, name) for name in shared}
    channel, folder, file_name = _place(url)
    subdir = index.subdir or ("noarch" if index.noarch else folder)
    fields |= {"subdir": subdir, "md5_hex": md5, "sha256_hex": sha256, "size": size}
    if folder and folder != subdir:
        channel = f"{channel}{folder}/"
    return RepoDataRecord(**fields, file_name=file_name, url=url, channel=channel)


def _place(url: str) -> tuple[str, str, str]:
    """Split `https://host/channel/subdir/file` into channel (with the slash), subdir and file.

    An archive that does not lie in a subdir has the folder that it lies in for its channel, and no
    subdir.
    """
    head, _, file_name = without_query(url).rpartition("/")
    channel, _, subdir = head.rpartition("/")
    if not _is_subdir(subdir):
        channel, subdir = head, ""
    return f"{channel}/", subdir, unquote(urlsplit(file_name).path)


def _is_subdir(name: str) -> bool:
    from hognose.errors import ParseSubdirError
    from hognose.types import Platform

    try:
        Platform(name)
    except ParseSubdirError:
        return False
    return True
