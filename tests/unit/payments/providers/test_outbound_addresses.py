"""Names and addresses: looked up once, judged, connected to as judged, with the certificate of the name."""

import datetime
import logging
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from faka.contexts.payments.providers import open_account
from faka.contexts.payments.providers.base import ChannelClosed
from faka.kernel.ids import ChannelId
from faka.kernel.money import Currency
from faka.kernel.secret import Secret
from faka.platform import outbound
from faka.platform.outbound import NAMES_MAX, Misled, Outbound, OutboundFailed, is_public


pytestmark = pytest.mark.unit

NAME = "pay.example.com"
OUTER, INNER, NOBODY = "127.0.0.1", "127.0.0.2", "127.0.0.3"
"""This machine plays the network: the host that may be called, the one that may not, and an address where nobody listens."""


@dataclass
class Seen:
    """What reached a host."""

    port: int = 0
    connections: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)


def certificate(folder: Path) -> Path:
    """A self-signed certificate for NAME, with its key, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    at = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(at - datetime.timedelta(hours=1)).not_valid_after(at + datetime.timedelta(hours=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    text = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    text += key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "host.pem").write_bytes(text)
    return folder / "host.pem"


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"))


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A caller who breaks the handshake off is what some tests are about."""


def served(address: str, port: int, pem: Path, seen: Seen) -> Server:
    class Host(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            seen.connections.append(self.client_address[0])
            super().setup()

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            seen.requests.append((self.command, self.path, self.headers["Host"]))
            self.send_response(200)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"fine")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.sni_callback = lambda _socket, name, _context: seen.names.append(name)
    server = Server((address, port), Host)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


@pytest.fixture
def hosts(pem: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Seen, Seen]]:
    """The outer host and the inner one, at the same port, both with the certificate that the caller trusts."""
    outer, inner = Seen(), Seen()
    first = served(OUTER, 0, pem, outer)
    second = served(INNER, first.server_port, pem, inner)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    monkeypatch.setattr(outbound, "HTTPS_PORT", first.server_port)
    monkeypatch.setattr(outbound, "is_public", lambda address: address in (OUTER, NOBODY))
    yield outer, inner
    for server in (first, second):
        server.shutdown()
        server.server_close()


class Names:
    """A resolver whose answers come one after the other; the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, name: str) -> Sequence[str]:
        self.asked.append(name)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_the_judged_address_is_called_by_its_name(hosts: tuple[Seen, Seen]) -> None:
    assert Outbound(resolve=Names([OUTER])).request("GET", f"https://{NAME}/a?b=c") == (200, b"fine")
    assert (hosts[0].names, hosts[0].requests) == ([NAME], [("GET", "/a?b=c", NAME)])


def test_an_address_without_a_path_asks_for_the_root(hosts: tuple[Seen, Seen]) -> None:
    for tail in ("", "?b=c", ":443"):
        Outbound(resolve=Names([OUTER])).request("GET", f"https://{NAME.upper()}{tail}")
    assert [path for _, path, _ in hosts[0].requests] == ["/", "/?b=c", "/"]


def test_a_connection_is_kept_and_a_name_looked_up_once_a_minute(hosts: tuple[Seen, Seen], monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names([OUTER])
    out = Outbound(resolve=names)
    for _ in range(3):
        out.request("GET", f"https://{NAME}/")
    assert (len(hosts[0].connections), names.asked) == (1, [NAME])
    monkeypatch.setattr(outbound, "ADDRESS_AGE_S", -1.0)
    out = Outbound(resolve=names)
    for _ in range(3):
        out.request("GET", f"https://{NAME}/")
    assert (len(hosts[0].connections), len(names.asked)) == (2, 4)


@pytest.mark.parametrize("answers", [[INNER], [OUTER, INNER], [INNER, OUTER], [OUTER, "10.0.0.1"], ["not an address"]])
def test_a_name_with_an_inner_address_among_its_own_is_not_called(hosts: tuple[Seen, Seen], answers: list[str]) -> None:
    with pytest.raises(Misled):
        Outbound(resolve=Names(answers)).request("GET", f"https://{NAME}/")
    assert hosts == (Seen(), Seen())


def test_twin_without_the_judgement_the_inner_host_answers(hosts: tuple[Seen, Seen], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "is_public", lambda _: True)
    assert Outbound(resolve=Names([INNER])).request("GET", f"https://{NAME}/latest/meta-data") == (200, b"fine")
    assert hosts[1].requests


def test_a_name_that_answers_differently_the_second_time_gains_nothing(hosts: tuple[Seen, Seen], monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: what was judged is what is called; what is looked up again is judged again."""
    names = Names([OUTER], [INNER])
    out = Outbound(resolve=names)
    assert out.request("GET", f"https://{NAME}/")[0] == 200
    assert out.request("GET", f"https://{NAME}/")[0] == 200
    assert names.asked == [NAME]
    monkeypatch.setattr(outbound.time, "monotonic", _later(outbound.ADDRESS_AGE_S + 1))
    with pytest.raises(Misled):
        out.request("GET", f"https://{NAME}/")
    assert hosts[1] == Seen()


