"""How a channel is indexed, said for all channels and for single ones."""

import pytest

from hognose.config import Config
from hognose.errors import ConfigError

rattler_config = pytest.importorskip("rattler.config")

TEXT = """
[index-config]
write-zst = true
write-shards = true

[index-config."s3://bucket"]
base-url = "../packages/"

[index-config."s3://bucket/staging/"]
write-shards = false

[index-config."/srv/conda"]
write-zst = false
package-revision-assignment = "latest"
"""


@pytest.mark.parametrize(
    "channel",
    [
        "s3://bucket",
        "s3://bucket/staging",
        "s3://bucket/staging/below/",
        "s3://bucket2/staging",
        "/srv/conda",
        "/srv/conda-forge",
        "",
    ],
)
def test_what_counts_for_a_channel_is_what_rattler_says(channel):
    ours = Config.from_toml(TEXT).resolve_index_config(channel)
    theirs = rattler_config.Config.from_toml(TEXT).resolve_index_config(channel)
    fields = {name.replace("-", "_"): value for name, value in theirs.items()}
    said = {name: getattr(ours, name) for name in ours.__struct_fields__}
    assert fields == {name: value for name, value in said.items() if value is not None}


def test_a_wrong_value_counts_for_its_channel_only():
    config = Config.from_toml("[index-config.'/a']\nwrite-zst = 3\n", source="here")
    assert config.resolve_index_config("/b").write_zst is None
    with pytest.raises(ConfigError, match=r"here: `index-config\.\"/a\"`: .*write-zst"):
        config.resolve_index_config("/a/b")


def test_a_channel_is_not_both_base_and_override():
    text = "[index-config.channel-relations]\nbase = 'x'\noverrides = 'x'\n"
    with pytest.raises(ConfigError, match="both"):
        Config.from_toml(text).validate()
