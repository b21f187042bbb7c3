"""What buyer and shop agreed on stays (rows A14, A42, A44, K14, C01): the product as it was, its rights, its guide, notice and consent."""

from collections.abc import Iterator
from typing import Any

import pytest

from faka.contexts.catalog.errors import OffShelf
from faka.contexts.orders.model import Order
from faka.contexts.orders.price import PriceChanged
from faka.contexts.vault.rows import batch_to_item
from faka.flows.browse import product_page
from faka.flows.checkout import ConsentMissing, QuantityOutOfLimits
from faka.flows.edit_catalog import publish
from faka.flows.order_page import open_order
from faka.kernel.errors import FakaError
from faka.kernel.money import Currency, Money
from faka.platform.table import TableName, put
from tests.kit.world import World, engine_world
from tests.unit.catalog.given import sku, text


pytestmark = pytest.mark.unit

RIGHTS = text("一台设备，31天，未使用可退", "One device, 31 days, refund while unused")


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world(
        rights=RIGHTS,
        guide_after=text("打开应用", "Open the app, version one"),
        notice_version="2026-01",
        notice=text("不退", "No refunds."),
    ) as made:
        made.stock_up(5)
        yield made


def edited(world: World, **changes: Any) -> None:
    world.product = publish(world.deps, world.deps.catalog.product(world.product.id, fresh=True).changed(**changes))


def bought(world: World) -> Order:
    return world.pay(world.buy(consent="2026-01"))


def test_the_buyer_sees_scope_term_devices_and_refund_rule_before_he_pays(world: World) -> None:
    page = product_page(world.deps, world.product.id, world.clock.now())
    assert page.product.rights == RIGHTS
    assert page.product.notice_version == "2026-01"


def test_later_edits_and_the_end_of_the_product_change_nothing_on_an_order(world: World) -> None:
    order = bought(world)
    edited(
        world,
        title=text("别的", "Another"),
        rights=text("无", "None"),
        guide_after=text("新", "Version two"),
        skus=(sku("video-vip-month", 1),),
    )
    edited(world, state="UNLISTED")
    page = open_order(world.deps, order.id, world.proof(order))
    assert page.product.rights == RIGHTS
    assert page.product.title.en == "Video membership"
    assert page.product.sku(order.sku_id).price.minor == 1580
    shown = world.reveal(order)
    assert shown.product.guide_after.en == "Open the app, version one", "shown with the card"
    assert page.order.total.minor == 1580


def test_version_of_the_notice_and_consent_stand_in_the_order(world: World) -> None:
    order = bought(world)
    row = next(row for row in world.rows("test-trade") if row["pk"] == f"ORDER#{order.id}")
    assert row["consent"] == "2026-01"
    assert world.deps.catalog.product_version(order.product_id, order.product_version).notice_version == "2026-01"


@pytest.mark.parametrize("consent", ["", "2025-12", "on", "2026-01 "])
def test_without_consent_to_the_notice_as_it_is_now_nothing_is_sold(world: World, consent: str) -> None:
    with pytest.raises(ConsentMissing):
        world.buy(consent=consent)
    assert world.left == 5


def test_a_notice_that_changed_under_the_buyer_is_asked_for_again(world: World) -> None:
    edited(world, notice=text("新规则", "New rules."), notice_version="2026-02")
    with pytest.raises(ConsentMissing):
        world.buy(consent="2026-01")
    assert world.buy(consent="2026-02").consent == "2026-02"


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], type[FakaError]]] = {
    "a price that changed": ({"skus": (sku("video-vip-month", 1981),)}, {"seen_total_minor": 1580}, PriceChanged),
    "a product that left the shelf": ({"state": "UNLISTED"}, {}, FakaError),
    "more than one may": ({"skus": (sku("video-vip-month", per_order_max=2),)}, {"quantity": 3}, QuantityOutOfLimits),
    "less than one must": ({"skus": (sku("video-vip-month", per_order_min=2, per_order_max=4),)}, {"quantity": 1}, QuantityOutOfLimits),
    "a quantity of nothing": ({}, {"quantity": 0}, QuantityOutOfLimits),
    "a quantity below nothing": ({}, {"quantity": -1}, QuantityOutOfLimits),
    "a SKU that is not there": ({}, {"sku": "vip-31"}, FakaError),
    "no SKU at all": ({}, {"sku": ""}, FakaError),
    "a channel that is not there": ({}, {"channel": "paypal"}, FakaError),
    "a way that the channel has not": ({}, {"method": "cash"}, FakaError),
    "a short lookup code": ({}, {"code": "ABC"}, FakaError),
    "a form that is not ours": ({}, {"form_id": "1"}, FakaError),
    "an address that is none": ({}, {"contact": "me@"}, FakaError),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_agreed_on_is_refused_whole(world: World, what: str) -> None:
    changes, asked, outcome = REFUSED[what]
    if changes:
        edited(world, **changes)
    before = (world.image(), world.rows("test-guard"))
    with pytest.raises(outcome):
        world.buy(**{"consent": "2026-01", **asked})
    assert (world.image(), world.rows("test-guard")) == before, "nothing half done"
    assert world.left == 5


def test_off_the_shelf_is_off_at_that_moment(world: World) -> None:
    edited(world, off_at=world.clock.now())
    with pytest.raises(OffShelf):
        world.buy(consent="2026-01")


def test_a_guest_buys_without_account_or_address(world: World) -> None:
    order = bought(world)
    assert (order.contact, order.contact_hash) == ("", "")
    assert world.secrets(order) == ["SECRET-0"]


def test_what_an_order_cost_is_the_cost_of_the_very_batches_its_cards_came_from(world: World) -> None:
    """GIVEN five cards that cost 5.00 and three later ones that cost 6.50 WHEN six are sold at once."""
    world.stock_up(3)
    for batch, minor in zip(sorted(world.deps.vault.batches(world.sku.id), key=lambda one: one.base), (500, 650), strict=True):
        cost = Money(minor=minor, currency=Currency.CNY)
        world.deps.tables.apply(put(TableName.VAULT, batch_to_item(batch.model_copy(update={"unit_cost": cost}))))
    order = world.pay(world.buy(quantity=6, consent="2026-01"))
    costs = [(run.count, world.deps.vault.batch(order.sku_id, run.batch).unit_cost) for run in order.runs]
    assert [(count, cost.minor) for count, cost in costs if cost] == [(5, 500), (1, 650)]
    profit = order.total.minor - order.fee.minor - sum(count * cost.minor for count, cost in costs if cost)
    assert profit == 6 * 1580 - 5 * 500 - 650
