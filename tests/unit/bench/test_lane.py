"""The emulator's short way takes what it knows and leaves the rest untouched; its stream poller keeps a pace and forgets nothing."""

import pytest

from infra.local.lane import BODY_MAX, read_head, written
from infra.local.pace import paced


pytestmark = pytest.mark.unit

CALL = (
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1:1\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\n"
    b"Content-Type: application/x-amz-json-1.0\r\nContent-Length: 12\r\n\r\n"
)


def test_a_json_call_is_read() -> None:
    found = read_head(CALL)
    assert found is not None
    headers, length = found
    assert length == 12
    assert (b"x-amz-target", b"DynamoDB_20120810.GetItem") in headers
    assert (b"host", b"127.0.0.1:1") in headers


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"POST /", b"PUT /"),
        (b"POST / ", b"POST /bucket "),
        (b"HTTP/1.1", b"HTTP/1.0"),
        (b"DynamoDB_", b"Logs_"),
        (b"X-Amz-Target", b"X-Amz-Other"),
        (b"Content-Length: 12", b"Content-Length: x"),
        (b"Content-Length: 12", b"Content-Length: -1"),
        (b"Content-Length: 12", b"Content-Length: %d" % (BODY_MAX + 1)),
        (b"Content-Length: 12", b"Content-Length: 12\r\nContent-Length: 13"),
        (b"Content-Length: 12", b"Content-Length: 12\r\nTransfer-Encoding: chunked"),
        (b"Content-Length: 12", b"Content-Length: 12\r\nExpect: 100-continue"),
    ],
)
def test_everything_else_is_left_to_the_web_server(old: bytes, new: bytes) -> None:
    assert read_head(CALL.replace(old, new)) is None


def test_an_answer_is_written_whole() -> None:
    assert written(400, [(b"Content-Length", b"2")], b"{}") == b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}"


def test_a_paced_poll_that_comes_too_soon_has_itself_woken_and_finds_its_work_then() -> None:
    found = iter([True, True, False])
    woken: list[bool] = []
    poll = paced(lambda: next(found), 0.0, lambda: woken.append(True))
    assert poll() is True
    assert poll() is True
    slow = paced(lambda: next(iter([True])), 60.0, lambda: woken.append(True))
    assert slow() is True
    assert slow() is False
