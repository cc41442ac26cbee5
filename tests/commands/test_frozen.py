"""Frozen environments (CEP 22): which commands refuse, what they say, and what overrides it."""

import pytest

from support.exact_state import exact_state

ENVIRONMENT = ("-p", "{prefix}")

CHANGES = {
    "install": ("install", *ENVIRONMENT, "-c", "{channel}", "app"),
    "update": ("update", *ENVIRONMENT, "-c", "{channel}", "lib=2"),
    "remove": ("remove", *ENVIRONMENT, "-y", "lib"),
    "remove all": ("remove", *ENVIRONMENT, "-y", "--all"),
    "rollback": ("rollback", *ENVIRONMENT, "-y"),
    "link": ("link", *ENVIRONMENT, "-y", "{channel}/linux-64/lib-2.0-0.conda"),
    "unlink": ("unlink", *ENVIRONMENT, "-y", "lib"),
    "repair": ("doctor", *ENVIRONMENT, "--repair"),
    "env remove": ("env", "remove", *ENVIRONMENT, "-y"),
    "env rename": ("env", "rename", *ENVIRONMENT, "-y", "{prefix}-renamed"),
    "env vars set": ("env", "vars", "set", *ENVIRONMENT, "A=1"),
    "env vars unset": ("env", "vars", "unset", *ENVIRONMENT, "B"),
}


@pytest.fixture
def frozen(hognose, channel, tmp_path):
    """Return a frozen environment that each of the changes would change."""
    prefix = tmp_path / "env"
    hognose("create", "-p", prefix, "-c", channel, "lib=2")
    hognose("install", "-p", prefix, "-y", "-c", channel, "lib=1")
    hognose("env", "vars", "set", "-p", prefix, "B=2")
    (prefix / "lib/lib.txt").unlink()
    (prefix / "conda-meta/frozen").write_text('{"message": "in production\\nsince May"}')
    return prefix


def words(change, prefix, channel):
    return [word.format(prefix=prefix, channel=channel) for word in CHANGES[change]]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_a_frozen_environment_is_refused(hognose, channel, frozen, change):
    before = exact_state(frozen)

    result = hognose(*words(change, frozen, channel))

    assert 1 == result.status
    assert "    in production\n    since May\n" in result.err
    assert "`--override-frozen-env`" in result.err
    assert before == exact_state(frozen)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_a_frozen_environment_is_made_on_request(hognose, channel, frozen, change):
    before = exact_state(frozen)

    result = hognose(*words(change, frozen, channel), "--override-frozen-env")

    assert 0 == result.status, result.err
    assert not frozen.exists() or before != exact_state(frozen)


def test_no_setting_overrides_the_mark(hognose, channel, frozen, private_home, monkeypatch):
    (private_home / ".condarc").write_text(
        "protect_frozen_envs: false\noverride_frozen_env: true\noverride_frozen: true\n"
    )
    for name in ("CONDA_PROTECT_FROZEN_ENVS", "CONDA_OVERRIDE_FROZEN", "HOGNOSE_OVERRIDE_FROZEN"):
        monkeypatch.setenv(name, "false" if "PROTECT" in name else "true")

    result = hognose(*words("install", frozen, channel))

    assert 1 == result.status
    assert "is marked as frozen" in result.err


@pytest.mark.parametrize("content", ["", "{}", "not JSON"])
def test_a_mark_without_a_reason_has_a_message_all_the_same(hognose, channel, frozen, content):
    (frozen / "conda-meta/frozen").write_text(content)

    result = hognose(*words("install", frozen, channel))

    assert "is marked as frozen and is not changed" in result.err


@pytest.mark.parametrize("command", ["list", "history"])
def test_a_frozen_environment_can_be_looked_at(hognose, frozen, command):
    assert 0 == hognose(command, "-p", frozen).status
