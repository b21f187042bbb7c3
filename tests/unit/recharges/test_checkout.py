"""A buyer orders a top-up for his account (rows A05, F06): nothing is held, and nothing is sent twice because it takes a while."""

from collections.abc import Iterator

import pytest

from faka.contexts.catalog.accounts import BadAccount
from faka.contexts.orders.errors import KeyReusedWithOtherBody
from faka.contexts.orders.model import Order, OrderState
from faka.contexts.quotas.flights import InFlight
from faka.contexts.stock import OutOfStock
from faka.contexts.suppliers.store import Offer, SupplierRow
from faka.flows.browse import product_page, shelf
from faka.flows.checkout import checkout
from faka.kernel.errors import InvalidRequest
from faka.kernel.ids import SupplierId
from faka.kernel.money import Money
from faka.steps.offers import offered
from tests.kit.suppliers import ALWAYS
from tests.kit.world import World, engine_world
from tests.unit.catalog.given import sku, text


pytestmark = pytest.mark.unit

FORM = {"fields": [{"name": "phone", "label": text(en="Mobile number"), "kind": "PHONE"}]}
PHONE = {"phone": "138 0013 8000"}
OTHER = {"phone": "13900139000"}


@pytest.fixture
def shop() -> Iterator[World]:
    with engine_world(kind="DIRECT_RECHARGE", account_form=FORM, skus=(sku("top-up", 1000, per_order_max=1),)) as world:
        row = SupplierRow(
            id=SupplierId("first"),
            name="First",
            kind="scripted",
            account={},
            gateway="https://x.test",
            currency="CNY",
            enabled=True,
            admitted_until=ALWAYS,
        )
        world.deps.tables.commit([world.deps.suppliers.save(row), *offered(world.deps, offer(world, 900))])
        yield world


def offer(world: World, minor: int, **changes: object) -> Offer:
    cost = Money(minor=minor, currency="CNY")
    return Offer.model_validate({"sku": world.sku.id, "supplier_id": "first", "goods_id": "t10", "cost": cost, **changes})


def said(world: World) -> tuple[str, str]:
    """What the tile and the page say of its stock."""
    now = world.clock.now()
    [tile] = shelf(world.deps, None, now).tiles
    return tile.stock, product_page(world.deps, world.product.id, now).stock[world.sku.id]


def test_the_account_is_kept_as_suppliers_want_it_and_no_card_is_held(shop: World) -> None:
    order = shop.buy(account=PHONE)
    assert (order.state, order.account, order.runs) == (OrderState.PENDING_PAYMENT, {"phone": "13800138000"}, ())
    assert shop.pay(order).state is OrderState.PAID
    assert "13800138000" not in repr(shop.order(order))


def test_a_bad_account_is_refused_before_anybody_pays_and_before_anything_is_written(shop: World) -> None:
    before = len(shop.rows("test-trade"))
    with pytest.raises(BadAccount):
        shop.buy(account={"phone": "12345"})
    with pytest.raises(BadAccount):
        shop.buy()
    assert len(shop.rows("test-trade")) == before


def test_the_same_form_is_the_same_order_however_the_number_is_spaced_and_another_number_is_another(shop: World) -> None:
    command = shop.command(account=PHONE)
    order = checkout(shop.deps, command)
    assert checkout(shop.deps, command.model_copy(update={"account": {"phone": "+8613800138000"}})).id == order.id
    with pytest.raises(KeyReusedWithOtherBody):
        checkout(shop.deps, command.model_copy(update={"account": OTHER}))


def test_one_at_a_time_for_an_account_until_it_has_ended(shop: World) -> None:
    paid = shop.pay(shop.buy(account=PHONE))
    with pytest.raises(InFlight):
        shop.buy(account={"phone": "+86 13800138000"})
    assert shop.buy(account=OTHER).state is OrderState.PENDING_PAYMENT
    ended(shop, paid)
    assert shop.buy(account=PHONE).state is OrderState.PENDING_PAYMENT


def ended(shop: World, paid: Order) -> None:
    after = paid.moved(OrderState.FAILED, shop.clock.now(), "test", "ended")
    shop.deps.tables.apply(shop.deps.orders.replaced(paid, after))


def test_an_unpaid_order_of_somebody_else_is_in_nobodys_way(shop: World) -> None:
    mine = shop.command(account=PHONE)
    checkout(shop.deps, mine)
    again = shop.command(account=PHONE, address=mine.address)
    with pytest.raises(InFlight):
        checkout(shop.deps, again)
    assert shop.buy(account=PHONE).state is OrderState.PENDING_PAYMENT


def test_twin_without_the_row_one_account_has_two_paid_orders(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faka.flows.checkout.flight", lambda _deps, _order, _product: [])
    orders = [shop.pay(shop.buy(account=PHONE)) for _ in range(2)]
    assert [one.state for one in orders] == [OrderState.PAID, OrderState.PAID]


def test_of_two_who_order_at_once_one_is_told(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have looked before either has written: the condition decides."""
    one, other = shop.command(account=PHONE), shop.command(account=PHONE)
    monkeypatch.setattr("faka.contexts.quotas.flights.FlightStore.find", lambda _self, _sku, _digest: None)
    checkout(shop.deps, one)
    with pytest.raises(InFlight):
        checkout(shop.deps, other)


def test_where_nobody_sells_it_it_is_sold_out_and_nothing_is_charged(shop: World) -> None:
    assert said(shop) == ("plenty", "plenty")
    for changed in (offer(shop, 1_001), offer(shop, 900, enabled=False)):
        shop.deps.tables.commit(offered(shop.deps, changed))
        with pytest.raises(OutOfStock):
            shop.buy(account=PHONE)
        assert said(shop)[1] == "none"


def test_an_order_is_for_one(shop: World) -> None:
    with pytest.raises(InvalidRequest):
        shop.buy(account=PHONE, quantity=2)


def test_what_people_send_by_hand_needs_no_supplier() -> None:
    with engine_world(kind="MANUAL_RECHARGE", account_form=FORM, skus=(sku("by-hand", 1000, per_order_max=1),)) as world:
        assert said(world) == ("plenty", "plenty")
        assert world.pay(world.buy(account=PHONE)).state is OrderState.PAID
