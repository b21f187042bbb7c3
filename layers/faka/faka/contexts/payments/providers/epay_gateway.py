"""Calls to an epay gateway of version 1: the key travels with each of them.

It stands in the address of a question (there is no other way) and in the body of a refund. It goes to the transport and into no
text, log or error.
"""

import hashlib
from urllib.parse import urlencode

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import Unreadable, members, text_of
from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.kernel.errors import Unavailable
from faka.kernel.exchange import Transport


class Gateway:
    """`api.php` as one merchant sees it."""

    def __init__(self, account: ChannelAccount, transport: Transport) -> None:
        self._account = account
        self._transport = transport

    def ask(self, act: str, asked: dict[str, str], form: dict[str, str] | None = None) -> tuple[dict[str, object], str]:
        """The members of an answer, and its fingerprint. With a form it is posted. Raises: ProviderUnavailable."""
        answer = self._answered(act, asked, form)
        return _members(answer), hashlib.sha256(answer).hexdigest()

    def page(self, offset: int, limit: int) -> tuple[bytes, dict[str, object]]:
        """A page of the list of orders. Some gateways count pages, others orders: each reads what it knows."""
        body = self._answered("orders", {"limit": str(limit), "offset": str(offset), "page": str(offset // limit + 1)}, None)
        values = _members(body)
        if text_of(values, "code") != "1":
            raise ProviderUnavailable("epay did not answer with its orders")
        return body, values

    def _answered(self, act: str, asked: dict[str, str], form: dict[str, str] | None) -> bytes:
        whose = {"pid": self._account.merchant_id, "key": self._account.secret.reveal()}
        query = urlencode({"act": act, **({} if form else whose), **asked})
        body = urlencode(whose | form).encode() if form else b""
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        failed = False
        try:
            status, answer = self._transport.request(
                "POST" if form else "GET", f"{self._account.gateway}api.php?{query}", headers=headers, body=body
            )
        except Unavailable:
            # No chain: whatever a transport puts into its error, the address with the key does not follow us.
            failed = True
        if failed or status != 200:
            raise ProviderUnavailable("epay did not answer")
        return answer


def _members(answer: bytes) -> dict[str, object]:
    try:
        return {name: value for name, (value, _) in members(answer).items()}
    except Unreadable:
        raise ProviderUnavailable("epay's answer is unreadable") from None
