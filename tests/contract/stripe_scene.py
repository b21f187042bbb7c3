"""GIVEN a shop with an account at Stripe: what the suites about it share."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from io import BytesIO
from typing import Any, cast

import pytest

from faka.contexts.payments.providers.base import Checkout, PaymentEvent, PaymentOrder
from faka.contexts.payments.providers.bill import BillFile, BillLine
from faka.contexts.payments.providers.refunding import RefundEvent, RefundOrder
from faka.contexts.payments.providers.stripe import Stripe
from faka.kernel.clock import business_day
from faka.kernel.exchange import RawRequest
from faka.kernel.ids import OrderId, out_trade_no, payment_id, ulid
from faka.kernel.money import Currency, Money
from infra.local.actors.spelling import Json
from infra.local.actors.stripe import StripeDesk
from infra.local.actors.trade import Trade
from tests.kit.clock import FrozenClock, SeededChance
from tests.kit.providers import FakeProvider, FakeProviders, raw_request


AMOUNT_MINOR = 1580
REFUND = "rfd" + "0123456789ABCDEFGHJKMNPQRS"


@dataclass
class Scene:
    """One order, its attempt and Stripe."""

    clock: FrozenClock = field(default_factory=FrozenClock)
    currency: Currency = Currency.CNY
    seed: int = 1

    def __post_init__(self) -> None:
        self.providers = FakeProviders(self.clock, kinds=("stripe",))
        self.number = self.another(0)

    def another(self, attempt: int, seed: int = 0) -> str:
        """A number of the shop's, made now."""
        order = OrderId(f"ord_{ulid(self.clock.now(), SeededChance(seed or self.seed))}")
        return out_trade_no(payment_id(order, attempt))

    @property
    def provider(self) -> FakeProvider:
        return self.providers.by_id("stripe")

    @property
    def desk(self) -> StripeDesk:
        return cast("StripeDesk", self.provider.desk)

    @property
    def adapter(self) -> Stripe:
        return cast("Stripe", self.provider.adapter(currency=self.currency))

    def order(self, **changes: Any) -> PaymentOrder:
        facts: dict[str, Any] = {
            "out_trade_no": self.number,
            "amount": Money(minor=AMOUNT_MINOR, currency=self.currency),
            "subject": "视频会员 月卡",
            "method": "card",
            "expires_at": self.clock.now() + timedelta(minutes=15),
            "notify_url": "https://notify.test/v1/callbacks/stripe/stripe",
            "return_url": "https://shop.test/o/ord_1",
        }
        return PaymentOrder(**(facts | changes))

    def created(self, **changes: Any) -> Checkout:
        return self.adapter.create(self.order(**changes))

    @property
    def trade(self) -> Trade:
        trade = self.providers.bank.find("stripe", self.number)
        assert trade is not None
        return trade

    def paid(self) -> RawRequest:
        """Made and paid; the notice of it."""
        if self.providers.bank.find("stripe", self.number) is None:
            self.created()
        return self.provider.pay(self.number)[0]

    def event(self, kind: str, subject: Json, **facts: Any) -> RawRequest:
        """An event that Stripe signs."""
        return raw_request(self.desk.signed(self.trade, self.desk.event(kind, subject, **facts)))

    def session(self, **changes: Any) -> RawRequest:
        """The event of a paid session, with changes before the signature."""
        return self.event("checkout.session.completed", self.desk.books.session(self.trade, self.trade.payment_of("")) | changes)

    def read(self, raw: RawRequest) -> PaymentEvent:
        event = self.adapter.parse_notice(raw)
        assert isinstance(event, PaymentEvent)
        return event

    def read_refund(self, raw: RawRequest | None) -> RefundEvent:
        assert raw is not None
        event = self.adapter.parse_notice(raw)
        assert isinstance(event, RefundEvent)
        return event

    def back(self, minor: int = 500, **changes: Any) -> RefundOrder:
        """What is asked back of the payment."""
        facts: dict[str, Any] = {
            "out_refund_no": REFUND,
            "out_trade_no": self.number,
            "channel_txn_id": f"pi_{self.trade.payments[0].trade_no}",
            "amount": Money(minor=minor, currency=self.currency),
            "total": Money(minor=AMOUNT_MINOR, currency=self.currency),
            "reason": "not wanted",
            "notify_url": "https://notify.test/v1/callbacks/stripe/stripe",
        }
        return RefundOrder(**(facts | changes))

    @property
    def today(self) -> date:
        return business_day(self.clock.now())

    def fetched(self, day: date) -> tuple[BillFile | None, bytes]:
        into = BytesIO()
        return self.adapter.fetch_bill(day, into), into.getvalue()

    def lines(self, day: date, body: bytes) -> list[BillLine]:
        return list(self.adapter.parse_bill(day, BytesIO(body)))


@pytest.fixture
def scene() -> Scene:
    return Scene()
