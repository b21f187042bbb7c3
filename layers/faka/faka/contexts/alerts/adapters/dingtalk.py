"""DingTalk, the robot of a group with *additional signature*: `robot/send?access_token=&timestamp=&sign=`.

Documented: the signature is HMAC-SHA256, by the robot's secret, of the time in milliseconds, a line feed and the same secret; base64,
then as a part of an address; the time may differ by an hour. Status 200 for everything, `errcode` 0 is success. A message has at most
20,000 bytes. 20 messages a minute, above it 130101 (also seen: 410100) and ten minutes of silence; -1 is *busy*.
"""

import base64
import hashlib
import hmac
from typing import Final
from urllib.parse import quote_plus

from faka.contexts.alerts.base import AlertNotTaken, Request, Taken, Verdict, answer_of, code_of, refused
from faka.contexts.alerts.model import Message, cut
from faka.kernel.clock import Clock, epoch_ms
from faka.kernel.secret import Secret


GATEWAY: Final = "https://oapi.dingtalk.com"
TEXT_BYTES_MAX: Final = 18_000
"""Below the bound of a whole message, in which a quotation mark takes two."""

_FOR_GOOD: Final = frozenset({40035, 43004, 300005, 310000, 400013, 400101, 400102, 400105, 400106})
"""Wrong token, wrong signature or a rule of the robot's (keyword, network), no such group, robot stopped or gone."""


class Dingtalk:
    def __init__(self, gateway: str, access_token: Secret, secret: Secret, clock: Clock) -> None:
        self._gateway = gateway or GATEWAY
        self._access_token = access_token
        self._secret = secret
        self._clock = clock

    def request(self, message: Message) -> Request:
        at = epoch_ms(self._clock.now())
        query = f"access_token={self._access_token.reveal()}&timestamp={at}&sign={quote_plus(signature(at, self._secret))}"
        text = {"content": cut(message.whole, TEXT_BYTES_MAX)}
        return Request(f"{self._gateway}/robot/send?{query}", {"msgtype": "text", "text": text})

    def verdict(self, status: int, body: bytes) -> Verdict:
        answer = answer_of(status, body)
        code = code_of(answer, "errcode")
        if status == 200 and code == 0:
            return Taken()
        if code in _FOR_GOOD:
            return refused(code or 0, answer.get("errmsg"))
        raise AlertNotTaken(f"dingtalk {code if code is not None else status}")


def signature(at_ms: int, secret: Secret) -> str:
    """Base64, before it is made a part of an address."""
    key = secret.reveal()
    return base64.b64encode(hmac.new(key.encode(), f"{at_ms}\n{key}".encode(), hashlib.sha256).digest()).decode()
