"""Paying and cancelling at the same moment (row C18): whichever call the one meets the other at, there is one winner, no money without
goods or refund, and no card in two places."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from faka.contexts.orders.model import Order, OrderState
from faka.contexts.orders.store import OrderStore, to_item
from faka.contexts.payments.store import PaymentStore, payment_item
from faka.flows.order_page import cancel, change_method
from faka.flows.sweep import sweep
from faka.kernel.errors import FakaError
from faka.platform.table import TableName, put
from faka.wiring import Deps
from tests.kit.world import World, engine_world
from tests.unit.flows.meeting import elsewhere
from tests.unit.stock.wire import Wire


pytestmark = pytest.mark.unit

CALLS_MAX = 80
Act = Callable[[World, Order, Deps], Any]


def buyer_pays(world: World, order: Order, deps: Deps) -> None:
    [raw] = world.notices(order)
    assert world.deliver_notice(order, raw, deps).body == b"success"


def buyer_cancels(world: World, order: Order, deps: Deps) -> None:
    with suppress(FakaError):
        cancel(deps, order.id, world.proof(order))


def buyer_changes_the_way(world: World, order: Order, deps: Deps) -> None:
    with suppress(FakaError):
        change_method(deps, order.id, world.proof(order), "epay", "epay")


def sweep_comes(world: World, _order: Order, deps: Deps) -> None:
    world.sweep(deps)


def times_up(world: World, _order: Order, deps: Deps) -> None:
    world.clock.advance(minutes=17)
    sweep(deps, lambda order_id: world.cure(deps, order_id), lambda: True)


PAIRS: dict[str, tuple[Act, Act]] = {
    "a payment into a cancel": (buyer_cancels, buyer_pays),
    "a cancel into a payment": (buyer_pays, buyer_cancels),
    "a payment into the expiry": (times_up, buyer_pays),
    "the expiry into a payment": (buyer_pays, times_up),
    "a payment into another way to pay": (buyer_changes_the_way, buyer_pays),
    "another way to pay into a payment": (buyer_pays, buyer_changes_the_way),
    "a cancel into another way to pay": (buyer_changes_the_way, buyer_cancels),
    "the sweep into a payment": (buyer_pays, sweep_comes),
    "a payment into a payment": (buyer_pays, buyer_pays),
}


def meetings(one: Act, other: Act) -> Iterator[World]:
    """A world for each call of `one` before which `other` runs from its beginning to its end."""
    for call in range(1, CALLS_MAX):
        with engine_world() as world:
            world.stock_up(5)
            order = world.buy(quantity=2)
            wire = Wire(world.client).first(call, elsewhere(partial(other, world, order, world.deps)))
            one(world, order, world.over(wire))
            if wire.calls < call:
                return
            world.minute(2)
            yield world
    raise AssertionError("more calls than expected")


def faults(world: World) -> list[str]:
    """What is wrong with how it ended."""
    [row] = [row for row in world.rows("test-trade") if row["sk"] == "ORDER"]
    order = world.deps.orders.get(row["id"])
    receipts = [row for row in world.rows("test-trade") if row["sk"] == "CHANNELTXN"]
    refunds = [row for row in world.rows("test-trade") if row["sk"] == "REFUND"]
    facts = Counter(row["kind"] for row in world.rows("test-journal") if row["sk"] == "TXN")
    numbers = Counter(number for run in order.runs for number in run.numbers)
    wrong = {
        "a paid order has its goods": bool(order.paid_at) != (order.state is OrderState.COMPLETED),
        "an order has as many cards as it is for": sum(numbers.values()) != (2 if order.state is OrderState.COMPLETED else 0)
        and order.state is not OrderState.PENDING_PAYMENT,
        "every movement of money bought something or is due back": len(receipts) != facts["delivered"] + len(refunds),
        "goods are earned once": facts["delivered"] != (order.state is OrderState.COMPLETED),
        "no card is in two places or in none": world.left + sum(numbers.values()) != 5,
    }
    return [f"not so: {claim}: {order.log}" for claim, is_wrong in wrong.items() if is_wrong]


@pytest.mark.parametrize("name", PAIRS)
def test_whatever_meets_whatever_there_is_one_winner(name: str) -> None:
    count = 0
    for world in meetings(*PAIRS[name]):
        count += 1
        assert faults(world) == [], f"at call {count}"
    assert count >= 3


def test_twin_without_the_versions_of_order_and_attempt_both_win_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Either version alone still tells them apart, because each commit carries both rows."""
    monkeypatch.setattr(OrderStore, "replaced", lambda _self, _before, after: put(TableName.TRADE, to_item(after)))
    monkeypatch.setattr(PaymentStore, "replaced", lambda _self, _before, after: put(TableName.TRADE, payment_item(after)))

    assert any(faults(world) for world in meetings(buyer_cancels, buyer_pays))
