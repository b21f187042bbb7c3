"""Price and stock of suppliers (row A27): pages follow them within a round, and one who hangs takes only his own goods away."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.catalog.policy import StockWord
from faka.contexts.stock import OutOfStock
from faka.contexts.suppliers.rules import SupplyRule
from faka.contexts.suppliers.store import Offer, OfferMoved, SupplierStore
from faka.flows.browse import product_page, shelf
from faka.flows.sync_supply import sync_supply
from faka.kernel.ids import SupplierId
from faka.kernel.money import Money
from faka.platform.table import put
from faka.steps import quotes
from faka.steps.offers import offered
from tests.kit.suppliers import Cut, FakeSupplier, FakeSuppliers, NoAnswer
from tests.kit.world import World, engine_world
from tests.unit.catalog.given import sku


pytestmark = pytest.mark.integration

KINDS = ("md5_form", "signed_json", "two_step")
FORM = {"fields": [{"name": "mobile", "label": {"zh": "手机号码", "en": "Mobile number"}, "kind": "PHONE"}]}
PRICE, COST = 3_000, 2_850


class Synced:
    """A shop that sells one top-up from some suppliers; the first one is the cheapest."""

    def __init__(self, world: World, *kinds: str) -> None:
        self.world, self.deps = world, world.deps
        transport = FakeSuppliers(world.clock, kinds)
        self.suppliers = [transport.by_kind(kind) for kind in kinds]
        adapters = {one.facts["id"]: one.adapter() for one in self.suppliers}
        self.deps.supplier = lambda name: adapters[name]  # type: ignore[method-assign,assignment]
        for rank, one in enumerate(self.suppliers):
            one.warehouse.goods["5010"].cost_minor = COST + rank
            offer = Offer(sku=world.sku.id, supplier_id=SupplierId(one.facts["id"]), goods_id="5010", cost=cny(COST + rank))
            self.deps.tables.commit([self.deps.suppliers.save(one.row()), *offered(self.deps, offer)])

    def look(self, has_time: bool = True) -> dict[str, int]:
        return sync_supply(self.deps, lambda: has_time)

    @property
    def word(self) -> StockWord:
        """What the product's page says; the listing says the same."""
        page = product_page(self.deps, self.world.product.id, self.world.clock.now())
        [tile] = shelf(self.deps, None, self.world.clock.now()).tiles
        assert tile.stock is page.stock[self.world.sku.id]
        return tile.stock

    def buy(self) -> Any:
        return self.world.buy(account={"mobile": "13800138000"})

    def ruled(self, margin_min_bp: int) -> None:
        rule = SupplyRule(sku=self.world.sku.id, product=self.world.product.id, margin_min_bp=margin_min_bp)
        self.deps.tables.apply(self.deps.supply_rules.saved(rule))

    def offers(self) -> dict[str, Offer]:
        return {one.supplier_id: one for one in self.deps.suppliers.offers(self.world.sku.id)}

    def rests(self) -> str | None:
        found = self.deps.cases.find(case_id(CaseKind.SUPPLIER, f"{self.world.sku.id}:floor"))
        return found and found.state


def cny(minor: int) -> Money:
    return Money(minor=minor, currency="CNY")


@contextmanager
def synced(*kinds: str) -> Iterator[Synced]:
    top_up = sku("video-vip-month", PRICE, per_order_max=1)
    with engine_world(kind="DIRECT_RECHARGE", account_form=FORM, skus=(top_up,)) as world:
        yield Synced(world, *(kinds or KINDS[:2]))


def hangs(supplier: FakeSupplier) -> None:
    def served(_asked: Any) -> Any:
        raise NoAnswer("hangs")

    supplier.served = served  # type: ignore[method-assign]


