"""The fast reader gives what PyYAML gives, or leaves the text to PyYAML."""

from __future__ import annotations

import json
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hognose.lock.block_reader import UnusualYamlError, read_blocks
from hognose.lock.yaml_document import _load, _loader

DOCUMENT = """\
# a comment
version: 6
empty:
nothing: ~
list:
- one
-   two
- 'it''s'
- "double"
- key: value
  other:
  - deep
  - deeper: 1
    last: x
- []
nested:
  inner:
    - indented: a
      b: {}
    - plain text, with: colons:inside # and no comment sign: here
url: https://example.org:80/a#b
"""


def complete(text: str) -> object:
    return _load(text, _loader(core=False))


def test_a_document_of_the_known_kind_reads_as_pyyaml_reads_it() -> None:
    text = "\n".join(line for line in DOCUMENT.splitlines() if "colons" not in line)
    assert read_blocks(text) == complete(text)


def test_scalars_stay_text_and_only_null_is_none() -> None:
    assert read_blocks("a: 1\nb: 1.50\nc: true\nd: null\ne:\nf: 'null'\ng: 2024-01-01") == {
        "a": "1",
        "b": "1.50",
        "c": "true",
        "d": None,
        "e": None,
        "f": "null",
        "g": "2024-01-01",
    }


@pytest.mark.parametrize(
    "text",
    [
        "a: &anchor b",
        "a: *alias",
        "a: !tag b",
        "a: |\n  text",
        "a: >\n  text",
        "a: [1, 2]",
        "a: {b: 1}",
        "a: one\n  two",
        "a: b # comment",
        "a: b: c",
        'a: "x\\ny"',
        "a: 'open",
        "a:\n  b: 1\n c: 2",
        "- at\n- the top",
        "a\tb: 1",
        "a: 1\r\nb: 2",
        "a: 1\na: 2",
        "? a\n: b",
        "---\na: 1",
        "a:\n- - nested",
        "a: x ",
        "a: @x",
        "a:\n- b\n  c: 1",
    ],
)
def test_what_it_does_not_know_it_leaves_to_a_complete_parser(text: str) -> None:
    with pytest.raises(UnusualYamlError):
        read_blocks(text)


trees = st.recursive(
    st.none() | st.text(st.characters(codec="utf-8"), max_size=12),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.text("abc_- 1", max_size=4), children, max_size=3)
    ),
    max_leaves=12,
)


def dump(tree: object, indent: int) -> str:
    """Write a tree in block style, with scalars as they come."""
    pad = " " * indent
    if isinstance(tree, dict) and tree:
        return "".join(
            f"\n{pad}{json.dumps(key) if not key.isidentifier() else key}:{dump(value, indent + 2)}"
            for key, value in tree.items()
        )
    if isinstance(tree, list) and tree:
        return "".join(f"\n{pad}-{dump(value, indent + 2)}" for value in tree)
    if isinstance(tree, str):
        return " " + tree
    return {"{}": " {}", "[]": " []"}.get(repr(tree), "")


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), trees, min_size=1, max_size=4))
def test_whatever_it_accepts_it_reads_as_pyyaml_does(tree: dict[str, object]) -> None:
    text = dump(tree, 0).lstrip("\n")
    try:
        ours = read_blocks(text)
    except UnusualYamlError:
        return
    assert ours == complete(text)


@given(st.text("ab:- #\n'\"[]{}~,0", max_size=40))
def test_whatever_it_accepts_of_any_text_it_reads_as_pyyaml_does(text: str) -> None:
    try:
        ours = read_blocks(text)
    except UnusualYamlError:
        return
    assert (ours or None) == complete(text)


def test_comments_and_empty_lines_between_entries_are_skipped() -> None:
    text = textwrap.dedent("""\
        # first

        a:
          # second
          b: 1

          c: 2
    """)
    assert read_blocks(text) == {"a": {"b": "1", "c": "2"}}
