"""Where a name that came from somewhere else may end up on disk.

`resolve_inside` is the one function that decides it. Extraction, linking, entry points, menus and
channel building all ask it, so the rule is written once. The rule is about text: it says nothing
about symbolic links that are on disk already. Extraction makes sure that there are none on the
way (`hognose.archive.extraction`), and `symlink_stays_inside` judges the links that it creates.
"""

from __future__ import annotations

import os

from hognose.errors import UnsafeArchiveError

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from pathlib import Path

ON_WINDOWS = os.name == "nt"

_WINDOWS_FORBIDDEN = frozenset('<>:"|?*\\')
_WINDOWS_DEVICES = frozenset(
    (
        *("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"),
        *(f"{device}{digit}" for device in ("COM", "LPT") for digit in "123456789¹²³"),
    )
)
# What most file systems allow for one component, in bytes; longer names fail late and obscurely.
_COMPONENT_LIMIT = 255
# A part this short fits whatever its characters are.
_SHORT = _COMPONENT_LIMIT // 4
# A tree as deep as this can still be removed by what goes down by recursion, as Python's own does.
MOST_COMPONENTS = 400
_NOTHING = frozenset(("", "."))


def resolve_inside(root: Path | str, relative: str, *, windows: bool = ON_WINDOWS) -> str:
    """Join a relative name to a root, or raise if the result would not be below the root.

    Forward slashes separate. Components that mean nothing (`./a`, `a//b`, `a/.`) are dropped;
    everything that could leave the root (an absolute name, a `..` component, a drive letter, a
    backslash on Windows) or that the file system would not store as given raises. The file system
    is not looked at, so symbolic links below `root` are the caller's concern.

    Args:
        root: The directory; taken as it is, neither made absolute nor checked.
        relative: The name, as an archive, a record or a wheel has it.
        windows: Whether to apply the rules for names that Windows can hold as well.

    Returns:
        `root` and the cleaned name, joined with forward slashes (the root itself is untouched).

    Raises:
        UnsafeArchiveError: The name leaves the root, names the root itself, or cannot be stored;
            has `member` and `rule`.
    """
    root_text = os.fspath(root)
    cleaned = "/".join(clean_components(relative, windows=windows))
    if not cleaned:
        raise _refuse(relative, "names the directory itself")
    if root_text.endswith("/"):
        return root_text + cleaned
    return f"{root_text}/{cleaned}"


def clean_components(relative: str, *, windows: bool = ON_WINDOWS) -> list[str]:
    """Split a relative name into checked components; empty for a name of the root itself.

    Raises:
        UnsafeArchiveError: As in `resolve_inside`.
    """
    if not relative:
        raise _refuse(relative, "is empty")
    if relative[0] == "/":
        raise _refuse(relative, "is absolute")
    components = [part for part in relative.split("/") if part not in _NOTHING]
    if len(relative) <= _SHORT and not windows and ".." not in relative and "\0" not in relative:
        # As nearly always: none of them can have a fault.
        return components
    for component in components:
        reason = component_fault(component, windows=windows)
        if reason is not None:
            raise _refuse(relative, reason)
    if len(components) > MOST_COMPONENTS:
        raise _refuse(relative, f"has more than {MOST_COMPONENTS} parts")
    return components


def component_fault(component: str, *, windows: bool = ON_WINDOWS) -> str | None:
    """Say what is wrong with one component of a path, or None if it is fit to be created."""
    if component in {"", ".", ".."}:
        return "contains `..`" if component == ".." else "has no name in its last part"
    if "\0" in component:
        return "contains a NUL character"
    if len(component) * 4 > _COMPONENT_LIMIT and _encoded_length(component) > _COMPONENT_LIMIT:
        return f"has a part longer than {_COMPONENT_LIMIT} bytes"
    return _windows_fault(component) if windows else None


def _encoded_length(component: str) -> int:
    return len(component.encode("utf-8", "surrogateescape"))


def _windows_fault(component: str) -> str | None:
    for character in component:
        if character in _WINDOWS_FORBIDDEN or character < " ":
            return f"contains {character!r}, which Windows does not allow in a name"
    if component[-1] in ". ":
        return "ends in a dot or a space, which Windows drops"
    if component.split(".", 1)[0].rstrip().upper() in _WINDOWS_DEVICES:
        return "is the name of a device on Windows"
    return None


def symlink_stays_inside(link: str, target: str) -> bool:
    """Whether a symbolic link's target lies inside the root, judged by the text alone.

    The judgement is exact when no component of `target` before a `..` is itself a symbolic link;
    `symlink_needs_the_disk` says for which targets that matters.

    Args:
        link: The link's own path relative to the root, cleaned.
        target: What the link points to, as stored.
    """
    if not target or "\0" in target or target[0] == "/":
        return False
    if ON_WINDOWS and (target[0] == "\\" or target[1:2] == ":"):
        return False
    depth = link.count("/")
    for component in target.split("/"):
        if component == "..":
            depth -= 1
            if depth < 0:
                return False
        elif component not in {"", "."}:
            depth += 1
    return True


def symlink_needs_the_disk(target: str) -> bool:
    """Whether `..` follows a name in a target, so that other links decide where it leads."""
    seen_name = False
    for component in target.split("/"):
        if component == "..":
            if seen_name:
                return True
        elif component not in {"", "."}:
            seen_name = True
    return False


def _refuse(name: str, rule: str) -> UnsafeArchiveError:
    shown = name if len(name) <= 200 else f"{name[:200]}..."
    return UnsafeArchiveError(f"unsafe path {shown!a}: it {rule}", member=name, rule=rule)