@pytest.mark.parametrize("one_by_one", [0, 20], ids=["catalogue", "by name"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_price_that_moves_is_the_offers_within_a_round(kind: str, one_by_one: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotes, "ONE_BY_ONE", one_by_one)
    with synced(kind) as at:
        at.suppliers[0].warehouse.goods["5010"].cost_minor = COST + 40
        assert at.look() == {"SKUS": 1, "HAD": 1, "REPRICED": 1}
        [offer] = at.offers().values()
        assert offer.cost == cny(COST + 40)
        assert at.word is StockWord.PLENTY


def test_who_hangs_is_gone_from_the_pages_after_one_round_and_back_after_the_next() -> None:
    with synced("md5_form") as at:
        at.look()
        served = at.suppliers[0].served
        hangs(at.suppliers[0])
        assert at.look()["HAD"] == 0
        assert at.word is StockWord.NONE
        with pytest.raises(OutOfStock):
            at.buy()
        at.suppliers[0].served = served  # type: ignore[method-assign]
        at.look()
        assert at.word is StockWord.PLENTY
        assert at.buy()


def test_who_hangs_takes_nothing_of_the_others_away_and_pages_ask_nobody() -> None:
    with synced() as at:
        hangs(at.suppliers[0])
        assert at.look()["HAD"] == 1
        asked = sum(at.suppliers[1].calls.values())
        assert at.word is StockWord.PLENTY
        assert sum(at.suppliers[1].calls.values()) == asked


@pytest.mark.parametrize("cut", list(Cut))
def test_a_single_lost_answer_takes_nothing_off_the_pages(cut: Cut) -> None:
    with synced("md5_form") as at:
        at.suppliers[0].cut["quote"] = cut
        assert at.look()["HAD"] == 1


def test_what_he_has_no_more_of_is_shown_as_gone() -> None:
    with synced("md5_form") as at:
        at.suppliers[0].warehouse.goods["5010"].is_on_sale = False
        at.look()
        assert at.word is StockWord.NONE


def test_a_supplier_whose_papers_end_is_gone_from_the_pages() -> None:
    with synced("md5_form") as at:
        at.look()
        row = at.deps.suppliers.get(SupplierId(at.suppliers[0].facts["id"]))
        at.deps.tables.apply(at.deps.suppliers.replaced(row, row.changed(admitted_until=at.world.clock.now())))
        at.look()
        assert at.word is StockWord.NONE


def test_what_can_be_had_only_above_its_floor_rests_tells_a_person_once_and_comes_back() -> None:
    with synced() as at:
        at.ruled(300)
        at.look()
        assert at.word is StockWord.PLENTY
        for one in at.suppliers:
            one.warehouse.goods["5010"].cost_minor = 2_911
        at.look()
        assert at.word is StockWord.NONE
        assert at.rests() == "OPEN"
        with pytest.raises(OutOfStock):
            at.buy()
        rows = at.world.rows("test-trade")
        at.look()
        assert at.world.rows("test-trade") == rows
        at.suppliers[1].warehouse.goods["5010"].cost_minor = 2_910
        at.look()
        assert at.word is StockWord.PLENTY
        assert at.rests() == "CLOSED"


def test_twin_without_a_floor_it_is_sold_for_less_than_the_margin() -> None:
    with synced() as at:
        for one in at.suppliers:
            one.warehouse.goods["5010"].cost_minor = 2_911
        at.look()
        assert at.word is StockWord.PLENTY
        assert at.buy()


def test_an_offer_that_is_withdrawn_meanwhile_stays_withdrawn() -> None:
    with synced("md5_form") as at:
        [offer] = at.offers().values()
        gone = offer.model_copy(update={"enabled": False})
        at.suppliers[0].warehouse.goods["5010"].cost_minor = COST - 10
        at.suppliers[0].meanwhile["quote"] = lambda: at.deps.tables.commit(offered(at.deps, gone))
        assert at.look()["REPRICED"] == 0
        assert at.offers() == {gone.supplier_id: gone}
        at.look()
        assert at.word is StockWord.NONE


def test_twin_without_its_condition_the_withdrawal_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(_self: SupplierStore, before: Offer, cost: Money) -> Any:
        row = before.model_copy(update={"cost": cost}).model_dump(mode="json")
        return put("catalog", {**row, "pk": f"OFFERS#{before.sku}", "sk": before.supplier_id})  # type: ignore[arg-type]

    monkeypatch.setattr(SupplierStore, "repriced", blind)
    with pytest.raises((AssertionError, OfferMoved)):
        test_an_offer_that_is_withdrawn_meanwhile_stays_withdrawn()


def test_a_round_that_finds_nothing_new_writes_nothing_and_what_is_old_is_not_believed() -> None:
    with synced() as at:
        at.look()
        rows = at.world.rows("test-catalog")
        at.world.clock.advance(minutes=5)
        at.look()
        assert at.world.rows("test-catalog") == rows
        at.world.clock.advance(minutes=30)
        at.look()
        assert at.world.rows("test-catalog") != rows
        at.world.clock.advance(seconds=int(timedelta(minutes=61).total_seconds()))
        assert at.word is StockWord.NONE


def test_without_time_to_ask_what_was_known_stays() -> None:
    with synced() as at:
        at.look()
        hangs(at.suppliers[0])
        assert at.look(has_time=False) == {"SKUS": 1, "HAD": 0, "REPRICED": 0}
        assert at.word is StockWord.PLENTY
