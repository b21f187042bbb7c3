"""A shop with WeChat Pay, and a hand on the line between them: what the suites of this provider share."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from faka.contexts.payments.providers import open_channel
from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.base import EventState, PaymentEvent, PaymentOrder
from faka.contexts.payments.providers.refunding import RefundEvent, RefundOrder
from faka.contexts.payments.providers.wechatpay import WechatPay
from faka.kernel.clock import Clock
from faka.kernel.exchange import RawRequest
from faka.kernel.money import Currency, Money
from infra.local.actors.bank import Trade
from infra.local.actors.wechatpay import WechatpayDesk
from tests.kit.clock import FrozenClock
from tests.kit.providers import NOTIFY, FakeProviders, raw_request


NUMBER = "pay01JQ8F3ZJ4Q6T0W1V9X2Y3Z4A5"
UNDER_CERTIFICATE = "pay01JQ8F3ZJ4Q6T0W1V9X2Y3Z4A8"
"""The player signs this one's notices with the certificate's key, and the other's with the public key of today."""

REFUND_NUMBER = "rfd01JQ8F3ZJ4Q6T0W1V9X2Y3Z4A5"
AMOUNT_MINOR = 1580
Said = tuple[int, bytes, dict[str, str]]
Hand = Callable[[int, bytes, dict[str, str]], Said]


@dataclass
class Line:
    """The way out. `hand` changes what comes back, `file_hand` what is downloaded; `sent` is what was asked for."""

    providers: FakeProviders
    hand: Hand | None = None
    file_hand: Callable[[int, bytes], tuple[int, bytes]] | None = None
    sent: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_s: float = 10.0,
        answered: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        self.sent.append((method, url, dict(headers or {}), body))
        got: dict[str, str] = {}
        status, answer = self.providers.request(method, url, headers=headers, body=body, answered=got)
        if self.hand is not None:
            status, answer, got = self.hand(status, answer, got)
        if answered is not None:
            answered |= got
        return status, answer

    def download(
        self, url: str, into: BinaryIO, *, headers: Mapping[str, str] | None = None, bytes_max: int, timeout_s: float = 300.0
    ) -> int:
        self.sent.append(("GET", url, dict(headers or {}), b""))
        got = BytesIO()
        status = self.providers.download(url, got, headers=headers, bytes_max=bytes_max)
        content = got.getvalue()
        if self.file_hand is not None:
            status, content = self.file_hand(status, content)
        if status == 200:
            for at in range(0, len(content), 1_000):
                into.write(content[at : at + 1_000])
        return status


