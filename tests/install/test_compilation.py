"""When packages are compiled, and by whom."""

from __future__ import annotations

import marshal
import os
import py_compile
import sys
from pathlib import Path

import pytest

from hognose.cache import PackageCache
from hognose.errors import NotFoundError
from hognose.install import install, repair
from hognose.install.compilation import needed_by
from hognose.install.compile_workers import CompileWorkers, SourceFile
from hognose.net import Client
from hognose.types import Platform, RepoDataRecord
from support.environment import LINUX, Environment
from support.package_maker import make_package, make_python

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def source(folder: Path, name: str, text: str) -> SourceFile:
    path = folder / f"{name}.py"
    path.write_text(text)
    return SourceFile(name, str(path), str(folder / "made" / f"{name}.pyc"), f"/shown/{name}.py")


def test_sources_may_come_in_several_portions(tmp_path: Path) -> None:
    workers = CompileWorkers(sys.executable, count=2)
    for portion in range(5):
        workers.submit([source(tmp_path, f"m{portion}{n}", "x = 1\n") for n in range(20)])
    assert () == workers.finish()
    assert 100 == len(list((tmp_path / "made").glob("*.pyc")))


def test_failures_have_the_names_that_were_given(tmp_path: Path) -> None:
    workers = CompileWorkers(sys.executable)
    workers.submit([source(tmp_path, "bad", "no python\n"), source(tmp_path, "good", "x = 1\n")])
    assert ["bad"] == [failure.path for failure in workers.finish()]


def test_tracebacks_show_the_path_that_was_given(tmp_path: Path) -> None:
    workers = CompileWorkers(sys.executable)
    workers.submit([source(tmp_path, "a", "x = 1\n")])
    workers.finish()
    assert b"/shown/a.py" in (tmp_path / "made/a.pyc").read_bytes()


def test_byte_code_is_what_py_compile_makes(tmp_path: Path) -> None:
    file = source(tmp_path, "a", '"""A module."""\n\ndef double(x):\n    return 2 * x\n')
    os.chmod(file.path, 0o640)
    workers = CompileWorkers(sys.executable)
    workers.submit([file])
    workers.finish()

    expected = Path(
        py_compile.compile(
            file.path,
            str(tmp_path / "expected.pyc"),
            file.shown,
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP,
        )
    )
    made = Path(file.target)
    assert expected.read_bytes()[:16] == made.read_bytes()[:16]
    assert marshal.loads(expected.read_bytes()[16:]) == marshal.loads(made.read_bytes()[16:])
    assert expected.stat().st_mode == made.stat().st_mode
    assert ["a.pyc"] == os.listdir(tmp_path / "made")


def test_nothing_is_written_after_a_stop(tmp_path: Path) -> None:
    workers = CompileWorkers(sys.executable, count=2)
    workers.submit([source(tmp_path, f"m{n}", "x = 1\n" * 2000) for n in range(200)])
    workers.stop()
    made = sorted((tmp_path / "made").glob("*"))
    assert 200 > len(made)
    assert () == workers.finish()
    assert made == sorted((tmp_path / "made").glob("*"))


def test_python_needs_what_it_depends_on_as_far_as_that_comes(tmp_path: Path) -> None:
    def package(name: str, *depends: str) -> RepoDataRecord:
        return make_package(tmp_path, name, "1", depends=depends)

    records = [
        package("python", "openssl >=3", "not-here"),
        package("openssl", "certificates"),
        package("certificates", "python"),
        package("other", "python"),
    ]
    assert {"python", "openssl", "certificates"} == needed_by(
        "python", {str(record.name): record for record in records}
    )


@pytest.mark.parametrize("is_python_present", [True, False])
def test_what_had_arrived_is_compiled_although_the_rest_does_not_come(
    tmp_path: Path, *, is_python_present: bool
) -> None:
    channel, cache = tmp_path / "channel", PackageCache(tmp_path / "cache")
    python = make_python(channel, f"{VERSION}.0", runs=True)
    modules = {f"site-packages/m{number}.py": "x = 1\n" for number in range(40)}
    package = make_package(channel, "a", "1", noarch="python", files=modules)
    lost = make_package(channel, "lost", "1")
    (channel / "linux-64/lost-1-0.conda").unlink()
    with Client() as client:

        def make(*records: RepoDataRecord) -> None:
            install(
                records,
                tmp_path / "environment",
                cache=cache,
                client=client,
                platform=Platform("linux-64"),
                compile_byte_code=True,
            )

        for record in (python, package) if is_python_present else ():
            cache.fetch(record, client)
        with pytest.raises(NotFoundError):
            make(python, package, lost)
        assert not (tmp_path / "environment").exists()
        make(python, package)
    compiled = tmp_path / f"environment/lib/python{VERSION}/site-packages/__pycache__"
    assert 40 == len(list(compiled.iterdir()))


def test_a_repaired_package_has_byte_code_if_it_had_some(environment: Environment) -> None:
    python = make_python(environment.channel, f"{VERSION}.0", runs=True)
    package = environment.package("a", noarch="python", files={"site-packages/m.py": "x = 1\n"})
    environment.install(python, package, compile_byte_code=True)
    modules = environment.prefix / f"lib/python{VERSION}/site-packages"
    (modules / "m.py").unlink()

    with Client() as client:
        repair(environment.prefix, ["a"], cache=environment.cache, client=client, platform=LINUX)

    assert 1 == len(list((modules / "__pycache__").iterdir()))
