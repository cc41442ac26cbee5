"""The texts of the files in the prefix."""

from __future__ import annotations

from hognose.express.written_files import condarc_text, frozen_text
from hognose.lock import load_yaml


def test_the_condarc_has_its_keys_in_order_and_the_real_channels() -> None:
    assert condarc_text(["conda-forge"]) == (
        "solver: rattler\n"
        "auto_activate_base: false\n"
        "notify_outdated_conda: false\n"
        "show_channel_urls: true\n"
        "channels:\n"
        "  - conda-forge\n"
    )


def test_any_channel_can_be_read_back_from_the_condarc() -> None:
    channels = ["https://a.example/c/", "file:///tmp/with space#hash", "x: y", "-", "日本"]
    assert load_yaml(condarc_text(channels))["channels"] == channels
    assert load_yaml(condarc_text([]))["channels"] == []


def test_the_frozen_marker_is_pretty_json_without_a_final_newline() -> None:
    text = frozen_text()
    assert text.startswith('{\n  "message": "')
    assert text.endswith("}")
