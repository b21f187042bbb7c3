"""The one way out to foreign hosts: https to a name, at an address of the public network, bounded in time and size.

```
address given ─► a name, no user, port 443 ─► looked up once ─► is every address public? ─► TLS to that very address,
                  └ anything else: Broken                        └ no: Misled, nothing sent      certificate of the name
```
The name is not looked up again between judging and connecting, so one that answers differently the second time (DNS
rebinding) gains nothing; a kept connection stays with the address that was judged. Redirects are answers, never followed.

An address given may hold a key (epay's query does), so nothing here, and nothing that urllib3 logs, may print one: errors
carry the host and the kind of failure, and are raised outside the handler that saw the original.
"""

import logging
import re
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import BinaryIO, Final, NamedTuple

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from faka.kernel.errors import Broken, Unavailable
from faka.platform.public_network import is_public


CONNECT_TIMEOUT_S: Final = 3.0
"""For all addresses of a name together."""

READ_TIMEOUT_S: Final = 10.0
"""A provider that has not answered by then is asked again later; the buyer's page does not wait longer."""

ANSWER_BYTES_MAX: Final = 256 * 1024
"""Answers are 1 to 4 KB. What is longer is not read on: it is a wrong host, or a host that wants our memory."""

ADDRESSES_MAX: Final = 4
"""Addresses of one name that are tried. Providers publish one to four; the rest would only make a buyer wait."""

ADDRESS_AGE_S: Final = 60.0
"""How long a looked-up address serves. Providers' records live 60 to 600 s, and a stable address lets connections be kept."""

NAMES_MAX: Final = 64
"""Names remembered. A shop has a handful of providers; whoever makes it look up more pays with a look-up each."""

HTTPS_PORT = 443
OK = 200
PIECE_BYTES = 64 * 1024
DOWNLOAD_TIMEOUT_S: Final = 300.0
"""A bill of a million lines is 18 MB packed; half a minute on a slow line."""

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_ADDRESS: Final = re.compile(r"(https?)://(\[::1\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?(/[!$-\[\]-~]*|\?[!$-\[\]-~]*)?", re.ASCII)
"""Scheme, host, port, the rest. No user, no backslash, no fragment, nothing unprintable: two readers of it see one host."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"(?=.{{4,253}}$)(?:{_LABEL}\.)+(?![0-9]){_LABEL}", re.ASCII)
"""A full name. Its last label begins with a letter, which no spelling of a number does: 2130706433, 0x7f.1, 127.0.0.0x1."""

_UNREACHED: Final = (NewConnectionError, ConnectTimeoutError)

# urllib3 logs addresses: at DEBUG each request, at WARNING headers that it cannot read.
logging.getLogger("urllib3.connectionpool").setLevel(logging.CRITICAL)

Resolve = Callable[[str], Sequence[str]]


class OutboundFailed(Unavailable):
    """No usable answer. Whether the other side acted on the request is unknown."""


class Misled(OutboundFailed):
    """The name leads to an address that is not public. Nothing was sent; its owner, or somebody between, changed a record."""


class _Target(NamedTuple):
    scheme: str
    host: str
    port: int
    path: str


def resolved(name: str) -> list[str]:
    """The addresses of a name, as the system finds them. Raises: OSError, UnicodeError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(name, HTTPS_PORT, type=socket.SOCK_STREAM)]


