"""The content of an `environment.yml` (CEP 24).

Reading YAML is left to the caller, who hands over the decoded tree, or the text with a decoder.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from hognose.errors import (
    InvalidMatchSpecError,
    ParseEnvironmentYamlError,
    ParseSubdirError,
)
from hognose.types.match_spec import MatchSpec
from hognose.types.platform import Platform
from hognose.types.platform_selectors import evaluate_selector, select_lines, variables_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = ("EnvironmentYaml",)

KNOWN_KEYS: Final = (
    "name",
    "prefix",
    "channels",
    "dependencies",
    "variables",
    "platforms",
    "category",
)
NO_DEFAULTS: Final = "nodefaults"
_SELECTOR = re.compile(r"sel\((.*)\)")
_SELECTOR_VARIABLES: Final = ("unix", "linux", "osx", "win")
_FORBIDDEN_IN_NAME: Final = "/ :#"
_FORBIDDEN_NAMES: Final = frozenset({"base", "root"})


class EnvironmentYaml(msgspec.Struct, frozen=True, kw_only=True):
    """An environment as somebody wants it.

    `channels` never holds `nodefaults`: that is what `has_defaults` says.
    """

    dependencies: tuple[MatchSpec, ...]
    """The conda packages that are wanted."""
    name: str | None = None
    """The preferred name of the environment."""
    prefix: str | None = None
    """The preferred path of the environment, as written: `~` and variables are not expanded."""
    channels: tuple[str, ...] = ()
    """The channels, first the one that counts most; empty for those of the configuration."""
    has_defaults: bool = True
    """Whether the channels of the configuration come after these."""
    subsections: dict[str, Any] = {}
    """What other installers have to do: `{"pip": (...)}`."""
    variables: dict[str, str] = {}
    """The environment variables that activation sets."""
    platforms: tuple[Platform, ...] = ()
    """The platforms to solve for; empty for the running one."""
    category: str | None = None
    """A label for the dependencies."""
    warnings: tuple[str, ...] = ()
    """What a user should be told: keys that mean nothing to this version of the format."""

    @classmethod
    def from_text(
        cls,
        text: str,
        load: Callable[[str], object],
        *,
        platform: Platform | str | None = None,
        sections: Collection[str] = ("pip",),
    ) -> Self:
        """Parse a document.

        Args:
            text: The document.
            load: Decodes YAML, such as `yaml.safe_load`.
            platform: What selectors are evaluated for. Without it comment selectors stay comments.
            sections: The installers whose subsections are accepted.

        Raises:
            ParseEnvironmentYamlError: If the document breaks a rule of CEP 24.
        """
        chosen = None if platform is None else Platform(platform)
        if chosen is not None:
            text = select_lines(text, chosen)
        return cls.from_tree(load(text), platform=chosen, sections=sections)

    @classmethod
    def from_tree(
        cls,
        tree: object,
        *,
        platform: Platform | str | None = None,
        sections: Collection[str] = ("pip",),
    ) -> Self:
        """Make the value from a decoded document.

        Args:
            tree: What a YAML decoder returned.
            platform: What `sel(...)` entries are evaluated for; needed if there are any.
            sections: The installers whose subsections are accepted.

        Raises:
            ParseEnvironmentYamlError: If the document breaks a rule of CEP 24.
        """
        if not isinstance(tree, dict):
            raise ParseEnvironmentYamlError(_shown(tree), "a mapping is needed at the top")
        chosen = None if platform is None else Platform(platform)
        dependencies, subsections = _dependencies(tree, chosen, sections)
        channels = _strings(tree, "channels")
        return cls(
            dependencies=dependencies,
            subsections=subsections,
            name=_check_name(_string(tree, "name"), "name"),
            prefix=_check_prefix(_string(tree, "prefix")),
            channels=tuple(channel for channel in channels if channel != NO_DEFAULTS),
            has_defaults=NO_DEFAULTS not in channels,
            variables=_variables(tree),
            platforms=_platforms(tree),
            category=_string(tree, "category"),
            warnings=tuple(
                f"the key `{key}` is unknown and ignored" for key in tree if key not in KNOWN_KEYS
            ),
        )

    @property
    def pip(self) -> tuple[str, ...]:
        """The requirements of the `pip` subsection."""
        return tuple(self.subsections.get("pip", ()))

    def match_specs(self) -> tuple[MatchSpec, ...]:
        """Return the conda packages that are wanted."""
        return self.dependencies

    def to_tree(self) -> dict[str, Any]:
        """Return what a YAML encoder should write; `from_tree` makes an equal value of it."""
        channels = [*self.channels] + ([] if self.has_defaults else [NO_DEFAULTS])
        dependencies: list[Any] = [str(spec) for spec in self.dependencies]
        dependencies += (
            {key: list(value) if isinstance(value, tuple) else value}
            for key, value in self.subsections.items()
        )
        tree = {
            "name": self.name,
            "prefix": self.prefix,
            "channels": channels,
            "dependencies": dependencies,
            "variables": self.variables,
            "platforms": [str(platform) for platform in self.platforms],
            "category": self.category,
        }
        return {key: value for key, value in tree.items() if value or key == "dependencies"}


def _dependencies(
    tree: Mapping[object, object], platform: Platform | None, sections: Collection[str]
) -> tuple[tuple[MatchSpec, ...], dict[str, Any]]:
    entries = tree.get("dependencies")
    if not isinstance(entries, list):
        rule = "`dependencies` is missing" if entries is None else "`dependencies` is no list"
        raise ParseEnvironmentYamlError(_shown(entries), rule)
    specs = []
    subsections: dict[str, Any] = {}
    for entry in entries:
        if isinstance(entry, str):
            specs.append(_spec(entry))
            continue
        if not isinstance(entry, dict) or not all(isinstance(key, str) for key in entry):
            rule = "a dependency is a match spec, or a mapping for another installer"
            raise ParseEnvironmentYamlError(_shown(entry), rule)
        for key, value in entry.items():
            selector = _SELECTOR.fullmatch(key)
            if selector:
                if _is_selected(key, selector[1], platform):
                    specs.append(_spec(value))
            elif key not in sections:
                rule = f"there is no installer for the subsection `{key}`"
                raise ParseEnvironmentYamlError(_shown(entry), rule)
            else:
                subsections[key] = tuple(value) if isinstance(value, list) else value
    return tuple(specs), subsections


def _spec(text: object) -> MatchSpec:
    if not isinstance(text, str):
        raise ParseEnvironmentYamlError(_shown(text), "a match spec is needed")
    try:
        return MatchSpec(text)
    except InvalidMatchSpecError as error:
        raise ParseEnvironmentYamlError(text, error.rule, position=error.position) from error


def _is_selected(key: str, expression: str, platform: Platform | None) -> bool:
    if platform is None:
        rule = "a selector can only be used with a platform to select for"
        raise ParseEnvironmentYamlError(key, rule)
    known = variables_of(platform)
    return evaluate_selector(expression, {name: known[name] for name in _SELECTOR_VARIABLES})


def _string(tree: Mapping[object, object], key: str) -> str | None:
    value = tree.get(key)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)  # YAML reads `name: 2024` as a number
    raise ParseEnvironmentYamlError(_shown(value), f"`{key}` is no text")


def _strings(tree: Mapping[object, object], key: str) -> list[str]:
    value = tree.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ParseEnvironmentYamlError(_shown(value), f"`{key}` is no list of text")
    return value


def _variables(tree: Mapping[object, object]) -> dict[str, str]:
    value = tree.get("variables")
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ParseEnvironmentYamlError(_shown(value), "`variables` is no mapping")
    for name in value:
        if not isinstance(name, str) or not name or "=" in name or "\0" in name:
            raise ParseEnvironmentYamlError(_shown(name), "it is no name of a variable")
    return {name: _variable_text(content) for name, content in value.items()}


def _variable_text(content: object) -> str:
    if isinstance(content, bool):
        return "true" if content else "false"  # as it most likely was written
    return "" if content is None else str(content)


def _platforms(tree: Mapping[object, object]) -> tuple[Platform, ...]:
    platforms = []
    for text in _strings(tree, "platforms"):
        try:
            platform = Platform(text)
        except ParseSubdirError as error:
            raise ParseEnvironmentYamlError(text, error.rule) from error
        if platform.is_noarch:
            raise ParseEnvironmentYamlError(text, "nobody can run `noarch`")
        platforms.append(platform)
    return tuple(platforms)


def _check_name(name: str | None, key: str) -> str | None:
    if name is None:
        return None
    if name in _FORBIDDEN_NAMES and key == "name":
        raise ParseEnvironmentYamlError(name, "the name is reserved")
    for position, character in enumerate(name):
        if character in _FORBIDDEN_IN_NAME:
            rule = f"`{character}` may not be in the {key}"
            raise ParseEnvironmentYamlError(name, rule, position=position)
    return name


def _check_prefix(prefix: str | None) -> str | None:
    if prefix:
        last = prefix.replace("\\", "/").rstrip("/").rpartition("/")[2]
        _check_name(last, "last part of the prefix")
    return prefix


def _shown(value: object) -> str:
    return value if isinstance(value, str) else repr(value)
