"""A supplier who signs well about another supplier's attempt (row F04)."""

import pytest

from faka.contexts.purchases import Attempt, Purchase, PurchaseState, number_of
from faka.kernel.ids import PurchaseId
from faka.kernel.money import Money
from tests.integration.test_supply_notices import KINDS, Told
from tests.integration.test_two_suppliers import two_suppliers


pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore:No application metrics")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_notice_well_signed_by_one_supplier_about_an_attempt_at_another_changes_nothing(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with two_suppliers(kind, next(other for other in KINDS if other != kind)) as (shop, suppliers):
        told = Told(shop, suppliers)
        told.supplier.warehouse.finish(told.number)
        truth = shop.world.deps.supplier(told.supplier.facts["id"]).parse_notice(told.supplier.notice(told.number))
        other = shop.world.deps.supplier(told.other.facts["id"])
        monkeypatch.setattr(type(other), "parse_notice", lambda _self, _raw: truth)
        raw = told.supplier.notice(told.number)
        before = told.book
        assert told.posts(raw, kind=told.other.facts["kind"], supplier=told.other.facts["id"]) == 404
        assert told.book == before


@pytest.mark.parametrize("kind", ["md5_form", "signed_json"])
def test_a_notice_about_cards_that_were_bought_is_acknowledged_and_changes_nothing(kind: str) -> None:
    with two_suppliers(kind, next(other for other in KINDS if other != kind)) as (shop, suppliers):
        told = Told(shop, suppliers)
        name = PurchaseId("pur_01ARZ3NDEKTSV4RRFFQ69G5FAV")
        supplier, now, cost = told.supplier, shop.world.clock.now(), Money(minor=10, currency="CNY")
        attempt = Attempt(number=number_of(name, 0), supplier_id=supplier.facts["id"], goods_id="7001", cost_max=cost, sent_at=now)
        about = {"product_id": "p", "sku_id": "s", "quantity": 1, "unit_max": cost, "by": "mei", "created_at": now}
        bought = Purchase(id=name, attempts=(attempt,), state=PurchaseState.PROCESSING, **about)
        order = supplier.warehouse.create(attempt.number, "7001", 1, {}, "")
        supplier.warehouse.finish(order.number)
        assert told.posts(supplier.notice(order.number)) == 404
        shop.world.deps.tables.commit(shop.world.deps.purchases.placed(bought, now.date(), None))
        before = told.book
        assert told.posts(supplier.notice(order.number)) == 200
        assert told.book == before
