"""Cards claimed for an order that somebody else changed in between go back to stock: at the late handing-over, and at a replacement."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from faka.contexts.orders.model import Order, OrderState
from faka.contexts.stock import Why
from faka.contexts.vault import BatchState, CardWithheld, moved
from faka.flows.fulfil import fulfil
from tests.kit.world import World, engine_world
from tests.unit.flows.meeting import elsewhere


pytestmark = pytest.mark.unit


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        yield made


class Meets:
    """A client in front of whose first `verb` somebody else does something."""

    def __init__(self, client: Any, verb: str, work: Callable[[], Any]) -> None:
        self._client = client
        self._verb = verb
        self._work: Callable[[], Any] | None = elsewhere(work)

    def __getattr__(self, verb: str) -> Any:
        def call(**given: Any) -> Any:
            if verb == self._verb and self._work is not None:
                work, self._work = self._work, None
                work()
            return getattr(self._client, verb)(**given)

        return call


def touched(world: World, order: Order) -> None:
    """Somebody writes the order, and leaves it in its state."""
    now = world.order(order)
    world.deps.tables.apply(world.deps.orders.replaced(now, now.changed(world.clock.now(), "test", "noted something")))


def paid_without_goods(world: World) -> Order:
    order = world.buy()
    now = world.clock.now()
    after = order.moved(OrderState.PAID, now, "test", "paid", runs=(), gone=tuple(run.event for run in order.runs), paid_at=now, due_at=now)
    world.deps.tables.apply(world.deps.orders.replaced(order, after))
    return after


@pytest.mark.parametrize("meets", [True, False], ids=["met", "alone"])
def test_what_was_claimed_for_a_paid_order_that_moved_is_for_sale_again(world: World, meets: bool) -> None:
    world.stock_up(5)
    order = paid_without_goods(world)
    before = world.left
    deps = world.over(Meets(world.client, "transact_write_items", lambda: touched(world, order) if meets else None))
    after = fulfil(deps, order.id)
    assert (after.state, world.left) == ((OrderState.PAID, before) if meets else (OrderState.COMPLETED, before - 1))
    assert fulfil(world.deps, order.id).state is OrderState.COMPLETED
    assert world.left == before - 1


@pytest.mark.parametrize("meets", [True, False], ids=["met", "alone"])
def test_what_was_claimed_as_a_replacement_for_an_order_that_moved_is_for_sale_again(world: World, meets: bool) -> None:
    bad = world.stock_up(1, secret="BAD")
    order = world.buy()
    world.pay(order)
    world.stock_up(5, secret="GOOD-{n}")
    world.deps.tables.commit([moved(bad, BatchState.FROZEN)])
    world.deps.stock.withhold(bad.sku, bad.ordinal, Why.FROZEN)
    deps = world.over(Meets(world.client, "put_item", lambda: touched(world, order) if meets else None))
    with pytest.raises(CardWithheld):
        world.reveal(order, deps)
    assert world.left == (5 if meets else 4)
    if meets:
        with pytest.raises(CardWithheld):
            world.reveal(order)  # the next look claims anew
    [secret] = world.secrets(order)
    assert (secret.startswith("GOOD"), world.left) == (True, 4)
