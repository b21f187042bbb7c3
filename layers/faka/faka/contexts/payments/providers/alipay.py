"""Alipay's open platform with RSA2: page, mobile page (wap), QR (precreate).

```
page, wap    address signed here, no call; the trade exists at Alipay only once the buyer has logged in there
precreate    one call, answers the text of a QR; the trade exists only once somebody has scanned it
```
So `ACQ.TRADE_NOT_EXIST` is the normal answer about an unpaid attempt, and every attempt carries `time_expire`, because an
address or a QR that we cannot close must die by itself.

A notice is signed over its fields without `sign` and `sign_type` (rule V1); a few platform notices keep `sign_type` (V2).
V1 is tried first, then V2, both over RSA2 only. A notice has no time window (`notify_time` is old on repeats), so replay is
stopped by `notify_id` and by the trade number, above.

A notice about a refund says which one (`out_biz_no`) but not how much: `refund_fee` is all that ever went back on the trade.
So it is a hint to ask about that refund (`alipay_refunds`), never a proof of its amount.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO
from urllib.parse import urlencode, urlsplit

from faka.contexts.payments.providers import alipay_bill, alipay_notice, alipay_refunds
from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.alipay_gateway import TIME, Gateway, Refused
from faka.contexts.payments.providers.answers import text_of
from faka.contexts.payments.providers.base import (
    AlreadyPaid,
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
    NUMBER,
    STATUS,
    beijing_time,
    money_of,
    plain_subject,
)
from faka.contexts.payments.providers.refunding import RefundEvent, RefundOrder
from faka.kernel.clock import SHANGHAI, Clock
from faka.kernel.exchange import HttpAnswer, Malformed, RawRequest, Transport


SUBJECT_BYTES_MAX = 256
QR_TEXT_MAX = 1024
_PRODUCTS = {
    "page": ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
    "wap": ("alipay.trade.wap.pay", "QUICK_WAP_WAY"),
    "precreate": ("alipay.trade.precreate", ""),
}
_QR = re.compile(r"https?://[!-~]+", re.ASCII)


class Alipay:
    """One application and seller at Alipay."""

    methods = frozenset(_PRODUCTS)
    needs_query = False

    def __init__(self, account: ChannelAccount, transport: Transport, clock: Clock) -> None:
        self.account = account
        self._transport = transport
        self._clock = clock
        self._gateway = Gateway(account, transport, clock)

    @property
    def form_hosts(self) -> tuple[str, ...]:
        gateway = urlsplit(self.account.gateway)
        onward = ("https://*.alipay.com",) if (gateway.hostname or "").endswith(".alipay.com") else ()
        return (f"{gateway.scheme}://{gateway.netloc}", *onward)

    # -- asking for money -----------------------------------------------------------------------------------------

    def create(self, order: PaymentOrder) -> Checkout:
        if order.method not in self.methods:
            raise MethodNotOffered("alipay")
        if order.amount.currency is not self.account.currency:
            raise MethodNotOffered("alipay: another currency")
        method, product = _PRODUCTS[order.method]
        goods = {
            "out_trade_no": order.out_trade_no,
            "total_amount": order.amount.decimal(),
            "subject": plain_subject(order.subject, SUBJECT_BYTES_MAX),
            "time_expire": order.expires_at.astimezone(SHANGHAI).strftime(TIME),
        }
        if order.method == "precreate":
            node = self._precreated(method, goods, order.notify_url)
            return Checkout(kind=CheckoutKind.QR, url=_qr_text(node), valid_until=order.expires_at)
        goods["product_code"] = product
        if order.method == "wap":
            goods["quit_url"] = order.return_url
        signed = self._gateway.signed(method, goods, {"notify_url": order.notify_url, "return_url": order.return_url})
        return Checkout(kind=CheckoutKind.REDIRECT, url=f"{self.account.gateway}?{urlencode(signed)}", valid_until=order.expires_at)

    def _precreated(self, method: str, goods: dict[str, str], notify_url: str) -> dict[str, object]:
        try:
            return self._gateway.call(method, goods, {"notify_url": notify_url})
        except Refused as refusal:
            if refusal.sub_code == "ACQ.TRADE_HAS_SUCCESS":
                raise AlreadyPaid("alipay") from refusal
            raise

    # -- notices --------------------------------------------------------------------------------------------------

    def parse_notice(self, raw: RawRequest) -> PaymentEvent | RefundEvent:
        """Raises: Malformed, Forged."""
        return alipay_notice.parse(self.account, self._gateway.provider_key, raw)

    def acknowledge(self, ok: bool) -> HttpAnswer:
        """Seven bytes end the repeats; anything else keeps them coming for 25 hours."""
        return HttpAnswer(status=200, body=b"success") if ok else HttpAnswer(status=503)

    # -- asking and closing ---------------------------------------------------------------------------------------

    def query(self, out_trade_no: str, *, provider_ref: str = "") -> PaymentEvent | None:  # noqa: ARG002 - our number is enough here
        try:
            node = self._gateway.call("alipay.trade.query", {"out_trade_no": out_trade_no})
        except Refused as refusal:
            if refusal.sub_code == "ACQ.TRADE_NOT_EXIST":
                return None
            raise
        status, trade_no = text_of(node, "trade_status"), text_of(node, "trade_no")
        if text_of(node, "out_trade_no") != out_trade_no or not STATUS.fullmatch(status) or not NUMBER.fullmatch(trade_no):
            raise ProviderUnavailable("alipay answered about something else")
        state = alipay_notice.STATES.get(status, EventState.UNKNOWN)
        if state is EventState.CLOSED and text_of(node, "send_pay_date"):
            # Closed after a full refund looks like closed unpaid, but for the date of the payment.
            state = EventState.REFUNDED
        try:
            amount = money_of(text_of(node, "total_amount"), self.account.currency)
        except Malformed:
            raise ProviderUnavailable("alipay answered without an amount") from None
        return PaymentEvent(
            channel_id=self.account.id,
            kind=self.account.kind,
            source=EventSource.QUERY,
            out_trade_no=out_trade_no,
            channel_txn_id=trade_no,
            state=state,
            status=status,
            amount=amount,
            paid_at=beijing_time(text_of(node, "send_pay_date")),
            payer_ref=alipay_notice.pseudonym(self.account, text_of(node, "buyer_user_id").encode()),
            dedupe_key=f"query.{trade_no}.{status}",
            raw_sha256=hashlib.sha256(json.dumps(node, sort_keys=True).encode()).hexdigest(),
        )

    def close(self, out_trade_no: str, *, provider_ref: str = "") -> CloseResult:  # noqa: ARG002 - our number is enough here
        try:
            self._gateway.call("alipay.trade.close", {"out_trade_no": out_trade_no})
        except Refused as refusal:
            if refusal.sub_code == "ACQ.TRADE_NOT_EXIST":
                return CloseResult.NOT_FOUND
            if refusal.sub_code != "ACQ.TRADE_STATUS_ERROR":
                raise
            # Said of a paid trade and of one that was closed before; which of them, only a question tells.
            event = self.query(out_trade_no)
            if event is not None and event.state in (EventState.SUCCEEDED, EventState.REFUNDED):
                return CloseResult.ALREADY_PAID
            if event is not None and event.state is EventState.CLOSED:
                return CloseResult.CLOSED
            raise
        return CloseResult.CLOSED

    # -- giving back, and the books ---------------------------------------------------------------------------------

    def refund(self, order: RefundOrder) -> RefundEvent:
        return alipay_refunds.refund(self.account, self._gateway, order)

    def query_refund(self, order: RefundOrder) -> RefundEvent | None:
        return alipay_refunds.query_refund(self.account, self._gateway, order)

    def fetch_bill(self, day: date, into: BinaryIO) -> BillFile | None:
        return alipay_bill.fetch(self.account, self._gateway, self._transport, day, self._clock.now(), into)

    def parse_bill(self, day: date, source: BinaryIO) -> Iterator[BillLine]:
        return alipay_bill.lines(self.account, day, source)


def _qr_text(node: dict[str, object]) -> str:
    text = text_of(node, "qr_code")
    if len(text) > QR_TEXT_MAX or not _QR.fullmatch(text):
        raise ProviderUnavailable("alipay answered without a QR")
    return text
