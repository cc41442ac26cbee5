"""The pages that say which test holds which statement name tests that there are."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGES = sorted((TESTS.parent / "docs/reference").glob("conformance-*.md"))

_REFERENCE = re.compile(r"`([\w/]+\.py)?(?:::(\w+))?`")


def references(text: str) -> list[tuple[str, str]]:
    """Return the files and tests that a page names; a test alone is in the file before it."""
    found, file = [], ""
    for name, test in _REFERENCE.findall(text):
        file = name or file
        if name or test:
            found.append((file, test))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_test_on_a_page_exists(page):
    missing = []
    for file, test in references(page.read_text()):
        path = TESTS / file
        if not path.is_file() or (test and f"\ndef {test}" not in path.read_text()):
            missing.append(f"{file}::{test}")

    assert [] == missing
