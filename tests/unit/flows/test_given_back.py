"""Goods that went back are shown to nobody: the ones never seen, and the ones seen and paid back in whole."""

from collections.abc import Iterator

import pytest

from faka.contexts.orders.model import DeliveryState, Order, OrderState
from faka.flows.ask_refund import ask_refund
from faka.flows.refund_order import refund_order
from faka.flows.reveal import GoodsWentBack, Revealed
from pages.visitor import codes_value
from tests.kit.doors import Shop
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.unit


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(4)
        yield made


def seen_and_paid_back(world: World) -> Order:
    order = world.pay(world.buy())
    world.reveal(order)
    return refund_order(world.deps, order.id, None, "a dead card", "mei")


def test_goods_that_were_seen_and_paid_back_are_not_shown_again(world: World) -> None:
    order = seen_and_paid_back(world)
    assert (order.state, order.delivery) == (OrderState.COMPLETED, DeliveryState.REVOKED)
    with pytest.raises(GoodsWentBack):
        world.reveal(order)


def test_without_the_guard_they_would_be_shown_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order = seen_and_paid_back(world)
    monkeypatch.setattr("faka.flows.reveal._GONE", ())
    assert isinstance(world.reveal(order), Revealed)


def test_goods_given_back_unseen_are_not_shown(world: World) -> None:
    order = world.pay(world.buy())
    returned = ask_refund(world.deps, order.id, world.proof(order))
    assert returned.delivery is DeliveryState.RETURNED
    with pytest.raises(GoodsWentBack):
        world.reveal(order)


def test_a_part_paid_back_leaves_the_goods_with_the_buyer(world: World) -> None:
    order = world.pay(world.buy())
    world.reveal(order)
    refund_order(world.deps, order.id, 1, "late answer", "mei")
    assert world.secrets(order)


# -- the page -----------------------------------------------------------------------------------------------------


def visit(world: World, order: Order) -> Shop:
    shop = Shop(world.deps)
    shop.cookies["__Host-orders"] = codes_value({}, order.id, world.proof(order).code)
    return shop


def refunds(world: World) -> int:
    return sum(row["sk"] == "REFUND" for row in world.rows("test-trade"))


def test_the_ready_page_offers_the_way_back_and_shows_its_end(world: World) -> None:
    order = world.pay(world.buy())
    shop, path = visit(world, order), f"/o/{order.id}"
    assert f'action="{path}/refund"' in shop.get(path).text
    assert shop.post(f"{path}/refund").location == path
    asked = shop.get(path).text
    assert ("You gave this order back" in asked, "asked for" in asked, f"{path}/refund" in asked) == (True, True, False)
    assert 'data-poll="10"' in asked
    world.minute(2)
    ended = shop.get(path).text
    assert ("from the price of the order" in ended, 'data-poll="0"' in ended) == (True, True)


def test_a_double_click_is_one_refund(world: World) -> None:
    order = world.pay(world.buy())
    shop, path = visit(world, order), f"/o/{order.id}"
    answers = [shop.post(f"{path}/refund").status for _ in range(2)]
    assert (answers, refunds(world)) == ([303, 303], 1)


def test_goods_that_were_seen_have_no_such_button_and_no_such_way(world: World) -> None:
    order = world.pay(world.buy())
    shop, path = visit(world, order), f"/o/{order.id}"
    world.reveal(order)
    assert f"{path}/refund" not in shop.get(path).text
    refused = shop.post(f"{path}/refund")
    assert (refused.status, refunds(world)) == (409, 0)
    assert "cannot be refunded here" in refused.text


def test_a_stranger_gives_nothing_back(world: World) -> None:
    order = world.pay(world.buy())
    assert Shop(world.deps).post(f"/o/{order.id}/refund").status == 404
    assert refunds(world) == 0


def test_the_page_of_goods_paid_back_says_why_they_are_not_shown(world: World) -> None:
    order = seen_and_paid_back(world)
    for said in ("这笔订单正在退款", "这笔订单已退款"):
        page = visit(world, order).get(f"/o/{order.id}", accept_language="zh-CN").text
        assert (said in page, f"/o/{order.id}/cards" in page) == (True, False)
        world.minute(2)
