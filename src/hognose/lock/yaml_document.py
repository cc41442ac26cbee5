"""YAML text to plain Python values, with the scalars of YAML 1.2.

Lock files are read as *raw* documents: every scalar is its text, only null is None, and whoever
knows the schema decides what is a number. So a version `3.10` or a build `1_0` stays what it is.
`load_yaml` is for documents without a schema: it applies the YAML 1.2 core schema.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from hognose.errors import ParseLockFileError
from hognose.lock.block_reader import UnusualYamlError, read_blocks

if TYPE_CHECKING:
    import yaml

# The core schema's table (YAML 1.2.2, 10.3.2): tag, pattern, first characters.
_NULL = ("null", "~|null|Null|NULL|", "~nN")
_CORE = (
    _NULL,
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", "[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
)


def load_raw_yaml(text: str) -> Any:
    """Read a document whose scalars stay text; only null becomes None.

    The layout that lock files are written in is read by our own reader, six times faster than
    PyYAML's C loader; anything else goes to PyYAML.

    Raises:
        ParseLockFileError: If the text is not YAML.
    """
    try:
        return read_blocks(text)
    except UnusualYamlError:
        return _load(text, _loader(core=False))


def load_yaml(text: str) -> Any:
    """Read a document with the scalars of the YAML 1.2 core schema.

    Raises:
        ParseLockFileError: If the text is not YAML.
    """
    return _load(text, _loader(core=True))


def _load(text: str, loader: type[yaml.SafeLoader]) -> Any:
    import yaml

    try:
        return yaml.load(text, Loader=loader)  # noqa: S506 - the loader is a safe one
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f" in line {mark.line + 1}"
        rule = f"not YAML{where}: {getattr(error, 'problem', None) or error}"
        excerpt = text.splitlines()[mark.line] if mark and text.splitlines()[mark.line :] else ""
        raise ParseLockFileError(excerpt, rule) from error


@cache
def _loader(*, core: bool) -> type[yaml.SafeLoader]:
    """Build a loader class on the C parser, or on the Python one where that is missing."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc] # the base is chosen when the code runs
        yaml_implicit_resolvers: dict[str, Any] = {}

        def construct_mapping(self, node: yaml.MappingNode, **how: bool) -> Any:
            """Refuse a key that is there twice, which PyYAML lets pass."""
            seen: set[str] = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                    if key.value in seen:
                        raise yaml.constructor.ConstructorError(
                            None, None, f"the key {key.value!r} is there twice", key.start_mark
                        )
                    seen.add(key.value)
            return super().construct_mapping(node, **how)

    for tag, pattern, first in _CORE if core else (_NULL,):
        compiled = re.compile(f"(?:{pattern})\\Z")
        starts = [*first, ""] if tag == "null" else [*first]
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", compiled, starts)
    Loader.add_constructor("tag:yaml.org,2002:int", _construct_int)
    Loader.add_constructor("tag:yaml.org,2002:float", _construct_float)
    return Loader


def _construct_int(_loader: object, node: yaml.ScalarNode) -> int:
    text: str = node.value
    if text.startswith(("0o", "0x")):
        return int(text, 0)
    return int(text)


def _construct_float(_loader: object, node: yaml.ScalarNode) -> float:
    return float(re.sub(r"\.(inf|nan)$", r"\1", node.value.lower()))
