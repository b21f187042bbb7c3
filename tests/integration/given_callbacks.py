"""Shops and signed notices for replays: orders in every state, and every kind of callback about each of them."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from faka.contexts.orders.model import Order, OrderState
from faka.flows.ask_refund import ask_refund
from faka.flows.fulfil import fulfil
from faka.flows.order_page import cancel
from faka.kernel.exchange import RawRequest
from faka.kernel.ids import out_trade_no
from faka.kernel.money import Currency
from faka.platform.table import TableName
from faka.steps.poll import end_unpaid
from tests.kit.doors import CONTEXT, event, load, read
from tests.kit.engine import Engine
from tests.kit.providers import FakeProvider, raw_request
from tests.kit.world import World


PROVIDERS = {"alipay": "page", "epay": "epay"}
"""Channel → way to pay."""
EACH_STATE = 2
"""Orders per state: one of them has a neighbour of its own kind."""
NEW_NUMBERS = 6
"""Notices of one fact under numbers of their own, per order."""

ROUTE = "/v1/callbacks/{channel}/{account}"

Rows = dict[tuple[str, str, str], dict[str, Any]]


class Base:
    """One provider's shop with orders in every state; each kind of callback gets a copy of it."""

    def __init__(self, world: World, channel: str) -> None:
        self.world = world
        self.channel = channel
        self.orders = _orders_in_every_state(world, channel)
        self.noon = world.clock.now()
        bank = world.providers.bank
        self._books = copy.deepcopy((bank._trades, bank._tokens))

    def till(self) -> "Till":
        """A copy as the shop stood, its bank and its clock too."""
        self.world.clock.set(self.noon)
        bank = self.world.providers.bank
        bank._trades, bank._tokens = copy.deepcopy(self._books)
        return Till(self.world, self.channel, self.world.client.fork(), self.orders)


def _orders_in_every_state(world: World, channel: str) -> list[Order]:
    def bought() -> list[Order]:
        orders = [world.buy(channel=channel, method=PROVIDERS[channel]) for _ in range(EACH_STATE)]
        for order in orders:
            world.providers.by_id(channel).open(out_trade_no(order.payment_id), order.total.minor)
        return orders

    def paid_without_goods() -> list[Order]:
        world.stock_up(EACH_STATE)
        orders = bought()
        return [world.pays_for_nothing(order) for order in orders]

    failed = paid_without_goods()
    world.minute()
    world.clock.advance(hours=25)
    world.minute(2)
    short, paid = paid_without_goods(), paid_without_goods()
    for order in short:
        fulfil(world.deps, order.id)
    world.stock_up(8 * EACH_STATE)
    canceled, completed, held, expired, returned = bought(), bought(), bought(), bought(), bought()
    for order in canceled:
        cancel(world.deps, order.id, world.proof(order))
    for order in (*completed, *returned):
        world.pay(order)
    for order in returned:
        ask_refund(world.deps, order.id, world.proof(order))
    for order in held:
        world.deliver_notice(order, world.notices(order, amount_minor=1)[0])
    for order in expired:
        payment = world.deps.payments.find(order.payment_id)
        assert payment is not None
        end_unpaid(world.deps, world.deps.adapter(payment.channel_id), payment, OrderState.EXPIRED, "sweep")
    orders = [world.order(each) for each in (*failed, *short, *returned, *canceled, *completed, *held, *expired, *paid, *bought())]
    assert {order.state for order in orders} == set(OrderState) - {OrderState.FENCED}
    return orders


@dataclass
class Till:
    """Where callbacks arrive, and what they did to the tables."""

    world: World
    channel: str
    engine: Engine
    orders: list[Order]

    def __post_init__(self) -> None:
        self.deps = self.world.over(self.engine)
        self._function = load("callbacks")

    @property
    def provider(self) -> FakeProvider:
        return self.world.providers.by_id(self.channel)

    def deliver(self, raw: RawRequest) -> tuple[int, str]:
        """Status and body of the function's answer."""
        path = f"/v1/callbacks/{self.channel}/{self.channel}"
        params = {"channel": self.channel, "account": self.channel}
        given = event(raw.method, ROUTE, path, params, urlencode(raw.query), raw.body, dict(raw.headers), "203.0.113.7")
        with patch.object(self._function, "deps", self.deps):
            page = read(self._function.handler(given, CONTEXT))
        return page.status, page.text

    def rows(self) -> Rows:
        """Every row of every table, as the client sees it."""
        return {(name.value, row["pk"]["S"], row["sk"]["S"]): row for name in TableName for row in self.engine.rows(name)}

    # -- what a provider can send about an order ------------------------------------------------------------------------

    def number(self, order: Order) -> str:
        return out_trade_no(order.payment_id)

    def pay(self, order: Order, amount_minor: int | None = None) -> RawRequest:
        return self.provider.pay(self.number(order), amount_minor)[0]

    def notice(self, order: Order, status: str = "TRADE_SUCCESS", **changes: str) -> RawRequest:
        return self.provider.notice(self.number(order), status, **changes)

    def about(self, order: Order, **changes: str) -> RawRequest:
        """A notice of the first payment that the bank has of this order."""
        desk, trade = self.provider.desk, self.provider._trade(self.number(order), None)
        return raw_request(desk.notice(trade, trade.payments[0], **changes))

    def expire(self) -> None:
        self.world.clock.advance(minutes=17)
        self.world.sweep(self.deps)

    def pass_days(self, days: int) -> None:
        self.world.clock.advance(days=days)
        for _ in range(3):
            self.world.clock.advance(minutes=1)
            self.world.sweep(self.deps)


