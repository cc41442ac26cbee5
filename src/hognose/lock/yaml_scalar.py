"""How a text is written as a YAML scalar.

Plain where every reader gives the same text back, in single quotes otherwise: as the peer's
emitter does, and also where a YAML 1.1 reader (PyYAML, ruamel in its default mode) would see a
number, a time or a truth value that the peer leaves plain, such as `1_0`, `12:30` or `no`.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

# What some reader takes for null, a truth value, a number, a time or a merge key.
_MISREAD = re.compile(
    r"""(?:
      ~|null|Null|NULL
    | y|Y|n|N|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF
    | [-+]?(?:0[bB])?[0-9][0-9_]*
    | 0[oO][0-7_]+
    | [-+]?0[xX][0-9a-fA-F_]+
    | [-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)(?:[eE][-+]?[0-9]+)?
    | [-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)
    | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?
    | <<|=
    )\Z""",
    re.VERBOSE,
)
# Characters that a plain or single-quoted scalar cannot hold, or not on one line.
_ESCAPED = re.compile(
    "[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
# A plain scalar does not start with an indicator and contains neither `: ` nor ` #`.
_PLAIN = re.compile(r"(?:[^\s\-?:,\[\]{}#&*!|>'\"%@`]|[-?:](?=[^\s]))(?:(?!: | #).)*(?<![\s:])\Z")
# Nearly every text of a lock file, told with one match: what starts with a letter and is no word
# of YAML's, and hashes with a letter that no number has.
_ORDINARY = re.compile(
    r"[A-Za-z_](?:[A-Za-z0-9_.,<>=!*+/|~;()-]++|://| (?!#))*+(?<! )\Z"
    r"|[0-9]*+[acdf][0-9a-f]{8,}+\Z"
)
_WORDS = frozenset(
    (
        *("null", "Null", "NULL", "y", "Y", "n", "N", "yes", "Yes", "YES", "no", "No", "NO"),
        *("true", "True", "TRUE", "false", "False", "FALSE", "on", "On", "ON", "off", "Off", "OFF"),
    )
)


@lru_cache(maxsize=16384)
def format_scalar(text: str) -> str:
    """Write a text so that every YAML reader gives it back; always on one line."""
    if _ORDINARY.match(text) and text not in _WORDS:
        return text
    if _PLAIN.match(text) and not _MISREAD.match(text) and not text.startswith(("---", "...")):
        if not _ESCAPED.search(text):
            return text
    elif not _ESCAPED.search(text):
        return "'" + text.replace("'", "''") + "'"
    # JSON's strings are YAML's double-quoted ones, but for what JSON leaves unescaped.
    quoted = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: _escape(match[0]), quoted)


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
