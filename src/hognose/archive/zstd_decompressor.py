"""The class that expands zstd, without the package around it.

`backports.zstd`, from Python 3.14 on `compression.zstd`, imports enum, typing and more on the way
to a class that is written in C: 10 ms, which is what extracting several packages takes. Processes
that extract have its folder on their path, so that they find the module that it is in.
"""

from __future__ import annotations

import sys

__all__ = ("ZstdDecompressor", "ZstdError")

if sys.version_info >= (3, 14):
    from _zstd import ZstdDecompressor, ZstdError
else:
    try:
        from _zstd import ZstdDecompressor, ZstdError  # type: ignore[import-not-found]
    except ImportError:
        from backports.zstd import ZstdDecompressor, ZstdError