Stage = Callable[[Till], Iterator[RawRequest]]
"""What is delivered first, in this order. The time in which it is delivered is the stage's too."""


def duplicates(till: Till) -> Iterator[RawRequest]:
    yield from [till.pay(order) for order in till.orders]


def reordered(till: Till) -> Iterator[RawRequest]:
    """Signed in one order, delivered in the other: the older *waiting* comes after the payment, or long before it."""
    for index, order in enumerate(till.orders):
        waiting, paid = till.notice(order, "WAIT_BUYER_PAY"), till.pay(order)
        yield from (paid, waiting) if index % 2 else (waiting, paid)


def refund_before_pay(till: Till) -> Iterator[RawRequest]:
    for order in till.orders:
        if order.refunds:
            continue  # its money is on its way back by our own wish
        paid, refunded = till.pay(order), till.provider.refund(till.number(order))
        closed = till.notice(order, "TRADE_CLOSED", refund_fee=order.total.decimal())
        yield from (refunded, closed, paid)


def thirty_days_late(till: Till) -> Iterator[RawRequest]:
    """Paid in time; the sweep goes round meanwhile, and only then the notice comes."""
    paid = [till.pay(order) for order in till.orders]
    till.pass_days(30)
    yield from paid


def paid_thirty_days_late(till: Till) -> Iterator[RawRequest]:
    till.pass_days(30)
    yield from [till.pay(order) for order in till.orders]


def after_expiry_with_stock(till: Till) -> Iterator[RawRequest]:
    till.expire()
    yield from [till.pay(order) for order in till.orders]


def after_expiry_without_stock(till: Till) -> Iterator[RawRequest]:
    till.expire()
    world = till.world
    left = till.deps.stock.available({world.sku.id: world.sku.shards}, strong=True)[world.sku.id]
    for _ in range(left):
        world.buy(till.deps, channel=till.channel, method=PROVIDERS[till.channel])
    yield from [till.pay(order) for order in till.orders]


def wrong_amount(till: Till) -> Iterator[RawRequest]:
    for index, order in enumerate(till.orders):
        yield till.pay(order, order.total.minor * 2 if index % 2 else 1)


def wrong_currency(till: Till) -> Iterator[RawRequest]:
    """The account counts in another currency than when the order was made."""
    paid = [till.pay(order) for order in till.orders]
    till.deps.tables.commit([till.deps.catalog.save_channel(till.provider.row(currency=Currency.USD))])
    till.world.clock.advance(minutes=6)
    yield from paid


def wrong_account(till: Till) -> Iterator[RawRequest]:
    """Signed by the provider, for somebody else; and what the other provider signed."""
    fields = ("app_id", "seller_id") if till.channel == "alipay" else ("pid",)
    [other] = [till.world.providers.by_id(name) for name in PROVIDERS if name != till.channel]
    for order in till.orders:
        yield from (till.notice(order, **{name: "2088000000000000"}) for name in fields)
        other.open(till.number(order), order.total.minor)
        yield other.pay(till.number(order))[0]


def another_orders_number(till: Till) -> Iterator[RawRequest]:
    """One transaction, told for the neighbour: first the honest notice or first the other."""
    for index, (order, neighbour) in enumerate(zip(till.orders, till.orders[1:] + till.orders[:1], strict=True)):
        honest = till.pay(order)
        trade_no = till.provider._trade(till.number(order), None).payments[-1].trade_no
        stray = till.notice(neighbour, trade_no=trade_no)
        yield from (honest, stray) if index % 2 else (stray, honest)


def unknown_number(till: Till) -> Iterator[RawRequest]:
    for number in ("pay01ARZ3NDEKTSV4RRFFQ69G5FAV00", "pay01ARZ3NDEKTSV4RRFFQ69G5FAV99", "ORDER77", "0", "x" * 64):
        till.provider.open(number, 500)
        yield from till.provider.pay(number)


def status_without_money(till: Till) -> Iterator[RawRequest]:
    for order in till.orders:
        yield from (till.notice(order, status) for status in ("WAIT_BUYER_PAY", "TRADE_CLOSED", "TRADE_DANCED"))


def second_transaction(till: Till) -> Iterator[RawRequest]:
    for order in till.orders:
        yield from till.provider.pay_twice(till.number(order))


def forged(till: Till) -> Iterator[RawRequest]:
    for order in till.orders[::EACH_STATE]:
        yield from till.provider.forgeries(till.number(order))


KINDS: dict[str, Stage] = {
    "duplicate at once": duplicates,
    "duplicate later": duplicates,
    "reordered": reordered,
    "refund before pay": refund_before_pay,
    "notice 30 days late": thirty_days_late,
    "paid 30 days late": paid_thirty_days_late,
    "after expiry, stock left": after_expiry_with_stock,
    "after expiry, nothing left": after_expiry_without_stock,
    "wrong amount": wrong_amount,
    "wrong currency": wrong_currency,
    "wrong account": wrong_account,
    "another order's number": another_orders_number,
    "unknown number": unknown_number,
    "status without money": status_without_money,
    "second transaction": second_transaction,
    "forged": forged,
    "new number, same money": duplicates,
}


def also(till: Till, kind: str) -> list[RawRequest]:
    """Requests that repeat a fact although they have not been delivered before: other bytes, the same money."""
    if kind != "new number, same money":
        return []
    statuses = ("TRADE_SUCCESS", "TRADE_FINISHED") if till.channel == "alipay" else ("TRADE_SUCCESS",)
    return [
        till.about(order, status=status, subject=f"again {turn}")
        for order in till.orders
        for turn in range(NEW_NUMBERS // len(statuses))
        for status in statuses
    ]
