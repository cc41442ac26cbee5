"""What a response gives of its body, whatever sizes that comes in."""

import pytest

from hognose.net.transport import Headers, Response


class Pieces:
    """A body that gives three bytes at a time."""

    def __init__(self, content):
        self.content = content

    def read(self, size, /):
        piece, self.content = self.content[: min(3, size)], self.content[min(3, size) :]
        return piece

    def close(self):
        pass


@pytest.mark.parametrize(
    ("size", "start"), [(0, b""), (2, b"ab"), (4, b"abcd"), (7, b"abcdefg"), (99, b"abcdefg")]
)
def test_the_start_of_a_body_is_as_long_as_was_asked_for_or_is_all_of_it(size, start):
    body = Pieces(b"abcdefg")
    response = Response(url="https://h/a", status=200, headers=Headers(), body=body)

    assert start == response.read_start(size)
    assert b"abcdefg"[len(start) :] == response.read()
