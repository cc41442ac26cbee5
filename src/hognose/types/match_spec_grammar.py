"""From the text of a match spec to its parts: the whole grammar (CEP 29).

The text is cut in this order: comment, brackets, URL, channel and namespace, name, version, build.
Every step looks at each character a bounded number of times. What stands in the brackets is read in
`match_spec_fields.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from hognose.errors import InvalidMatchSpecError
from hognose.types.archive_identifier import ArchiveIdentifier
from hognose.types.match_spec_fields import (
    ABSOLUTE_PATH,
    SCHEME,
    cut_brackets,
    read_channel,
    read_fields,
    url_of,
)
from hognose.types.match_spec_parser import (
    ARCHIVE_ENDS,
    NO_QUALIFIERS,
    Qualifiers,
    SpecParts,
    name_matcher,
    parse_spec,
    version_spec,
)
from hognose.types.string_matcher import StringMatcher

if TYPE_CHECKING:
    from hognose.types.package_name import PackageNameMatcher

__all__ = (
    "parse_any_spec",
    "parse_nameless_spec",
    "parse_spec_from_query",
    "parse_spec_from_url",
)

_NAME = re.compile(r"\^[^$]*+\$(?=$|[\s=<>!~])|[^\s=<>!~]++")
_CLAUSE = r"[(\s]*+(?:\^[^$]*+\$|(?:[=!<>~]++\s*+)?+[0-9A-Za-z_.+!*-]++)(?:\s*+\))*+"
_VERSION_AND_BUILD = re.compile(
    rf"({_CLAUSE}(?:\s*+[,|]{_CLAUSE})*+)(?:(\s++)=?\s*+|\s*+(=)\s*+)?(.*)", re.DOTALL
)
_HASH = re.compile(r"#(?:(?:md5[:=])?([0-9a-fA-F]{32})|(?:sha256[:=])?([0-9a-fA-F]{64}))$")
_OLD_CONDITION = re.compile(r";\s*+if\s")
_OPERATOR_MARKS: Final = ("=", "<", ">", "!", "~")


def parse_any_spec(text: str, *, strict: bool) -> tuple[PackageNameMatcher, SpecParts]:
    """Parse a match spec of any form.

    Raises:
        InvalidMatchSpecError: If the text is not one.
    """
    body = text.strip()
    if "::" not in body and (SCHEME.match(body) or ABSOLUTE_PATH.match(body)):
        if "[" not in body:
            return parse_spec_from_url(body)
        body, fields = cut_brackets(text, body)
        name, parts = parse_spec_from_url(body)
        url = parts.qualifiers.url
        return name, _finish(text, {**read_fields(text, fields, strict=strict), "url": url})
    body, fields = cut_brackets(text, _cut_comment(text).strip())
    qualifiers = read_fields(text, fields, strict=strict)
    body = _cut_channel(text, body, qualifiers).strip()
    if body.endswith(ARCHIVE_ENDS) and not any(mark in body for mark in " =<>"):
        archive = ArchiveIdentifier.try_parse(body)
        if archive is not None:
            qualifiers.setdefault("file_name", body)
            return _archive_name(text, archive), _finish(text, qualifiers)
    found = _NAME.match(body)
    if found is None:
        raise InvalidMatchSpecError(text, "there is no package name")
    rest = body[found.end() :]
    matcher = name_matcher(text, found.group())
    if found.group().lower().endswith(ARCHIVE_ENDS):
        rule = f"nothing can follow the file name `{found.group()[:80]}` but brackets"
        raise InvalidMatchSpecError(text, rule if rest else _not_an_archive(found.group()))
    _read_version_and_build(
        text, rest.strip(), qualifiers, spaced=rest[:1].isspace(), strict=strict
    )
    return matcher, _finish(text, qualifiers)


def _finish(text: str, found: dict[str, Any]) -> SpecParts:
    version = found.pop("version", None)
    build = found.pop("build", None)
    found.pop("name", None)
    try:
        return SpecParts(version, build, Qualifiers(**found) if found else NO_QUALIFIERS)
    except TypeError as error:  # pragma: no cover - all keys were checked when they were read
        raise InvalidMatchSpecError(text, str(error)) from error


def parse_nameless_spec(text: str, *, strict: bool = False) -> SpecParts:
    """Parse a match spec without a name.

    Raises:
        InvalidMatchSpecError: If the text is not one.
    """
    body, fields = cut_brackets(text, _cut_comment(text).strip())
    qualifiers = read_fields(text, fields, strict=strict)
    if "version" not in qualifiers and (SCHEME.match(body) or ABSOLUTE_PATH.match(body)):
        url, digests = _cut_hash(body)
        return _finish(text, {**qualifiers, **digests, "url": url_of(url)})
    body = _cut_channel(text, body, qualifiers)
    _read_version_and_build(text, body.strip(), qualifiers, spaced=True, strict=strict)
    return _finish(text, qualifiers)


def parse_spec_from_url(url: str) -> tuple[PackageNameMatcher, SpecParts]:
    """Make the spec for the archive at a URL, or out of an address with a query.

    Raises:
        InvalidMatchSpecError: If the URL ends neither in an archive's file name nor in a spec with
            a query.
    """
    url, digests = _cut_hash(url.strip())
    archive = _archive_at(url)
    if archive is None and "?" in url and SCHEME.match(url):
        return parse_spec_from_query(url)
    if archive is None:
        rule = "a URL has to end in `<name>-<version>-<build>.conda` or `.tar.bz2`"
        raise InvalidMatchSpecError(url, rule)
    return _archive_name(url, archive), _finish(url, {"url": url_of(url), **digests})


def _archive_name(text: str, archive: ArchiveIdentifier) -> PackageNameMatcher:
    matcher = name_matcher(text, archive.name)
    if matcher.exact is None:
        raise InvalidMatchSpecError(text, f"`{archive.name[:80]}` is no name of a package")
    if archive.name.endswith(ARCHIVE_ENDS):
        # No spec could be written down for it: its name would be read as a file name.
        raise InvalidMatchSpecError(text, _not_an_archive(archive.name))
    return matcher


def _not_an_archive(name: str) -> str:
    return f"`{name[:80]}` is a file name, but not of the form `<name>-<version>-<build>.conda`"


def parse_spec_from_query(query: str) -> tuple[PackageNameMatcher, SpecParts]:
    """Make a spec from a web address whose keys stand behind `?`.

    Raises:
        InvalidMatchSpecError: If the text is not a spec, or a key is unknown or stands twice.
    """
    from urllib.parse import unquote, unquote_plus

    path, _, tail = query.partition("?")
    if SCHEME.match(path):
        _, _, path = path.partition("://")[2].partition("/")
        path = path.rstrip("/").rpartition("/")[2]
    spec = unquote(path)
    if SCHEME.match(spec):
        raise InvalidMatchSpecError(query, f"`{spec[:80]}` is no spec for the end of an address")
    pairs = [pair.partition("=") for pair in tail.partition("#")[0].split("&") if pair]
    fields = [(unquote_plus(key), unquote_plus(value)) for key, _, value in pairs]
    name, parts = parse_spec(spec)
    if not fields:
        return name, parts
    if name.is_any and "name" in dict(fields):
        name = name_matcher(query, dict(fields)["name"])
    given = {
        key: getattr(parts.qualifiers, key)
        for key in Qualifiers.__struct_fields__
        if getattr(parts.qualifiers, key) != getattr(NO_QUALIFIERS, key)
    }
    given |= {"version": parts.version, "build": parts.build}
    given |= read_fields(query, fields, strict=True)
    return name, _finish(query, given)


def _cut_comment(text: str) -> str:
    """Drop a `#` comment, and refuse the condition syntax that CEP 43 did not keep."""
    if "#" not in text and ";" not in text:
        return text
    end = len(text)
    quote = ""
    depth = 0
    for position, character in enumerate(text):
        if quote:
            if character == quote and text[position - 1] != "\\":
                quote = ""
        elif character == "[":
            depth += 1
        elif character == "]":
            depth -= depth > 0
        elif depth and character in "'\"":
            quote = character
        elif character == ";" and not depth and _OLD_CONDITION.match(text, position):
            rule = "`; if` is no longer a condition"
            hint = f'Write `{text[:position].strip()}[when="..."]`.'
            raise InvalidMatchSpecError(text, rule, position=position, hint=hint)
        elif character == "#" and not depth:
            end = position
            break
    return text[:end]


def _cut_channel(text: str, body: str, qualifiers: dict[str, Any]) -> str:
    """Take `channel/subdir:namespace:` off the front; keys in brackets win over it."""
    if ":" not in body:
        return body
    *others, rest = body.rsplit(":", 2)
    if others[-1].strip():
        qualifiers.setdefault("namespace", others[-1].strip())
    if len(others) == 2:
        channel = others[0].strip()
        if channel:
            positional: dict[str, Any] = {}
            read_channel(text, channel, positional)
            if "channel" in qualifiers or "channel_pattern" in qualifiers:
                positional = {"subdir": positional["subdir"]} if "subdir" in positional else {}
            for key, value in positional.items():
                qualifiers.setdefault(key, value)
    return rest


def _read_version_and_build(
    text: str, rest: str, qualifiers: dict[str, Any], *, spaced: bool, strict: bool
) -> None:
    """Read what follows the name; keys in brackets win over it.

    Args:
        text: The whole spec, for messages.
        rest: What follows the name, stripped.
        qualifiers: The keys from the brackets, to which the result is added.
        spaced: Whether a space stood between the name and the rest.
        strict: Whether to refuse ambiguous forms.
    """
    if not rest:
        return
    if "[" in rest and "^" not in rest:
        raise InvalidMatchSpecError(text, "only one group of brackets is allowed, at the end")
    found = _VERSION_AND_BUILD.fullmatch(rest)
    if found is None:
        raise InvalidMatchSpecError(text, f"`{rest[:80]}` is no version")
    version, space, _, build = found.groups()
    version = "".join(version.split())
    if build and not (build.startswith("^") or _is_one_word(build)):
        raise InvalidMatchSpecError(text, f"`{build[:80]}` is no build string")
    if not build and not space and found[3]:
        raise InvalidMatchSpecError(text, "the build string after `=` is missing")
    if strict:
        doubled = next((k for k in ("version", "build") if qualifiers.get(k) is not None), None)
        if doubled and (doubled == "version" or build):
            raise InvalidMatchSpecError(text, f"`{doubled}` is given twice")
        if build and re.search(r"[^A-Za-z0-9_*]", build):
            raise InvalidMatchSpecError(text, f"`{build}` is no build string")
    else:
        version = _settle_equals(version, has_build=bool(build), spaced=spaced and bool(space))
    demanded = version_spec(text, version, strict=strict)
    if qualifiers.get("version") is None:
        qualifiers["version"] = demanded
    if build and qualifiers.get("build") is None:
        qualifiers["build"] = StringMatcher(build)


def _settle_equals(version: str, *, has_build: bool, spaced: bool) -> str:
    """Apply the rules of CEP 29 for a `=` that may be a separator or an operator."""
    if not version.startswith("="):
        return version
    if version.startswith("==") and not has_build and version[2:3] not in _OPERATOR_MARKS:
        return version[2:]
    literal = version[1:]
    if literal.startswith(_OPERATOR_MARKS) or any(mark in literal for mark in "=,|"):
        return version
    if literal.endswith("*") or (has_build and not spaced):
        return literal
    return f"{literal}.*"


def _is_one_word(text: str) -> bool:
    return not any(character.isspace() or character in "=<>!~,|()[]" for character in text)


def _cut_hash(url: str) -> tuple[str, dict[str, Any]]:
    if "#" not in url:
        return url, {}
    found = _HASH.search(url, max(len(url) - 80, 0))
    if found is None:
        return url, {}
    if found[1]:
        return url[: found.start()], {"md5": bytes.fromhex(found[1])}
    return url[: found.start()], {"sha256": bytes.fromhex(found[2])}


def _archive_at(url: str) -> ArchiveIdentifier | None:
    from urllib.parse import unquote

    path = url.partition("?")[0].partition("#")[0]
    return ArchiveIdentifier.try_parse(unquote(path.replace("\\", "/").rpartition("/")[2]))
