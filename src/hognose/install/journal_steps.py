"""What the lines of a journal say, and what its `commit.json` says; see `journal`."""

from __future__ import annotations

from typing import Annotated

import msgspec

__all__ = ("Commit", "Creating", "Moving", "Scripting", "Started", "Step")


class Started(msgspec.Struct, frozen=True, kw_only=True, tag="started", tag_field="step"):
    """The first line.

    Attributes:
        process: The process that writes the journal.
        made_directories: Absolute paths of the folders made for the prefix, outermost first.
        journal_version: The version of the journal's format.
    """

    process: int
    made_directories: tuple[str, ...] = ()
    journal_version: int = 1


class Creating(msgspec.Struct, frozen=True, kw_only=True, tag="creating", tag_field="step"):
    """Files and folders that are about to be made; none of them exists yet.

    Attributes:
        directories: Folders relative to the prefix, parents first.
        files: Files and links relative to the prefix.
    """

    directories: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class Moving(msgspec.Struct, frozen=True, kw_only=True, tag="moving", tag_field="step"):
    """Files that are about to be renamed, in order.

    Attributes:
        moves: Pairs of paths relative to the prefix, from and to.
    """

    moves: tuple[tuple[str, str], ...]


class Scripting(msgspec.Struct, frozen=True, kw_only=True, tag="scripting", tag_field="step"):
    """Link scripts are about to run, in an environment that is made for this change.

    Attributes:
        present: What is in it, see `script_traces`.
    """

    present: tuple[str, ...] = ()


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """All that is left to do once a transaction cannot fail any more.

    Attributes:
        replacements: From and to of the files that take the places of old ones.
        obsolete_files: Files of packages that go, relative to the prefix.
        obsolete_directories: The folders of these files, removed if they are empty.
        byte_code_directories: Those among them that may hold nothing but `__pycache__`.
        kept_directories: Folders that a package asks for, and that stay although they are empty.
        records: File names of the records that wait to be moved into `conda-meta`.
        obsolete_records: File names in `conda-meta` to delete; none of `records`.
        history: The block to append to `conda-meta/history`.
        history_size: The size of that file before.
    """

    replacements: tuple[tuple[str, str], ...] = ()
    obsolete_files: tuple[str, ...] = ()
    obsolete_directories: tuple[str, ...] = ()
    byte_code_directories: tuple[str, ...] = ()
    kept_directories: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    obsolete_records: tuple[str, ...] = ()
    history: str = ""
    history_size: Annotated[int, msgspec.Meta(ge=0, le=1 << 62)] = 0


Step = Started | Creating | Moving | Scripting
