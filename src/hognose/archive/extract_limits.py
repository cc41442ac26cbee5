"""How much an archive may ask of the disk, and what its members may be."""

from __future__ import annotations

import msgspec

from hognose.archive.safe_paths import ON_WINDOWS

_GIB = 1 << 30


class ExtractLimits(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an archive may contain before extraction refuses it.

    The defaults are above every package known on public channels and below what fills a disk.

    Attributes:
        members: The number of members of all inner archives together.
        expanded_size: The number of bytes that come out of the decompressors.
        ratio: Expanded bytes for each byte of the archive; looked at once `ratio_floor` bytes
            came out, because small files of zeros compress extremely well.
        ratio_floor: See `ratio`.
        escaping_symlinks: Whether symbolic links may point out of the package. Nothing is ever
            written through a link, whatever is set here.
        reserved_names: Whether a package may ship what CEP 34 reserves for clients, `conda-meta/`
            and `info/repodata_record.json`, and `info/hognose-byte-code/`, which is this client's.
        windows_names: Whether to refuse names that Windows cannot hold.
    """

    members: int = 2_000_000
    expanded_size: int = 200 * _GIB
    ratio: int = 1000
    ratio_floor: int = _GIB // 4
    escaping_symlinks: bool = False
    reserved_names: bool = False
    windows_names: bool = ON_WINDOWS
