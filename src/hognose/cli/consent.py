"""Whether a change is wanted: who is asked, when, and what holds where nobody can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.console import EXIT_FAILURE
from hognose.errors import InstallerError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from hognose.config import Config
    from hognose.console import Console

__all__ = ("EXIT_DECLINED", "agrees")

# conda and mamba end with 1 as well when the answer is no.
EXIT_DECLINED = EXIT_FAILURE


def agrees(
    arguments: argparse.Namespace,
    console: Console,
    *,
    prefix: Path,
    takes_away: bool,
    question: str = "Proceed?",
    config: Config | None = None,
) -> bool:
    """Return whether the user wants a change; say so where the answer is no.

    `--yes`, or `always-yes` of the configuration, is the only word that means yes; `--quiet` and
    `--json` are not. A person at a terminal is asked. Where nobody can be, as with `--json`, a
    change that only adds goes ahead, and one that takes something away does not.

    Args:
        arguments: The transaction options.
        console: Where to ask.
        prefix: What is changed.
        takes_away: Whether something is removed or downgraded; the question's default is no then.
        question: What to ask.
        config: The configuration; read where it is None.

    Raises:
        InstallerError: Something would be taken away, and nobody can be asked.
        ConfigError: The configuration cannot be read.
    """
    if arguments.yes:
        return True
    if config is None:
        from hognose.cli.settings import load_config

        config = load_config()
    if config.always_yes:
        return True
    as_json = getattr(arguments, "json", False)
    if console.can_ask and not as_json:
        if console.confirm(question, default=not takes_away):
            return True
        console.warn("nothing was changed")
        return False
    if takes_away:
        why = "with `--json` nothing is asked" if as_json else "no terminal to ask at"
        message = f"{prefix}: {why}, and nothing was changed"
        hint = "give `--yes`, or `--dry-run` to see what would be removed or downgraded"
        raise InstallerError(message, path=prefix, hint=hint)
    return True
