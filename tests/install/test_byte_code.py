"""Byte-code is made once for each package and interpreter, and shared by all environments."""

import json
import os
import sys

import pytest

from hognose.archive import ExtractLimits
from hognose.cache import PackageCache
from hognose.install import LinkOptions, install
from hognose.install.compile_workers import compile_sources
from hognose.net import Client
from hognose.types import Platform
from support.package_maker import PLACEHOLDER, File, make_package, make_python

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
MODULES = f"lib/python{VERSION}/site-packages"
COMPILED = f"{MODULES}/__pycache__/a.{sys.implementation.cache_tag}.pyc"


class World:
    def __init__(self, root):
        self.root = root
        self.channel = root / "channel"
        self.cache = PackageCache(root / "cache")
        self.python = make_python(self.channel, f"{VERSION}.0", runs=True)

    def package(self, **files):
        modules = {f"site-packages/{name}.py": content for name, content in files.items()}
        return make_package(self.channel, "a", "1", noarch="python", files=modules)

    def install(self, name, *records, **options):
        with Client() as client:
            result = install(
                [self.python, *records],
                self.root / name,
                cache=self.cache,
                client=client,
                platform=Platform("linux-64"),
                compile_byte_code=True,
                **options,
            )
        return self.root / name, result


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def is_current(prefix):
    """Whether the interpreter takes the byte-code for that of the source."""
    data, source = (prefix / COMPILED).read_bytes(), (prefix / MODULES / "a.py").stat()
    time, size = int.from_bytes(data[8:12], "little"), int.from_bytes(data[12:16], "little")
    return (time, size) == (int(source.st_mtime), source.st_size)


def test_a_second_environment_links_what_the_first_one_compiled(world):
    package = world.package(a="x = 1\n")

    first, _ = world.install("first", package)
    second, _ = world.install("second", package)

    assert os.path.samefile(first / COMPILED, second / COMPILED)
    assert is_current(second)


def test_no_interpreter_is_started_for_what_is_kept(world):
    package = world.package(a="x = 1\n")
    world.install("first", package)
    # A Python that does not run, from the package that ran before.
    program = world.cache.lookup(world.python) / f"bin/python{VERSION}"
    program.unlink()
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)

    second, result = world.install("second", package)

    assert (second / COMPILED).is_file()
    assert () == result.outcome.warnings


def test_a_copied_environment_has_copies(world):
    package = world.package(a="x = 1\n")
    world.install("first", package)

    second, _ = world.install("second", package, link_options=LinkOptions(allow_hard_links=False))

    assert 1 == (second / COMPILED).stat().st_nlink
    assert is_current(second)


def test_a_module_with_a_prefix_is_compiled_for_each_environment(world):
    package = world.package(a=File(f"x = '{PLACEHOLDER}'\n", prefix="text"))

    first, _ = world.install("first", package)
    second, _ = world.install("second", package)

    assert str(first).encode() in (first / COMPILED).read_bytes()
    assert str(second).encode() in (second / COMPILED).read_bytes()
    assert is_current(second)


def test_a_module_that_does_not_compile_is_told_of_every_time(world):
    package = world.package(a="x = 1\n", bad="no python\n")
    world.install("first", package)

    _, result = world.install("second", package)

    assert [f"{MODULES}/bad.py"] == [failure.path for failure in result.outcome.compile_failures]


def test_a_cache_that_cannot_be_written_to_keeps_nothing(world, tmp_path):
    package = world.package(a="x = 1\n")
    world.install("first", package)
    blocked = world.cache.lookup(package) / "info/hognose-byte-code"
    for folder, _, files in os.walk(blocked, topdown=False):
        for name in files:
            os.unlink(os.path.join(folder, name))
        os.rmdir(folder)
    blocked.touch()

    second, _ = world.install("second", package)

    assert is_current(second)


@pytest.mark.parametrize(
    "note",
    [
        {"tag": "cpython-311", "magic": "../../../../../../escaped"},
        {"tag": "x/../../../../../../escaped", "magic": "aa"},
        {"tag": "a\0b", "magic": "aa"},
        {"tag": "cpython-311", "magic": ""},
        {"tag": "", "magic": "aa"},
    ],
)
def test_a_note_that_came_with_python_is_not_followed_elsewhere(world, note):
    world.python = make_package(
        world.channel,
        "python",
        f"{VERSION}.0",
        files={
            f"bin/python{VERSION}": File(
                f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', executable=True
            )
        },
        extra_info={"hognose-byte-code/dialect.json": json.dumps(note).encode()},
    )
    world.cache = PackageCache(world.root / "cache", limits=ExtractLimits(reserved_names=True))
    before = sorted(path.name for path in world.root.iterdir())

    prefix, _ = world.install("first", world.package(a="x = 1\n"))

    assert is_current(prefix)
    after = sorted(path.name for path in world.root.iterdir())
    assert sorted({*before, "cache", "first"}) == after


@pytest.mark.parametrize("program", ["exit 3", "read line; printf '\"'", None])
def test_every_module_is_accounted_for_when_the_interpreter_ends(tmp_path, program):
    interpreter = tmp_path / "python"
    if program is not None:
        interpreter.write_text(f"#!/bin/sh\n{program}\n")
        interpreter.chmod(0o755)
    sources = [(f"{number:03}.py", f"{number:03}.pyc") for number in range(100)]

    failures = compile_sources(str(interpreter), str(tmp_path), sources, workers=3)

    assert [source for source, _ in sources] == [failure.path for failure in failures]


def test_each_module_is_compiled_once_whoever_does_it(tmp_path):
    sources = []
    for number in range(100):
        (tmp_path / f"m{number:03}.py").write_text("x = 1\n" if number % 10 else "no python\n")
        sources.append((f"m{number:03}.py", f"m{number:03}.pyc"))

    failures = compile_sources(sys.executable, str(tmp_path), sources, workers=3)

    assert [f"m{number:03}.py" for number in range(0, 100, 10)] == [f.path for f in failures]
    assert 90 == len(list(tmp_path.glob("*.pyc")))
