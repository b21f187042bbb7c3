"""Low stock (row A25): one word to people in a window, a task with a deadline, and what may be bought is bought within its bounds."""

from types import SimpleNamespace
from typing import Any

import pytest

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.purchases import PurchaseState
from faka.contexts.stock.low import LowStore
from faka.contexts.suppliers.rules import SupplyRule
from faka.flows import watch_stock as flow
from faka.flows.watch_stock import watch_stock
from faka.kernel.ids import PurchaseId
from faka.steps.asked_again import asked_again
from infra.ops import restock as ops
from tests.integration.given_intake import PRODUCT, SKU
from tests.integration.test_restock import Buying, buying, cny
from tests.kit.crash import Killed


pytestmark = pytest.mark.integration

LOW = case_id(CaseKind.SUPPLIER, f"{PRODUCT}:low")
BUYS = {"upto": 10, "unit_max": cny(5_000), "day_max": 20}


def ruled(at: Buying, **more: Any) -> list[str]:
    """The shop's machine notes what it is asked to begin."""
    begun: list[str] = []
    at.shop.deps.__dict__["restocking"] = SimpleNamespace(begin=lambda _name, purchase: begun.append(purchase) or True)
    at.shop.deps.tables.apply(at.shop.deps.supply_rules.saved(SupplyRule(sku=SKU, product=PRODUCT, low=2, **more)))
    return begun


def look(at: Buying) -> dict[str, int]:
    return watch_stock(at.shop.deps, lambda: True)


def stocked(at: Buying, quantity: int) -> None:
    assert at.play(at.begun(quantity)) == "end"


def case_of(at: Buying) -> str | None:
    found = at.shop.deps.cases.find(LOW)
    return found and found.state


def test_low_stock_is_one_case_however_often_it_is_looked_at_and_closes_itself_when_cards_come() -> None:
    with buying() as at:
        ruled(at)
        assert look(at) == {"WATCHED": 1, "LOW": 1, "BOUGHT": 0}
        case = at.shop.deps.cases.find(LOW)
        assert case is not None
        assert "0 left, somebody must buy" in case.reason
        assert case.deadline_at > at.shop.clock.now()
        rows = at.shop.dynamodb.scan(TableName="test-trade")["Items"]
        look(at)
        assert at.shop.dynamodb.scan(TableName="test-trade")["Items"] == rows
        stocked(at, 3)
        assert look(at)["LOW"] == 0
        assert case_of(at) == "CLOSED"


def test_a_second_low_within_the_window_is_told_when_the_window_is_over() -> None:
    with buying() as at:
        ruled(at, window_s=86_400)
        look(at)
        stocked(at, 3)
        look(at)
        at.shop.deps.stock.claim(SKU, "ord_01ARZ3NDEKTSV4RRFFQ69G5FAV+q1", 1, 1)
        look(at)
        assert case_of(at) == "CLOSED"
        at.shop.clock.advance(hours=25)
        look(at)
        assert case_of(at) == "OPEN"


def test_twin_without_the_row_of_what_was_said_people_hear_of_it_every_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    with buying() as at:
        ruled(at)
        told: list[str] = []
        monkeypatch.setattr(LowStore, "get_many", lambda _self, _products: {})
        monkeypatch.setattr(flow, "asked_again", lambda *given: told.append(given[-1]) or asked_again(*given))
        look(at)
        look(at)
        assert len(told) == 2


def test_what_may_be_bought_is_bought_once_up_to_its_mark() -> None:
    with buying() as at:
        begun = ruled(at, **BUYS)
        assert look(at)["BOUGHT"] == 1
        assert look(at)["BOUGHT"] == 0
        [name] = begun
        purchase = at.shop.deps.purchases.get(PurchaseId(name))
        assert (purchase.quantity, purchase.unit_max, purchase.by) == (10, cny(5_000), "the shop")
        assert at.play(PurchaseId(name)) == "end"
        assert at.stock == 10
        assert look(at) == {"WATCHED": 1, "LOW": 0, "BOUGHT": 0}
        assert case_of(at) == "CLOSED"


