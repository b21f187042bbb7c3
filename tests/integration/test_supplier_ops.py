"""Suppliers from a terminal: rows, offers, papers that admit and papers that end."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.orders.model import OrderState
from faka.contexts.papers import REQUIRED, WARNED_BEFORE
from faka.contexts.recharges import RechargeState
from faka.contexts.stock import OutOfStock
from faka.contexts.suppliers.base import SupplyState
from faka.contexts.suppliers.store import SupplierMoved, SupplierRow
from faka.flows.sweep import sweep
from faka.kernel.ids import SupplierId
from faka.kernel.secret import Secret
from infra.ops import suppliers
from tests.unit.recharges.given import ScriptedSupplier, TopUps, top_ups


pytestmark = pytest.mark.integration

DONE = SupplyState.SUCCEEDED
FIRST = SupplierId("first")
NEW = {
    "id": "north",
    "name": "North",
    "kind": "two_step",
    "account": {"client_id": "shop-1"},
    "gateway": "https://north.test",
    "currency": "CNY",
}


class Desk:
    """An operator's terminal."""

    def __init__(self, shop: TopUps, capsys: pytest.CaptureFixture[str], place: Path) -> None:
        self.shop, self.deps, self.place, self._capsys = shop, shop.world.deps, place, capsys

    def type(self, *words: str, by: str = "mei") -> tuple[int, str]:
        self._capsys.readouterr()
        code = suppliers.main(["--by", by, *words], self.deps)
        read = self._capsys.readouterr()
        return code, read.out + read.err

    def write(self, facts: Any) -> str:
        file = self.place / "written.yaml"
        file.write_text(facts if isinstance(facts, str) else json.dumps(facts))
        return str(file)

    def admit(self, supplier: str, until: str = "2099-12-31") -> None:
        for kind in REQUIRED:
            scan = self.place / f"{kind}-{until}.pdf"
            scan.write_bytes(f"{kind} {until}".encode())
            assert (
                self.type("file", supplier, kind.lower(), "--number", "91310000MA1FL0XY2K", "--paper", str(scan), "--until", until)[0] == 0
            )
        for paper in self.deps.papers.of(SupplierId(supplier)):
            if paper.decided_by == "":
                assert self.type("approve", supplier, paper.name, by="li")[0] == 0

    def row(self, supplier: str) -> SupplierRow:
        return self.deps.suppliers.get(SupplierId(supplier))


