"""WeChat Pay, API v3 for a merchant of its own: QR (native), the phone's browser (h5), inside WeChat (jsapi).

```
native   the text of a QR, good for two hours
h5       an address of WeChat's own, good for five minutes, that leads back by its `redirect_url`
jsapi    what the page hands to WeChat's bridge, signed with our key; it needs the payer's openid
```
Notices are read in `wechatpay_notice`, bills in `wechatpay_books` and `wechatpay_bill`; `wechatpay_gateway` signs and proves.

`amount.total` is what the order costs; `payer_total` is less where the buyer had a coupon, and decides nothing.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import BinaryIO
from urllib.parse import quote, urlencode

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import text_of
from faka.contexts.payments.providers.base import (
    AlreadyPaid,
    Checkout,
    CheckoutKind,
    CloseResult,
    EventSource,
    MethodNotOffered,
    PaymentEvent,
    PaymentOrder,
    ProviderUnavailable,
)
from faka.contexts.payments.providers.bill import BillFile, BillLine
from faka.contexts.payments.providers.canonical import STATUS, plain_subject
from faka.contexts.payments.providers.refunding import RefundDelayed, RefundEvent, RefundOrder, RefundRefused
from faka.contexts.payments.providers.wechatpay_bill import parse_bill
from faka.contexts.payments.providers.wechatpay_books import fetch_bill
from faka.contexts.payments.providers.wechatpay_facts import Facts, payment_event, refund_event, word
from faka.contexts.payments.providers.wechatpay_gateway import Gateway, Refused, is_theirs
from faka.contexts.payments.providers.wechatpay_notice import read_notice
from faka.kernel.clock import SHANGHAI, Clock, epoch_s
from faka.kernel.exchange import HttpAnswer, Malformed, RawRequest, Transport


DESCRIPTION_BYTES_MAX = 127
REASON_BYTES_MAX = 80
CODE_LIFE = timedelta(hours=2)
H5_LIFE = timedelta(minutes=5)

_CLOSED = frozenset({"ORDER_CLOSED", "ORDERCLOSED"})
_NO_ORDER = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST"})
_NO_REFUND = frozenset({"RESOURCE_NOT_EXISTS", "RESOURCE_NOT_EXIST"})
_LATER = frozenset({"NOT_ENOUGH", "FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED"})
_NEVER = frozenset({"INVALID_REQUEST", "PARAM_ERROR", "USER_ACCOUNT_ABNORMAL", "TRADE_OVERDUE", *_NO_REFUND})
_PAID = "ORDERPAID"
_OPENID = re.compile(r"[0-9A-Za-z_-]{1,128}", re.ASCII)
_PREPAY = re.compile(r"[0-9A-Za-z_=-]{1,128}", re.ASCII)
_CODE_URL = re.compile(r"(?:weixin|https?)://[!-~]{1,500}", re.ASCII)
_H5_URL = re.compile(r"https?://[!-~]{1,1000}", re.ASCII)


class WechatPay:
    """One merchant number and application at WeChat Pay."""

    methods = frozenset({"native", "h5", "jsapi"})
    needs_query = False

    def __init__(self, account: ChannelAccount, transport: Transport, clock: Clock) -> None:
        self.account = account
        self._clock = clock
        self._gateway = Gateway(account, transport, clock)

    @property
    def form_hosts(self) -> tuple[str, ...]:
        """Only h5 leaves the page for another host."""
        return ("https://wx.tenpay.com",) if is_theirs(self._gateway.origin) else (self._gateway.origin,)

    # -- asking for money -----------------------------------------------------------------------------------------

    def create(self, order: PaymentOrder) -> Checkout:
        content = self._ordered(order)
        try:
            answer = self._gateway.call("POST", f"/v3/pay/transactions/{order.method}", content)
        except Refused as refusal:
            if refusal.reason == _PAID:
                raise AlreadyPaid("wechatpay") from refusal
            raise
        now = self._clock.now()
        match order.method:
            case "native":
                url = _text(answer, "code_url", _CODE_URL)
                return Checkout(kind=CheckoutKind.QR, url=url, valid_until=min(order.expires_at, now + CODE_LIFE))
            case "h5":
                url = _text(answer, "h5_url", _H5_URL)
                if order.return_url:
                    url += f"{'&' if '?' in url else '?'}redirect_url={quote(order.return_url, safe='')}"
                return Checkout(kind=CheckoutKind.REDIRECT, url=url, valid_until=min(order.expires_at, now + H5_LIFE))
            case _:
                fields = self._bridge(_text(answer, "prepay_id", _PREPAY))
                return Checkout(kind=CheckoutKind.BRIDGE, url="", fields=fields, valid_until=min(order.expires_at, now + CODE_LIFE))

    def _ordered(self, order: PaymentOrder) -> dict[str, object]:
        """Raises: MethodNotOffered."""
        if order.method not in self.methods:
            raise MethodNotOffered("wechatpay")
        if order.amount.currency is not self.account.currency:
            raise MethodNotOffered("wechatpay: another currency")
        more: dict[str, object] = {}
        if order.method == "jsapi":
            if not _OPENID.fullmatch(order.payer_id):
                raise MethodNotOffered("wechatpay: jsapi without a payer")
            more["payer"] = {"openid": order.payer_id}
        if order.method == "h5":
            if not order.client_ip:
                raise MethodNotOffered("wechatpay: h5 without the buyer's address")
            more["scene_info"] = {"payer_client_ip": order.client_ip, "h5_info": {"type": "Wap"}}
        return {
            "appid": self.account.identity["appid"],
            "mchid": self.account.merchant_id,
            "description": plain_subject(order.subject, DESCRIPTION_BYTES_MAX),
            "out_trade_no": order.out_trade_no,
            "time_expire": order.expires_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
            "notify_url": order.notify_url,
            "amount": {"total": order.amount.minor, "currency": order.amount.currency.value},
            **more,
        }

    def _bridge(self, prepay_id: str) -> tuple[tuple[str, str], ...]:
        appid, time = self.account.identity["appid"], str(epoch_s(self._clock.now()))
        nonce, package = self._gateway.nonce("bridge", prepay_id), f"prepay_id={prepay_id}"
        signature = self._gateway.signed(f"{appid}\n{time}\n{nonce}\n{package}\n")
        return (
            *(("appId", appid), ("timeStamp", time), ("nonceStr", nonce)),
            *(("package", package), ("signType", "RSA"), ("paySign", signature)),
        )

    # -- notices --------------------------------------------------------------------------------------------------

    def parse_notice(self, raw: RawRequest) -> PaymentEvent | RefundEvent:
        return read_notice(self.account, self._gateway, raw, raw.received_at or self._clock.now())

    def acknowledge(self, ok: bool) -> HttpAnswer:
        """Any 2xx without a body ends the repeats; a failure keeps them coming, 15 times within a day."""
        if ok:
            return HttpAnswer(status=200)
        return HttpAnswer(status=503, body=b'{"code":"FAIL","message":"later"}', content_type="application/json")

    # -- asking and closing ---------------------------------------------------------------------------------------

    def query(self, out_trade_no: str, *, provider_ref: str = "") -> PaymentEvent | None:  # noqa: ARG002 - our number is enough here
        try:
            facts = self._gateway.call("GET", f"{_trade(out_trade_no)}?{urlencode({'mchid': self.account.merchant_id})}")
        except Refused as refusal:
            if refusal.reason in _NO_ORDER:
                return None
            raise
        said = [text_of(facts, name) for name in ("out_trade_no", "mchid", "appid")]
        if said != [out_trade_no, self.account.merchant_id, self.account.identity["appid"]]:
            raise ProviderUnavailable("wechatpay answered about something else")
        try:
            return payment_event(self.account, EventSource.QUERY, facts, digest=_digest(facts))
        except Malformed:
            raise ProviderUnavailable("wechatpay's answer is unreadable") from None

    def close(self, out_trade_no: str, *, provider_ref: str = "") -> CloseResult:  # noqa: ARG002 - our number is enough here
        try:
            self._gateway.call("POST", f"{_trade(out_trade_no)}/close", {"mchid": self.account.merchant_id})
        except Refused as refusal:
            if refusal.reason == _PAID:
                return CloseResult.ALREADY_PAID
            if refusal.reason in _NO_ORDER:
                return CloseResult.NOT_FOUND
            if refusal.reason not in _CLOSED:
                raise
        return CloseResult.CLOSED

    # -- giving money back ----------------------------------------------------------------------------------------

    def refund(self, order: RefundOrder) -> RefundEvent:
        paid = {"transaction_id": order.channel_txn_id} if order.channel_txn_id else {"out_trade_no": order.out_trade_no}
        content = {
            **paid,
            "out_refund_no": order.out_refund_no,
            "reason": plain_subject(order.reason, REASON_BYTES_MAX),
            "notify_url": order.notify_url,
            "amount": {"refund": order.amount.minor, "total": order.total.minor, "currency": order.total.currency.value},
        }
        try:
            facts = self._gateway.call("POST", "/v3/refund/domestic/refunds", content)
        except Refused as refusal:
            if refusal.reason in _LATER:
                raise RefundDelayed(refusal.reason) from refusal
            if refusal.reason not in _NEVER:
                raise
            # A second telling may be refused because the first one, whose answer was lost, did it.
            event = self.query_refund(order)
            if event is None:
                raise RefundRefused(refusal.reason) from refusal
            return event
        return self._about(order, facts)

    def query_refund(self, order: RefundOrder) -> RefundEvent | None:
        try:
            facts = self._gateway.call("GET", f"/v3/refund/domestic/refunds/{quote(order.out_refund_no, safe='')}")
        except Refused as refusal:
            if refusal.reason in _NO_REFUND:
                return None
            raise
        return self._about(order, facts)

    def _about(self, order: RefundOrder, facts: Facts) -> RefundEvent:
        """An answer names no merchant: what ties it to us is our number, which nobody else has at this one."""
        if (text_of(facts, "out_refund_no"), text_of(facts, "out_trade_no")) != (order.out_refund_no, order.out_trade_no):
            raise ProviderUnavailable("wechatpay answered about another refund")
        try:
            return refund_event(self.account, EventSource.QUERY, facts, status=word(facts, "status", STATUS), digest=_digest(facts))
        except Malformed:
            raise ProviderUnavailable("wechatpay's answer is unreadable") from None

    # -- the day's books ------------------------------------------------------------------------------------------

    def fetch_bill(self, day: date, into: BinaryIO) -> BillFile | None:
        return fetch_bill(self._gateway, day, into)

    def parse_bill(self, day: date, source: BinaryIO) -> Iterator[BillLine]:
        return parse_bill(self.account, day, source)


def _trade(out_trade_no: str) -> str:
    return f"/v3/pay/transactions/out-trade-no/{quote(out_trade_no, safe='')}"


def _text(answer: Mapping[str, object], name: str, pattern: re.Pattern[str]) -> str:
    text = text_of(answer, name)
    if not pattern.fullmatch(text):
        raise ProviderUnavailable(f"wechatpay answered without a {name}")
    return text


def _digest(facts: Facts) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
