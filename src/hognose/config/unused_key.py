"""Keys without effect: misspelt ones, those of other tools, and those that nothing here needs."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import msgspec

from hognose._url_secrets import redact
from hognose.config.setting_names import BY_CONDA_KEY, BY_KEY, BY_VARIABLE
from hognose.config.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("ENVIRONMENT", "FILE_VARIABLES", "NO_EFFECT", "UnusedKey", "misspelt_variables")

ENVIRONMENT = "environment"

# Variables that name files of settings.
FILE_VARIABLES = ("CONDARC", "MAMBARC", "HOGNOSE_CONFIG")

# Variables that are ours and no settings: names, and beginnings in front of the name of a host.
_VARIABLES = frozenset(
    {"HOGNOSE_CONFIG", "HOGNOSE_CREDENTIALS", "HOGNOSE_HOME", "HOGNOSE_TRACEBACK"}
)
_BEGINNINGS = ("HOGNOSE_TOKEN_", "HOGNOSE_CONDA_TOKEN_", "HOGNOSE_USERNAME_", "HOGNOSE_PASSWORD_")

# What other tools read in the files that we read, and why it has no effect here.
_ELSEWHERE = {
    "it is about conda's own shell functions": (
        *(
            "auto_activate",
            "auto_activate_base",
            "auto_stack",
            "changeps1",
            "default_activation_env",
        ),
        *("env_prompt", "change-ps1", "shell"),
    ),
    "it is about conda's own program": (
        *("anaconda_anon_usage", "anaconda_upload", "auto_update_conda", "console", "debug", "dev"),
        *("error_upload_url", "experimental", "json", "no_plugins", "notify_outdated_conda"),
        *("plugins", "preview", "quiet", "report_errors", "self_update", "show_channel_urls"),
        *("subdir", "subdirs", "trace", "verbosity", "environment_specifier", "list_fields"),
        *("register_envs", "envvars_force_uppercase", "force_32bit", "enable_private_envs"),
    ),
    "it is about making packages": ("bld_path", "conda_build", "conda-build", "croot"),
    "hognose has its own solver; `--solver` chooses another": (
        *("solver", "sat_solver", "solver_ignore_timestamps", "unsatisfiable_hints"),
        *("unsatisfiable_hints_check_depth", "repodata_fns", "track_features"),
    ),
    "how many threads there are is found out; `fetch_threads` bounds what is fetched": (
        *("default_threads", "execute_threads", "repodata_threads", "verify_threads"),
        *("download_threads", "extract_threads"),
    ),
    "packages are always checked against their hashes": (
        *("extra_safety_checks", "safety_checks", "verify_artifacts", "validate_files"),
    ),
    "`--clobber` decides": ("clobber", "path_conflict"),
    "files are links only where packages have links": (
        *("allow_softlinks", "always_softlink", "softlink"),
    ),
    "caches are always locked and used by what servers say of their age": (
        *("local_repodata_ttl", "no_lock", "use_index_cache", "separate_format_cache"),
        *("use_lockfiles",),
    ),
    "secrets are in the stores that `hognose auth` knows": ("add_anaconda_token", "anaconda_token"),
    "it is about pixi's projects": (
        *("authentication-override", "detached-environments", "pinning-strategy", "pypi-config"),
        *("tool-platform", "default-environment", "force-activate", "experimental"),
    ),
    "JLAP is gone": ("disable-jlap", "disable_jlap", "repodata_use_jlap"),
}
_REASONS = {key: reason for reason, keys in _ELSEWHERE.items() for key in keys}
NO_EFFECT = {setting.key: setting.no_effect for setting in SETTINGS if setting.no_effect}
NO_EFFECT |= {
    f"index-config.{option}": "`hognose channel index` does not write it"
    for option in (
        "channel-relations",
        "notices",
        "package-revision-assignment",
        "repodata-revisions",
    )
}


class UnusedKey(msgspec.Struct, frozen=True):
    """A key without effect here: misspelt, another tool's, or about what we have no need of.

    Attributes:
        source: The file, or the environment.
        key: The key.
    """

    source: str
    key: str

    def __str__(self) -> str:
        """Say so in one line, without secrets."""
        note = f": {self.note}" if self.note else ""
        return f"{self.source}: `{redact(self.key)}` is not used by hognose{note}"

    @property
    def note(self) -> str:
        """Why, or which key may be meant; empty where that is not known."""
        last = self.key.rpartition(".")[2]
        head = self.key.partition(".")[0]
        for known in (self.key, f"{head}.{last}", head):
            if known in NO_EFFECT:
                return NO_EFFECT[known]
        if self.key in _REASONS or last in _REASONS:
            return _REASONS.get(self.key) or _REASONS[last]
        if self.source == ENVIRONMENT and self.key in FILE_VARIABLES:
            return "it names no file that is there"
        if self.source == ENVIRONMENT:
            return _nearest(self.key, BY_VARIABLE)
        path = PurePath(self.source)
        if path.suffix in {".yml", ".yaml"} or path.name.endswith("rc"):
            if self.key in BY_KEY and BY_KEY[self.key].conda_key:
                return f"it is called `{BY_KEY[self.key].conda_key}` here"
            return _nearest(self.key, BY_CONDA_KEY)
        if self.key in BY_KEY or self.key.replace("_", "-") in BY_KEY:
            return "it belongs into hognose's own `config.toml`; other tools share this file"
        if self.key in BY_CONDA_KEY:
            return f"it is called `{BY_CONDA_KEY[self.key].key}` here"
        return _nearest(self.key, BY_KEY)


def misspelt_variables(names: Iterable[str]) -> list[str]:
    """Return the variables that look like settings of ours and are none."""
    known = BY_VARIABLE.keys() | _VARIABLES
    return sorted(
        name
        for name in names
        if name.startswith("HOGNOSE_") and name not in known and not name.startswith(_BEGINNINGS)
    )


def _nearest(key: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key, list(known), n=1)
    return f"did you mean `{near[0]}`?" if near else ""
