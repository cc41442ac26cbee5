"""What is said of a web page that came in the place of a package."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hognose._web_page import media_type
from hognose.errors import ArchiveError
from hognose.net import redact

if TYPE_CHECKING:
    from hognose.net import Response

__all__ = ("page_error",)

E = TypeVar("E", bound=ArchiveError)

_SHOWN = 40
_HINT = (
    "a page to log in, of a captive portal, or of a server that has one for every address, looks "
    "like this in a browser"
)


def page_error(error: E, response: Response, url: str) -> E:
    """Return an error that says which page came from where, with the facts of another.

    Args:
        error: What reading the page as an archive gave.
        response: The answer that the page is of.
        url: What was asked for.
    """
    what, came_from = redact(url), redact(response.url).partition("?")[0]
    said = media_type(response.headers)
    of_type = f" of type `{said[:_SHOWN]}`" if said else ""
    from_there = f" from {came_from}" if came_from != what.partition("?")[0] else ""
    facts = {**error.__dict__, "path": what, "url": what}
    facts.pop("hint", None)
    message = f"`{what}` is not a package: a web page{of_type} came{from_there}"
    return type(error)(message, hint=_HINT, **facts)
