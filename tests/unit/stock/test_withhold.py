"""Freezing, voiding, single cards, closing: after the call nothing of it can be claimed, and nothing is lost."""

import pytest

from faka.contexts.stock import TooManyBars, Why
from tests.unit.stock.given import SKU, Given, numbers


pytestmark = pytest.mark.unit


def test_a_frozen_batch_is_not_sold_wherever_it_stands_and_comes_back_whole(given: Given) -> None:
    given = Given(given.tables, shards=2)
    good, bad = given.cards(16, "2027-02-01"), given.cards(16, "2027-01-01")
    given.claim("ord_a", 3)
    given.stock.withhold(SKU, bad.batch, Why.FROZEN)
    counts = given.stock.counts(SKU)
    assert counts.withheld[Why.FROZEN] + counts.available + counts.out == 32
    assert {run.batch for run in given.claim("ord_b", given.available())} == {good.batch}
    given.stock.restore(SKU, bad.batch)
    assert (given.available(), given.stock.counts(SKU).withheld) == (counts.withheld[Why.FROZEN], {})


def test_the_running_extent_leaves_where_its_cursor_stands(given: Given) -> None:
    cards = given.cards(16)
    given.claim("ord_a", 5)
    given.stock.withhold(SKU, cards.batch, Why.VOID)
    assert given.stock.counts(SKU).withheld == {Why.VOID: 11}
    assert given.short("ord_b", 1).available == 0


def test_cards_of_a_voided_batch_that_come_back_stay_out(given: Given) -> None:
    cards = given.cards(16)
    runs = given.claim("ord_a", 5)
    given.stock.withhold(SKU, cards.batch, Why.VOID)
    given.bring_back(*runs)
    assert given.short("ord_b", 1).available == 0
    assert given.stock.counts(SKU).withheld == {Why.VOID: 16}


def test_withholding_and_restoring_again_change_nothing(given: Given) -> None:
    cards = given.cards(16)
    for _ in range(2):
        given.stock.withhold(SKU, cards.batch, Why.FROZEN)
    assert given.stock.counts(SKU).withheld == {Why.FROZEN: 16}
    for _ in range(2):
        given.stock.restore(SKU, cards.batch)
    assert given.available() == 16


@pytest.mark.parametrize("number", [0, 5, 9, 15, 16, 20, 23])
def test_one_card_is_split_out_of_running_and_queued_extents(given: Given, number: int) -> None:
    given.cards(16, "2027-01-01")
    given.cards(8, "2027-02-01")
    assert given.stock.withhold_number(SKU, number, Why.QUARANTINE)
    sold = numbers(given.claim("ord_a", 23))
    assert sorted(sold) == [n for n in range(24) if n != number]
    given.stock.restore_number(SKU, number)
    assert numbers(given.claim("ord_b", 1)) == [number]


def test_a_sold_card_is_not_found_but_stays_out_when_it_comes_back(given: Given) -> None:
    given.cards(16)
    runs = given.claim("ord_a", 16)
    assert not given.stock.withhold_number(SKU, 7, Why.VOID)
    given.bring_back(*runs)
    assert sorted(numbers(given.claim("ord_b", 15))) == [n for n in range(16) if n != 7]
    assert given.stock.counts(SKU).withheld == {Why.VOID: 1}


def test_several_single_cards_of_one_extent_are_split_out_one_after_another(given: Given) -> None:
    given.cards(16)
    for number in (3, 4, 11):
        assert given.stock.withhold_number(SKU, number, Why.VOID)
    assert sorted(numbers(given.claim("ord_a", 13))) == [n for n in range(16) if n not in (3, 4, 11)]


def test_restoring_a_batch_leaves_its_barred_cards_out(given: Given) -> None:
    cards = given.cards(16)
    given.stock.withhold_number(SKU, 3, Why.VOID)
    given.stock.withhold(SKU, cards.batch, Why.FROZEN)
    given.stock.restore(SKU, cards.batch)
    assert sorted(numbers(given.claim("ord_a", 15))) == [n for n in range(16) if n != 3]


def test_a_closed_sku_sells_nothing_and_opens_with_all_it_had(given: Given) -> None:
    given.cards(16)
    given.stock.close(SKU)
    assert (given.available(), given.short("ord_a", 1).available) == (0, 0)
    given.cards(8)
    assert given.available() == 0
    given.stock.open(SKU)
    assert given.available() == 24


def test_a_sku_holds_a_bounded_number_of_bars(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faka.contexts.stock.standing.BARS_MAX", 2)
    given.cards(16)
    given.stock.withhold_number(SKU, 1, Why.VOID)
    given.stock.withhold_number(SKU, 2, Why.VOID)
    with pytest.raises(TooManyBars):
        given.stock.withhold_number(SKU, 3, Why.VOID)
