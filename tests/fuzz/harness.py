"""What the fuzzers share; they run under atheris, or with their seeds as ordinary tests.

In `tests/`, `python -m fuzz.fuzz_version -max_total_time=60` fuzzes until something other than a
documented error comes out, and prints the input that did it. What is found on the way is kept in
the temporary directory, where the next run starts from it.
"""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def instrument() -> None:
    """Import all of `hognose.types` under atheris, which then sees its branches."""
    import atheris

    with atheris.instrument_imports(include=["hognose"]):
        package = importlib.import_module("hognose.types")
        for module in pkgutil.walk_packages(package.__path__, "hognose.types."):
            importlib.import_module(module.name)


def fuzz(check: Callable[[bytes], None], seeds: Iterable[str]) -> None:
    """Fuzz until an exception or the time in the arguments; does not come back."""
    import atheris

    corpus = Path(tempfile.gettempdir(), "hognose-fuzz", Path(sys.argv[0]).stem)
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        name = hashlib.sha256(seed.encode()).hexdigest()[:20]
        (corpus / name).write_text(seed, encoding="utf-8")
    options = ["-max_len=400", f"-artifact_prefix={corpus.parent}/", str(corpus)]
    atheris.Setup([*sys.argv, *options], check)
    atheris.Fuzz()


def text_of(data: bytes) -> str:
    """Return text for the bytes that the fuzzer made."""
    return data.decode("utf-8", "replace")
