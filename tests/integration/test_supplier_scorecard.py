"""A supplier's last weeks grade him, and a low grade sends orders to others."""

import pytest

from faka.contexts.recharges import RechargeState
from faka.contexts.suppliers.base import SupplyState
from faka.contexts.suppliers.scorecard import Counted, Event, Happened
from faka.contexts.suppliers.store import SupplierMoved, SupplierRow
from faka.flows.bad_batch import declare_bad
from faka.flows.grade_suppliers import RACES_MAX, grade_supplier, grade_suppliers
from faka.flows.withhold import void_card
from faka.kernel.ids import SupplierId
from faka.kernel.money import Currency
from faka.platform.table import TableName
from faka.steps.scorecard import WINDOW, counted, history
from faka.wiring import Deps
from infra.ops import suppliers
from tests.integration.given_intake import SKU, Crash, Gate, Shop, a_shop
from tests.kit.suppliers import ALWAYS
from tests.unit.ledger.given import cny
from tests.unit.recharges.given import ScriptedSupplier, TopUps, top_ups


pytestmark = pytest.mark.integration

NORTH = SupplierId("north")
DONE = SupplyState.SUCCEEDED


def known(shop: Shop) -> None:
    row = SupplierRow(
        id=NORTH,
        name="North",
        kind="two_step",
        account={},
        gateway="https://north.test",
        currency=Currency.CNY,
        enabled=True,
        admitted_until=ALWAYS,
    )
    shop.deps.tables.apply(shop.deps.suppliers.save(row))


def test_a_history_with_eight_percent_bad_cards_drops_him_below_the_threshold_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    with a_shop() as shop:
        known(shop)
        shop.imported("".join(f"N{n:03},secret-{n:03}\n" for n in range(100)).encode(), unit_cost=cny(450), supplier="north")
        shop.imported(b"X1,other-1\n", unit_cost=cny(450), supplier="south")
        assert grade_supplier(shop.deps, NORTH)[0].grade == "A"
        [first, *_] = shop.deps.vault.batches(SKU)
        for number in range(first.base, first.base + 8):
            void_card(shop.deps, SKU, number, "mei", "used when it was bought")
        assert suppliers.main(["score", "north"], shop.deps) == 0
        assert "bad cards: 8 of 100 (8.0 %), 480 points" in capsys.readouterr().out
        row = shop.deps.suppliers.get(NORTH)
        assert (row.grade, row.is_low, row.grade_reasons) == ("D", True, ("bad cards: 8 of 100 (8.0 %), 480 points",))
        assert suppliers.main(["grade"], shop.deps) == 0
        assert "520 of 1000 points" in capsys.readouterr().out
        version = row.version
        assert grade_supplier(shop.deps, NORTH)[0].version == version, "the same grade is not written again"


def test_a_batch_that_was_claimed_back_counts_as_all_its_cards_and_as_a_claim() -> None:
    with a_shop() as shop:
        known(shop)
        shop.imported(b"N1,one-1\nN2,two-2\n", unit_cost=cny(450), supplier="north")
        shop.imported(b"S1,one-3\n", unit_cost=cny(450), supplier="south")
        [first, second] = shop.deps.vault.batches(SKU)
        for batch in (first, second):
            declare_bad(shop.deps, batch.id, "mei", "all of them are used")
        found = counted(shop.deps, shop.clock.now() - WINDOW)[NORTH]
        assert (found.cards, found.bad_cards, found.batches, found.complaints) == (2, 2, 1, 1)


def ordered(shop: TopUps) -> str:
    recharge = shop.begun()
    shop.step(recharge, "submit")
    return str(shop.world.deps.recharges.get(recharge.id).last.supplier_id)


def downgrade(shop: TopUps, *names: str) -> None:
    store = shop.world.deps.suppliers
    for name in names:
        row = store.get(SupplierId(name))
        shop.world.deps.tables.apply(store.replaced(row, row.changed(grade="D", grade_reasons=("bad cards: 8 of 100",))))


def test_whoever_is_low_is_asked_only_where_no_other_can_be() -> None:
    with top_ups(ScriptedSupplier("first", DONE), ScriptedSupplier("second", DONE)) as shop:
        assert ordered(shop) == "first"
        downgrade(shop, "first")
        assert ordered(shop) == "second"
        downgrade(shop, "second")
        assert ordered(shop) == "first", "the cheaper one, where both are low"


def test_a_low_one_is_better_than_none() -> None:
    with top_ups(ScriptedSupplier("first", DONE), ScriptedSupplier("second", DONE)) as shop:
        downgrade(shop, "first")
        row = shop.world.deps.suppliers.get(SupplierId("second"))
        shop.world.deps.tables.apply(shop.world.deps.suppliers.replaced(row, row.changed(enabled=False)))
        assert ordered(shop) == "first"


def test_twin_where_no_grade_counts_he_keeps_his_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SupplierRow, "is_low", False)
    with top_ups(ScriptedSupplier("first", DONE), ScriptedSupplier("second", DONE)) as shop:
        downgrade(shop, "first")
        assert ordered(shop) == "first"


