"""Bark, a push to an iPhone: `POST /push` of the public server or of one's own.

Documented: `{"code": 200, "message": "success", "timestamp": …}`, the code also as status; 400 for a key that no device has, whose
message repeats the key; 500 where Apple took nothing. A push has at most 4,096 bytes for everything.
"""

from typing import Final

from faka.contexts.alerts.base import AlertNotTaken, Request, Taken, Verdict, answer_of, code_of, refused
from faka.contexts.alerts.model import Message, cut
from faka.kernel.secret import Secret


GATEWAY: Final = "https://api.day.app"
TITLE_BYTES_MAX: Final = 256
TEXT_BYTES_MAX: Final = 2_048
"""With title, group and what the server adds still half of what Apple takes."""

_FOR_GOOD: Final = frozenset({400, 404, 410})


class Bark:
    def __init__(self, gateway: str, device_key: Secret) -> None:
        self._gateway = gateway or GATEWAY
        self._device_key = device_key

    def request(self, message: Message) -> Request:
        content = {
            "device_key": self._device_key.reveal(),
            "title": cut(message.title, TITLE_BYTES_MAX),
            "body": cut(message.text, TEXT_BYTES_MAX),
            "group": "faka",
            "level": "timeSensitive" if message.is_urgent else "active",
        }
        return Request(f"{self._gateway}/push", content)

    def verdict(self, status: int, body: bytes) -> Verdict:
        answer = answer_of(status, body)
        code = code_of(answer, "code")
        if status == 200 and code == 200:
            return Taken()
        if code in _FOR_GOOD:
            return refused(code or 0, answer.get("message"))
        raise AlertNotTaken(f"bark {code or status}")
