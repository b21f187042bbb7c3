"""Honest notices to be spoiled: what the contract suites of the providers share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

import pytest

from faka.contexts.payments.providers.adapter import Adapter
from faka.kernel.errors import FakaError
from faka.kernel.exchange import Forged, Malformed, RawRequest
from tests.kit.clock import FrozenClock
from tests.kit.providers import FakeProvider, FakeProviders


NUMBER = "pay01JQ8F3ZJ4Q6T0W1V9X2Y3Z4A5"
AMOUNT_MINOR = 1580
ALIPAY_FIELDS = [
    *("app_id", "auth_app_id", "buyer_id", "buyer_logon_id", "buyer_pay_amount", "charset", "fund_bill_list", "gmt_create", "gmt_payment"),
    *(
        "invoice_amount",
        "notify_id",
        "notify_time",
        "notify_type",
        "out_trade_no",
        "point_amount",
        "receipt_amount",
        "seller_id",
        "subject",
    ),
    *("total_amount", "trade_no", "trade_status", "version"),
]
EPAY_FIELDS = ["money", "name", "out_trade_no", "pid", "trade_no", "trade_status", "type"]
FORM = "application/x-www-form-urlencoded; text/html; charset=utf-8"

WAYS = ("alipay", "epay-get", "epay-post")
"""How notices travel: the port is one, the ways are three."""


@dataclass(frozen=True)
class Way:
    """One provider's notice on one way, ready to be spoiled."""

    name: str

    @property
    def fields(self) -> list[str]:
        """The signed fields."""
        return ALIPAY_FIELDS if self.is_alipay else EPAY_FIELDS

    @property
    def is_alipay(self) -> bool:
        return self.name == "alipay"

    @cached_property
    def providers(self) -> FakeProviders:
        providers = FakeProviders(FrozenClock())
        providers.alipay.pay(NUMBER, AMOUNT_MINOR)
        providers.epay.pay(NUMBER, AMOUNT_MINOR)
        return providers

    @cached_property
    def provider(self) -> FakeProvider:
        return self.providers.alipay if self.is_alipay else self.providers.epay

    @cached_property
    def adapter(self) -> Adapter:
        return self.provider.adapter()

    @cached_property
    def unsigned(self) -> dict[str, str]:
        desk = self.provider.desk
        trade = self.providers.bank.find(desk.name, NUMBER)
        assert trade is not None
        return desk.notice_params(trade, trade.payments[0], "TRADE_SUCCESS")

    @cached_property
    def honest(self) -> dict[str, str]:
        return self.provider.desk.signed(self.unsigned)

    def signed(self, **changes: str) -> RawRequest:
        """What the provider itself would sign with these changes."""
        return self.sent(self.provider.desk.signed(self.unsigned | changes))

    def spoiled(self, **changes: str) -> RawRequest:
        """What a forger makes of an honest notice."""
        return self.sent(self.honest | changes)

    def without(self, name: str) -> RawRequest:
        return self.sent({key: value for key, value in self.honest.items() if key != name})

    def sent(self, params: Mapping[str, str] | Iterable[tuple[str, str]]) -> RawRequest:
        pairs = list(params.items()) if isinstance(params, Mapping) else list(params)
        if self.name == "epay-get":
            return RawRequest(method="GET", path="/v1/callbacks/epay/epay", query=tuple(pairs))
        return self.posted(urlencode(pairs).encode())

    def posted(self, body: bytes, content_type: str = FORM) -> RawRequest:
        return RawRequest(method="POST", path="/v1/callbacks/x/x", headers={"content-type": content_type}, body=body)


def turned(text: str) -> str:
    """One byte changed, and still of the same shape: a digit stays a digit, a letter a letter."""
    for at, sign in enumerate(text):
        if sign.isascii() and sign.isdigit():
            return text[:at] + str((int(sign) + 1) % 10) + text[at + 1 :]
    return ("B" if text[0] != "B" else "C") + text[1:]


def refusal(adapter: Adapter, raw: RawRequest) -> FakaError:
    """The error with which the adapter refuses; anything else fails the test."""
    with pytest.raises((Forged, Malformed)) as caught:
        adapter.parse_notice(raw)
    return caught.value
