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


def page_error(error: E, source: Response | str, url: str) -> E:
    """Return an error that says which page came from where, with the facts of another.

    Args:
        error: What reading the page as an archive gave.
        source: The answer that the page is of, or the path of a file that is one.
        url: What was asked for.
    """
    what = redact(url)
    of_type = from_there = ""
    if not isinstance(source, str):
        if said := media_type(source.headers):
            of_type = f" of type `{said[:_SHOWN]}`"
        came_from = redact(source.url).partition("?")[0]
        if came_from != what.partition("?")[0]:
            from_there = f" from {came_from}"
    facts = {**error.__dict__, "path": what, "url": what}
    facts.pop("hint", None)
    message = f"`{what}` is not a package: a web page{of_type} came{from_there}"
    return type(error)(message, hint=_HINT, **facts)
