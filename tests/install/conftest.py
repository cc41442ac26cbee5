import pytest

from support.environment import Environment


@pytest.fixture
def environment(tmp_path):
    return Environment(tmp_path)