def test_top_ups_count_by_their_ends_and_old_ones_count_no_more() -> None:
    with top_ups(ScriptedSupplier("first", SupplyState.FAILED), ScriptedSupplier("second", DONE)) as shop:
        recharge = shop.begun()
        shop.play(recharge)
        deps = shop.world.deps
        assert deps.recharges.get(recharge.id).state is RechargeState.SUCCEEDED
        since = deps.clock.now() - WINDOW
        assert [(name, one.what) for name, one in history(deps, since)] == [("first", Event.FAILED), ("second", Event.ARRIVED)]
        assert [row.grade for row, _ in grade_suppliers(deps)] == ["A", "A"]
        shop.world.clock.advance(days=31)
        assert [row.grade for row, _ in grade_suppliers(deps)] == ["", ""], "whoever did nothing is not judged"


def bad_imports(shop: Shop) -> None:
    """A hundred cards of one supplier, eight of them bad."""
    known(shop)
    shop.imported("".join(f"N{n:03},secret-{n:03}\n" for n in range(100)).encode(), unit_cost=cny(450), supplier="north")
    [first] = shop.deps.vault.batches(SKU)
    for number in range(first.base, first.base + 8):
        void_card(shop.deps, SKU, number, "mei", "used when it was bought")


def cases(shop: Shop) -> list[tuple[str, str]]:
    rows, _ = shop.deps.tables.scan(TableName.TRADE, limit=1_000)
    rows = [row for row in rows if row["sk"] == "CASE" and row["kind"] == "SUPPLIER"]
    return [(row["state"], row["reason"]) for row in rows]


def test_whoever_falls_is_told_once_and_whoever_rises_again_ends_it() -> None:
    with a_shop() as shop:
        bad_imports(shop)
        for _ in range(2):
            assert [row.grade for row, _ in grade_suppliers(shop.deps)] == ["D"]
        assert cases(shop) == [("OPEN", "north is asked last from now on: bad cards: 8 of 100 (8.0 %), 480 points")]
        shop.clock.advance(days=31)
        assert [row.grade for row, _ in grade_suppliers(shop.deps)] == [""]
        assert [state for state, _ in cases(shop)] == ["CLOSED"]
        row = shop.deps.suppliers.get(NORTH)
        shop.deps.tables.apply(shop.deps.suppliers.replaced(row, row.changed(grade="D")))
        grade_suppliers(shop.deps)
        assert [state for state, _ in cases(shop)] == ["CLOSED"], "he rises from a fall that nobody was told of"


def test_a_hand_that_changes_the_row_meanwhile_keeps_its_change(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_shop() as shop:
        bad_imports(shop)
        stale = shop.deps.suppliers.get(NORTH)
        shop.deps.tables.apply(shop.deps.suppliers.replaced(stale, stale.changed(enabled=False)))
        monkeypatch.setattr(shop.deps.suppliers, "rows", lambda: [stale])
        [(row, _)] = grade_suppliers(shop.deps)
        assert (row.grade, row.enabled, row.version) == ("D", False, stale.version + 2)


def test_twin_a_grade_written_over_whatever_is_there_opens_a_supplier_whom_a_person_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_shop() as shop:
        bad_imports(shop)
        stale = shop.deps.suppliers.get(NORTH)
        shop.deps.tables.apply(shop.deps.suppliers.replaced(stale, stale.changed(enabled=False)))
        monkeypatch.setattr(shop.deps.suppliers, "rows", lambda: [stale])
        monkeypatch.setattr(shop.deps.suppliers, "replaced", lambda _before, after: shop.deps.suppliers.save(after))
        [(row, _)] = grade_suppliers(shop.deps)
        assert row.enabled


def test_whoever_dies_at_any_call_the_next_night_grades_and_tells_once() -> None:
    """After each of them: dying before a call is dying after the one before it."""
    with a_shop() as shop:
        bad_imports(shop)
        grade_suppliers(shop.fresh(straight := Gate([])))
    assert straight.calls[-1] == "transact_write_items"
    for at in range(len(straight.calls)):
        with a_shop() as shop:
            bad_imports(shop)
            with pytest.raises(Crash):
                grade_suppliers(shop.fresh(Gate([], at)))
            assert bool(cases(shop)) == shop.deps.suppliers.get(NORTH).is_low, "both or neither"
            assert [row.grade for row, _ in grade_suppliers(shop.deps)] == ["D"]
            assert [state for state, _ in cases(shop)] == ["OPEN"]


def test_a_row_that_never_stands_still_fails_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_shop() as shop:
        bad_imports(shop)
        stale, reads = shop.deps.suppliers.get(NORTH), 0

        def moving(name: SupplierId) -> SupplierRow:
            nonlocal reads
            reads += 1
            assert name == NORTH
            return stale

        shop.deps.tables.apply(shop.deps.suppliers.replaced(stale, stale.changed(enabled=False)))
        monkeypatch.setattr(shop.deps.suppliers, "rows", lambda: [stale])
        monkeypatch.setattr(shop.deps.suppliers, "get", moving)
        with pytest.raises(SupplierMoved):
            grade_suppliers(shop.deps)
        assert reads == RACES_MAX - 1
        assert cases(shop) == []


def test_sums_say_what_the_single_happenings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """A month of a busy supplier is a few numbers, not a list of a million."""
    told = [Happened(what=Event.ARRIVED, wait_s=wait_s) for wait_s in (5, 1_800, 1_801, 90_000)]
    told += [Happened(what=Event.FAILED), Happened(what=Event.BAD_CARD, count=7), Happened(what=Event.CARD, count=0)]
    monkeypatch.setattr("faka.steps.scorecard.history", lambda *_: ((NORTH, one) for one in told))
    assert counted(Deps.__new__(Deps), ALWAYS) == {NORTH: Counted.of(told)}
