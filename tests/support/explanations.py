"""Explanations as a person reads them: each was read, and found to say what to do."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

from support.toy_packages import conflict


def check_explanation(expected: str, specs: list[str], *sources: Any, **options: Any) -> None:
    """Solve what has no answer, and compare the text of why; the indentation does not count."""
    assert dedent(expected).strip() == str(conflict(specs, *sources, **options))
