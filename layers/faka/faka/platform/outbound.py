"""The one way out to foreign hosts: bounded in time and size, no redirects, https only.

An address may hold a key (epay's query does), so nothing here, and nothing that urllib3 logs, may print one: errors carry
the host and the kind of failure, and are raised outside the handler that saw the original.
"""

import logging
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import urllib3

from faka.kernel.errors import Broken, Unavailable


CONNECT_TIMEOUT_S: Final = 3.0
READ_TIMEOUT_S: Final = 10.0
"""A provider that has not answered by then is asked again later; the buyer's page does not wait longer."""

ANSWER_BYTES_MAX: Final = 256 * 1024
"""Answers are 1 to 4 KB. What is longer is not read on: it is a wrong host, or a host that wants our memory."""

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})

# urllib3 logs addresses: at DEBUG each request, at WARNING headers that it cannot read.
logging.getLogger("urllib3.connectionpool").setLevel(logging.CRITICAL)


class OutboundFailed(Unavailable):
    """No usable answer. Whether the other side acted on the request is unknown."""


class Outbound:
    """HTTP to providers.

    `allows_loopback` lets plain http to this machine through; only the local cloud sets it, whose providers live there.
    """

    def __init__(self, *, allows_loopback: bool = False) -> None:
        self._allows_loopback = allows_loopback
        self._pool = urllib3.PoolManager(num_pools=8, maxsize=4, retries=False)

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"", timeout_s: float = READ_TIMEOUT_S
    ) -> tuple[int, bytes]:
        """Send once and read at most `ANSWER_BYTES_MAX` within `timeout_s`.

        Raises: OutboundFailed when there is no answer in time or it is too long; Broken for an address that is not allowed.
        """
        host = self._host(url)
        sent = {"Accept": "application/json, */*", "Accept-Encoding": "identity", "User-Agent": "faka", **(headers or {})}
        until = time.monotonic() + timeout_s
        try:
            answer = self._pool.request(
                method,
                url,
                body=body or None,
                headers=sent,
                redirect=False,
                preload_content=False,
                decode_content=False,
                timeout=urllib3.Timeout(connect=min(CONNECT_TIMEOUT_S, timeout_s), read=timeout_s),
            )
            content = _read(answer, until)
            status = answer.status
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            failure = type(error).__name__
        else:
            if content is not None:
                return status, content
            failure = "the answer is too long or too slow"
        raise OutboundFailed(f"{host}: {failure}")

    def _host(self, url: str) -> str:
        address = urlsplit(url)
        host = address.hostname or ""
        is_local = host in _LOOPBACK
        if is_local and self._allows_loopback and address.scheme in ("http", "https"):
            return host
        if address.scheme != "https" or not host or is_local or _is_number(host):
            raise Broken("an address that may not be called")
        return host


def _read(answer: urllib3.BaseHTTPResponse, until: float) -> bytes | None:
    """The body, or None when it is longer or slower than allowed; the connection goes back only after a whole body."""
    content = b""
    for piece in answer.stream(16 * 1024, decode_content=False):
        content += piece
        if len(content) > ANSWER_BYTES_MAX or time.monotonic() > until:
            answer.close()
            return None
    answer.release_conn()
    return content


def _is_number(host: str) -> bool:
    """An address given as numbers: metadata services and inner hosts are reached that way, providers are not."""
    return ":" in host or host.replace(".", "").isdecimal()
