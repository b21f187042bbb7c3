"""The page of an order whose goods are withheld: once they may be shown again, or others are there, its buyer gets to them by himself."""

import re
from typing import Any

import pytest

from faka.contexts.orders.model import DeliveryState
from faka.contexts.stock import Why
from faka.contexts.vault import Batch, BatchState, moved
from faka.flows import reveal
from pages.visitor import codes_value
from tests.kit.doors import Page, Shop
from tests.kit.world import World


pytestmark = pytest.mark.integration


@pytest.fixture
def world(dynamodb: Any) -> World:
    return World(dynamodb)


def frozen(world: World, batch: Batch) -> None:
    world.deps.tables.commit([moved(batch, BatchState.FROZEN)])
    world.deps.stock.withhold(batch.sku, batch.ordinal, Why.FROZEN)


def thawed(world: World, batch: Batch) -> None:
    world.deps.tables.commit([moved(batch.model_copy(update={"state": BatchState.FROZEN}), BatchState.OPEN)])
    world.deps.stock.restore(batch.sku, batch.ordinal)


def withheld(world: World, batch: Batch) -> tuple[Shop, str]:
    """A browser whose order was paid, frozen and looked at, and the path of its page."""
    order = world.pay(world.buy())
    frozen(world, batch)
    shop = Shop(world.deps)
    shop.cookies["__Host-orders"] = codes_value({}, order.id, world.proof(order).code)
    assert pressed(shop, f"/o/{order.id}").status == 409
    assert world.order(order).delivery is DeliveryState.WITHHELD
    return shop, f"/o/{order.id}"


def pressed(shop: Shop, page: str) -> Page:
    """Press the button of the page that opens the goods."""
    shown = shop.get(page)
    assert "data-reveal" in shown.text, "the page offers no way to the goods"
    found = re.search(r'action="(/o/[^"]+/cards)"', shown.text)
    assert found is not None
    return shop.post(found.group(1), {"open_id": shown.hidden("open_id")})


def test_after_the_thaw_the_buyer_opens_what_was_withheld_while_he_looked(world: World) -> None:
    batch = world.stock_up(1)
    shop, page = withheld(world, batch)
    thawed(world, batch)
    assert "SECRET-0" in pressed(shop, page).text


def asked(world: World) -> list[str]:
    return [row["state"] for row in world.rows("test-trade") if row["sk"] == "CASE"]


def test_after_the_thaw_nobody_is_asked_for_other_cards_any_more(world: World) -> None:
    batch = world.stock_up(1)
    shop, page = withheld(world, batch)
    assert asked(world) == ["OPEN"]
    thawed(world, batch)
    pressed(shop, page)
    assert asked(world) == ["CLOSED"]


def test_twin_an_opening_that_answers_no_case_leaves_a_person_to_make_it_good_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reveal, "answered", lambda *_: [])
    batch = world.stock_up(1)
    shop, page = withheld(world, batch)
    thawed(world, batch)
    pressed(shop, page)
    assert asked(world) == ["OPEN"]


def test_with_new_stock_the_buyer_gets_another_card_for_the_one_that_stays_withheld(world: World) -> None:
    shop, page = withheld(world, world.stock_up(1))
    world.stock_up(1, secret="OTHER-{n}")
    assert pressed(shop, page).status == 409, "the withheld one makes room for the other"
    assert "OTHER-" in pressed(shop, page).text


def test_while_it_is_withheld_the_button_shows_nothing(world: World) -> None:
    shop, page = withheld(world, world.stock_up(1))
    answer = pressed(shop, page)
    assert answer.status == 409
    assert "SECRET-0" not in answer.text
