"""The mails that the shop sent, read from the local cloud's mail service."""

import json
from typing import Any
from urllib.parse import urlsplit

import urllib3


LOOPBACK = ("127.0.0.1", "localhost", "::1")
SHOWN_MAX = 50
Mail = dict[str, Any]


class Mailbox:
    """`source` is the address of the local cloud, such as `http://127.0.0.1:4566`; empty shows nothing."""

    def __init__(self, source: str) -> None:
        if source and urlsplit(source).hostname not in LOOPBACK:
            raise ValueError("the mailbox reads from this machine only")
        self._source = source.rstrip("/")
        self._http = urllib3.PoolManager(retries=False, timeout=5.0)

    def read(self) -> tuple[list[Mail], str]:
        """The newest mails first, and what went wrong."""
        if not self._source:
            return [], "no mail service was given (--mail)"
        try:
            answer = self._http.request("GET", f"{self._source}/_ministack/ses/messages")
            accounts = json.loads(answer.data)["messages"]
        except (urllib3.exceptions.HTTPError, ValueError, KeyError) as error:
            return [], f"the mail service does not answer: {type(error).__name__}"
        mails: list[Mail] = [mail for box in accounts.values() for mail in box]
        mails.sort(key=lambda mail: float(mail.get("Timestamp", 0)), reverse=True)
        return mails[:SHOWN_MAX], ""
