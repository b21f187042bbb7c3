"""The way out: bounded, silent about addresses, and nowhere but where it may go."""

import logging
import threading
import time
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from faka.kernel.errors import Broken, Unavailable
from faka.platform.outbound import ANSWER_BYTES_MAX, Outbound, OutboundFailed


pytestmark = pytest.mark.unit

KEY = "CANARYkey7e1f"


class Odd(BaseHTTPRequestHandler):
    """A host that answers in every odd way."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str, bytes]]

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        type(self).seen.append((self.command, self.path, body))
        getattr(self, self.path.partition("?")[0].strip("/"))()

    do_GET = do_POST  # noqa: N815 - the base class's name

    def _say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def fine(self) -> None:
        self._say(200, b"fine")

    def signed(self) -> None:
        self._say(200, b"fine", **{"X-Serial": "one", "x-serial": "two", "X-Nonce": "n"})

    def moved(self) -> None:
        self._say(302, b"", Location="/fine")

    def largest(self) -> None:
        self._say(200, b"x" * ANSWER_BYTES_MAX)

    def larger(self) -> None:
        self._say(200, b"x" * (ANSWER_BYTES_MAX + 1))

    def slow(self) -> None:
        time.sleep(1.5)
        self.close_connection = True

    def drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        for _ in range(200):
            try:
                self.wfile.write(b"x" * 20_000)
            except OSError:
                break
            time.sleep(0.05)
        self.close_connection = True

    def cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"half")
        self.close_connection = True

    def nothing(self) -> None:
        self.close_connection = True

    def zipped(self) -> None:
        self._say(200, b"\x1f\x8b not really", **{"Content-Encoding": "gzip"})


@pytest.fixture
def host() -> Iterator[str]:
    Odd.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def out() -> Outbound:
    return Outbound(allows_loopback=True)


def test_status_and_body_come_back(out: Outbound, host: str) -> None:
    assert out.request("POST", f"{host}/fine?a=1", headers={"X": "y"}, body=b"b") == (200, b"fine")
    assert Odd.seen == [("POST", "/fine?a=1", b"b")]


def test_the_headers_of_an_answer_come_back_where_they_are_asked_for(out: Outbound, host: str) -> None:
    answered: dict[str, str] = {}
    assert out.request("GET", f"{host}/signed", answered=answered) == (200, b"fine")
    assert answered["x-nonce"] == "n"
    assert answered["x-serial"] == "one, two", "of two values none is taken for the one"


def test_a_redirect_is_an_answer_and_is_not_followed(out: Outbound, host: str) -> None:
    assert out.request("GET", f"{host}/moved")[0] == 302
    assert len(Odd.seen) == 1


def test_the_largest_answer_is_read_whole(out: Outbound, host: str) -> None:
    assert len(out.request("GET", f"{host}/largest")[1]) == ANSWER_BYTES_MAX


@pytest.mark.parametrize("path", ["larger", "slow", "drip", "cut", "nothing"])
def test_what_is_too_long_too_slow_or_torn_is_no_answer(out: Outbound, host: str, path: str, caplog: pytest.LogCaptureFixture) -> None:
    started = time.monotonic()
    with caplog.at_level(logging.DEBUG), pytest.raises(OutboundFailed) as caught:
        out.request("GET", f"{host}/{path}?key={KEY}", timeout_s=0.5)
    assert time.monotonic() - started < 3
    assert len(Odd.seen) == 1, "it was sent again"
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__) + caplog.text
    assert KEY not in shown


def test_a_zipped_body_is_not_opened(out: Outbound, host: str) -> None:
    assert out.request("GET", f"{host}/zipped")[1].startswith(b"\x1f\x8b")


def test_nobody_there_is_unavailable_and_says_the_host_only(out: Outbound) -> None:
    with pytest.raises(Unavailable) as caught:
        out.request("GET", f"http://127.0.0.1:9/api.php?key={KEY}", timeout_s=1)
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


def test_no_log_of_the_http_library_holds_an_address(out: Outbound, host: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        out.request("GET", f"{host}/fine?key={KEY}")
    assert KEY not in caplog.text


def test_twin_the_http_library_would_log_it(out: Outbound, host: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="urllib3.connectionpool"):
        out.request("GET", f"{host}/fine?key={KEY}")
    assert KEY in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "http://pay.example.com/",
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[fd00:ec2::254]/",
        "https://10.0.0.1/",
        "https://2130706433/",
        "file:///etc/passwd",
        "ftp://pay.example.com/",
        "https:///x",
        "pay.example.com",
        "",
    ],
)
def test_in_production_only_named_https_hosts_are_called(url: str) -> None:
    with pytest.raises(Broken) as caught:
        Outbound().request("GET", url)
    assert not url or url not in str(caught.value)


@pytest.mark.parametrize("url", ["http://pay.example.com/", "https://169.254.169.254/", "http://10.0.0.1/", "ftp://127.0.0.1/"])
def test_locally_only_this_machine_is_let_through_besides(url: str) -> None:
    with pytest.raises(Broken):
        Outbound(allows_loopback=True).request("GET", url)
