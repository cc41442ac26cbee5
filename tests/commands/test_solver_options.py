"""What the commands' options ask of the solver."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from hognose.channel import index_channel
from hognose.cli.solver_options import parse_exclude_newer
from hognose.errors import UsageError
from hognose.types import Channel
from support.package_maker import make_package

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
OLD = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
YOUNG = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())


@pytest.fixture
def dated(tmp_path):
    """Return a channel in which `lib` and `app` each have an old and a young version."""
    channel = tmp_path / "dated"
    for name, depends in (("lib", ()), ("app", ("lib",))):
        make_package(channel, name, "1.0", depends=depends, timestamp=OLD)
        make_package(channel, name, "2.0", depends=depends, timestamp=YOUNG)
    index_channel(channel)
    return channel


@pytest.fixture
def versions(hognose, dated):
    def versions(*words: str) -> dict[str, str]:
        result = hognose("solve", "--json", "-c", dated, *words)
        assert result.status == 0, result.out
        return {
            record["name"]: str(record["version"]) for record in json.loads(result.out)["packages"]
        }

    return versions


def test_the_highest_versions_are_the_default(versions):
    assert {"app": "2.0", "lib": "2.0"} == versions("app")


def test_lowest(versions):
    assert {"app": "1.0", "lib": "1.0"} == versions("--strategy", "lowest", "app")


def test_lowest_direct_is_about_the_specs_alone(versions):
    assert {"app": "1.0", "lib": "2.0"} == versions("--strategy", "lowest-direct", "app")


def test_a_constraint_holds_for_what_is_only_needed(versions):
    assert {"app": "2.0", "lib": "1.0"} == versions("--constraint", "lib <2", "app")


def test_a_constraint_installs_nothing(versions):
    assert {"lib": "2.0"} == versions("--constraint", "app <2", "lib")


def test_exclude_newer_hides_what_is_younger_than_a_date(versions):
    assert {"app": "1.0", "lib": "1.0"} == versions("--exclude-newer", "2025-01-01", "app")


def test_exclude_newer_for_one_package(versions):
    assert {"app": "2.0", "lib": "1.0"} == versions("--exclude-newer", "lib=2025-01-01", "app")


def test_exclude_newer_with_an_exception(versions):
    words = ("--exclude-newer", "2025-01-01", "--exclude-newer", "lib=never")
    assert {"app": "1.0", "lib": "2.0"} == versions(*words, "app")


def test_exclude_newer_for_one_channel(versions, dated):
    rule = f"{dated}::*=2025-01-01"
    assert {"app": "1.0", "lib": "1.0"} == versions("--exclude-newer", rule, "app")


def test_another_back_end_can_be_named(hognose, dated):
    result = hognose("solve", "-c", dated, "--solver", "no-such-solver", "app")

    assert result.status == 1
    assert "no-such-solver" in result.err


def test_no_time_ends_a_solve(hognose, dated):
    result = hognose("solve", "-c", dated, "--solver-timeout", "0", "app")

    assert result.status == 1
    assert "time" in result.err


def test_create_without_what_the_package_needs(hognose, dated, tmp_path):
    hognose("create", "-y", "-c", dated, "-p", tmp_path / "env", "--no-deps", "app")

    assert ["app-2.0-0.json"] == [p.name for p in (tmp_path / "env/conda-meta").glob("*.json")]


def test_create_with_only_what_the_package_needs(hognose, dated, tmp_path):
    hognose("create", "-y", "-c", dated, "-p", tmp_path / "env", "--only-deps", "app")

    assert ["lib-2.0-0.json"] == [p.name for p in (tmp_path / "env/conda-meta").glob("*.json")]


def test_freeze_installed_refuses_what_would_change_the_others(hognose, channel, tmp_path):
    hognose("create", "-y", "-c", channel, "-p", tmp_path / "env", "lib >=2")

    result = hognose(
        "install", "-y", "-c", channel, "-p", tmp_path / "env", "--freeze-installed", "old"
    )

    assert result.status == 1
    assert "lib" in result.err


@pytest.mark.parametrize(
    ("rule", "cutoff"),
    [
        ("2025-01-02", datetime(2025, 1, 2, tzinfo=UTC)),
        ("2025-01-02T03:04:05+01:00", datetime(2025, 1, 2, 2, 4, 5, tzinfo=UTC)),
        ("12h", datetime(2026, 3, 31, 0, tzinfo=UTC)),
        ("7d", datetime(2026, 3, 24, 12, tzinfo=UTC)),
        ("2w", datetime(2026, 3, 17, 12, tzinfo=UTC)),
        ("never", None),
    ],
)
def test_a_moment_is_a_date_or_an_age(rule, cutoff):
    found = parse_exclude_newer([rule], now=NOW)

    assert found is not None
    assert cutoff == found.cutoff


def test_a_channel_is_found_by_its_name():
    found = parse_exclude_newer(["conda-forge::*=7d"], now=NOW)

    assert found is not None
    assert [Channel("conda-forge").base_url] == list(found.channels)


@pytest.mark.parametrize("rule", ["yesterday", "7", "numpy=", "2025-13-01", "99999999w", ""])
def test_what_is_no_moment_is_an_error(rule):
    with pytest.raises(UsageError, match="no moment"):
        parse_exclude_newer([rule], now=NOW)
