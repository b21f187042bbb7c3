"""Epay 易支付, version 2 with RSA: both sides sign, and every message carries its time.

```
api/pay/submit              the buyer goes there with a signed address
api/pay/create              the same by a call; answers where to go or what a QR says
notice (GET, some POST)     RSA over the fields, five minutes' window: it proves, `needs_query` is False
api/pay/query               the gateway's own word, signed
api/pay/close               not every gateway has it: then the order's own status says what can be said
api/pay/refund              *taken* only; api/pay/refundquery says whether it is done, by our own number
api/merchant/orders         the books (`epay_orders`)
```
"""

import re
from collections.abc import Iterator
from datetime import date
from types import MappingProxyType
from typing import BinaryIO, Final
from urllib.parse import urlencode, urlsplit

from faka.contexts.payments.providers import epay_orders
from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import text_of
from faka.contexts.payments.providers.base import (
    Checkout,
    CheckoutKind,
    CloseResult,
    Device,
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
    beijing_time,
    form_fields,
    money_of,
    plain_subject,
    query_fields,
    word,
)
from faka.contexts.payments.providers.epay_rsa_gateway import Gateway, Refused
from faka.contexts.payments.providers.refunding import RefundEvent, RefundOrder, RefundProgress
from faka.kernel.clock import Clock
from faka.kernel.exchange import Forged, HttpAnswer, Malformed, RawRequest, Transport


SUBJECT_BYTES_MAX: Final = 120
"""Forks cut the name at 127 bytes and then sign what they cut."""

PAY_INFO_MAX: Final = 2_048
_ADDRESS: Final = re.compile(r"(?:https?|weixin|alipays?|wxp)://[!-~]+", re.ASCII)
_TRADES: Final = MappingProxyType(
    {
        "0": (EventState.PENDING, "NOT_PAID"),
        "1": (EventState.SUCCEEDED, "PAID"),
        "2": (EventState.REFUNDED, "REFUNDED"),
        "3": (EventState.UNKNOWN, "FROZEN"),
        "4": (EventState.UNKNOWN, "PREAUTHORISED"),
    }
)
_REFUNDS: Final = MappingProxyType({"0": (RefundProgress.PROCESSING, "NOT_DONE"), "1": (RefundProgress.SUCCEEDED, "DONE")})


