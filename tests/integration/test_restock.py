"""The shop buys cards from suppliers (row A28): asked first, ordered once, sealed through the import, counted; whoever dies meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.complaints import complaint_id
from faka.contexts.purchases import PurchaseRuns, PurchaseState, batch_of
from faka.contexts.suppliers.store import Offer
from faka.flows.intake import run_import
from faka.flows.restock import go_on
from faka.flows.sweep import sweep
from faka.kernel.errors import InvalidRequest
from faka.kernel.ids import PurchaseId
from faka.kernel.money import Currency, Money
from faka.platform.table import TableName, from_wire
from faka.steps.invariants import Books, violations
from faka.steps.offers import offered
from faka.steps.purchase import begin_purchase
from faka.wiring import Deps
from infra.ops import restock as ops
from tests.integration.given_intake import PRODUCT, SKU, Shop, a_shop
from tests.kit.crash import Killed
from tests.kit.suppliers import Cut, FakeSuppliers, NoAnswer
from tests.kit.tables import PHYSICAL
from tests.unit.recharges.given import Machine


pytestmark = pytest.mark.integration

COST = 4_800
KINDS = ("md5_form", "signed_json")


class Buying:
    """A shop with suppliers of gift cards; the worker of the import runs when the machine would wait for it."""

    def __init__(self, shop: Shop, *kinds: str) -> None:
        self.shop = shop
        transport = FakeSuppliers(shop.clock, kinds)
        self.suppliers = [transport.by_kind(kind) for kind in kinds]
        self.wired(shop.deps)
        for rank, one in enumerate(self.suppliers):
            row = one.row()
            one.warehouse.goods["7001"].cost_minor = COST + rank
            offer = Offer(sku=SKU, supplier_id=row.id, goods_id="7001", cost=cny(COST + rank))
            shop.deps.tables.commit([shop.deps.suppliers.save(row), *offered(shop.deps, offer)])

    def wired(self, deps: Deps) -> Deps:
        adapters = {one.facts["id"]: one.adapter() for one in self.suppliers}
        deps.supplier = lambda name: adapters[name]  # type: ignore[method-assign]
        return deps

    def begun(self, quantity: int = 3) -> PurchaseId:
        return begin_purchase(self.shop.deps, PRODUCT, SKU, quantity, cny(5_000), "mei").id

    def play(self, name: PurchaseId, deps: Deps | None = None) -> str:
        """To its end, with the waits."""
        deps = deps or self.shop.deps
        for _ in range(90):
            stands = go_on(deps, name)
            assert self.broken == []
            if stands.next in ("end", "leave"):
                return stands.next
            if stands.next == "count":
                self.shop.clock.advance(seconds=600)  # whoever held the import is given up
                run_import(self.shop.deps, self.shop.deps.purchases.get(name).batch or batch_of(name), lambda: 600.0)
            else:
                self.shop.clock.advance(seconds=stands.wait_s)
        raise AssertionError("it never ended")

    @property
    def broken(self) -> list[str]:
        """What the auditor would say of purchases, between any two steps."""
        books = {name.value: [from_wire(row) for row in self.shop.dynamodb.scan(TableName=PHYSICAL[name])["Items"]] for name in TableName}
        found = violations(Books(**books), self.shop.clock.now(), is_quiet=False)
        return [str(one) for one in found if one.subject.startswith("pur")]

    @property
    def charged(self) -> int:
        stand = [(one, order) for one in self.suppliers for order in one.warehouse.orders.values() if order.state == "SUCCEEDED"]
        return sum(one.warehouse.charges[order.number] for one, order in stand)

    @property
    def stock(self) -> int:
        return self.shop.deps.stock.available({SKU: 1}, strong=True)[SKU]


def cny(minor: int) -> Money:
    return Money(minor=minor, currency=Currency.CNY)


@contextmanager
def buying(*kinds: str) -> Iterator[Buying]:
    with a_shop() as shop:
        yield Buying(shop, *(kinds or KINDS))


def test_cards_are_bought_from_the_cheapest_and_sold_like_any_others() -> None:
    with buying() as at:
        name = at.begun()
        assert at.play(name) == "end"
        purchase = at.shop.deps.purchases.get(name)
        assert (purchase.state, purchase.new, at.stock, at.charged) == (PurchaseState.SEALED, 3, 3, 1)
        assert purchase.last.supplier_id == at.suppliers[0].facts["id"]
        batch = at.shop.deps.vault.batch(SKU, at.shop.deps.imports.get(batch_of(name)).ordinal)
        assert batch.count == 3
        [entry] = [one for one in at.shop.deps.ledger.every() if one.kind == "stock_purchased"]
        assert entry.lines[0].amount_minor == 3 * COST


def test_no_card_stands_in_any_row_in_the_clear() -> None:
    with buying() as at:
        at.play(at.begun())
        texts = [text for one in at.suppliers for order in one.warehouse.orders.values() for card in order.cards for text in card if text]
        assert texts
        names = ("test-trade", "test-vault", "test-journal", "test-catalog")
        tables = repr([at.shop.dynamodb.scan(TableName=name)["Items"] for name in names])
        assert [text for text in texts if text in tables] == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cut", [Cut.BEFORE, Cut.AFTER, Cut.GARBAGE, Cut.HALF])
@pytest.mark.parametrize("call", ["quote", "card", "query"])
@pytest.mark.parametrize("way", ["done", "hidden"])
def test_whatever_is_lost_one_supplier_is_charged_once_and_the_cards_come(kind: str, cut: Cut, call: str, way: str) -> None:
    """He fails or answers nothing: asked first, and only then the next one."""
    with buying(kind, next(other for other in KINDS if other != kind)) as at:
        at.suppliers[0].warehouse.way = way
        at.suppliers[0].cut[call] = cut
        name = at.begun()
        assert at.play(name) == "end"
        assert at.shop.deps.purchases.get(name).state is PurchaseState.SEALED
        assert (at.charged, at.stock) == (1, 3)


def test_twin_a_silence_that_counts_as_a_failure_buys_the_cards_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    from faka.contexts.purchases import rule

    def hasty(missing: int, sent_at: Any, heard: Any, now: Any) -> PurchaseState:
        state = real(missing, sent_at, heard, now)
        return PurchaseState.FAILED if state is PurchaseState.UNKNOWN else state

    real = rule._state_of
    monkeypatch.setattr(rule, "_state_of", hasty)
    with buying() as at:
        at.suppliers[0].cut["card"] = Cut.AFTER
        at.play(at.begun())
        assert at.charged == 2


def test_one_supplier_is_down_and_delays_nobody_but_himself() -> None:
    with buying() as at:
        at.suppliers[0].warehouse.goods["7001"].is_on_sale = False
        name = at.begun()
        assert at.play(name) == "end"
        assert at.shop.deps.purchases.get(name).last.supplier_id == at.suppliers[1].facts["id"]


def test_one_who_takes_the_order_and_fails_is_followed_by_the_next() -> None:
    with buying() as at:
        at.suppliers[0].warehouse.way = "refuse"
        name = at.begun()
        assert at.play(name) == "end"
        purchase = at.shop.deps.purchases.get(name)
        assert [one.state for one in purchase.attempts] == [PurchaseState.FAILED, PurchaseState.RECEIVED]
        assert (at.charged, at.stock) == (1, 3)


def test_a_price_above_the_bound_is_never_paid_and_a_person_hears_that_nobody_sells_it() -> None:
    with buying() as at:
        for one in at.suppliers:
            one.warehouse.goods["7001"].cost_minor = 5_001
        name = at.begun()
        assert at.play(name) == "end"
        assert at.shop.deps.purchases.get(name).state is PurchaseState.GIVEN_UP
        assert at.charged == 0


@pytest.mark.parametrize("way", ["fewer", "twice"])
def test_a_card_too_few_or_one_twice_is_counted_complained_about_and_the_rest_is_sold(way: str) -> None:
    with buying() as at:
        at.suppliers[0].warehouse.way = way
        name = at.begun()
        assert at.play(name) == "end"
        purchase = at.shop.deps.purchases.get(name)
        assert (purchase.state, purchase.new, at.stock) == (PurchaseState.SEALED, 2, 2)
        complaint = at.shop.deps.complaints.get(complaint_id(batch_of(name)))
        assert (complaint.count, complaint.amount, complaint.supplier) == (1, cny(COST), at.suppliers[0].facts["id"])


def test_of_one_sku_one_purchase_runs_at_a_time() -> None:
    with buying() as at:
        first = at.begun()
        with pytest.raises(PurchaseRuns):
            at.begun()
        at.play(first)
        assert at.play(at.begun()) == "end"
        assert at.stock == 6


def test_of_two_who_begin_at_once_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with buying() as at:
        monkeypatch.setattr("faka.contexts.purchases.store.PurchaseStore.running", lambda _self, _sku: None)
        at.begun()
        with pytest.raises(PurchaseRuns):
            at.begun()


@pytest.mark.parametrize("quantity", [0, 101])
def test_a_purchase_is_bounded(quantity: int) -> None:
    with buying() as at, pytest.raises(InvalidRequest):
        at.begun(quantity)


class Dies:
    """A service that dies after its call number `at`, counted over all of them."""

    def __init__(self, inner: Any, plan: "Plan") -> None:
        self._inner, self._plan = inner, plan

    def __getattr__(self, verb: str) -> Any:
        call = getattr(self._inner, verb)
        if not callable(call):
            return call

        def called(*given: Any, **named: Any) -> Any:
            self._plan.calls += 1
            if self._plan.calls > self._plan.at:
                raise Killed(verb)
            answer = call(*given, **named)
            if self._plan.calls == self._plan.at:
                raise Killed(verb)
            return answer

        return called


class Plan:
    def __init__(self, at: int) -> None:
        self.at, self.calls = at, 0


def test_whoever_dies_at_any_call_the_cards_are_bought_once() -> None:
    """After each of them: dying before a call is dying after the one before it."""
    at = 1
    while True:
        with buying() as shop:
            name, plan, died = shop.begun(), Plan(at), False
            deps = shop.shop.deps
            kept = {each: deps.__dict__[each] for each in ("objects",) if each in deps.__dict__}
            tables, supplier = deps.tables, deps.supplier
            deps.__dict__["objects"] = Dies(deps.objects, plan)
            deps.supplier = lambda known, supplier=supplier, plan=plan: Dies(supplier(known), plan)  # type: ignore[method-assign]
            apply = tables.apply
            tables.apply = Dies(tables, plan).apply  # type: ignore[method-assign]
            try:
                shop.play(name)
            except Killed:
                died = True
            tables.apply = apply  # type: ignore[method-assign]
            deps.__dict__ |= kept
            deps.supplier = supplier  # type: ignore[method-assign]
            assert shop.play(name) == "end", at
            assert (shop.charged, shop.stock) == (1, 3), at
        if not died:
            break
        at += 1
    assert at > 4


def test_a_purchase_whose_machine_is_gone_gets_another_within_minutes_and_an_ended_one_none() -> None:
    with buying() as at:
        deps, machine, name = at.shop.deps, Machine("Restock"), at.begun()
        deps.__dict__["restocking"], begun = machine, machine.begun
        sweep(deps, lambda _order: None, lambda: True)
        assert begun == []
        at.shop.clock.advance(minutes=6)
        sweep(deps, lambda _order: None, lambda: True)
        assert [one[:30] for one in begun] == [name]
        at.play(name)
        at.shop.clock.advance(days=1)
        sweep(deps, lambda _order: None, lambda: True)
        assert len(begun) == 1


def test_where_everybody_is_silent_they_are_asked_for_an_hour_and_then_a_person_hears_of_it() -> None:
    with buying("md5_form") as at:
        name, served = at.begun(), at.suppliers[0].served
        at.suppliers[0].served = lambda asked: (_ for _ in ()).throw(NoAnswer("silent"))  # type: ignore[method-assign]
        stands = go_on(at.shop.deps, name)
        assert (stands.state, stands.next, stands.wait_s) == (PurchaseState.CREATED, "ask", 60)
        at.suppliers[0].served = served  # type: ignore[method-assign]
        assert at.play(name) == "end"
        assert (at.charged, at.stock) == (1, 3)
    with buying("md5_form") as at:
        name = at.begun()
        at.suppliers[0].served = lambda asked: (_ for _ in ()).throw(NoAnswer("silent"))  # type: ignore[method-assign]
        assert at.play(name) == "end"
        assert at.shop.deps.purchases.get(name).state is PurchaseState.GIVEN_UP
        assert at.shop.deps.cases.find(case_id(CaseKind.SUPPLIER, f"{name}:nobody")) is not None


@pytest.mark.parametrize("way", ["fewer", "twice"])
def test_what_was_charged_for_cards_that_never_came_is_a_loss_and_owed_until_the_claim_is_accepted(way: str) -> None:
    with buying() as at:
        at.suppliers[0].warehouse.way = way
        name = at.begun()
        at.play(name)
        lines = [line for one in at.shop.deps.ledger.every() for line in one.lines]
        owed = sum(line.amount_minor for line in lines if line.account.startswith("supplier:"))
        assert owed == 3 * COST == sum(at.suppliers[0].warehouse.orders[one].cost_minor for one in at.suppliers[0].warehouse.orders)
        assert sum(line.amount_minor for line in lines if line.account == "expense:loss/CNY") == COST


def test_an_operator_buys_step_by_step(capsys: pytest.CaptureFixture[str]) -> None:
    with buying() as at:
        deps = at.shop.deps
        begun: list[str] = []
        deps.__dict__["restocking"] = SimpleNamespace(begin=lambda name, **_given: begun.append(name) or True)
        assert ops.main(["--by", "mei", "buy", PRODUCT, SKU, "2", "--unit-max", "50.00"], deps) == 0
        name = PurchaseId(capsys.readouterr().out.partition(":")[0])
        assert ops.main(["buy", PRODUCT, SKU, "2", "--unit-max", "50.00"], deps) == 1
        assert begun[0].startswith(name)
        assert ops.main(["go-on", name], deps) == 0
        assert len(begun) == 2
        assert ops.main(["step", name], deps) == 0
        assert "PROCESSING, next: ask in 5 s" in capsys.readouterr().out
        at.play(name)
        assert ops.main(["show", name], deps) == 0
        assert "2 of 2 cards" in capsys.readouterr().out
        assert ops.main(["show", "pur_nothing"], deps) == 1
