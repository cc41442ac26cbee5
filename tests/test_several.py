"""One value where several are meant is a mistake that is told at once, with the way out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from hognose import aio
from hognose.net import Client
from hognose.repodata import Gateway
from hognose.solve import solve, solve_many, update
from hognose.types import Channel, MatchSpec, Platform
from support.toy_packages import package, packages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RECORDS = packages("python 3")
NOARCH = Platform("noarch")
SPEC, CHANNEL = MatchSpec("python"), Channel("conda-forge")

# Type checkers refuse each of these, so that the arguments have to be of no known type.
one_of: Callable[[object], Any] = lambda value: value  # noqa: E731


@pytest.mark.parametrize(
    "call",
    [
        lambda: solve(one_of("python"), [RECORDS]),
        lambda: solve(one_of(SPEC), [RECORDS]),
        lambda: solve(["python"], [RECORDS], constraints=one_of("pip")),
        lambda: solve(["python"], [RECORDS], virtual_packages=one_of("__glibc=2.17")),
        lambda: solve(["python"], [RECORDS], locked_packages=one_of(RECORDS[0])),
        lambda: solve(["python"], one_of("conda-forge")),
        lambda: update([], one_of("python"), [RECORDS]),
        lambda: update(one_of(RECORDS[0]), ["python"], [RECORDS]),
        lambda: update([], ["python"], [RECORDS], requested=one_of("pip")),
        lambda: solve_many(one_of("python"), {NOARCH: [RECORDS]}, virtual_packages={NOARCH: ()}),
    ],
)
def test_a_solve_takes_no_single_value(call: Callable[[], object]) -> None:
    with pytest.raises(TypeError, match=r"takes several values, not one .*: write `\["):
        call()


@pytest.mark.parametrize("source", ["conda-forge", package("python 3")])
def test_a_source_is_no_channel_and_no_record(source: object) -> None:
    with pytest.raises(TypeError, match=r"write `sources=\[records\]`"):
        solve(["python"], [one_of(source)])


@pytest.mark.parametrize(
    "call",
    [
        lambda gateway: gateway.query("conda-forge", ["noarch"], ["a"]),
        lambda gateway: gateway.query(CHANNEL, ["noarch"], ["a"]),
        lambda gateway: gateway.query(["c"], "noarch", ["a"]),
        lambda gateway: gateway.query(["c"], ["noarch"], "python"),
        lambda gateway: gateway.names("conda-forge", ["noarch"]),
        lambda gateway: gateway.sources("conda-forge", ["noarch"]),
        lambda gateway: gateway.open("conda-forge", ["noarch"]),
        lambda gateway: gateway.who_needs("conda-forge", ["noarch"], "a"),
        lambda gateway: gateway.run_exports(RECORDS[0]),
        lambda gateway: gateway.channel_notices("conda-forge"),
        lambda gateway: gateway.watch_notices("conda-forge"),
        lambda gateway: gateway.clear_repodata_cache("conda-forge", "noarch"),
    ],
)
def test_a_gateway_takes_no_single_value(call: Callable[[Any], object]) -> None:
    with (
        Client(offline=True) as client,
        Gateway(client) as gateway,
        pytest.raises(TypeError, match=r"takes several values, not one .*: write `\["),
    ):
        call(gateway)


@pytest.mark.parametrize(
    "call",
    [
        lambda gateway: gateway.query("conda-forge", ["noarch"], ["a"]),
        lambda gateway: gateway.query(["c"], ["noarch"], "python"),
        lambda gateway: gateway.names("conda-forge", ["noarch"]),
        lambda gateway: gateway.who_needs("conda-forge", ["noarch"], "a"),
        lambda gateway: gateway.run_exports(RECORDS[0]),
        lambda gateway: gateway.channel_notices("conda-forge"),
        lambda gateway: aio.solve("conda-forge", ["python"], gateway),
        lambda gateway: aio.solve(["c"], "python", gateway),
        lambda gateway: aio.solve(["c"], ["python"], gateway, constraints="pip"),
        lambda _: aio.solve_with_sparse_repodata(one_of("python"), []),
        lambda gateway: aio.install(RECORDS[0], "env", client=gateway.client),
    ],
)
def test_a_coroutine_takes_no_single_value(
    call: Callable[[aio.Gateway], Any], tmp_path: Path
) -> None:
    with Client(offline=True) as client:
        gateway = aio.Gateway(tmp_path, client=client)
        with pytest.raises(TypeError, match=r"takes several values, not one .*: write `\["):
            asyncio.run(call(gateway))


def test_what_to_write_shows_the_value_but_no_address() -> None:
    with pytest.raises(TypeError, match=r"`specs` takes .* not one str: write `\['python'\]`"):
        solve(one_of("python"), [RECORDS])
    with pytest.raises(TypeError, match=r"`sources` takes .* not one str: write `\[\.\.\.\]`"):
        solve(["python"], one_of("https://user:password@example.org/channel"))


def test_several_may_come_from_any_iterable() -> None:
    assert RECORDS == solve((text for text in ("python",)), [RECORDS])
    assert RECORDS == solve({"python": None}, [RECORDS])
