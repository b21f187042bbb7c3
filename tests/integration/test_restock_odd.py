"""Bought cards that come late, wrong or are taken back (row A28): each is a case of its own, and no card is lost."""

from datetime import date, datetime

import pytest

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.complaints import ComplaintMissing, complaint_id
from faka.contexts.purchases import Heard, Purchase, Word, after, batch_of
from faka.contexts.suppliers.base import SupplierUnavailable
from faka.contexts.suppliers.reading import card_of
from faka.flows.intake import run_import
from faka.flows.restock import go_on
from faka.kernel.ids import PurchaseId
from infra.local.actors.suppliers.warehouse import Filled, Warehouse
from tests.integration.test_restock import Buying, buying
from tests.kit.crash import Killed


pytestmark = pytest.mark.integration


def is_late(at: Buying, name: PurchaseId) -> str:
    """He has it under way beyond the limit, and a person is called. The number."""
    for _ in range(12):
        at.shop.clock.advance(seconds=go_on(at.shop.deps, name).wait_s)
    assert at.shop.deps.purchases.get(name).is_with_a_person
    [number] = at.suppliers[0].warehouse.orders
    return number


def case_state(at: Buying, cause: str) -> str | None:
    found = at.shop.deps.cases.find(case_id(CaseKind.SUPPLIER, cause))
    return found and found.state


def test_late_cards_answer_the_question_to_a_person() -> None:
    with buying("md5_form") as at:
        at.suppliers[0].warehouse.way = "later"
        name = at.begun()
        number = is_late(at, name)
        at.suppliers[0].warehouse.finish(number)
        assert at.play(name) == "end"
        assert (at.stock, case_state(at, number)) == (3, "CLOSED")


def test_late_cards_of_which_one_is_missing_are_a_case_of_their_own() -> None:
    with buying("md5_form") as at:
        at.suppliers[0].warehouse.way = "later"
        name = at.begun()
        number = is_late(at, name)
        at.suppliers[0].warehouse.orders[number].way = "fewer"
        at.suppliers[0].warehouse.finish(number)
        assert at.play(name) == "end"
        assert (at.stock, case_state(at, number), case_state(at, f"{name}:count")) == (2, "CLOSED", "OPEN")


def test_a_late_failure_where_nobody_is_left_gives_up_and_frees_the_sku() -> None:
    with buying("md5_form") as at:
        at.suppliers[0].warehouse.way = "later"
        name = at.begun()
        number = is_late(at, name)
        at.suppliers[0].warehouse.fail(number)
        assert at.play(name) == "end"
        assert (case_state(at, number), case_state(at, f"{name}:nobody")) == ("CLOSED", "OPEN")
        assert at.begun() != name


def test_more_cards_than_were_bought_are_a_case_and_no_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = [("N8", "s-8"), ("N9", "s-9")]
    real = Warehouse.finish

    def generous(self: Warehouse, number: str) -> Filled:
        order = real(self, number)
        order.cards += extra
        return order

    monkeypatch.setattr(Warehouse, "finish", generous)
    with buying() as at:
        name = at.begun()
        assert at.play(name) == "end"
        assert (at.stock, case_state(at, f"{name}:count")) == (5, "OPEN")
        with pytest.raises(ComplaintMissing):
            at.shop.deps.complaints.get(complaint_id(batch_of(name)))


def test_a_card_that_was_ours_already_is_counted_and_not_sold_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Warehouse.finish

    def again(self: Warehouse, number: str) -> Filled:
        order = real(self, number)
        order.cards[0] = ("N1", "s-1")
        return order

    monkeypatch.setattr(Warehouse, "finish", again)
    with buying() as at:
        at.play(at.begun())
        name = at.begun()
        at.play(name)
        assert (at.stock, at.shop.deps.purchases.get(name).new, case_state(at, f"{name}:count")) == (5, 2, "OPEN")


def test_cards_keep_the_day_on_which_they_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faka.contexts.suppliers.reading._date_of", lambda _text: date(2099, 1, 2))
    with buying() as at:
        name = at.begun()
        at.play(name)
        assert [lot.expires for lot in at.shop.deps.imports.get(batch_of(name)).lots] == ["2099-01-02"]


@pytest.mark.parametrize("secret", ["AAAA\nBBBB", "AAAA\tBBBB", "AAAA\x00"])
def test_a_card_that_breaks_its_line_is_asked_for_again(secret: str) -> None:
    with pytest.raises(SupplierUnavailable):
        card_of("", secret)


def dies_with_cards(purchase: Purchase, heard: Heard, now: datetime) -> Purchase:
    if heard.word is Word.GIVEN:
        raise Killed("word")
    return after(purchase, heard, now)


def test_what_was_taken_back_after_it_came_is_told_and_the_next_suppliers_cards_are_stock(monkeypatch: pytest.MonkeyPatch) -> None:
    """He gives the cards, the process dies before it says so, the import runs; then he takes them back."""
    with buying() as at:
        deps, name = at.shop.deps, at.begun()
        at.suppliers[1].warehouse._made = 500  # other cards than the first one's
        with monkeypatch.context() as patch:
            patch.setattr("faka.steps.purchase.hear.after", dies_with_cards)
            with pytest.raises(Killed):
                at.play(name)
        at.shop.clock.advance(seconds=600)
        run_import(deps, batch_of(name), lambda: 600.0)
        [number] = at.suppliers[0].warehouse.orders
        at.suppliers[0].warehouse.reverse(number)
        assert at.play(name) == "end"
        assert (at.stock, deps.purchases.get(name).new, case_state(at, f"{number}:back")) == (6, 3, "OPEN")


def test_twin_one_import_for_all_attempts_loses_the_next_suppliers_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faka.contexts.purchases.model.batch_of", lambda name, _attempt=0: batch_of(name))
    with pytest.raises(AssertionError, match="is booked"):
        test_what_was_taken_back_after_it_came_is_told_and_the_next_suppliers_cards_are_stock(pytest.MonkeyPatch())
