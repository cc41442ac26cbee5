import venv
import zipfile

import pytest

from hognose.channel import collect_wheels
from hognose.errors import ChannelBuildError
from support.wheel_maker import make_wheel

# A project that builds itself, so that pip needs nothing from an index.
BACKEND = """
import zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "local_project-2.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as archive:
        info = "local_project-2.0.dist-info"
        archive.writestr("local_project.py", "")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: local-project\\nVersion: 2.0\\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(f"{info}/RECORD", "")
    return name
"""


@pytest.fixture(autouse=True)
def _no_index(monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "local project"
    root.mkdir()
    (root / "backend.py").write_text(BACKEND)
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    return root


def test_a_wheel_is_taken_with_what_it_needs(tmp_path):
    make_wheel(tmp_path / "find", "b", "1.5")
    wheel = make_wheel(tmp_path / "own", "a", requires=["b>=1"])
    with pytest.raises(ChannelBuildError, match="b>=1"):
        collect_wheels([wheel], tmp_path / "out")
    found = collect_wheels([wheel, tmp_path / "find" / "b-1.5-py3-none-any.whl"], tmp_path / "out")
    assert [path.name for path in found] == ["a-1.0-py3-none-any.whl", "b-1.5-py3-none-any.whl"]


def test_what_a_wheel_needs_can_be_left_out(tmp_path):
    wheel = make_wheel(tmp_path / "own", "a", requires=["b>=1"])
    found = collect_wheels([str(wheel)], tmp_path / "out", with_dependencies=False)
    assert [path.name for path in found] == ["a-1.0-py3-none-any.whl"]


def test_a_project_is_built(tmp_path, project):
    (wheel,) = collect_wheels([project], tmp_path / "out")
    assert wheel.name == "local_project-2.0-py3-none-any.whl"
    assert "local_project.py" in zipfile.ZipFile(wheel).namelist()


def test_nothing_asked_for_starts_no_process(tmp_path):
    assert collect_wheels([], tmp_path / "out", interpreter=tmp_path / "none") == []


def test_an_unknown_requirement_is_explained_with_pips_words(tmp_path):
    with pytest.raises(ChannelBuildError, match="No matching distribution found") as caught:
        collect_wheels(["there-is-no-such-thing"], tmp_path / "out")
    assert "`there-is-no-such-thing`" in str(caught.value)
    assert caught.value.output


def test_a_missing_path_is_an_error_before_pip_starts(tmp_path):
    with pytest.raises(ChannelBuildError, match="no wheel or project at"):
        collect_wheels([tmp_path / "nothing"], tmp_path / "out", interpreter=tmp_path / "none")


@pytest.mark.parametrize("text", ["--index-url=http://127.0.0.1", "-e", "", "  "])
def test_an_option_is_no_requirement(tmp_path, text):
    with pytest.raises(ChannelBuildError, match="not a requirement"):
        collect_wheels([text], tmp_path / "out")


def test_an_interpreter_without_pip_is_explained(tmp_path):
    venv.create(tmp_path / "env", with_pip=False)
    with pytest.raises(ChannelBuildError, match="has no pip") as caught:
        collect_wheels(["rich"], tmp_path / "out", interpreter=tmp_path / "env" / "bin" / "python")
    assert "ensurepip" in caught.value.hint


def test_an_interpreter_that_does_not_run_is_an_error(tmp_path):
    with pytest.raises(ChannelBuildError, match="does not run"):
        collect_wheels(["rich"], tmp_path / "out", interpreter=tmp_path / "none")