def test_twin_who_judges_one_answer_and_calls_the_next_is_rebound(hosts: tuple[Seen, Seen], monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual way: look up, judge, and leave the second look-up to the HTTP library."""

    class Naive(Outbound):
        def _addresses(self, host: str) -> tuple[str, ...]:
            super()._addresses(host)
            return tuple(self._resolve(host))

    assert Naive(resolve=Names([OUTER], [INNER])).request("GET", f"https://{NAME}/")[0] == 200
    assert hosts[1].requests


def _later(seconds: float) -> Callable[[], float]:
    real = outbound.time.monotonic
    return lambda: real() + seconds


def test_a_host_without_the_certificate_of_the_name_gets_no_request(hosts: tuple[Seen, Seen]) -> None:
    with pytest.raises(OutboundFailed):
        Outbound(resolve=Names([OUTER])).request("GET", "https://other.example.com/")
    assert (hosts[0].names, hosts[0].requests) == (["other.example.com"], [])


def test_a_certificate_that_nobody_vouches_for_is_refused(hosts: tuple[Seen, Seen], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(OutboundFailed):
        Outbound(resolve=Names([OUTER])).request("GET", f"https://{NAME}/")
    assert hosts[0].requests == []


def test_where_nobody_listens_the_next_address_is_tried(hosts: tuple[Seen, Seen]) -> None:
    assert Outbound(resolve=Names([NOBODY, OUTER])).request("GET", f"https://{NAME}/") == (200, b"fine")


def test_no_more_addresses_are_tried_than_the_bound(hosts: tuple[Seen, Seen], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "is_public", lambda _: True)
    crowd = [f"127.0.1.{n}" for n in range(outbound.ADDRESSES_MAX)]
    with pytest.raises(OutboundFailed):
        Outbound(resolve=Names([*crowd, OUTER])).request("GET", f"https://{NAME}/")
    assert hosts[0] == Seen()


def test_a_failed_call_looks_the_name_up_again(hosts: tuple[Seen, Seen]) -> None:
    out = Outbound(resolve=Names([NOBODY], [OUTER]))
    with pytest.raises(OutboundFailed):
        out.request("GET", f"https://{NAME}/")
    assert out.request("GET", f"https://{NAME}/")[0] == 200


@pytest.mark.parametrize("error", [OSError("no such name"), UnicodeError("label too long")])
def test_a_name_that_nobody_knows_is_no_answer(error: Exception) -> None:
    def unknown(_: str) -> Sequence[str]:
        raise error

    with pytest.raises(OutboundFailed) as caught:
        Outbound(resolve=unknown).request("GET", f"https://{NAME}/?key=CANARY")
    assert "CANARY" not in str(caught.value)
    assert caught.value.__context__ is None
    with pytest.raises(OutboundFailed):
        Outbound(resolve=Names([])).request("GET", f"https://{NAME}/")


def test_names_are_forgotten_before_they_fill_the_memory() -> None:
    out = Outbound(resolve=Names(["8.8.8.8"]))
    for n in range(NAMES_MAX * 3):
        out._addresses(f"n{n}.example.com")
    assert len(out._known) <= NAMES_MAX


def test_nothing_of_a_refused_address_is_in_error_or_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(Misled) as caught:
        Outbound(resolve=Names(["10.1.2.3"])).request("GET", f"https://{NAME}/api.php?key=CANARY")
    assert "CANARY" not in str(caught.value) + caplog.text
    assert "10.1.2.3" not in str(caught.value)


@pytest.mark.parametrize("address", ["8.8.8.8", "110.75.139.1", "2400:3200::1", "2606:4700::6810:84e5"])
def test_hosts_of_the_public_network_are_public(address: str) -> None:
    assert is_public(address)


# -- what an operator saves ----------------------------------------------------------------------------------------------


def account(gateway: str) -> Any:
    key = Secret("c3f9b1d87a6e42508fd0a9be71c6e2d4")
    facts: dict[str, Any] = {"channel_id": ChannelId("epay"), "kind": "epay", "account": {"pid": "1001"}, "public_key": ""}
    return open_account(**facts, currency=Currency.CNY, gateway=gateway, secrets=[{"key": key}])


@pytest.mark.parametrize(
    "gateway", ["https://pay.example.com:8443/", "https://u@pay.example.com/", "https://x:y/", "http://pay.example.com/"]
)
def test_a_gateway_that_could_not_be_called_closes_its_channel(gateway: str) -> None:
    with pytest.raises(ChannelClosed):
        account(gateway)


@pytest.mark.parametrize("gateway", ["https://pay.example.com/", "https://pay.example.com:443", "http://127.0.0.1:8080/epay/"])
def test_a_gateway_that_can_be_called_opens_it(gateway: str) -> None:
    assert account(gateway).gateway.endswith("/")