class Shop:
    """One merchant, its adapter, and the player on the other side."""

    def __init__(self, **changes: Any) -> None:
        self.clock = FrozenClock()
        self.providers = FakeProviders(self.clock)
        self.wechat = self.providers.by_id("wechatpay")
        self.line = Line(self.providers)
        self.adapter = self.opened(self.wechat.account(**changes))

    def opened(self, account: ChannelAccount, clock: Clock | None = None) -> WechatPay:
        adapter = open_channel(account, self.line, clock or self.clock)
        assert isinstance(adapter, WechatPay)
        return adapter

    @property
    def desk(self) -> WechatpayDesk:
        assert isinstance(self.wechat.desk, WechatpayDesk)
        return self.wechat.desk

    def wish(self, method: str = "native", **changes: Any) -> PaymentOrder:
        facts: dict[str, Any] = {
            "out_trade_no": NUMBER,
            "amount": Money(minor=AMOUNT_MINOR, currency=Currency.CNY),
            "subject": "卡密, 10%",
            "method": method,
            "expires_at": self.clock.now() + timedelta(minutes=30),
            "notify_url": f"{NOTIFY}/wechatpay/wechatpay",
            "return_url": "https://shop.test/o/ord_1?k=1",
            "client_ip": "203.0.113.7",
            "payer_id": "oUpF8uMuAJO-M2pxb1Q9zNjWeS6o",
        }
        return PaymentOrder(**(facts | changes))

    def trade(self, number: str = NUMBER, amount_minor: int = AMOUNT_MINOR) -> Trade:
        """The trade of a number, as if the shop had asked for it."""
        return self.wechat._trade(number, amount_minor)

    def pay(self, number: str = NUMBER) -> RawRequest:
        """The buyer pays; the notice of it."""
        [raw] = self.wechat.pay(number, AMOUNT_MINOR)
        return raw

    def event(self, number: str = NUMBER) -> PaymentEvent:
        event = self.adapter.parse_notice(self.pay(number))
        assert isinstance(event, PaymentEvent)
        assert event.state is EventState.SUCCEEDED
        return event

    def back(self, minor: int = 580, **changes: Any) -> RefundOrder:
        """An order to give money back; pays first where nothing is paid yet."""
        trade = self.trade()
        if not trade.payments:
            self.pay()
        facts: dict[str, Any] = {
            "out_refund_no": REFUND_NUMBER,
            "out_trade_no": NUMBER,
            "channel_txn_id": trade.payments[0].trade_no,
            "amount": Money(minor=minor, currency=Currency.CNY),
            "total": Money(minor=trade.payments[0].amount_minor, currency=Currency.CNY),
            "reason": "not in stock",
            "notify_url": f"{NOTIFY}/wechatpay/wechatpay",
        }
        return RefundOrder(**(facts | changes))

    # -- what the provider would sign

    def told(self, facts: Mapping[str, Any] | None = None, envelope: Mapping[str, Any] | None = None, number: str = NUMBER) -> RawRequest:
        """A notice of a payment that is truly the provider's, with any content: `facts` and `envelope` replace what is in it."""
        trade = self.trade(number)
        # The content goes in as it is, whatever the player would make of it.
        whole = self.desk.counter.transaction(trade, trade.payments[0] if trade.payments else None, "SUCCESS")
        body = self.desk.envelope("TRANSACTION.SUCCESS", "transaction", merged(whole, facts or {}), {})
        return self.sealed(spelled(body, envelope or {}), number)

    def content(self, text: bytes, number: str = NUMBER) -> RawRequest:
        """A notice whose sealed content is this very text."""
        nonce = self.providers.bank.token()[:12]
        sealed = AESGCM(self.desk.own["api_v3_key"].encode()).encrypt(nonce.encode(), text, b"transaction")
        resource = {"nonce": nonce, "ciphertext": base64.b64encode(sealed).decode()}
        return self.told(envelope={"resource": resource}, number=number)

    def sealed(self, body: bytes, number: str = NUMBER) -> RawRequest:
        return raw_request(self.desk.packed(self.trade(number), body))

    def says(self, facts: Mapping[str, Any]) -> Hand:
        """A hand that is the provider's own: the answer with other facts in it, truly signed."""

        def hand(status: int, body: bytes, headers: dict[str, str]) -> Said:
            new = spelled(body, facts)
            signed = self.desk.signed(new, headers["wechatpay-serial"])
            return status, new, {name.lower(): value for name, value in signed.items()}

        return hand

    def refuses(self, status: int, code: str, count: int = 1) -> Hand:
        """A hand that lets nothing through and says no, `count` times."""
        left = [count]

        def hand(was: int, body: bytes, headers: dict[str, str]) -> Said:
            left[0] -= 1
            return (status, f'{{"code":"{code}","message":"-"}}'.encode(), {}) if left[0] >= 0 else (was, body, headers)

        return hand


def merged(whole: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`changes` go in by name, dicts into dicts; None takes a name out."""
    made = dict(whole)
    for name, value in changes.items():
        if value is None:
            made.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(made.get(name), Mapping):
            made[name] = merged(made[name], value)
        else:
            made[name] = value
    return made


def spelled(body: bytes, changes: Mapping[str, Any]) -> bytes:
    return json.dumps(merged(json.loads(body), changes), ensure_ascii=False).encode() if changes else body


def resigned(raw: RawRequest, **headers: str) -> RawRequest:
    """The same notice with other headers; an empty one is left out."""
    new = {**raw.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return raw.model_copy(update={"headers": {name: value for name, value in new.items() if value}})


__all__ = ["AMOUNT_MINOR", "NUMBER", "REFUND_NUMBER", "UNDER_CERTIFICATE", "RefundEvent", "Shop", "merged", "resigned", "spelled"]