class EpayRsa:
    """One merchant number at one gateway."""

    methods = frozenset({"epay", "precreate"})
    needs_query = False

    def __init__(self, account: ChannelAccount, transport: Transport, clock: Clock) -> None:
        self.account = account
        self._clock = clock
        self._gateway = Gateway(account, transport, clock)

    @property
    def form_hosts(self) -> tuple[str, ...]:
        gateway = urlsplit(self.account.gateway)
        return (f"{gateway.scheme}://{gateway.netloc}",)

    def create(self, order: PaymentOrder) -> Checkout:
        """epay: the signed address of the gateway's own page, no call. precreate: a call, and what a QR says or where to go."""
        if order.method not in self.methods or (order.method == "precreate" and not self.account.pay_type):
            raise MethodNotOffered("epay")
        if order.amount.currency is not self.account.currency:
            raise MethodNotOffered("epay: another currency")
        params = {
            "type": self.account.pay_type,
            "out_trade_no": order.out_trade_no,
            "notify_url": order.notify_url,
            "return_url": order.return_url,
            "name": plain_subject(order.subject, SUBJECT_BYTES_MAX),
            "money": order.amount.decimal(),
        }
        if order.method == "precreate":
            return self._created(order, params)
        url = f"{self.account.gateway}api/pay/submit?{urlencode(self._gateway.signed(params))}"
        return Checkout(kind=CheckoutKind.REDIRECT, url=url, valid_until=order.expires_at)

    def _created(self, order: PaymentOrder, params: dict[str, str]) -> Checkout:
        device = "mobile" if order.device is Device.MOBILE else "pc"
        values, _ = self._gateway.call("api/pay/create", params | {"method": "web", "device": device, "clientip": order.client_ip})
        kinds = {"qrcode": CheckoutKind.QR, "jump": CheckoutKind.REDIRECT}
        kind, info = kinds.get(text_of(values, "pay_type")), text_of(values, "pay_info")
        if kind is None or len(info) > PAY_INFO_MAX or not _ADDRESS.fullmatch(info):
            raise ProviderUnavailable("epay answered with a way to pay that we do not show")
        if kind is CheckoutKind.REDIRECT and not info.startswith(("https://", f"{self.form_hosts[0]}/")):
            raise ProviderUnavailable("epay would send the buyer elsewhere")
        return Checkout(kind=kind, url=info, valid_until=order.expires_at)

    def parse_notice(self, raw: RawRequest) -> PaymentEvent:
        """Prove a notice, in the order: shape, algorithm, signature, time, account, content.

        Raises: Malformed, Forged.
        """
        fields = query_fields(raw) if raw.method == "GET" else form_fields(raw)
        self._gateway.prove(fields, raw.received_at or self._clock.now())
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
            paid_at=beijing_time(fields.get("endtime", b"").decode("latin-1")),
            dedupe_key=f"{trade_no}.{status}",
            raw_sha256=raw.sha256(),
        )

    def acknowledge(self, ok: bool) -> HttpAnswer:
        return HttpAnswer(status=200, body=b"success") if ok else HttpAnswer(status=503)

    def query(self, out_trade_no: str, *, provider_ref: str = "") -> PaymentEvent | None:  # noqa: ARG002 - our number is enough here
        """None: there is no such order, which is the rule until the buyer has been at the gateway."""
        try:
            values, digest = self._gateway.call("api/pay/query", {"out_trade_no": out_trade_no})
        except Refused as refusal:
            if refusal.number == "-1":
                return None
            raise
        trade_no, status = text_of(values, "trade_no"), text_of(values, "status")
        if text_of(values, "out_trade_no") != out_trade_no or text_of(values, "pid") != self.account.merchant_id:
            raise ProviderUnavailable("epay did not answer about this order")
        if not NUMBER.fullmatch(trade_no):
            raise ProviderUnavailable("epay's answer is unreadable")
        state, told = _TRADES.get(status, (EventState.UNKNOWN, "OTHER"))
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
            state=state,
            status=told,
            amount=amount,
            paid_at=beijing_time(text_of(values, "endtime")),
            dedupe_key=f"query.{trade_no}.{told}",
            raw_sha256=digest,
        )

    def close(self, out_trade_no: str, *, provider_ref: str = "") -> CloseResult:  # noqa: ARG002 - our number is enough here
        """Raises: ProviderUnavailable where neither the call nor the order's status says anything."""
        try:
            self._gateway.call("api/pay/close", {"out_trade_no": out_trade_no})
        except ProviderUnavailable:
            event = self.query(out_trade_no)
            is_paid = event is not None and event.state is not EventState.PENDING
            return CloseResult.ALREADY_PAID if is_paid else CloseResult.NOT_FOUND
        return CloseResult.CLOSED

    def refund(self, order: RefundOrder) -> RefundEvent:
        """Ask for it, then ask what became of it: 0 only means *taken*.

        Raises: ProviderUnavailable, also after a refusal, which proves nothing; the same number may be sent again.
        """
        params = {"trade_no": order.channel_txn_id, "out_trade_no": order.out_trade_no}
        params |= {"money": order.amount.decimal(), "out_refund_no": order.out_refund_no}
        try:
            values, digest = self._gateway.call("api/pay/refund", params)
        except Refused:
            known = self.query_refund(order)
            if known is None:
                raise
            return known
        known = self.query_refund(order)
        return known or self._refund_event(order, values, digest, RefundProgress.PROCESSING, "ACCEPTED")

    def query_refund(self, order: RefundOrder) -> RefundEvent | None:
        try:
            values, digest = self._gateway.call("api/pay/refundquery", {"out_refund_no": order.out_refund_no})
        except Refused as refusal:
            if refusal.number == "-1":
                return None
            raise
        state, told = _REFUNDS.get(text_of(values, "status"), (RefundProgress.UNKNOWN, "OTHER"))
        return self._refund_event(order, values, digest, state, told)

    def _refund_event(self, order: RefundOrder, values: dict[str, object], digest: str, state: RefundProgress, told: str) -> RefundEvent:
        """Raises: ProviderUnavailable when the answer is about something else."""
        number, trade_no = text_of(values, "refund_no"), text_of(values, "trade_no")
        if text_of(values, "out_refund_no") != order.out_refund_no or trade_no not in ("", order.channel_txn_id):
            raise ProviderUnavailable("epay did not answer about this refund")
        try:
            amount = money_of(text_of(values, "money"), self.account.currency)
        except Malformed:
            raise ProviderUnavailable("epay answered without an amount") from None
        return RefundEvent(
            channel_id=self.account.id,
            kind=self.account.kind,
            source=EventSource.QUERY,
            out_refund_no=order.out_refund_no,
            out_trade_no=order.out_trade_no,
            channel_txn_id=order.channel_txn_id,
            channel_refund_id=number if NUMBER.fullmatch(number) else "",
            state=state,
            status=told,
            amount=amount,
            finished_at=beijing_time(text_of(values, "endtime")) if state is RefundProgress.SUCCEEDED else None,
            dedupe_key=f"refund.{order.out_refund_no}.{told}",
            raw_sha256=digest,
        )

    def fetch_bill(self, day: date, into: BinaryIO) -> BillFile | None:
        return epay_orders.fetch(self.account, self._page, day, self._clock.now(), into)

    def parse_bill(self, day: date, source: BinaryIO) -> Iterator[BillLine]:
        return epay_orders.lines(self.account, day, source)

    def _page(self, offset: int, limit: int) -> tuple[bytes, dict[str, object]]:
        return self._gateway.body("api/merchant/orders", {"offset": str(offset), "limit": str(limit)})
