"""The port of every way to staff.

```
message ─► request (pure) ─► the one way out ─► verdict (pure)
                                                 ├─ Taken      it is there
                                                 ├─ Refused    it never will be: a person must mend the route
                                                 └─ AlertNotTaken, raised: later; also for what nobody here understands
```
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from faka.contexts.alerts.model import Message, plain
from faka.kernel.errors import Rejected, Unavailable
from faka.kernel.exchange import Transport
from faka.kernel.secret import Secret


SEND_TIMEOUT_S: Final = 5.0
"""They answer in a tenth of it. Eight routes one after the other stay below a function's minute."""

SAID_MAX: Final = 160

_KEY: Final = re.compile(r"[A-Za-z0-9:_-]{6,256}", re.ASCII)
"""What all of them hand out: a UUID, 64 hexadecimal digits, a number with a colon and 35 letters, SEC and 64 digits, 22 letters."""


class AlertNotTaken(Unavailable):
    """Not now: no answer, too many messages, or an answer that nobody here understands."""


class AlertRouteBroken(Rejected):
    """The route's keys are missing or cannot be such keys."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The other side has it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It will be refused each time, until a person mends the route."""

    code: str
    """The provider's code, for logs: letters and digits."""
    said: str = ""
    """The provider's words, for the person who tests a route. Bounded, without our keys; never logged."""


Verdict = Taken | Refused


class Sender(Protocol):
    def send(self, message: Message) -> Verdict:
        """Raises: AlertNotTaken, OutboundFailed, MailUnavailable."""
        ...


class Request(NamedTuple):
    """Its address holds a key: nobody prints it."""

    url: str
    content: Mapping[str, object]


class Protocols(Protocol):
    """What one provider wants to be asked and how he answers. No I/O."""

    def request(self, message: Message) -> Request: ...

    def verdict(self, status: int, body: bytes) -> Verdict:
        """Raises: AlertNotTaken."""
        ...


class ByHttp:
    def __init__(self, protocol: Protocols, transport: Transport, secrets: Sequence[Secret]) -> None:
        self._protocol = protocol
        self._transport = transport
        self._secrets = secrets

    def send(self, message: Message) -> Verdict:
        asked = self._protocol.request(message)
        status, body = self._transport.request(
            "POST",
            asked.url,
            headers={"Content-Type": "application/json; charset=utf-8"},
            # Letters as they are: WeCom refuses the escapes of JSON (40033).
            body=json.dumps(asked.content, ensure_ascii=False).encode(),
            timeout_s=SEND_TIMEOUT_S,
        )
        found = self._protocol.verdict(status, body)
        # Bark repeats the device's key in its refusal.
        if isinstance(found, Refused) and any(secret.reveal() in found.said for secret in self._secrets):
            return Refused(found.code)
        return found


def refused(code: int, said: object) -> Refused:
    return Refused(str(code), plain(said, SAID_MAX) if isinstance(said, str) else "")


def answer_of(status: int, body: bytes) -> Mapping[str, object]:
    """The answer's object. A redirect is followed by nobody: it is no answer.

    Raises: AlertNotTaken, without a chain: a decoder's error carries the document.
    """
    try:
        found = json.loads(body.decode()) if not 300 <= status < 400 else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise AlertNotTaken(f"an unreadable answer of status {status}")
    return found


def code_of(answer: Mapping[str, object], name: str) -> int | None:
    """A whole number; `true` and `0.0` are none."""
    value = answer.get(name)
    return value if type(value) is int else None


def key_of(keys: Mapping[str, Secret], name: str) -> Secret:
    """A key that can stand in an address. Raises: AlertRouteBroken."""
    key = keys.get(name)
    if key is None or not _KEY.fullmatch(key.reveal()):
        raise AlertRouteBroken(f"{name} is missing or no such key")
    return key
