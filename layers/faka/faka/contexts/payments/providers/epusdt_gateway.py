"""The gateway's scheme and its calls: JSON with an MD5 signature in it.

```
signature = md5( k=v joined by `&`, sorted, without `signature` and empty values  +  token )      nothing between the two
```
A number is signed in its shortest form whatever it was written as (`42`, `42.5`, never `42.00`), because the gateways parse it
into a float first; a text is signed as it is.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import Unreadable, members, text_of
from faka.contexts.payments.providers.base import EventState, ProviderUnavailable
from faka.contexts.payments.providers.canonical import AMOUNT, signed_text
from faka.kernel.errors import Unavailable
from faka.kernel.exchange import Transport
from faka.kernel.secret import Secret


STATES: Final = MappingProxyType(
    {
        "1": EventState.PENDING,
        "2": EventState.SUCCEEDED,
        "3": EventState.CLOSED,
        "4": EventState.CLOSED,
        "5": EventState.PENDING,
        "6": EventState.FAILED,
    }
)
"""Waiting, paid, expired; BEpusdt has three more: cancelled, seen on the chain and not yet sure, not confirmed by it."""

SEEN = "5"
UNSIGNED: Final = frozenset({"signature"})
_STATUS = re.compile(r"[0-9]{1,2}", re.ASCII)
_MISSING = frozenset({"订单不存在", "order not found"})
"""How BEpusdt says that it knows no such trade; epusdt says it by the code 10008."""


def shortest(number: str) -> str:
    """A decimal as Go prints the float that it becomes; empty for anything else. Below a million, which is all that is sold so."""
    if not AMOUNT.fullmatch(number):
        return ""
    whole, _, places = number.partition(".")
    whole, places = whole.lstrip("0") or "0", places.rstrip("0")
    return f"{whole}.{places}" if places else whole


def signature(values: Mapping[str, str], token: Secret) -> str:
    fields = {name: value.encode("utf-8", "surrogatepass") for name, value in values.items()}
    return hashlib.md5(signed_text(fields, UNSIGNED) + token.reveal().encode(), usedforsecurity=False).hexdigest()


class NoSuchCall(ProviderUnavailable):
    """This gateway does not have the call."""


class Gateway:
    """The gateway as one merchant sees it."""

    def __init__(self, account: ChannelAccount, transport: Transport) -> None:
        self._account = account
        self._transport = transport

    def signed(self, path: str, values: Mapping[str, str], numbers: frozenset[str] = frozenset()) -> dict[str, object]:
        """What the gateway answers to a signed call; `numbers` are written without quotes.

        Raises: NoSuchCall, ProviderUnavailable.
        """
        kept = {name: value for name, value in values.items() if value}
        kept["signature"] = signature(kept, self._account.secret)
        # Written by hand: a decimal amount would have to become a float first.
        pairs = (f"{json.dumps(name)}:{value if name in numbers else json.dumps(value)}" for name, value in kept.items())
        answer, _ = self._sent("POST", path, f"{{{','.join(pairs)}}}".encode())
        return answer

    def status(self, trade: str) -> tuple[str, str]:
        """The status of a trade, empty where the gateway knows none, and the fingerprint of its answer.

        epusdt puts it into `data`. BEpusdt puts it onto the outermost level, beside the chain's transaction: until it has found
        one it says the trade's own number there, and paid without one is nobody's payment.
        Raises: ProviderUnavailable.
        """
        answer, digest = self._sent("GET", f"pay/check-status/{trade}", b"")
        node = answer.get("data")
        told = node if isinstance(node, dict) else answer
        code, status = text_of(answer, "status_code"), text_of(told, "status")
        if code == "10008" or (code == "400" and text_of(answer, "message") in _MISSING):
            return "", digest
        if text_of(told, "trade_id") != trade or code not in ("", "200") or not _STATUS.fullmatch(status):
            raise ProviderUnavailable("epusdt did not answer about this trade")
        if STATES.get(status) is EventState.SUCCEEDED and text_of(told, "trade_hash") == trade:
            raise ProviderUnavailable("epusdt says paid and names no transaction of a chain")
        return status, digest

    def _sent(self, method: str, path: str, body: bytes) -> tuple[dict[str, object], str]:
        headers = {"Content-Type": "application/json"} if body else {}
        try:
            status, answer = self._transport.request(method, f"{self._account.gateway}{path}", headers=headers, body=body)
        except Unavailable as error:
            raise ProviderUnavailable("epusdt did not answer") from error
        if status in (404, 405):
            raise NoSuchCall("epusdt has no such call")
        if status != 200:
            raise ProviderUnavailable(f"epusdt says {status}")
        try:
            outer = members(answer)
        except Unreadable:
            raise ProviderUnavailable("epusdt's answer is unreadable") from None
        return {name: value for name, (value, _) in outer.items()}, hashlib.sha256(answer).hexdigest()
