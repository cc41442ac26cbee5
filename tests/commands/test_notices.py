"""What channels have to say is shown at the end of a change (CEP 6)."""

from __future__ import annotations

import json
import shutil

import pytest


@pytest.fixture
def channel(channel, tmp_path):
    """Return a copy of the channel, which the tests may change."""
    return shutil.copytree(channel, tmp_path / "telling")


@pytest.fixture
def say(channel):
    """Have the channel say something."""
    path = channel / "notices.json"

    def say(text: str, level: str = "warning", *, expires_at: str | None = None) -> None:
        notice = {
            "id": "one",
            "message": text,
            "level": level,
            "created_at": "2026-01-01T00:00:00Z",
            "expires_at": expires_at,
        }
        path.write_text(json.dumps({"notices": [notice]}))

    return say


@pytest.mark.parametrize(
    ("level", "mark"), [("info", "i "), ("warning", "! "), ("critical", "!! critical: ")]
)
def test_a_notice_is_shown_with_the_channels_name(hognose, channel, say, tmp_path, level, mark):
    say("the archive moves on Monday", level)

    result = hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", "lib")

    assert result.status == 0, result.err
    (line,) = [line for line in result.err.splitlines() if "Monday" in line]
    assert line.startswith(mark)
    assert channel.name in line


def test_a_notice_is_shown_once(hognose, channel, say, tmp_path):
    say("the archive moves on Monday")
    hognose("create", "-y", "-c", channel, "-p", tmp_path / "one", "lib")

    result = hognose("create", "-y", "-c", channel, "-p", tmp_path / "two", "lib")

    assert "Monday" not in result.err


def test_notices_can_be_switched_off(hognose, channel, say, tmp_path, private_home):
    (private_home / ".condarc").write_text("number_channel_notices: 0\n")
    say("the archive moves on Monday")

    result = hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", "lib")

    assert "Monday" not in result.err


def test_a_notice_cannot_steer_the_terminal(hognose, channel, say, tmp_path):
    say("red\x1b[31m")

    result = hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", "lib")

    assert "red\\x1b[31m" in result.err


def test_the_description_of_a_channel_has_no_notice_that_has_expired(hognose, channel, say):
    say("the archive moved", "critical", expires_at="2020-01-01T00:00:00Z")
    for words in ((), ("--json",)):
        result = hognose("channel", "info", channel, *words)
        assert result.status == 0, result.err
        assert "the archive moved" not in result.out

    say("the archive moves", "critical", expires_at="9020-01-01T00:00:00Z")
    assert "critical         the archive moves" in hognose("channel", "info", channel).out
