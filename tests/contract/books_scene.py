"""One paid trade at Alipay or an epay gateway: to be asked about, given back and looked up in the books, with somebody in between."""

import io
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, BinaryIO

from faka.contexts.payments.providers import open_channel
from faka.contexts.payments.providers.adapter import Adapter
from faka.contexts.payments.providers.bill import BillFile, BillLine
from faka.contexts.payments.providers.refunding import RefundOrder
from faka.kernel.money import Currency, Money
from infra.local.actors.bank import Trade
from infra.local.actors.spelling import rsa2
from tests.contract.notices import AMOUNT_MINOR, NUMBER
from tests.kit.clock import FrozenClock
from tests.kit.providers import FakeProviders


REFUND_NO = "rfd01JQ8F3ZJ4Q6T0W1V9X2Y3Z4A5"
DAY = date(2026, 3, 2)
NEXT_NOON = datetime(2026, 3, 3, 4, tzinfo=UTC)
"""Twelve o'clock in Shanghai on the day after, when every provider's books of `DAY` are made."""


class Between:
    """The way out, with a hand on it: `change` sees every answer. The addresses are noted."""

    def __init__(self, providers: FakeProviders) -> None:
        self._providers = providers
        self.urls: list[str] = []
        self.change: Callable[[str, bytes], bytes] = lambda _, body: body
        self.status = 0

    def request(self, method: str, url: str, **given: Any) -> tuple[int, bytes]:
        self.urls.append(url)
        status, body = self._providers.request(method, url, **given)
        return self.status or status, self.change(url, body)

    def download(self, url: str, into: BinaryIO, *, headers: Mapping[str, str] | None = None, bytes_max: int, timeout_s: float = 1) -> int:
        self.urls.append(url)
        file = io.BytesIO()
        status = self._providers.download(url, file, headers=headers, bytes_max=bytes_max, timeout_s=timeout_s)
        into.write(self.change(url, file.getvalue()))
        return self.status or status


class Scene:
    def __init__(self, kind: str) -> None:
        self.clock = FrozenClock()
        self.providers = FakeProviders(self.clock, kinds=(kind,))
        self.provider = self.providers.by_id(kind)
        self.line = Between(self.providers)
        self.provider.pay(NUMBER, AMOUNT_MINOR)

    @property
    def adapter(self) -> Adapter:
        return self.through()

    def through(self, **account: Any) -> Adapter:
        return open_channel(self.provider.account(**account), self.line, self.clock)

    @property
    def trade(self) -> Trade:
        trade = self.providers.bank.find(self.provider.desk.name, NUMBER)
        assert trade is not None
        return trade

    def order(self, minor: int = AMOUNT_MINOR, number: str = REFUND_NO, **changes: Any) -> RefundOrder:
        facts: dict[str, Any] = {
            "out_refund_no": number,
            "out_trade_no": NUMBER,
            "channel_txn_id": self.trade.payments[0].trade_no,
            "amount": cny(minor),
            "total": cny(AMOUNT_MINOR),
            "reason": "not in stock",
            "notify_url": "https://notify.test/v1/callbacks/x/y",
        }
        return RefundOrder(**(facts | changes))

    def alters(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Somebody rewrites what the gateway answers, without its key."""

        def rewrite(_url: str, body: bytes) -> bytes:
            return json.dumps(change(json.loads(body)), ensure_ascii=False).encode()

        self.line.change = rewrite

    def says(self, **changes: Any) -> None:
        """Alipay itself says something else: the next answers' nodes with these changes, signed by it. None takes a member away."""

        def rewrite(_url: str, body: bytes) -> bytes:
            if b'"sign"' not in body:
                return body
            name, node = next((name, node) for name, node in json.loads(body).items() if isinstance(node, dict))
            told = {key: value for key, value in {**node, **changes}.items() if value is not None}
            return self.signed(name, told)

        self.line.change = rewrite

    def signed(self, name: str, node: dict[str, Any]) -> bytes:
        """An answer of Alipay's."""
        text = json.dumps(node, ensure_ascii=False)
        return f'{{"{name}":{text},"sign":"{rsa2(self.providers.keys.provider, text)}"}}'.encode()

    def fetched(self, day: date = DAY) -> tuple[BillFile | None, bytes]:
        if self.clock.now() < NEXT_NOON:
            self.clock.advance((NEXT_NOON - self.clock.now()).total_seconds())
        into = io.BytesIO()
        return self.adapter.fetch_bill(day, into), into.getvalue()

    def read(self, blob: bytes, day: date = DAY) -> list[BillLine]:
        return list(self.adapter.parse_bill(day, io.BytesIO(blob)))


def cny(minor: int) -> Money:
    return Money(minor=minor, currency=Currency.CNY)
