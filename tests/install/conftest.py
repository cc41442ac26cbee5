import pytest

from support.desktop import Desktop
from support.environment import Environment


@pytest.fixture
def environment(tmp_path):
    return Environment(tmp_path)


@pytest.fixture
def desktop(tmp_path):
    return Desktop(tmp_path)
