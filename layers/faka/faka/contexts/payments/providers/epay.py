"""Epay 易支付, version 1 with MD5: the protocol that most small aggregated gateways speak.

```
submit.php                the buyer goes there with a signed address
notice (GET, some POST)   MD5 over the fields and the shared key; no time, no nonce: it can be replayed for ever
api.php?act=order         the gateway's own word; the shared key travels in the address
```
MD5 with a key that several systems hold proves little, so `needs_query` is True: a notice only says *ask now*, and what the query
answers is applied. Forks differ in types (numbers, texts, null) and in method; they do not differ in the canonical text.

There is no closing call (late money goes the late way), and a refund has no number: the same call again is a second one. So only
a whole amount goes back by it, which can happen once; what became of it, the order's own status says.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO
from urllib.parse import urlencode, urlsplit

from faka.contexts.payments.providers import epay_orders
from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import text_of
from faka.contexts.payments.providers.base import (
    Checkout,
    CheckoutKind,
    CloseResult,
    EventSource,
    EventState,
    MethodNotOffered,
    PaymentEvent,
    PaymentOrder,
    ProviderUnavailable,
)
from faka.contexts.payments.providers.bill import BillFile, BillLine
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
from faka.contexts.payments.providers.epay_gateway import Gateway
from faka.contexts.payments.providers.refunding import (
    RefundDelayed,
    RefundEvent,
    RefundNotOffered,
    RefundOrder,
    RefundProgress,
    RefundRefused,
)
from faka.kernel.clock import Clock
from faka.kernel.exchange import Forged, HttpAnswer, Malformed, RawRequest, Transport
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
        self._gateway = Gateway(account, transport)
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

    def query(self, out_trade_no: str, *, provider_ref: str = "") -> PaymentEvent | None:  # noqa: ARG002 - our number is enough here
        """The gateway's word about one of our numbers.

        `code` 1 is an order, -1 is *no such order*; wrong key or merchant is another negative number and must not read
        as *nobody paid*.
        """
        values, digest = self._gateway.ask("order", {"out_trade_no": out_trade_no})
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

    def close(self, out_trade_no: str, *, provider_ref: str = "") -> CloseResult:  # noqa: ARG002 - the interface's, version 1 has nothing to close
        return CloseResult.NOT_FOUND

    def refund(self, order: RefundOrder) -> RefundEvent:
        """Give back the whole amount. Gateways say 0 or 1 for *taken*; whether it is done, the order's status says.

        Raises: RefundNotOffered for a part, RefundRefused, RefundDelayed, ProviderUnavailable.
        """
        known = self._refund_known(order)
        if known is not None:
            return known
        form = {"trade_no": order.channel_txn_id, "money": order.amount.decimal()}
        values, _ = self._gateway.ask("refund", {}, form)
        if known := self._refund_known(order):
            return known
        if text_of(values, "code") not in ("0", "1"):
            raise RefundDelayed(self.account.id)
        return self._refunded(order, RefundProgress.PROCESSING, "ACCEPTED")

    def query_refund(self, order: RefundOrder) -> RefundEvent | None:
        """Raises: RefundNotOffered where the order is still paid: an order's status cannot tell *not yet* from *never*."""
        known = self._refund_known(order)
        if known is None:
            raise RefundNotOffered(self.account.id)
        return known

    def fetch_bill(self, day: date, into: BinaryIO) -> BillFile | None:
        return epay_orders.fetch(self.account, self._gateway.page, day, self._clock.now(), into)

    def parse_bill(self, day: date, source: BinaryIO) -> Iterator[BillLine]:
        return epay_orders.lines(self.account, day, source)

    def _refund_known(self, order: RefundOrder) -> RefundEvent | None:
        """What the order's status says about a refund of all of it; None while it is paid.

        Raises: RefundNotOffered, RefundRefused, ProviderUnavailable.
        """
        if order.amount != order.total:
            raise RefundNotOffered(self.account.id)
        event = self.query(order.out_trade_no)
        if event is None or event.channel_txn_id != order.channel_txn_id or event.amount != order.total:
            raise RefundNotOffered(self.account.id)
        if event.state is EventState.REFUNDED:
            return self._refunded(order, RefundProgress.SUCCEEDED, event.status)
        if event.state is not EventState.SUCCEEDED:
            raise RefundRefused(event.status.replace("_", ""))
        return None

    def _refunded(self, order: RefundOrder, state: RefundProgress, status: str) -> RefundEvent:
        return RefundEvent(
            channel_id=self.account.id,
            kind=self.account.kind,
            source=EventSource.QUERY,
            out_refund_no=order.out_refund_no,
            out_trade_no=order.out_trade_no,
            channel_txn_id=order.channel_txn_id,
            channel_refund_id="",
            state=state,
            status=status,
            amount=order.amount,
            dedupe_key=f"refund.{order.out_refund_no}.{status}",
            raw_sha256=hashlib.sha256(f"{order.out_refund_no} {status}".encode()).hexdigest(),
        )


def _status_word(status: str) -> str:
    return {"0": "NOT_PAID", "1": "PAID", "2": "REFUNDED", "3": "FROZEN", "4": "PREAUTHORISED"}.get(status, "OTHER")
