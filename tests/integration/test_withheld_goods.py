"""Freezing a batch, at every moment of a sale: nothing of it is shown, nothing is called delivered that is not."""

import pytest

from faka.contexts.cases import CaseKind, open_case
from faka.contexts.orders.model import DeliveryState
from faka.contexts.stock import OutOfStock, Why
from faka.contexts.vault import BatchState, CardWithheld, moved
from tests.kit.world import engine_world


pytestmark = pytest.mark.integration


@pytest.fixture
def world():
    with engine_world() as made:
        yield made


def freeze(world, batch):
    world.deps.tables.commit([moved(batch, BatchState.FROZEN)])
    world.deps.stock.withhold(batch.sku, batch.ordinal, Why.FROZEN)


def test_a_frozen_batch_is_not_sold(world):
    freeze(world, world.stock_up(5))
    with pytest.raises(OutOfStock):
        world.buy()


def test_cards_frozen_after_the_payment_are_replaced_before_anybody_sees_them(world):
    bad = world.stock_up(2, secret="BAD-{n}")
    order = world.buy(quantity=2)
    world.stock_up(3, secret="GOOD-{n}")
    world.pay(order)
    freeze(world, bad)
    with pytest.raises(CardWithheld):
        world.reveal(order)
    shown = world.secrets(order)
    assert len(shown) == 2
    assert all(text.startswith("GOOD") for text in shown)
    assert world.left == 1


def test_where_nothing_replaces_them_the_page_does_not_say_delivered_and_a_person_has_the_case(world):
    bad = world.stock_up(2)
    order = world.buy()
    world.pay(order)
    freeze(world, bad)
    with pytest.raises(CardWithheld):
        world.reveal(order)
    assert world.order(order).delivery is DeliveryState.WITHHELD
    assert len([row for row in world.rows("test-trade") if row["sk"] == "CASE"]) == 1
    world.stock_up(1, secret="GOOD-{n}")
    with pytest.raises(CardWithheld):
        world.reveal(order)
    assert world.secrets(order)[0].startswith("GOOD")


def test_withheld_a_second_time_the_page_says_so_again_though_the_case_is_open(world):
    first = world.stock_up(1)
    order = world.buy()
    world.pay(order)
    freeze(world, first)
    with pytest.raises(CardWithheld):
        world.reveal(order)
    second = world.stock_up(1)
    with pytest.raises(CardWithheld):
        world.reveal(order)
    assert world.order(order).delivery is DeliveryState.READY
    freeze(world, second)
    with pytest.raises(CardWithheld):
        world.reveal(order)
    assert world.order(order).delivery is DeliveryState.WITHHELD


def test_an_order_that_waited_for_stock_before_has_a_case_of_its_own_for_withheld_goods(world):
    batch = world.stock_up(1)
    order = world.buy()
    world.pay(order)
    now = world.clock.now()
    world.deps.tables.commit([world.deps.cases.opened(open_case(CaseKind.SHORT, order.id, order.id, "paid and nothing in stock", now))])
    freeze(world, batch)
    with pytest.raises(CardWithheld):
        world.reveal(order)
    assert world.order(order).delivery is DeliveryState.WITHHELD
    assert len([row for row in world.rows("test-trade") if row["sk"] == "CASE"]) == 2


def test_cards_of_a_frozen_batch_that_come_back_are_not_sold_to_the_next(world):
    bad = world.stock_up(2)
    order = world.buy()
    freeze(world, bad)
    world.clock.advance(minutes=17)
    world.minute(2)
    assert world.order(order).state == "EXPIRED"
    with pytest.raises(OutOfStock):
        world.buy()


def test_twin_a_batch_that_is_only_kept_out_of_sale_is_still_shown(world):
    """Without the batch's state in the vault the reveal would show frozen cards: the stock's bar alone does not stop it."""
    bad = world.stock_up(2)
    order = world.buy()
    world.pay(order)
    world.deps.stock.withhold(bad.sku, bad.ordinal, Why.FROZEN)
    assert world.secrets(order) == ["SECRET-0"]
