"""A supplier's statement, his own list against it, and paying him by two persons."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest

from faka.contexts.ledger.accounts import payable
from faka.contexts.ledger.balances import balances
from faka.contexts.ledger.owed import day_begins
from faka.contexts.ledger.purchases import complaint_accepted
from faka.contexts.proposals import ProposalOver, SamePerson
from faka.contexts.settlements import SettlementExists
from faka.contexts.suppliers.compared import Difference
from faka.contexts.suppliers.store import Offer
from faka.flows import settle_supplier
from faka.flows.compare_supplier import compare_supplier
from faka.flows.settle_supplier import AmountMoved, approve_settlement, propose_settlement
from faka.kernel.clock import business_day
from faka.kernel.ids import SupplierId
from faka.kernel.money import Currency, Money
from infra.local.actors.suppliers.warehouse import Filled
from infra.ops import settlements
from tests.kit.suppliers import FakeSupplier, FakeSuppliers
from tests.unit.ledger.given import cny
from tests.unit.recharges.given import COST_MINOR, TopUps, top_ups


pytestmark = pytest.mark.integration


@contextmanager
def supplied(kind: str, count: int) -> Iterator[tuple[TopUps, FakeSupplier, SupplierId]]:
    """A shop that bought so many top-ups of one supplier yesterday; it is the evening of the next day."""
    with top_ups() as shop:
        deps = shop.world.deps
        shop.world.clock.set(day_begins(business_day(shop.world.clock.now()) + timedelta(days=1)) + timedelta(hours=8))
        supplier = FakeSuppliers(shop.world.clock, [kind]).by_kind(kind)
        row = supplier.row()
        supplier.warehouse.goods["5010"].cost_minor = COST_MINOR
        offer = Offer(sku=shop.world.sku.id, supplier_id=row.id, goods_id="5010", cost=cny(COST_MINOR))
        deps.tables.commit([deps.suppliers.save(row), deps.suppliers.save_offer(offer)])
        shop.suppliers[row.id] = supplier.adapter()  # type: ignore[assignment]
        for _ in range(count):
            shop.play(shop.begun())
        shop.world.clock.advance(days=1, hours=2)
        yield shop, supplier, row.id


def yesterday(shop: TopUps) -> date:
    return business_day(shop.world.clock.now()) - timedelta(days=1)


def owed_now(shop: TopUps, supplier: SupplierId) -> int:
    return balances(shop.world.deps.ledger.every()).get(payable(supplier, Currency.CNY), 0)


def plant(supplier: FakeSupplier) -> dict[str, Difference]:
    """He forgot one, charged another otherwise, and has one that we never ordered."""
    orders = supplier.warehouse.orders
    forgotten, dearer, *_ = sorted(orders)
    mould = orders.pop(forgotten)
    orders[dearer].cost_minor += 1
    strange = Filled(**{**vars(mould), "number": "rch01JABCDEFGHJKMNPQRSTVWXYZ00", "supplier_no": "8999999"})
    orders[strange.number] = strange
    return {
        forgotten: Difference.MISSING_AT_HIM,
        dearer: Difference.AMOUNT_DIFFERS,
        strange.number: Difference.MISSING_AT_US,
    }


def test_what_was_planted_in_his_list_is_found_and_nothing_is_invented(capsys: pytest.CaptureFixture[str]) -> None:
    with supplied("two_step", 5) as (shop, supplier, name):
        day = yesterday(shop)
        clean = compare_supplier(shop.world.deps, name, day, day)
        assert (clean.comparison.matched, clean.comparison.found, clean.new_cases) == (5, (), 0)
        planted = plant(supplier)
        report = compare_supplier(shop.world.deps, name, day, day)
        assert {one.number: one.what for one in report.comparison.found} == planted
        assert (report.comparison.matched, report.new_cases) == (3, 3)
        assert settlements.main(["compare", name, "--first", day.isoformat(), "--last", day.isoformat()], shop.world.deps) == 0
        assert "3 matched, 3 differ, 0 open at him; 0 new cases" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["signed_json", "md5_form"])
def test_who_gives_no_list_is_asked_for_each_number(kind: str) -> None:
    with supplied(kind, 3) as (shop, supplier, name):
        day = yesterday(shop)
        del supplier.warehouse.orders[min(supplier.warehouse.orders)]
        report = compare_supplier(shop.world.deps, name, day, day)
        assert not report.has_list
        assert report.comparison.matched == 2
        assert [one.what for one in report.comparison.found] == [Difference.MISSING_AT_HIM]


def test_a_statement_is_purchases_minus_claims_and_payments_and_equals_the_ledger(capsys: pytest.CaptureFixture[str]) -> None:
    with supplied("two_step", 4) as (shop, _, name):
        deps, day = shop.world.deps, yesterday(shop).isoformat()
        deps.tables.apply(deps.ledger.posted(complaint_accepted("c1", name, cny(100), deps.clock.now() - timedelta(hours=12))))
        assert settlements.main(["statement", name, "--first", day, "--last", day], deps) == 0
        read = dict(re.findall(r"^  (\w[\w ]*?) +(-?[\d.]+)$", capsys.readouterr().out, re.MULTILINE))
        want = cny(4 * COST_MINOR - 100).decimal()
        assert (read["purchases"], read["claims"], read["payable"]) == (cny(4 * COST_MINOR).decimal(), "-1.00", want)
        assert owed_now(shop, name) == 4 * COST_MINOR - 100


def test_two_persons_pay_what_is_due_and_it_is_paid_once(capsys: pytest.CaptureFixture[str]) -> None:
    with supplied("two_step", 4) as (shop, _, name):
        deps, day, due = shop.world.deps, yesterday(shop), cny(4 * COST_MINOR)
        one = propose_settlement(deps, name, day, "icbc", "monthly", "mei")
        assert propose_settlement(deps, name, day, "icbc", "again", "li").id == one.id
        with pytest.raises(SamePerson):
            approve_settlement(deps, one.id, due, " MEI ")
        with pytest.raises(AmountMoved):
            approve_settlement(deps, one.id, cny(1), "li")
        approve_settlement(deps, one.id, due, "li")
        assert owed_now(shop, name) == 0
        with pytest.raises(ProposalOver):
            approve_settlement(deps, one.id, due, "li")
        assert [one.kind for one in deps.ledger.every()].count("supplier_paid") == 1
        assert settlements.main(["list", name], deps) == 0
        assert "by mei and li" in capsys.readouterr().out
        assert settlements.main(["propose", name, "--last", day.isoformat(), "--bank", "icbc", "--reason", "more"], deps) == 1


def test_a_claim_that_came_between_stops_the_payment() -> None:
    with supplied("two_step", 2) as (shop, _, name):
        deps = shop.world.deps
        one = propose_settlement(deps, name, yesterday(shop), "icbc", "monthly", "mei")
        deps.tables.apply(deps.ledger.posted(complaint_accepted("c1", name, cny(100), deps.clock.now())))
        with pytest.raises(AmountMoved):
            approve_settlement(deps, one.id, cny(2 * COST_MINOR), "li")
        again = propose_settlement(deps, name, yesterday(shop), "icbc", "monthly", "mei")
        assert approve_settlement(deps, again.id, cny(2 * COST_MINOR - 100), "li").amount == cny(2 * COST_MINOR - 100)


def raced(shop: TopUps, name: SupplierId, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Money]:
    """Two proposals about the same money, one of them paid; the other was looked at before that."""
    deps, due = shop.world.deps, cny(2 * COST_MINOR)
    one = propose_settlement(deps, name, yesterday(shop), "icbc", "monthly", "mei")
    other = propose_settlement(deps, name, yesterday(shop), "abc", "monthly", "mei")
    approve_settlement(deps, one.id, due, "li")
    monkeypatch.setattr(settle_supplier, "_due", lambda *_: due.minor)
    return other.id, due


def test_of_two_payments_at_once_for_the_same_money_one_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    with supplied("two_step", 2) as (shop, _, name):
        other, due = raced(shop, name, monkeypatch)
        with pytest.raises(SettlementExists):
            approve_settlement(shop.world.deps, other, due, "li")
        assert owed_now(shop, name) == 0


def test_twin_without_the_number_of_the_settlement_he_is_paid_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    with supplied("two_step", 2) as (shop, _, name):
        other, due = raced(shop, name, monkeypatch)
        deps = shop.world.deps
        paid = type(deps.settlements).paid
        monkeypatch.setattr(
            type(deps.settlements), "paid", lambda store, one: paid(store, one.model_copy(update={"number": one.number + 1}))
        )
        monkeypatch.setattr(settle_supplier.Settlement, "id", property(lambda one: one.proposal))
        approve_settlement(deps, other, due, "li")
        assert owed_now(shop, name) == -due.minor