class Outbound:
    """HTTP to providers.

    `allows_loopback` lets plain http to this machine through, on any port; only the local cloud sets it, whose providers
    live there. `resolve` answers all addresses of a name.
    """

    def __init__(self, *, allows_loopback: bool = False, resolve: Resolve = resolved) -> None:
        self._allows_loopback = allows_loopback
        self._resolve = resolve
        self._known: dict[str, tuple[tuple[str, ...], float]] = {}
        self._pools = urllib3.PoolManager(num_pools=8, maxsize=4, retries=False)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_s: float = READ_TIMEOUT_S,
        answered: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Send once and read at most `ANSWER_BYTES_MAX` within `timeout_s`; the answer's headers go into `answered`.

        A second address of the name is tried only where no connection to the first came about.
        Raises: OutboundFailed when there is no answer in time or it is too long, Misled among them; Broken for an address
        that may not be called.
        """
        into = BytesIO()
        answer = self._send(method, url, headers, body, into, ANSWER_BYTES_MAX, timeout_s, only_ok=False)
        if answered is not None:
            # A name that came twice is one value with a comma in it, which no signature is.
            answered.update({name.lower(): answer.headers[name] for name in answer.headers})
        return answer.status, into.getvalue()

    def download(
        self, url: str, into: BinaryIO, *, headers: Mapping[str, str] | None = None, bytes_max: int, timeout_s: float = DOWNLOAD_TIMEOUT_S
    ) -> int:
        """GET a file of at most `bytes_max` piece by piece within `timeout_s`; only a body of status 200 is written.

        Raises: as `request`; what was written before it failed is worth nothing.
        """
        return self._send("GET", url, headers, b"", into, bytes_max, timeout_s, only_ok=True).status

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        body: bytes,
        into: BinaryIO,
        bytes_max: int,
        timeout_s: float,
        *,
        only_ok: bool,
    ) -> urllib3.BaseHTTPResponse:
        target = self._target(url)
        sent = {"Accept": "application/json, */*", "Accept-Encoding": "identity", "User-Agent": "faka", **(headers or {})}
        started = time.monotonic()
        failure = "no such name"
        for address in self._addresses(target.host):
            connect_s = started + min(CONNECT_TIMEOUT_S, timeout_s) - time.monotonic()
            if connect_s <= 0:
                break
            waits = urllib3.Timeout(connect=connect_s, read=min(timeout_s, READ_TIMEOUT_S))
            try:
                answer = self._opened(target, address, method, sent, body, waits)
                kept = into if answer.status == OK or not only_ok else BytesIO()
                is_whole = _read(answer, kept, bytes_max if kept is into else ANSWER_BYTES_MAX, started + timeout_s)
            except _UNREACHED as error:
                failure = type(error).__name__
                continue
            except (HTTPError, OSError, ValueError) as error:
                failure = type(error).__name__
            else:
                if is_whole:
                    return answer
                failure = "the answer is too long or too slow"
            break
        self._known.pop(target.host, None)
        raise OutboundFailed(f"{target.host}: {failure}")

    def _opened(
        self, target: _Target, address: str, method: str, headers: Mapping[str, str], body: bytes, waits: urllib3.Timeout
    ) -> urllib3.BaseHTTPResponse:
        return self._pool(target, address).urlopen(
            method,
            target.path,
            body=body or None,
            headers=headers if address == target.host else {"Host": target.host, **headers},
            redirect=False,
            preload_content=False,
            decode_content=False,
            timeout=waits,
        )

    def _target(self, url: str) -> _Target:
        """Raises: Broken."""
        match = _ADDRESS.fullmatch(url)
        if match is not None:
            scheme, host, port, rest = match.groups()
            host, path = host.lower().strip("[]"), rest if rest and rest.startswith("/") else f"/{rest or ''}"
            if self._is_local(host):
                return _Target(scheme, host, int(port or (443 if scheme == "https" else 80)), path)
            if scheme == "https" and int(port or 443) == 443 and _NAME.fullmatch(host):
                return _Target(scheme, host, HTTPS_PORT, path)
        raise Broken("an address that may not be called")

    def _is_local(self, host: str) -> bool:
        return self._allows_loopback and host in _LOOPBACK

    def _addresses(self, host: str) -> tuple[str, ...]:
        """Where a host is, judged as a whole: one inner address among public ones is one too many. Raises: Misled."""
        if self._is_local(host):
            return (host,)
        now = time.monotonic()
        known, until = self._known.get(host, ((), 0.0))
        if now < until:
            return known
        try:
            found = tuple(dict.fromkeys(self._resolve(host)))
        except (OSError, UnicodeError):
            found = ()
        if not found:
            return ()
        if not all(is_public(one) for one in found):
            raise Misled(f"{host}: leads to an address that is not public")
        if len(self._known) >= NAMES_MAX:
            self._known.clear()
        self._known[host] = (found[:ADDRESSES_MAX], now + ADDRESS_AGE_S)
        return found[:ADDRESSES_MAX]

    def _pool(self, target: _Target, address: str) -> urllib3.HTTPConnectionPool:
        """Connections to one address for one name; another name at the same address has its own, with its own certificate."""
        more = {} if address == target.host else {"server_hostname": target.host}
        return self._pools.connection_from_host(address, target.port, target.scheme, more)


def _read(answer: urllib3.BaseHTTPResponse, into: BinaryIO, bytes_max: int, until: float) -> bool:
    """Whether the whole body came, neither longer nor slower than allowed; the connection goes back only then."""
    length = 0
    for piece in answer.stream(PIECE_BYTES, decode_content=False):
        length += len(piece)
        if length > bytes_max or time.monotonic() > until:
            answer.close()
            return False
        into.write(piece)
    answer.release_conn()
    return True
