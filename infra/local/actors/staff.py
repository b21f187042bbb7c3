"""Players of the ways to staff: Telegram, Bark, WeCom and DingTalk, each with one chat, at `{base}/{kind}/…`.

They judge keys, signatures, lengths and the number of messages as the real ones do, and answer in their words. What arrived is in
`received`. `ways[kind]` says what happens instead of an answer: refuse, throttle, busy, garbage, redirect, cut.

`POST /_control {"staff": "wecom", "way": "throttle"}` sets it from outside, an empty way ends it; `GET /_staff` shows what arrived.
"""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from typing import Any, Final

from infra.local.actors.desk import Answered, Asked


KINDS: Final = ("telegram", "bark", "wecom", "dingtalk")
MINUTE_MAX: Final = 20
"""Messages of one chat in any sixty seconds; Bark counts none."""
CHAT: Final = "-1001234567890"
WECOM_BYTES_MAX: Final = 2_048
DINGTALK_BYTES_MAX: Final = 20_000
TELEGRAM_LETTERS_MAX: Final = 4_096
BARK_BYTES_MAX: Final = 4_096
HOUR_MS: Final = 3_600_000


def new_secrets(kind: str, letters: Callable[[int], str]) -> dict[str, str]:
    return {
        "telegram": lambda: {"token": f"7000000001:{letters(35)}"},
        "bark": lambda: {"device_key": letters(22)},
        "wecom": lambda: {"key": f"{letters(8)}-{letters(4)}-{letters(4)}-{letters(12)}"},
        "dingtalk": lambda: {"access_token": letters(64), "secret": f"SEC{letters(64)}"},
    }[kind]()


class StaffDesk:
    def __init__(self, keys: Callable[[str], Any], base: str, now: Callable[[], float]) -> None:
        self._keys = keys
        self._base = base
        self._now = now
        self._turn = threading.Lock()
        self._times: dict[str, list[float]] = {kind: [] for kind in KINDS}
        self.received: dict[str, list[str]] = {kind: [] for kind in KINDS}
        self.ways: dict[str, str] = {}
        self.calls = dict.fromkeys(KINDS, 0)

    def route(self, kind: str) -> dict[str, Any]:
        """What the shop must know: an alert route's row, and `secret`."""
        target = CHAT if kind == "telegram" else ""
        row = {"id": f"player-{kind}", "kind": kind, "target": target, "gateway": f"{self._base}/{kind}", "enabled": True}
        return {**row, "secret": dict(self._keys(kind))}

    def control(self, order: dict[str, Any]) -> dict[str, Any]:
        """Raises: KeyError for an order that is none."""
        self.ways[str(order["staff"])] = str(order["way"])
        return {}

    def serve(self, kind: str, asked: Asked) -> Answered | None:
        """None where the line is cut: the message may have been taken all the same."""
        with self._turn:
            self.calls[kind] += 1
            match self.ways.get(kind, ""):
                case "garbage":
                    return Answered(200, b"<html>busy</html>", "text/html")
                case "redirect":
                    return Answered(302, b"", headers={"Location": "https://elsewhere.test/"})
                case "refuse":
                    return self._refusal(kind)
                case "throttle":
                    return self._throttled(kind)
                case "busy":
                    return Answered(503, b"")
                case "cut":
                    self._judged(kind, asked)
                    return None
            return self._judged(kind, asked)

    def _judged(self, kind: str, asked: Asked) -> Answered:
        judge = {"telegram": self._telegram, "bark": self._bark, "wecom": self._wecom, "dingtalk": self._dingtalk}[kind]
        try:
            content = json.loads(asked.body)
        except ValueError:
            content = {}
        text = judge(asked, content) if asked.method == "POST" and isinstance(content, dict) else None
        if text is None:
            return self._refusal(kind)
        if self._is_too_fast(kind):
            return self._throttled(kind)
        self.received[kind].append(text)
        return self._taken(kind)

    def _is_too_fast(self, kind: str) -> bool:
        now = self._now()
        self._times[kind] = [at for at in self._times[kind] if now - at < 60]
        if kind != "bark" and len(self._times[kind]) >= MINUTE_MAX:
            return True
        self._times[kind].append(now)
        return False

    # -- what each of them wants: the text, or None ------------------------------------------------------------------------------

    def _telegram(self, asked: Asked, content: dict[str, Any]) -> str | None:
        text = content.get("text", "")
        is_fine = asked.page == f"bot{self._keys('telegram')['token']}/sendMessage" and content.get("chat_id") == CHAT
        return text if is_fine and 0 < len(text) <= TELEGRAM_LETTERS_MAX else None

    def _bark(self, asked: Asked, content: dict[str, Any]) -> str | None:
        is_fine = asked.page == "push" and content.get("device_key") == self._keys("bark")["device_key"]
        return f"{content.get('title')}\n{content.get('body')}" if is_fine and len(asked.body) <= BARK_BYTES_MAX else None

    def _wecom(self, asked: Asked, content: dict[str, Any]) -> str | None:
        is_fine = asked.page == "cgi-bin/webhook/send" and dict(asked.query).get("key") == self._keys("wecom")["key"]
        text = _text(content)
        return text if is_fine and 0 < len(text.encode()) <= WECOM_BYTES_MAX and rb"\u" not in asked.body else None

    def _dingtalk(self, asked: Asked, content: dict[str, Any]) -> str | None:
        own, query = self._keys("dingtalk"), dict(asked.query)
        at = query.get("timestamp", "")
        digest = hmac.new(own["secret"].encode(), f"{at}\n{own['secret']}".encode(), hashlib.sha256).digest()
        is_signed = query.get("sign") == base64.b64encode(digest).decode() and at.isdigit()
        is_fine = is_signed and abs(int(at) - self._now() * 1000) < HOUR_MS and query.get("access_token") == own["access_token"]
        text = _text(content)
        return text if is_fine and asked.page == "robot/send" and text and len(asked.body) <= DINGTALK_BYTES_MAX else None

    # -- their words -------------------------------------------------------------------------------------------------------------

    def _taken(self, kind: str) -> Answered:
        return {
            "telegram": _said(200, ok=True, result={"message_id": len(self.received[kind])}),
            "bark": _said(200, code=200, message="success", timestamp=int(self._now())),
        }.get(kind, _said(200, errcode=0, errmsg="ok"))

    def _refusal(self, kind: str) -> Answered:
        key = self._keys("bark")["device_key"]
        return {
            "telegram": _said(400, ok=False, error_code=400, description="Bad Request: chat not found"),
            "bark": _said(400, code=400, message=f"failed to get device token: failed to get [{key}] device token from database"),
            "wecom": _said(200, errcode=93000, errmsg="invalid webhook url, hint: [1700000000_1]"),
            "dingtalk": _said(200, errcode=310000, errmsg="sign not match"),
        }[kind]

    def _throttled(self, kind: str) -> Answered:
        return {
            "telegram": _said(429, ok=False, error_code=429, description="Too Many Requests", parameters={"retry_after": 30}),
            "bark": _said(429, code=429, message="too many requests"),
            "wecom": _said(200, errcode=45009, errmsg="api freq out of limit"),
            "dingtalk": _said(200, errcode=130101, errmsg="send too fast, exceed 20 times per minute"),
        }[kind]


def _text(content: dict[str, Any]) -> str:
    text = content.get("text")
    return str(text.get("content", "")) if content.get("msgtype") == "text" and isinstance(text, dict) else ""


def _said(status: int, **content: Any) -> Answered:
    return Answered(status, json.dumps(content, ensure_ascii=False).encode())
