"""`environments.txt`, whatever other programs have left in it."""

import pytest

from hognose.install import (
    register_environment,
    registered_environments,
    unregister_environment,
)


@pytest.fixture
def prefix(tmp_path):
    (tmp_path / "env/conda-meta").mkdir(parents=True)
    (tmp_path / "env/conda-meta/history").touch()
    return tmp_path / "env"


@pytest.fixture
def registry(tmp_path, prefix):
    """Return a registry with lines that are no text, no path, or no environment."""
    file = tmp_path / "environments.txt"
    file.write_bytes(b"\xff\xfe\n/with\0nothing\n\n   \n/gone\n" + bytes(prefix) + b"\n")
    return file


def test_what_is_no_text_does_not_hide_the_environments(registry, prefix):
    assert (str(prefix),) == registered_environments(registry)


def test_an_environment_is_added_after_what_is_no_text(registry, tmp_path):
    before = registry.read_bytes()

    assert register_environment(tmp_path / "new", registry)

    assert before + bytes(tmp_path / "new") + b"\n" == registry.read_bytes()


def test_an_environment_is_taken_out_from_among_what_is_no_text(registry, prefix):
    assert unregister_environment(prefix, registry)

    assert b"" == registry.read_bytes()


def test_an_environment_whose_path_is_no_text_stays_registered(tmp_path, registry, prefix):
    odd = tmp_path / "odd\udcff"
    try:
        (odd / "conda-meta").mkdir(parents=True)
    except OSError:
        pytest.skip("the file system takes text only")
    (odd / "conda-meta/history").touch()

    register_environment(odd, registry)
    unregister_environment(prefix, registry)

    assert bytes(odd) + b"\n" == registry.read_bytes()


def test_a_registry_that_cannot_be_replaced_leaves_nothing_beside_it(tmp_path, prefix):
    (tmp_path / "folder").mkdir()

    with pytest.raises(IsADirectoryError):
        unregister_environment(prefix, tmp_path / "folder")

    assert ["env", "folder"] == sorted(path.name for path in tmp_path.iterdir())
