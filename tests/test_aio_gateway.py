"""`aio.Gateway` has py-rattler's order of arguments, and takes what the blocking gateway takes."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

from hognose import aio
from hognose.repodata import Gateway

if TYPE_CHECKING:
    from collections.abc import Callable

# What the blocking gateway is told and a coroutine knows: how it ends, and the time.
KNOWN = {"self", "cancel", "clock"}
# What py-rattler calls it.
NAMES = {"channels": "sources"}
# The gateway's own client is made where none is given; the mode is what None stands for.
DEFAULTS = {"client": inspect.Parameter.empty, "channel_relations": "strict"}
SHARED = sorted(
    name
    for name, value in vars(aio.Gateway).items()
    if inspect.isfunction(value) and not name.startswith("_")
)


def arguments(function: Callable[..., Any]) -> dict[str, Any]:
    """The arguments of a function with their defaults, by py-rattler's names."""
    return {
        NAMES.get(name, name): parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in KNOWN
    }


def resolved(given: dict[str, Any]) -> dict[str, Any]:
    return {
        name: DEFAULTS.get(name, default) if default is None else default
        for name, default in given.items()
    }


@pytest.mark.parametrize("name", ["__init__", *SHARED])
def test_both_gateways_take_the_same(name: str) -> None:
    ours = arguments(getattr(aio.Gateway, name))

    assert resolved(ours) == arguments(getattr(Gateway, name))
