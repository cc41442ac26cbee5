"""Where an environment can be made."""

import os

import pytest

from hognose.errors import LinkError
from hognose.install import clone_environment, require_copyable, require_installable
from hognose.net import Client
from support.environment import LINUX, bare

posix = pytest.mark.skipif(os.name == "nt", reason="paths of POSIX systems")


def test_a_path_that_is_new_will_do(tmp_path):
    require_installable(tmp_path / "a" / "b", [bare("a")], platform=LINUX)
    assert not (tmp_path / "a").exists()


@posix
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a:b", "has a `:` in it"),
        ("a\nb", "has a line break in it"),
        ("x" * 250, r"bytes long, and packages for one platform can .* at most 255"),
        ("file/env", "cannot be made: .*/file is a file"),
        ("file", "cannot be made: .*/file is a file"),
        ("link/env", "cannot be made: .*/link is a link that leads nowhere"),
    ],
)
def test_a_path_that_cannot_be_an_environments_is_told_beforehand(
    environment, tmp_path, name, message
):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("nowhere")
    package = environment.package("a", files={"x": "x"})
    environment.prefix = tmp_path / name

    with pytest.raises(LinkError, match=message) as foretold:
        require_installable(environment.prefix, [package], platform=LINUX)
    with pytest.raises(LinkError) as found:
        environment.install(package)

    assert foretold.value.message == found.value.message


@posix
@pytest.mark.parametrize("name", ["a:b", "a\nb"])
def test_a_clone_has_a_path_that_an_environment_can_have(environment, tmp_path, name):
    environment.install(environment.package("a", files={"x": "x"}))

    with pytest.raises(LinkError):
        require_copyable(environment.prefix, tmp_path / name, platform=LINUX)
    with Client() as client, pytest.raises(LinkError):
        clone_environment(
            environment.prefix,
            tmp_path / name,
            cache=environment.cache,
            client=client,
            platform=LINUX,
        )
    assert not (tmp_path / name).exists()
