"""The buttons of the order page: I have paid, pay another way, cancel; and what they say when the order has moved on."""

from typing import Any

import pytest

from faka.contexts.orders.model import OrderState
from faka.kernel.ids import OrderId, out_trade_no
from pages.visitor import codes_value
from tests.kit.doors import Page, Shop
from tests.kit.world import World


pytestmark = pytest.mark.integration


@pytest.fixture
def world(dynamodb: Any) -> World:
    made = World(dynamodb)
    made.stock_up(3)
    return made


def ordered(world: World, **changes: Any) -> tuple[Shop, OrderId]:
    """A browser with one open order."""
    order = world.buy(**{"method": "precreate", **changes})
    shop = Shop(world.deps)
    shop.cookies["__Host-orders"] = codes_value({}, order.id, world.proof(order).code)
    return shop, order.id


def state(world: World, no: OrderId) -> OrderState:
    return world.deps.orders.get(no).state


def followed(shop: Shop, page: Page) -> Page:
    assert page.status == 303, page.text
    return shop.get(page.location)


def test_i_have_paid_finds_a_payment_whose_notice_was_lost(world: World) -> None:
    shop, no = ordered(world)
    shop.get(f"/o/{no}")
    world.providers.alipay.lose(out_trade_no(world.deps.orders.get(no).payment_id))
    world.clock.advance(6)
    page = followed(shop, shop.post(f"/o/{no}/check"))
    assert state(world, no) is OrderState.COMPLETED
    assert "Your card is ready" in page.text


def test_i_have_paid_without_a_payment_waits_and_leads_back(world: World) -> None:
    shop, no = ordered(world)
    shop.get(f"/o/{no}")
    world.clock.advance(6)
    page = followed(shop, shop.post(f"/o/{no}/check"))
    assert "Confirming your payment" in page.text
    assert "Back to the payment" in page.text
    assert state(world, no) is OrderState.PENDING_PAYMENT


def test_cancel_gives_the_goods_back_and_offers_to_buy_again(world: World) -> None:
    shop, no = ordered(world)
    page = followed(shop, shop.post(f"/o/{no}/cancel"))
    assert "This order was canceled" in page.text
    assert "/p/video-vip?sku=video-vip-month&amp;quantity=1" in page.text
    assert world.left == 3


def test_cancel_of_a_paid_order_shows_the_goods_and_says_why(world: World) -> None:
    shop, no = ordered(world)
    world.pay(world.deps.orders.get(no))
    page = shop.post(f"/o/{no}/cancel")
    assert page.status == 409
    assert 'role="alert"' in page.text
    assert "Your card is ready" in page.text
    assert shop.post(f"/o/{no}/cancel", accept="application/json").headers["content-type"] == "application/problem+json"


def test_another_way_to_pay_keeps_the_order_and_its_goods(world: World) -> None:
    shop, no = ordered(world)
    assert "Scan with" in shop.get(f"/o/{no}").text
    page = followed(shop, shop.post(f"/o/{no}/pay", {"channel": "epay:epay"}))
    assert "Go to Epay" in page.text
    assert world.left == 2
    assert world.deps.orders.get(no).channel_id == "epay"


@pytest.mark.parametrize("channel", ["", "nope:page", "epay", "epay:page", ":", "x" * 5000, "😀:page"])
def test_a_way_to_pay_that_is_not_offered_changes_nothing(world: World, channel: str) -> None:
    shop, no = ordered(world)
    before = world.deps.orders.get(no)
    page = shop.post(f"/o/{no}/pay", {"channel": channel})
    assert 400 <= page.status < 500
    assert world.deps.orders.get(no) == before


def test_a_provider_that_does_not_answer_is_said_on_the_page(world: World) -> None:
    shop, no = ordered(world)
    world.providers.alipay.is_down = True
    page = shop.get(f"/o/{no}")
    assert page.status == 200
    assert "The payment page is not ready" in page.text
    assert "Nothing was charged" in page.text


def test_the_same_page_twice_does_not_open_the_payment_twice(world: World) -> None:
    shop, no = ordered(world)
    for _ in range(3):
        shop.get(f"/o/{no}")
    assert world.providers.alipay.calls["precreate"] == 1
