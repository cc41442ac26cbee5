"""Web pages that come in the place of files.

Servers answer with 200 and a page: to log in, of a captive portal, of an application that has one
page for all addresses.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("is_web_page", "media_type")

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TYPES = frozenset({"text/html", "application/xhtml+xml"})


def media_type(headers: Mapping[str, str]) -> str:
    """Return what header fields call a document, without parameters; "" if that is nothing."""
    return headers.get("content-type", "").partition(";")[0].strip()


def is_web_page(head: bytes, media_type: str = "") -> bool:
    """Whether a document is a web page, by how it begins, or by what is said of it."""
    start = head.removeprefix(_BYTE_ORDER_MARK).lstrip()
    is_marked_up = start.startswith(b"<") and not start.startswith(b"<?xml")
    return is_marked_up or media_type.lower() in _TYPES