@pytest.fixture
def desk(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Any:
    with top_ups(ScriptedSupplier("first", DONE), ScriptedSupplier("second", DONE)) as shop:
        yield Desk(shop, capsys, tmp_path)


def test_a_supplier_is_written_shown_and_changed_and_no_secret_is_shown(desk: Desk) -> None:
    desk.deps.secrets.write("faka/suppliers/north", {"api_key": Secret("k" * 20), "api_secret": Secret("s3cr3tq8Lr" * 2)})
    assert desk.type("save", desk.write(NEW))[0] == 0
    assert not desk.row("north").enabled
    desk.admit("north")
    assert desk.type("open", "north")[0] == 0
    assert desk.type("save", desk.write({**NEW, "name": "North again"}))[0] == 0
    row = desk.row("north")
    assert (row.name, row.enabled, row.admitted_until is not None) == ("North again", True, True), "the file changed what it says, only"
    shown = desk.type("show", "north")[1] + desk.type("list")[1]
    assert "s3cr3tq8Lr" not in shown
    assert "MA1FL0" not in shown
    assert "open" in shown


@pytest.mark.parametrize(
    "facts",
    ["[", "- a", {**NEW, "enabled": True}, {**NEW, "admitted_until": "2100-01-01T00:00:00Z"}, {**NEW, "currency": "XXX"}, {"id": "north"}],
)
def test_a_file_that_is_wrong_or_says_more_than_it_may_is_refused(desk: Desk, facts: Any) -> None:
    code, read = desk.type("save", desk.write(facts))
    assert code == 1
    assert read.strip().count("\n") == 0, "one line that says what is wrong"
    assert "north" not in desk.type("list")[1]


def test_an_offer_is_saved_listed_and_withdrawn(desk: Desk) -> None:
    sku = desk.shop.world.sku.id
    facts = {"sku": sku, "supplier_id": "second", "goods_id": "t11", "cost": {"minor": 777, "currency": "CNY"}}
    assert desk.type("offer", desk.write(facts))[0] == 0
    assert "7.77 CNY offered" in desk.type("offers", sku)[1]
    assert desk.type("withdraw-offer", sku, "second")[0] == 0
    assert "7.77 CNY withdrawn" in desk.type("offers", sku)[1]
    assert 777 not in [one.cost.minor for one in desk.deps.supplies.get_many([sku])[sku].sources], "no page counts on it"
    assert desk.type("offer", desk.write({**facts, "cost": {"minor": 1, "currency": "USD"}}))[0] == 1
    assert desk.type("offer", desk.write({**facts, "supplier_id": "nobody"}))[0] == 1


def test_without_approved_papers_of_every_kind_he_is_not_opened(desk: Desk) -> None:
    desk.type("save", desk.write(NEW))
    code, read = desk.type("open", "north")
    assert code == 1
    assert "LICENCE, AUTHORISATION, CONTRACT" in read
    desk.admit("north")
    licence = desk.deps.papers.of(SupplierId("north"))[0]
    assert desk.type("withdraw", "north", licence.name)[0] == 0
    assert desk.type("open", "north")[0] == 1
    assert not desk.row("north").enabled


def test_the_end_of_a_paper_suspends_him_by_itself_and_a_new_one_brings_him_back(desk: Desk) -> None:
    clock = desk.shop.world.clock
    day = (clock.now() + timedelta(days=40)).date()
    desk.admit("first", day.isoformat())
    assert desk.row("first").is_open(clock.now())
    clock.advance((desk.row("first").admitted_until - clock.now()).total_seconds() - 1)  # type: ignore[operator]
    before = desk.shop.begun()
    desk.shop.step(before, "submit")
    assert desk.deps.recharges.get(before.id).last.supplier_id == "first"
    clock.advance(1)
    after = desk.shop.begun()
    desk.shop.step(after, "submit")
    assert desk.deps.recharges.get(after.id).last.supplier_id == "second", "nobody did anything: the clock passed"
    assert "suspended" in desk.type("list")[1]
    desk.admit("first", "2099-12-31")
    assert desk.row("first").is_open(clock.now())


def test_twin_where_only_the_switch_counts_he_sells_on_without_papers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SupplierRow, "is_admitted", lambda _row, _at: True)
    row = desk.row("first")
    desk.deps.tables.apply(desk.deps.suppliers.replaced(row, row.changed(admitted_until=None)))
    recharge = desk.shop.begun()
    desk.shop.step(recharge, "submit")
    assert desk.deps.recharges.get(recharge.id).last.supplier_id == "first"
    assert desk.deps.recharges.get(recharge.id).state is not RechargeState.CREATED


def test_nobody_pays_for_what_only_a_suspended_supplier_sells(desk: Desk) -> None:
    for name in ("first", "second"):
        assert desk.shop.ordered().state is OrderState.PENDING_PAYMENT
        row = desk.row(name)
        desk.deps.tables.apply(desk.deps.suppliers.replaced(row, row.changed(admitted_until=desk.shop.world.clock.now())))
    with pytest.raises(OutOfStock):
        desk.shop.ordered()


def test_the_sweep_warns_of_each_paper_once_before_it_ends(desk: Desk) -> None:
    clock = desk.shop.world.clock
    desk.admit("first", (clock.now() + timedelta(days=40)).date().isoformat())
    names = [case_id(CaseKind.SUPPLIER, f"first:{one.name}") for one in desk.deps.papers.of(FIRST)]

    def swept() -> dict[str, int]:
        return sweep(desk.deps, lambda _order: None, lambda: True)

    assert swept().get("PAPERS", 0) == 0
    assert [desk.deps.cases.find(name) for name in names] == [None] * 3
    clock.advance((timedelta(days=41) - WARNED_BEFORE).total_seconds())
    assert swept()["PAPERS"] == 3
    assert [desk.deps.cases.find(name) is not None for name in names] == [True] * 3
    assert swept().get("PAPERS", 0) == 0


def test_a_closing_and_an_approval_at_once_both_count(desk: Desk) -> None:
    seen = desk.row("first")
    desk.type("close", "first")
    with pytest.raises(SupplierMoved):
        desk.deps.tables.apply(desk.deps.suppliers.replaced(seen, seen.changed(grade="A")))
    assert not desk.row("first").enabled
