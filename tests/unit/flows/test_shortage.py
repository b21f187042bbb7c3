"""Paid and nothing to give (row C10): wait, then a case and the money back; never a delivered order without content."""

from collections.abc import Iterator

import pytest

from faka.contexts.cases import CaseKind
from faka.contexts.orders.errors import NotReady
from faka.contexts.orders.model import DeliveryState, Order, OrderState, RefundState
from faka.flows.find_order import send_code
from faka.flows.fulfil import fulfil
from faka.kernel.delivery import DeliveryKind
from tests.kit.world import World, engine_world, english


pytestmark = pytest.mark.unit


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        yield made


def paid_without_goods(world: World) -> Order:
    """As an order is whose cards are gone when its money comes."""
    world.stock_up(1)
    return world.pays_for_nothing(world.buy(contact="buyer@example.com"))


def cases(world: World) -> list[str]:
    return [row["kind"] for row in world.rows("test-trade") if row["sk"] == "CASE" and row["state"] == "OPEN"]


def test_it_waits_with_a_case_and_is_never_called_delivered(world: World) -> None:
    order = paid_without_goods(world)
    for _ in range(3):
        world.minute()
        now = world.order(order)
        assert (now.state, now.delivery) == (OrderState.SHORT, DeliveryState.NONE)
        with pytest.raises(NotReady):
            world.reveal(order)
    assert cases(world) == [CaseKind.SHORT]
    assert world.letters == []


def test_its_buyer_finds_it_by_his_mail_box_meanwhile(world: World) -> None:
    order = paid_without_goods(world)
    world.minute()
    assert world.deps.orders.of_contact(order.contact_hash) == [order.id]
    send_code(world.deps, english, "buyer@example.com", "203.0.113.1", "en_GB")
    [(_, subject, _)] = world.letters
    assert "order code" in subject


def test_a_restock_within_a_day_completes_it_once(world: World) -> None:
    order = paid_without_goods(world)
    world.minute()
    world.stock_up(3)
    world.minute(3)
    after = world.order(order)
    assert (after.state, after.delivery) == (OrderState.COMPLETED, DeliveryState.READY)
    assert world.left == 2
    assert len(world.secrets(order)) == 1
    assert len(world.letters) == 1


def test_after_a_day_it_fails_and_its_money_goes_back(world: World) -> None:
    order = paid_without_goods(world)
    world.minute()
    world.clock.advance(hours=24)
    world.minute(2)
    after = world.order(order)
    assert (after.state, after.refund_state) == (OrderState.FAILED, RefundState.FULL)
    assert cases(world) == [], "what it asked a person is answered"
    world.stock_up(3)
    world.minute(2)
    assert world.order(order).state is OrderState.FAILED, "money that goes back buys nothing any more"
    assert world.left == 3


def test_goods_that_nothing_delivers_yet_are_a_persons_work(world: World) -> None:
    order = paid_without_goods(world)
    by_hand = order.model_copy(update={"kind": DeliveryKind.MANUAL_RECHARGE, "version": order.version + 1})
    world.deps.tables.apply(world.deps.orders.replaced(order, by_hand))
    for _ in range(2):
        assert fulfil(world.deps, order.id).state is OrderState.SHORT
    assert cases(world) == [CaseKind.STUCK]
    with pytest.raises(NotReady):
        world.reveal(order)


def test_any_other_order_is_left_as_it_is(world: World) -> None:
    world.stock_up(2)
    order = world.buy()
    before = world.image()
    assert fulfil(world.deps, order.id).state is OrderState.PENDING_PAYMENT
    assert world.image() == before
