"""Binaries for macOS that hold the path of the environment are signed, or it is told that not."""

from __future__ import annotations

import hashlib
import os
import random
import sys
from typing import TYPE_CHECKING

import pytest

from hognose.errors import LinkError
from hognose.install import LinkOptions
from hognose.install.codesign import sign_changed
from hognose.types import Platform, PrefixRecord
from support.package_maker import PLACEHOLDER, TIMESTAMP, File

if TYPE_CHECKING:
    from pathlib import Path

    from hognose.types import PrefixPathsEntry, RepoDataRecord
    from support.environment import Environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="shell scripts")

elsewhere = pytest.mark.skipif(sys.platform == "darwin", reason="macOS has a program of its own")

MACOS = Platform("osx-arm64")
THIN = bytes.fromhex("cffaedfe07000001")
JAVA = bytes.fromhex("cafebabe00000041")
SIGN = 'for last; do :; done\necho "$@" >> "$CALLS"\nprintf signature >> "$last"\n'


def binary(start: bytes = THIN) -> File:
    return File(start + PLACEHOLDER.encode() + b"/lib\0", executable=True, prefix="binary")


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def install_codesign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str = SIGN) -> None:
    """Put a program of that name on the `PATH`, in front of everything else."""
    (tmp_path / "programs").mkdir()
    program = tmp_path / "programs/codesign"
    program.write_text(f"#!/bin/sh\n{script}")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}:/usr/bin:/bin")


def package(environment: Environment, name: str = "a", **files: File) -> RepoDataRecord:
    paths = {f"lib/{file}": content for file, content in files.items()}
    return environment.package(name, subdir="osx-arm64", files=paths)


def entry_of(environment: Environment, path: str) -> PrefixPathsEntry:
    (record,) = PrefixRecord.collect(environment.prefix)
    (entry,) = (entry for entry in record.paths_data.paths if entry.relative_path == path)
    return entry


@elsewhere
def test_what_is_signed_is_recorded_as_it_is_then(
    environment: Environment, tmp_path: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_codesign(tmp_path, monkeypatch)
    result = environment.install(package(environment, x=binary()), platform=MACOS)
    data = (environment.prefix / "lib/x").read_bytes()
    assert data.endswith(b"\0signature")
    entry = entry_of(environment, "lib/x")
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (
        entry.sha256_in_prefix_hex,
        entry.size_in_bytes,
    )
    assert TIMESTAMP + 1 == (environment.prefix / "lib/x").stat().st_mtime
    assert () == result.outcome.warnings
    assert 1 == len(calls.read_text().splitlines())


@elsewhere
@pytest.mark.parametrize(
    ("content", "options", "platform"),
    [
        (binary(), LinkOptions(sign_binaries="never"), MACOS),
        (binary(), LinkOptions(), Platform("linux-64")),
        (binary(JAVA), LinkOptions(), MACOS),
        (File(THIN + b"no prefix", executable=True), LinkOptions(), MACOS),
    ],
    ids=["never", "linux", "java", "unchanged"],
)
def test_nothing_else_is_signed(
    environment: Environment,
    tmp_path: Path,
    calls: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: File,
    options: LinkOptions,
    platform: Platform,
) -> None:
    install_codesign(tmp_path, monkeypatch)
    environment.install(
        environment.package("a", subdir=str(platform), files={"lib/x": content}),
        platform=platform,
        link_options=options,
    )
    assert not calls.exists()


@elsewhere
def test_an_environment_for_macos_is_made_elsewhere_with_one_warning(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = environment.install(
        package(environment, x=binary()), package(environment, "b", y=binary()), platform=MACOS
    )
    (warning,) = result.outcome.warnings
    assert "does not start" in warning
    assert "`codesign --force --sign - FILE`" in warning


@elsewhere
def test_a_program_that_fails_elsewhere_is_warned_of_and_leaves_nothing(
    environment: Environment, tmp_path: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As after a kill: what was being written lies beside the binary.
    script = f'{SIGN}cp "$last" "$last.cstemp"\necho no identity >&2\nexit 1\n'
    install_codesign(tmp_path, monkeypatch, script)
    environment.install(platform=MACOS)
    # The largest package is linked first.
    large = File(random.Random(1).randbytes(10_000))
    bad = environment.package("b", subdir="osx-arm64", files={"x": "x"}, paths=[{"_path": "gone"}])
    with pytest.raises(LinkError, match="gone"):
        environment.install(package(environment, x=binary(), large=large), bad, platform=MACOS)
    assert calls.exists()
    assert [] == environment.files()


@pytest.mark.parametrize("policy", ["require", "try"])
def test_on_macos_it_is_an_error_where_signatures_are_required(policy: str) -> None:
    warnings: list[str] = []
    # There is no such file, and on other systems no such program.
    paths = ["/nowhere/lib/x"]
    if policy == "require":
        with pytest.raises(LinkError, match="cannot sign"):
            sign_changed(paths, "require", warn=warnings.append, is_macos=True)
        assert [] == warnings
    else:
        sign_changed(paths, "try", warn=warnings.append, is_macos=True)
        (warning,) = warnings
        assert "cannot sign" in warning
