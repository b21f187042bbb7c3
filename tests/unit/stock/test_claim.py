"""Claiming, path by path, on moto."""

import pytest

from faka.contexts.stock import Run, StockBusy, Why
from faka.contexts.stock.model import home_shard
from faka.kernel.errors import InvalidRequest
from tests.unit.stock.given import SKU, Given, numbers


pytestmark = pytest.mark.unit


def test_a_claim_hands_out_the_next_numbers_with_their_batch_and_expiry(given: Given) -> None:
    cards = given.cards(40, "2027-03-31")
    assert given.claim("ord_a", 5) == (Run(shard=0, serial=0, start=0, count=5, batch=cards.batch, expires="2027-03-31"),)
    assert given.claim("ord_b", 2) == (Run(shard=0, serial=1, start=5, count=2, batch=cards.batch, expires="2027-03-31"),)


def test_the_same_tag_gets_the_same_run(given: Given) -> None:
    given.cards(40)
    assert given.claim("ord_a", 5) == given.claim("ord_a", 5)
    assert given.available() == 35


def test_another_quantity_under_the_same_tag_is_another_claim(given: Given) -> None:
    given.cards(40)
    given.claim("ord_a", 5)
    assert numbers(given.claim("ord_a", 6)) == [5, 6, 7, 8, 9, 10]


def test_a_claim_beyond_the_running_extent_takes_several_runs_of_one_batch_each(given: Given) -> None:
    first, second = given.cards(8, "2027-01-01"), given.cards(8, "2027-02-01")
    given.claim("ord_a", 6)
    runs = given.claim("ord_b", 9)
    assert [(run.start, run.count, run.batch, run.expires) for run in runs] == [
        (6, 2, first.batch, "2027-01-01"),
        (8, 7, second.batch, "2027-02-01"),
    ]
    assert given.claim("ord_b", 9) == runs


def test_what_cannot_be_had_whole_is_not_taken_at_all(given: Given) -> None:
    given.cards(8)
    refusal = given.short("ord_a", 9)
    assert (refusal.available, refusal.taken) == (8, ())
    assert given.available() == 8


def test_nothing_there_is_sold_out(given: Given) -> None:
    assert given.short("ord_a", 1).available == 0


def test_cards_in_a_log_row_are_found_before_anybody_says_sold_out(given: Given) -> None:
    given.cards(8)
    runs = given.claim("ord_a", 8)
    given.bring_back(*runs, settle=False)
    assert numbers(given.claim("ord_b", 8)) == list(range(8))


def test_cards_linked_to_a_shard_that_has_no_head_yet_are_found(given: Given) -> None:
    links, standing = given.stock._links, given.stock._standing
    allotted = given.stock.allot(SKU, 8)
    standing.have_shards(SKU, 1)
    from faka.contexts.stock import extent

    given.tables.commit(links.linked(SKU, allotted.batch, 0, [extent(0, 8, allotted.batch)], 1))
    assert numbers(given.claim("ord_a", 3)) == [0, 1, 2]


def test_a_claim_goes_on_in_other_shards_and_takes_the_whole_stock(given: Given) -> None:
    given = Given(given.tables, shards=4)
    given.cards(40)
    runs = given.claim("ord_a", 40)
    assert sorted(numbers(runs)) == list(range(40))
    assert {run.shard for run in runs} == {0, 1, 2, 3}
    assert given.claim("ord_a", 40) == runs


def test_tags_spread_over_shards() -> None:
    homes = [home_shard(f"ord_{i}", 4) for i in range(4_000)]
    assert all(900 < homes.count(shard) < 1_100 for shard in range(4))


def test_soonest_expiry_is_sold_first_also_before_a_long_running_extent(given: Given) -> None:
    given.cards(1_000)
    given.claim("ord_a", 1)
    soon = given.cards(8, "2026-06-01")
    sold = numbers(given.claim("ord_b", 64)) + numbers(given.claim("ord_c", 8))
    assert sold[-8:] == list(range(soon.start, soon.end))
    assert numbers(given.claim("ord_d", 2)) == [65, 66]


def test_expired_cards_are_never_handed_out_and_counted_as_withheld(given: Given) -> None:
    given.cards(8, "2026-03-02")
    given.cards(8, "2026-03-03")
    assert given.claim("ord_a", 2)[0].expires == "2026-03-03"
    given.clock.advance(days=1)
    refusal = given.short("ord_b", 1)
    given.stock.settle_log(SKU, [0])
    assert refusal.available == 0
    assert given.stock.counts(SKU).withheld == {Why.EXPIRED: 14}


def test_the_guard_period_keeps_back_cards_that_expire_soon(given: Given) -> None:
    given = Given(given.tables, settings={"guard_days": 7})
    given.cards(8, "2026-03-09")
    given.cards(8, "2026-03-10")
    assert given.claim("ord_a", 2)[0].expires == "2026-03-10"
    assert given.available() == 6


def test_today_is_today_in_shanghai(given: Given) -> None:
    given.cards(8, "2026-03-03")
    given.clock.advance(hours=11, minutes=59)
    given.claim("ord_a", 1)
    given.clock.advance(minutes=1)
    assert given.short("ord_b", 1).available == 0


@pytest.mark.parametrize(("tag", "quantity", "shards"), [("", 1, 1), ("x" * 65, 1, 1), ("a", 0, 1), ("a", -1, 1), ("a", 1, 0)])
def test_a_claim_without_sense_is_refused(given: Given, tag: str, quantity: int, shards: int) -> None:
    with pytest.raises(InvalidRequest):
        given.stock.claim(SKU, tag, quantity, shards)


def test_an_order_out_of_too_many_pieces_is_told_to_come_again_and_says_what_it_took(quick: Given) -> None:
    quick.cards(600)
    singles = [quick.claim(f"ord_{i}", 1)[0] for i in range(600)]
    for start in range(0, 300, 16):
        quick.bring_back(*singles[start * 2 : start * 2 + 32 : 2])
    with pytest.raises(StockBusy) as busy:
        quick.claim("ord_wide", 250)
    assert 100 < sum(run.count for run in busy.value.taken) < 250


def test_sold_out_is_remembered_only_as_long_as_set_and_forgotten_when_cards_come(quick: Given) -> None:
    quick = Given(quick.tables, settings={"sold_out_memory_s": 9})
    quick.cards(8)
    quick.claim("ord_a", 6)
    assert quick.short("ord_b", 3).available == 2
    before = quick.tables._client.requests.total()
    assert quick.short("ord_c", 3).available == 2
    assert quick.tables._client.requests.total() == before
    assert len(quick.claim("ord_d", 2)) == 1
    quick.short("ord_e", 1)
    quick.cards(8)
    quick.claim("ord_f", 3)
    quick.short("ord_g", 6)
    Given(quick.tables, settings={}).cards(8)
    quick.short("ord_h", 6)
    quick.clock.advance(0.5)
    quick.claim("ord_i", 6)