def test_a_day_has_its_bound_and_a_poor_purchase_its_rest() -> None:
    with buying() as at:
        begun = ruled(at, **(BUYS | {"day_max": 12}))
        for one in at.suppliers:
            one.warehouse.goods["7001"].cost_minor = 9_000
        look(at)
        assert at.play(PurchaseId(begun[0])) == "end"
        assert at.shop.deps.purchases.get(PurchaseId(begun[0])).state is PurchaseState.GIVEN_UP
        assert look(at)["BOUGHT"] == 0
        at.shop.clock.advance(minutes=61)
        assert look(at)["BOUGHT"] == 1
        assert at.shop.deps.purchases.get(PurchaseId(begun[1])).quantity == 2
        at.play(PurchaseId(begun[1]))
        at.shop.clock.advance(minutes=61)
        assert look(at)["BOUGHT"] == 0
        at.shop.clock.advance(hours=24)
        assert look(at)["BOUGHT"] == 1


def test_twin_without_its_rest_a_purchase_that_nobody_sells_begins_every_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "REST", flow.REST * 0)
    with buying() as at:
        begun = ruled(at, **(BUYS | {"day_max": 100}))
        for one in at.suppliers:
            one.warehouse.goods["7001"].cost_minor = 9_000
        for _ in range(3):
            look(at)
            at.play(PurchaseId(begun[-1]))
        assert len(begun) == 3


def test_of_two_rounds_at_once_one_buys(monkeypatch: pytest.MonkeyPatch) -> None:
    with buying() as at:
        begun = ruled(at, **BUYS)
        look(at)
        monkeypatch.setattr("faka.contexts.purchases.store.PurchaseStore.running", lambda _self, _sku: None)
        assert look(at)["BOUGHT"] == 0
        assert len(begun) == 1


def test_who_dies_between_the_purchase_and_its_machine_is_healed_by_the_sweep() -> None:
    from faka.flows.sweep import sweep

    with buying() as at:
        ruled(at, **BUYS)

        def dies(*_given: Any, **_named: Any) -> Any:
            raise Killed("begin")

        at.shop.deps.__dict__["restocking"] = SimpleNamespace(begin=dies)
        with pytest.raises(Killed):
            look(at)
        begun = ruled(at, **BUYS)
        assert look(at)["BOUGHT"] == 0
        assert case_of(at) == "OPEN"
        at.shop.clock.advance(minutes=6)
        sweep(at.shop.deps, lambda _order: None, lambda: True)
        assert len(begun) == 1


def test_a_rule_of_a_sku_that_is_gone_is_no_work_and_time_ends_a_round() -> None:
    with buying() as at:
        ruled(at)
        at.shop.deps.tables.apply(at.shop.deps.supply_rules.saved(SupplyRule(sku="gone", product="gone", low=1)))
        assert look(at)["WATCHED"] == 1
        assert watch_stock(at.shop.deps, lambda: False)["LOW"] == 0


@pytest.mark.parametrize("wrong", [{"upto": 9}, {"upto": 1, "unit_max": cny(1), "day_max": 1}, {"low": -1}, {"margin_min_bp": 10_000}])
def test_a_rule_that_could_not_be_kept_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"upto|unit_max|greater|less"):
        SupplyRule(**({"sku": SKU, "product": PRODUCT, "low": 2} | wrong))


def test_an_operator_writes_reads_and_forgets_rules(capsys: pytest.CaptureFixture[str]) -> None:
    with buying() as at:
        deps = at.shop.deps
        said = ["--low", "5", "--upto", "40", "--unit-max", "48.00", "--day-max", "200", "--margin-bp", "300"]
        assert ops.main(["keep", PRODUCT, SKU, *said], deps) == 0
        assert "bought up to 40, 200 a day, at most 48.00, margin 300 bp" in capsys.readouterr().out
        assert ops.main(["rules"], deps) == 0
        assert "0 left" in capsys.readouterr().out
        assert ops.main(["keep", PRODUCT, SKU, "--upto", "40"], deps) == 1
        assert "unit_max" in capsys.readouterr().err
        assert ops.main(["keep", PRODUCT, "none"], deps) == 1
        assert ops.main(["forget", SKU], deps) == 0
        assert ops.main(["rules"], deps) == 0
        assert "no rule yet" in capsys.readouterr().out
