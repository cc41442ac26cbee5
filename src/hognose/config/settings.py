"""The settings that there are: what they are called in TOML and in conda's files, and what they do.

The names are those of rattler's shared `config.toml`, which pixi reads too, and ours in its style
where it has none; conda's names are understood in `.condarc`, `.mambarc` and `CONDA_...` variables.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hognose.config import setting_kinds as kinds
from hognose.config.setting_fault import setting_fault
from hognose.config.setting_kinds import Kind, WrongKindError

__all__ = ("PER_CHANNEL", "SETTINGS", "SHARED_KEYS", "Setting", "known_settings")

# The table whose settings may be given for single channels, too.
PER_CHANNEL = "repodata-config"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting.

    Attributes:
        key: Its name in TOML and on the command line; a full stop enters a table.
        field: The field of `Config`.
        kind: What its value may be.
        effect: What it does, for the documents.
        conda_key: Its name in `.condarc`, if it has one there.
        depth: How deep the tables of several files are united rather than replaced: 0 for values
            that are no tables, 1 by their entries, 2 by the entries of these.
        no_effect: Why it does nothing here, where it is known and does nothing.
    """

    key: str
    field: str
    kind: Kind
    effect: str
    conda_key: str | None = None
    depth: int = 0
    no_effect: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The way to it in a TOML document."""
        return tuple(self.key.split("."))

    def convert(self, value: Any, *, key: str, source: str) -> Any:
        """Make the setting's value out of a decoded one.

        Raises:
            ConfigError: It is of the wrong kind; the error names the source and the key, and not
                the value, which may be a secret.
        """
        try:
            return self.kind.parse(value)
        except WrongKindError as error:
            said = f" must be {str(error) or self.kind.words}"
            raise setting_fault(key, said, source=source) from None


def _setting(
    key: str,
    kind: Kind,
    effect: str,
    *,
    conda: str | None = None,
    depth: int = 0,
    no_effect: str = "",
) -> Setting:
    field = key.replace("-", "_").replace(".", "_")
    return Setting(
        key=key,
        field=field,
        kind=kind,
        effect=effect,
        conda_key=conda,
        depth=depth,
        no_effect=no_effect,
    )


SETTINGS: tuple[Setting, ...] = (
    _setting("default-channels", kinds.TEXTS, "the channels where none is named", conda="channels"),
    _setting("channel-alias", kinds.TEXT, "the URL in front of names", conda="channel_alias"),
    _setting(
        "channel-priority",
        kinds.PRIORITY,
        "whether a name may come from a channel when an earlier one has it",
        conda="channel_priority",
    ),
    _setting(
        "custom-channels",
        kinds.TABLE_OF_TEXTS,
        "URLs in front of single names",
        conda="custom_channels",
        depth=1,
    ),
    _setting(
        "custom-multichannels",
        kinds.TABLE_OF_TEXT_LISTS,
        "names that stand for several channels",
        conda="custom_multichannels",
        depth=1,
    ),
    _setting(
        "defaults-channels",
        kinds.TEXTS,
        "the channels that `defaults` stands for",
        conda="default_channels",
    ),
    _setting(
        "allowlist-channels",
        kinds.TEXTS,
        "the only channels that may be used",
        conda="allowlist_channels",
    ),
    _setting(
        "denylist-channels",
        kinds.TEXTS,
        "channels that may not be used",
        conda="denylist_channels",
    ),
    _setting(
        "pinned-packages",
        kinds.SPECS,
        "specs that hold in every environment",
        conda="pinned_packages",
    ),
    _setting(
        "add-pip-as-python-dependency",
        kinds.FLAG,
        "whether every python brings pip with it",
        conda="add_pip_as_python_dependency",
    ),
    _setting(
        "channel-relations-max-depth",
        kinds.COUNT,
        "how far relations between channels are followed",
        conda="channel_relations_max_depth",
    ),
    _setting(
        "number-channel-notices",
        kinds.COUNT,
        "how many notices of channels are shown",
        conda="number_channel_notices",
    ),
    _setting(
        "mirrors",
        kinds.TABLE_OF_TEXT_LISTS,
        "where to fetch from in place of a URL or a channel, by preference",
        depth=1,
    ),
    _setting(
        "mirrored-channels",
        kinds.TABLE_OF_TEXT_LISTS,
        "the URLs that a channel's name stands for, by preference",
        conda="mirrored_channels",
        depth=1,
    ),
    _setting(
        "channel-settings",
        kinds.CHANNEL_SETTINGS,
        "a list of what holds for single channels, as conda has it",
        conda="channel_settings",
    ),
    _setting(
        "exclude-newer",
        kinds.MOMENT,
        "the date or the age after which packages are hidden",
        conda="exclude_newer",
    ),
    _setting(
        "exclude-newer-package",
        kinds.MOMENTS,
        "the same for single packages",
        conda="exclude_newer_package",
        depth=1,
    ),
    _setting("offline", kinds.FLAG, "whether to do without the network", conda="offline"),
    _setting(
        "max-retries",
        kinds.COUNT,
        "how often a request is repeated",
        conda="remote_max_retries",
    ),
    _setting(
        "connect-timeout",
        kinds.SECONDS,
        "how long to wait for a connection",
        conda="remote_connect_timeout_secs",
    ),
    _setting(
        "read-timeout",
        kinds.SECONDS,
        "how long a server may be silent",
        conda="remote_read_timeout_secs",
    ),
    _setting(
        "concurrency.downloads",
        kinds.COUNT,
        "how many requests for repodata, and how many packages, are under way at a time; 0 "
        "leaves it to hognose",
        conda="fetch_threads",
    ),
    _setting(
        "concurrency.solves",
        kinds.COUNT,
        "",
        no_effect="hognose solves one environment at a time",
    ),
    _setting("always-yes", kinds.FLAG, "whether not to ask", conda="always_yes"),
    _setting(
        "root-prefix",
        kinds.TEXT,
        "the root prefix, below which named environments lie",
        conda="root_prefix",
    ),
    _setting(
        "envs-dirs",
        kinds.DIRECTORIES,
        "where named environments lie; new ones in the first",
        conda="envs_dirs",
    ),
    _setting(
        "pkgs-dirs",
        kinds.TEXTS,
        "the directories of the package caches: the first that can be written to is added to, all "
        "are read",
        conda="pkgs_dirs",
    ),
    _setting(
        "run-post-link-scripts",
        kinds.SCRIPTS,
        "whether packages may run the scripts they come with",
    ),
    _setting(
        "allow-symbolic-links",
        kinds.FLAG,
        "`false` makes copies of what packages have as symbolic links",
    ),
    _setting(
        "allow-hard-links",
        kinds.FLAG,
        "`false` makes no hard links to the package cache",
    ),
    _setting(
        "allow-ref-links",
        kinds.FLAG,
        "`false` makes no clones of files in the package cache",
    ),
    _setting(
        "always-copy",
        kinds.FLAG,
        "whether files are copied out of the package cache, as by `--copy`",
        conda="always_copy",
    ),
    _setting("proxy-config.http", kinds.TEXT, "the proxy for `http:`"),
    _setting("proxy-config.https", kinds.TEXT, "the proxy for `https:`"),
    _setting("proxy-config.all", kinds.TEXT, "the proxy for both"),
    _setting("proxy-config.non-proxy-hosts", kinds.TEXTS, "hosts to reach without a proxy"),
    _setting(
        "proxy-servers",
        kinds.PROXIES,
        "proxies by scheme, or by scheme and host",
        conda="proxy_servers",
        depth=1,
    ),
    _setting(
        "ssl-verify",
        kinds.CERTIFICATES,
        "whether certificates of servers are checked, and against which authorities",
        conda="ssl_verify",
    ),
    _setting(
        "tls-root-certs",
        kinds.ROOT_CERTIFICATES,
        "whose authorities are trusted: those of the package `certifi`, or the system's",
    ),
    _setting(
        "client-ssl-cert",
        kinds.TEXT,
        "the file with our own certificate",
        conda="client_ssl_cert",
    ),
    _setting(
        "client-ssl-cert-key",
        kinds.TEXT,
        "the file with its key",
        conda="client_ssl_cert_key",
    ),
    _setting(
        "authentication-override-file",
        kinds.TEXT,
        "a file with secrets that is looked into first",
    ),
    _setting(
        "repodata-config.disable-sharded", kinds.FLAG, "whether not to ask for sharded repodata"
    ),
    _setting(
        "repodata-config.disable-zstd", kinds.FLAG, "whether not to ask for `repodata.json.zst`"
    ),
    _setting(
        "repodata-config.disable-bzip2", kinds.FLAG, "whether not to ask for `repodata.json.bz2`"
    ),
    _setting(
        "s3-options",
        kinds.TABLES,
        "how S3 buckets are reached: `endpoint-url`, `region`, and `addressing-style` or "
        "`force-path-style`, by bucket",
        depth=1,
    ),
    _setting(
        "index-config",
        kinds.TABLE,
        "`write-zst`, `write-shards` and `base-url` of `hognose channel index`; for single "
        "channels in tables named by their directories or URLs, of which the longest counts most",
        depth=2,
    ),
    _setting(
        "build.package-format",
        kinds.TEXT,
        "",
        no_effect="the name of the archive that is made decides",
    ),
    _setting(
        "virtual-package-detectors",
        kinds.TABLE,
        "",
        depth=2,
        no_effect="hognose detects virtual packages itself and runs no package for it",
    ),
)

# What rattler says that all its tools share: nothing else counts in a file that they share.
SHARED_KEYS = frozenset(
    {
        "default-channels",
        "mirrors",
        "concurrency.downloads",
        "concurrency.solves",
        "run-post-link-scripts",
        "allow-symbolic-links",
        "allow-hard-links",
        "allow-ref-links",
        "proxy-config.http",
        "proxy-config.https",
        "proxy-config.non-proxy-hosts",
        "tls-no-verify",
        "tls-root-certs",
        "authentication-override-file",
        "repodata-config.disable-sharded",
        "repodata-config.disable-zstd",
        "repodata-config.disable-bzip2",
        "s3-options",
        "index-config",
        "build.package-format",
        "virtual-package-detectors",
    }
)


def known_settings() -> tuple[Setting, ...]:
    """Return every setting there is, with what it does, in the order in which they are listed."""
    return SETTINGS
