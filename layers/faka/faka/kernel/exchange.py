"""Words of every exchange with a foreign party: what came in, what is answered, the one way out, and what is wrong with a message."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import BinaryIO, Final, Protocol
from urllib.parse import urlencode, urlsplit

from pydantic import Field

from faka.kernel.errors import Denied, Rejected
from faka.kernel.model import Frozen


_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


class RawRequest(Frozen):
    """A request as it came. Header names in lower case, query decoded once and in order, base64 of the gateway undone."""

    method: str
    path: str = ""
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    query: tuple[tuple[str, str], ...] = Field(default=(), repr=False)
    body: bytes = Field(default=b"", repr=False)
    received_at: datetime | None = None
    """When a kept message came: a party's time window is judged by it, not by the time of a later look. None: now."""

    def sha256(self) -> str:
        """Fingerprint for the inbox: of the body, or of the query where the message travels there."""
        return hashlib.sha256(self.body or urlencode(self.query).encode()).hexdigest()


class HttpAnswer(Frozen):
    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


class Forged(Denied):
    """The signature, the algorithm or the account in the message is not the one that this account has."""

    http_status = 401


class Malformed(Rejected):
    """Not a message of this party's shape: type, size, duplicate or missing fields, unreadable values."""

    http_status = 400


class Transport(Protocol):
    """The one way out. `platform.outbound` is the real one; a test's player is another."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_s: float = 10.0,
        answered: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Send once, follow nothing, answer status and body.

        The answer's headers go into `answered`, names in lower case: WeChat Pay signs its answers there.
        Raises: Unavailable when there is no answer, without the address in its text (an epay address holds the key).
        """
        ...

    def download(
        self, url: str, into: BinaryIO, *, headers: Mapping[str, str] | None = None, bytes_max: int, timeout_s: float = 300.0
    ) -> int:
        """GET a file piece by piece; answers the status. Only a body of status 200 is written.

        Raises: Unavailable as above, also in the middle of the file and for one longer than `bytes_max`.
        """
        ...


def is_callable_address(gateway: str) -> bool:
    """What the way out refuses is refused here already, where an operator reads why and no buyer waits."""
    try:
        address = urlsplit(gateway)
        port = address.port
    except ValueError:
        return False
    if address.scheme == "http":
        return address.hostname in _LOOPBACK
    return address.scheme == "https" and port in (None, 443) and "@" not in address.netloc
