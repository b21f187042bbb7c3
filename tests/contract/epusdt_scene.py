"""GIVEN a shop with a token at a stablecoin gateway: what the suites about it share."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from faka.contexts.payments.providers.base import Checkout, PaymentOrder
from faka.contexts.payments.providers.epusdt import Epusdt
from faka.kernel.exchange import RawRequest
from faka.kernel.ids import OrderId, out_trade_no, payment_id, ulid
from faka.kernel.money import Currency, Money
from infra.local.actors.epusdt import EpusdtDesk
from infra.local.actors.spelling import Json
from infra.local.actors.trade import Trade
from tests.kit.clock import FrozenClock, SeededChance
from tests.kit.providers import FakeProvider, FakeProviders, raw_request


AMOUNT_MINOR = 1580


@dataclass
class Scene:
    """One order, its attempt and the gateway."""

    is_first: bool = False
    """The older epusdt, else BEpusdt."""
    clock: FrozenClock = field(default_factory=FrozenClock)
    currency: Currency = Currency.CNY

    def __post_init__(self) -> None:
        self.providers = FakeProviders(self.clock, kinds=("epusdt",))
        self.desk.is_first = self.is_first
        self.number = self.another(1)

    def another(self, seed: int) -> str:
        return out_trade_no(payment_id(OrderId(f"ord_{ulid(self.clock.now(), SeededChance(seed))}"), 0))

    @property
    def provider(self) -> FakeProvider:
        return self.providers.by_id("epusdt")

    @property
    def desk(self) -> EpusdtDesk:
        return cast("EpusdtDesk", self.provider.desk)

    @property
    def adapter(self) -> Epusdt:
        return cast("Epusdt", self.provider.adapter(currency=self.currency))

    def order(self, **changes: Any) -> PaymentOrder:
        facts: dict[str, Any] = {
            "out_trade_no": self.number,
            "amount": Money(minor=AMOUNT_MINOR, currency=self.currency),
            "subject": "视频会员 月卡",
            "method": "usdt",
            "expires_at": self.clock.now() + timedelta(minutes=15),
            "notify_url": "https://notify.test/v1/callbacks/epusdt/epusdt",
            "return_url": "https://shop.test/o/ord_1",
        }
        return PaymentOrder(**(facts | changes))

    def created(self, **changes: Any) -> Checkout:
        return self.adapter.create(self.order(**changes))

    @property
    def trade(self) -> Trade:
        trade = self.providers.bank.find("epusdt", self.number)
        assert trade is not None
        return trade

    def paid(self) -> RawRequest:
        """Made and paid; the notice of it."""
        if self.providers.bank.find("epusdt", self.number) is None:
            self.created()
        return self.provider.pay(self.number)[0]

    @property
    def fields(self) -> Json:
        """What a notice of the trade says, unsigned."""
        return self.desk.fields(self.trade, self.trade.payment_of(""), "2")

    def signed(self, body: bytes = b"", **changes: Any) -> RawRequest:
        """A notice that the gateway would sign with these changes."""
        return raw_request(self.desk.packed(self.trade, self.desk.signed(self.fields | changes), body))

    def sent(self, fields: Json) -> RawRequest:
        """A notice as it stands, signed or not."""
        return raw_request(self.desk.packed(self.trade, fields))


@pytest.fixture(params=[False, True], ids=["bepusdt", "epusdt"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(is_first=request.param)
