"""Make a channel: Python from this machine, wheels from PyPI or local projects, and the index."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hognose.channel.disk_errors import explain_disk_errors
from hognose.channel.index import SubdirIndex, index_channel
from hognose.channel.python_package import build_python_abi_package, build_python_package
from hognose.channel.reporter import ChannelReporter
from hognose.channel.requirement_reader import read_requirements
from hognose.channel.staged_package import DEFAULT_LEVEL, BuiltPackage
from hognose.channel.wheel import Wheel
from hognose.channel.wheel_package import build_package_from_wheel, conda_name
from hognose.channel.wheel_source import collect_wheels
from hognose.errors import HognoseError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

    from hognose.channel.requirement_reader import DistributionRequirements


class ChannelBuild(msgspec.Struct, frozen=True):
    """A channel that was made.

    Attributes:
        directory: The channel's directory.
        packages: The packages that were made, in the order of their names.
        subdirs: What indexing did.
    """

    directory: Path
    packages: tuple[BuiltPackage, ...]
    subdirs: tuple[SubdirIndex, ...]


def build_channel(
    directory: str | os.PathLike[str],
    *,
    python: bool = True,
    wheels: Sequence[str | os.PathLike[str]] = (),
    interpreter: str | os.PathLike[str] = sys.executable,
    with_dependencies: bool = True,
    conda_names: Mapping[str, str] | None = None,
    level: int = DEFAULT_LEVEL,
    max_workers: int = 2,
    reporter: ChannelReporter | None = None,
) -> ChannelBuild:
    """Make conda packages and put them into a channel, then index the channel.

    Packages that the channel has already stay. A package that is made again, with the same name,
    version and build number but other content, takes the place of the one before. If a package
    cannot be made, the channel stays as it was.

    Args:
        directory: The channel's directory; made if it is missing.
        python: Whether to repackage the interpreter, as `python` and `python_abi`.
        wheels: Requirements, wheels and projects, see `collect_wheels`.
        interpreter: The interpreter to repackage, for which wheels are chosen. Needs pip if there
            are wheels. May be a virtual environment's.
        with_dependencies: Whether to make packages of what the wheels need as well.
        conda_names: conda's names of distributions, by PyPI's normalised names, where they differ.
        level: The compression level, 1 to 19.
        max_workers: How many packages are made at a time; compressing each uses all cores anyway.
        reporter: Is told how it goes on.

    Returns:
        What was made.

    Raises:
        ChannelBuildError: The interpreter, a requirement or a wheel cannot be used, or the
            directory cannot be written. If several packages cannot be made, an ExceptionGroup of
            their errors.
        ArchiveError, InvalidPackageFileError: A package cannot be written or indexed.
    """
    root = Path(directory)
    is_new = not root.exists()
    with explain_disk_errors("make channel", root):
        root.mkdir(parents=True, exist_ok=True)
    try:
        with (
            explain_disk_errors("make channel", root),
            tempfile.TemporaryDirectory(prefix=".hognose-build-", dir=root) as temporary,
        ):
            builder = _Builder(Path(temporary), interpreter, level, reporter or ChannelReporter())
            packages = builder.run(
                python=python,
                wheels=wheels,
                with_dependencies=with_dependencies,
                conda_names=conda_names or {},
                max_workers=max_workers,
            )
            placed = tuple(_place(package, root) for package in packages)
        subdirs = index_channel(root, reporter=reporter)
    except BaseException:
        if is_new and not any(root.rglob("*.conda")):
            shutil.rmtree(root, ignore_errors=True)
        raise
    return ChannelBuild(root, placed, subdirs)


class _Builder:
    """One run of `build_channel`, up to finished packages in a temporary directory."""

    def __init__(
        self,
        work: Path,
        interpreter: str | os.PathLike[str],
        level: int,
        reporter: ChannelReporter,
    ) -> None:
        self.work = work
        self.output = work / "channel"
        self.interpreter = interpreter
        self.level = level
        self.reporter = reporter
        self.is_total_known = threading.Event()

    def run(
        self,
        *,
        python: bool,
        wheels: Sequence[str | os.PathLike[str]],
        with_dependencies: bool,
        conda_names: Mapping[str, str],
        max_workers: int,
    ) -> list[BuiltPackage]:
        """Make all packages; pip works while Python is being repackaged."""
        with ThreadPoolExecutor(max_workers) as pool:
            futures: list[Future[BuiltPackage]] = []
            own: Future[BuiltPackage] | None = None
            if python:
                own = self._start(pool, "python", build_python_package)
                futures = [own, self._start(pool, "python_abi", build_python_abi_package)]
            try:
                paths = self._collect(wheels, with_dependencies=with_dependencies)
                self.reporter.on_build_start(len(futures) + len(paths))
                self.is_total_known.set()
                futures += self._start_wheels(pool, paths, own, conda_names)
            except BaseException:
                for future in futures:
                    future.cancel()
                raise
            finally:
                self.is_total_known.set()
            return _results(futures)

    def _start(
        self, pool: ThreadPoolExecutor, name: str, build: Callable[..., BuiltPackage]
    ) -> Future[BuiltPackage]:
        return pool.submit(
            self._report,
            name,
            lambda: build(self.output, interpreter=self.interpreter, level=self.level),
        )

    def _report(self, name: str, build: Callable[[], BuiltPackage]) -> BuiltPackage:
        self.reporter.on_package_start(name)
        package = build()
        # Whoever counts packages has to know first of how many. Nothing else waits for this
        # thread: until pip is done there is no work but Python's own packages.
        self.is_total_known.wait()
        self.reporter.on_package_complete(name, package)
        return package

    def _collect(
        self, wheels: Sequence[str | os.PathLike[str]], *, with_dependencies: bool
    ) -> list[Path]:
        if not wheels:
            return []
        self.reporter.on_resolve_start([str(wheel) for wheel in wheels])
        paths = collect_wheels(
            wheels,
            self.work / "wheels",
            interpreter=self.interpreter,
            with_dependencies=with_dependencies,
        )
        self.reporter.on_resolve_complete([path.name for path in paths])
        return paths

    def _start_wheels(
        self,
        pool: ThreadPoolExecutor,
        paths: Sequence[Path],
        python: Future[BuiltPackage] | None,
        conda_names: Mapping[str, str],
    ) -> list[Future[BuiltPackage]]:
        questions = []
        for path in paths:
            with Wheel(path) as wheel:
                questions.append(wheel.question())
        answers = read_requirements(questions, interpreter=self.interpreter)
        others = {answer.canonical_name: answer for answer in answers}
        names = {
            answer.canonical_name: conda_name(question.name)
            for question, answer in zip(questions, answers, strict=True)
        }
        names.update(conda_names)
        # Where packages go is Python's own choice; it is known once Python is packed.
        site_packages = None if python is None else _site_packages_path(python.result())

        def start(path: Path, answer: DistributionRequirements) -> Future[BuiltPackage]:
            return pool.submit(
                self._report,
                path.name,
                lambda: build_package_from_wheel(
                    path,
                    self.output,
                    requirements=answer,
                    conda_names=names,
                    others=others,
                    site_packages=site_packages,
                    interpreter=self.interpreter,
                    level=self.level,
                ),
            )

        # The largest first, so that the last one to finish is a small one.
        pairs = sorted(zip(paths, answers, strict=True), key=lambda pair: -pair[0].stat().st_size)
        return [start(path, answer) for path, answer in pairs]


def _results(futures: Sequence[Future[BuiltPackage]]) -> list[BuiltPackage]:
    """Wait for packages; raise what went wrong, all of it."""
    failures: list[HognoseError] = []
    packages: list[BuiltPackage] = []
    for future in futures:
        try:
            packages.append(future.result())
        except HognoseError as error:
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    if failures:
        message = f"{len(failures)} packages cannot be made"
        raise ExceptionGroup(message, failures)
    return sorted(packages, key=lambda package: (package.name, package.subdir))


def _site_packages_path(package: BuiltPackage) -> str | None:
    from hognose.archive import PackageArchive

    with PackageArchive.open(package.path) as archive:
        return archive.index_json().python_site_packages_path


def _place(package: BuiltPackage, root: Path) -> BuiltPackage:
    """Move a finished package into the channel, in place of one that differs in its hash only."""
    directory = root / package.subdir
    directory.mkdir(exist_ok=True)
    stem = f"{package.name}-{package.version}-"
    same = re.compile(
        re.escape(stem) + re.sub(r"h[0-9a-f]{7}(?=_)", "h[0-9a-f]{7}", package.build) + r"\.conda"
    )
    target = directory / package.path.name
    package.path.replace(target)
    for other in directory.glob("*.conda"):
        if same.fullmatch(other.name) and other.name != target.name:
            other.unlink()
    return msgspec.structs.replace(package, path=target)
