"""WeCom, the robot of a group: `webhook/send?key=`.

Documented: status 200 for everything, `errcode` 0 is success; a text has at most 2,048 bytes; 20 messages a minute, above it 45009;
-1 is *busy*; 93000 is a wrong key, and also a text that is too long; an escape of JSON in the text may be refused (40033).
"""

from typing import Final

from faka.contexts.alerts.base import AlertNotTaken, Request, Taken, Verdict, answer_of, code_of, refused
from faka.contexts.alerts.model import Message, cut
from faka.kernel.secret import Secret


GATEWAY: Final = "https://qyapi.weixin.qq.com"
TEXT_BYTES_MAX: Final = 2_048

_FOR_GOOD: Final = frozenset({40001, 40008, 40033, 40035, 40058, 93000})
"""Wrong key, or a message that this robot does not take. What is not among them is tried again, and rings when it does not end."""


class Wecom:
    def __init__(self, gateway: str, key: Secret) -> None:
        self._gateway = gateway or GATEWAY
        self._key = key

    def request(self, message: Message) -> Request:
        text = {"content": cut(message.whole, TEXT_BYTES_MAX)}
        return Request(f"{self._gateway}/cgi-bin/webhook/send?key={self._key.reveal()}", {"msgtype": "text", "text": text})

    def verdict(self, status: int, body: bytes) -> Verdict:
        answer = answer_of(status, body)
        code = code_of(answer, "errcode")
        if status == 200 and code == 0:
            return Taken()
        if code in _FOR_GOOD:
            return refused(code or 0, answer.get("errmsg"))
        raise AlertNotTaken(f"wecom {code if code is not None else status}")
