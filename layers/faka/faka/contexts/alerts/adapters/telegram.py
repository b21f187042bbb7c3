"""Telegram's Bot API, `sendMessage`, as plain text: nothing in a reason can be read as markup.

Documented: the token stands in the path; `{"ok": true, "result": …}` or `{"ok": false, "error_code": …, "description": …}`, the
code also as status; 429 carries `parameters.retry_after`; a text has 1 to 4,096 letters. A group takes 20 messages a minute.
"""

from typing import Final

from faka.contexts.alerts.base import AlertNotTaken, Request, Taken, Verdict, answer_of, code_of, refused
from faka.contexts.alerts.model import Message, cut
from faka.kernel.secret import Secret


GATEWAY: Final = "https://api.telegram.org"
TEXT_BYTES_MAX: Final = 4_096
"""Bytes instead of letters: less than what is allowed, and never more."""

_FOR_GOOD: Final = frozenset({400, 401, 403, 404})
"""No such chat, no such token, thrown out of the chat. Our text alone is never the reason: it is plain, short and not empty."""


class Telegram:
    def __init__(self, gateway: str, token: Secret, chat: str) -> None:
        self._gateway = gateway or GATEWAY
        self._token = token
        self._chat = chat

    def request(self, message: Message) -> Request:
        text = cut(message.whole, TEXT_BYTES_MAX)
        return Request(f"{self._gateway}/bot{self._token.reveal()}/sendMessage", {"chat_id": self._chat, "text": text})

    def verdict(self, status: int, body: bytes) -> Verdict:
        answer = answer_of(status, body)
        code = code_of(answer, "error_code")
        if status == 200 and answer.get("ok") is True:
            return Taken()
        if answer.get("ok") is False and code in _FOR_GOOD:
            return refused(code or 0, answer.get("description"))
        raise AlertNotTaken(f"telegram {code or status}")
