"""Epay 易支付, version 1 with MD5: the protocol that most small aggregated gateways speak.

```
submit.php                the buyer goes there with a signed address
notice (GET, some POST)   MD5 over the fields and the shared key; no time, no nonce: it can be replayed for ever
api.php?act=order         the gateway's own word; the shared key travels in the address
```
MD5 with a key that several systems hold proves little, so `needs_query` is True: a notice only says *ask now*, and what
the query answers is applied. That query's address is the one place where a key leaves: it goes to the transport and into
no text, log or error.

Version 1 has no closing call. `close` answers NOT_FOUND: our own closing stands alone, and a payment that comes later goes
the late way. Forks differ in types (numbers, texts, null) and in method; they do not differ in the canonical text.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO
from urllib.parse import urlencode, urlsplit

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.adapter import Transport
from faka.contexts.payments.providers.answers import Unreadable, members, text_of
from faka.contexts.payments.providers.base import (
    Checkout,
    CheckoutKind,
    CloseResult,
    EventSource,
    EventState,
    Forged,
    HttpAnswer,
    Malformed,
    MethodNotOffered,
    PaymentEvent,
    PaymentOrder,
    ProviderUnavailable,
    RawRequest,
)
from faka.contexts.payments.providers.bill import BillCorrupt, BillFile, BillLine, BillNotReady
from faka.contexts.payments.providers.canonical import (
    AMOUNT,
    NUMBER,
    STATUS,
    Fields,
    beijing_time,
    form_fields,
    money_of,
    plain_subject,
    query_fields,
    signed_text,
    word,
)
from faka.contexts.payments.providers.refunding import RefundEvent, RefundNotOffered, RefundOrder
from faka.kernel.clock import Clock
from faka.kernel.errors import Unavailable
from faka.kernel.secret import Secret


SUBJECT_BYTES_MAX = 120
"""Forks cut the name at 127 bytes and then sign what they cut."""

_UNSIGNED = frozenset({"sign", "sign_type"})
_HEX32 = re.compile(rb"[0-9a-f]{32}")
_PAID_STATUS = {"0": EventState.PENDING, "1": EventState.SUCCEEDED, "2": EventState.REFUNDED}


def md5_signature(fields: Fields, key: Secret) -> str:
    """The key follows the canonical text directly, without a separator."""
    return hashlib.md5(signed_text(fields, _UNSIGNED) + key.reveal().encode(), usedforsecurity=False).hexdigest()


class Epay:
    """One merchant number at one gateway."""

    methods = frozenset({"epay"})
    needs_query = True

    def __init__(self, account: ChannelAccount, transport: Transport, clock: Clock) -> None:
        self.account = account
        self._transport = transport
        self._clock = clock

    @property
    def form_hosts(self) -> tuple[str, ...]:
        gateway = urlsplit(self.account.gateway)
        return (f"{gateway.scheme}://{gateway.netloc}",)

    def create(self, order: PaymentOrder) -> Checkout:
        """The signed address of the gateway's own page; no call, no key in it."""
        if order.method not in self.methods:
            raise MethodNotOffered("epay")
        if order.amount.currency is not self.account.currency:
            raise MethodNotOffered("epay: another currency")
        params = {
            "pid": self.account.merchant_id,
            "type": self.account.pay_type,
            "out_trade_no": order.out_trade_no,
            "notify_url": order.notify_url,
            "return_url": order.return_url,
            "name": plain_subject(order.subject, SUBJECT_BYTES_MAX),
            "money": order.amount.decimal(),
        }
        params = {name: value for name, value in params.items() if value}
        sign = md5_signature({name: value.encode() for name, value in params.items()}, self.account.secret)
        signed = params | {"sign": sign, "sign_type": "MD5"}
        return Checkout(
            kind=CheckoutKind.REDIRECT, url=f"{self.account.gateway}submit.php?{urlencode(signed)}", valid_until=order.expires_at
        )

    def parse_notice(self, raw: RawRequest) -> PaymentEvent:
        """Prove a notice, in the order: shape, algorithm, signature, account, content.

        Raises: Malformed, Forged.
        """
        fields = query_fields(raw) if raw.method == "GET" else form_fields(raw)
        if fields.get("sign_type") != b"MD5":
            raise Forged("not MD5")
        sign = fields.get("sign", b"")
        wanted = [md5_signature(fields, key).encode() for key in self.account.live("key")]
        if not _HEX32.fullmatch(sign) or not any(hmac.compare_digest(sign, one) for one in wanted):
            raise Forged("the signature is not the gateway's")
        if fields.get("pid") != self.account.merchant_id.encode():
            raise Forged("a notice for another account")
        trade_no, status = word(fields, "trade_no", NUMBER), word(fields, "trade_status", STATUS)
        return PaymentEvent(
            channel_id=self.account.id,
            kind=self.account.kind,
            source=EventSource.NOTICE,
            out_trade_no=word(fields, "out_trade_no", NUMBER),
            channel_txn_id=trade_no,
            state=EventState.SUCCEEDED if status == "TRADE_SUCCESS" else EventState.UNKNOWN,
            status=status,
            amount=money_of(word(fields, "money", AMOUNT), self.account.currency),
            dedupe_key=f"{trade_no}.{status}",
            raw_sha256=raw.sha256(),
        )

    def acknowledge(self, ok: bool) -> HttpAnswer:
        return HttpAnswer(status=200, body=b"success") if ok else HttpAnswer(status=503)

    def query(self, out_trade_no: str) -> PaymentEvent | None:
        """The gateway's word about one of our numbers.

        `code` 1 is an order, -1 is *no such order*; wrong key or merchant is another negative number and must not read
        as *nobody paid*.
        """
        values, digest = self._ask(out_trade_no)
        code = text_of(values, "code")
        if code == "-1" and not text_of(values, "out_trade_no"):
            return None
        trade_no, status = text_of(values, "trade_no"), text_of(values, "status")
        if code != "1" or text_of(values, "out_trade_no") != out_trade_no or text_of(values, "pid") != self.account.merchant_id:
            raise ProviderUnavailable("epay did not answer about this order")
        if not NUMBER.fullmatch(trade_no) or not re.fullmatch(r"[0-9]{1,2}", status, re.ASCII):
            raise ProviderUnavailable("epay's answer is unreadable")
        try:
            amount = money_of(text_of(values, "money"), self.account.currency)
        except Malformed:
            raise ProviderUnavailable("epay answered without an amount") from None
        return PaymentEvent(
            channel_id=self.account.id,
            kind=self.account.kind,
            source=EventSource.QUERY,
            out_trade_no=out_trade_no,
            channel_txn_id=trade_no,
            state=_PAID_STATUS.get(status, EventState.UNKNOWN),
            status=_status_word(status),
            amount=amount,
            paid_at=beijing_time(text_of(values, "endtime")),
            dedupe_key=f"query.{trade_no}.{status}",
            raw_sha256=digest,
        )

    def close(self, out_trade_no: str) -> CloseResult:  # noqa: ARG002 - the interface's, version 1 has nothing to close
        return CloseResult.NOT_FOUND

    def refund(self, order: RefundOrder) -> RefundEvent:  # noqa: ARG002
        raise RefundNotOffered(self.account.id)

    def query_refund(self, order: RefundOrder) -> RefundEvent | None:  # noqa: ARG002
        raise RefundNotOffered(self.account.id)

    def fetch_bill(self, day: date, into: BinaryIO) -> BillFile | None:  # noqa: ARG002
        raise BillNotReady(self.account.id)

    def parse_bill(self, day: date, source: BinaryIO) -> Iterator[BillLine]:  # noqa: ARG002
        raise BillCorrupt(self.account.id)

    def _ask(self, out_trade_no: str) -> tuple[dict[str, object], str]:
        params = {"act": "order", "pid": self.account.merchant_id, "key": self.account.secret.reveal(), "out_trade_no": out_trade_no}
        failed = False
        try:
            status, answer = self._transport.request("GET", f"{self.account.gateway}api.php?{urlencode(params)}")
        except Unavailable:
            # No chain: whatever a transport puts into its error, the address with the key does not follow us.
            failed = True
        if failed or status != 200:
            raise ProviderUnavailable("epay did not answer")
        try:
            outer = members(answer)
        except Unreadable:
            raise ProviderUnavailable("epay's answer is unreadable") from None
        return {name: value for name, (value, _) in outer.items()}, hashlib.sha256(answer).hexdigest()


def _status_word(status: str) -> str:
    return {"0": "NOT_PAID", "1": "PAID", "2": "REFUNDED", "3": "FROZEN", "4": "PREAUTHORISED"}.get(status, "OTHER")
