"""What a row of the matrix channel × check × surface is, and a shop to try a fact on.

The checks: 1 one route, one channel; 2 a real secret; 3 raw bytes of a bounded size and one kind; 4 nothing twice; 5 the signature;
6 the time; 7 the account; 8 the order, of this channel; 9 amount and currency; 10 a transaction pays once; 11 a closed list of
statuses; 12 only moves that the order's state allows.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import BinaryIO, NamedTuple

from faka.contexts.orders.model import Order, OrderState
from faka.contexts.payments.providers.base import PaymentOrder
from faka.kernel.ids import out_trade_no
from tests.kit.providers import FakeProvider, NoAnswer
from tests.kit.world import PHYSICAL_TRADE, World, engine_world


CHECKS = range(1, 13)
SURFACES = ("notice", "query", "bill")


class Line:
    """A transport that notes where it is sent and answers nothing."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def request(self, method: str, url: str, **_: object) -> tuple[int, bytes]:
        self.urls.append(url)
        raise NoAnswer(method)

    def download(self, url: str, into: BinaryIO, **_: object) -> int:
        del into
        self.urls.append(url)
        raise NoAnswer("GET")


class Row(NamedTuple):
    check: int
    surface: str
    name: str
    run: Callable[[], None]


class Rows(list[Row]):
    """A table that is written as functions."""

    def of(self, check: int, surface: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
        def add(run: Callable[[], None]) -> Callable[[], None]:
            self.append(Row(check, surface, run.__name__, run))
            return run

        return add


class Shop:
    """A whole shop that sells by one channel."""

    def __init__(self, world: World, kind: str, method: str) -> None:
        self.world = world
        self.kind = kind
        self.method = method
        self.provider: FakeProvider = world.providers.also(kind)
        world.deps.tables.commit([world.deps.catalog.save_channel(self.provider.row())])
        world.stock_up(4)

    def ordered(self) -> Order:
        """An order whose buyer has seen the provider's page."""
        order = self.world.buy(channel=self.provider.channel_id, method=self.method)
        payment = self.world.deps.payments.find(order.payment_id)
        assert payment is not None
        checkout = self.provider.adapter().create(
            PaymentOrder(
                out_trade_no=out_trade_no(payment.id),
                amount=payment.amount,
                subject="goods",
                method=self.method,
                expires_at=self.world.clock.now() + timedelta(minutes=15),
                notify_url="https://notify.test/v1/callbacks/x/y",
                return_url="https://shop.test/o/1",
            )
        )
        kept = payment.changed(provider_ref=checkout.provider_ref)
        self.world.deps.tables.apply(self.world.deps.payments.replaced(payment, kept))
        return order

    def state(self, order: Order) -> OrderState:
        return self.world.order(order).state

    def number(self, order: Order) -> str:
        return out_trade_no(order.payment_id)

    def booked(self) -> int:
        """Movements of money in the books."""
        return sum(row["pk"].startswith("CHANNELTXN#") for row in self.world.rows(PHYSICAL_TRADE))


@contextmanager
def shop(kind: str, method: str) -> Iterator[Shop]:
    with engine_world() as world:
        yield Shop(world, kind, method)
