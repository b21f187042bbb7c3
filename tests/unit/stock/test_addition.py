"""What adds cards: links and returns, in order, each once."""

import pytest

from faka.contexts.stock import LogMoved, extent
from faka.contexts.stock.bounds import QUEUE_EXTENTS_MAX
from faka.kernel.errors import Broken, InvalidRequest
from tests.unit.stock.given import SKU, Given, numbers


pytestmark = pytest.mark.unit


def test_numbers_and_batches_are_given_out_once_in_whole_pages(given: Given) -> None:
    first, second = given.stock.allot(SKU, 9), given.stock.allot(SKU, 1)
    assert (first.base, first.room, first.batch) == (0, 16, 1)
    assert (second.base, second.room, second.batch) == (16, 8, 2)


def test_linking_again_adds_nothing(given: Given) -> None:
    cards = given.cards(20)
    given.stock.link(SKU, cards.batch, [cards], 1)
    assert given.available() == 20


def test_an_import_may_link_in_pieces_and_start_over_with_other_pieces(given: Given) -> None:
    given.stock.link(SKU, 1, [extent(0, 5, 1)], 1)
    given.stock.link(SKU, 1, [extent(0, 8, 1), extent(16, 8, 1)], 1)
    given.stock.link(SKU, 1, [extent(0, 8, 1), extent(16, 9, 1)], 1)
    assert sorted(numbers(given.claim("ord_a", 17))) == [*range(8), *range(16, 25)]


def test_links_of_another_batch_or_out_of_order_are_refused(given: Given) -> None:
    for wrong in ([extent(0, 5, 2)], [extent(8, 5, 1), extent(0, 5, 1)], [extent(0, 5, 1), extent(4, 5, 1)]):
        with pytest.raises(InvalidRequest):
            given.stock.link(SKU, 1, wrong, 1)


def test_many_expiry_dates_in_one_file_all_go_up_for_sale(quick: Given) -> None:
    batch = quick.stock.allot(SKU, 800).batch
    pieces = [extent(8 * i, 8, batch, f"2027-{1 + i % 12:02}-{1 + i % 28:02}") for i in range(100)]
    quick.stock.link(SKU, batch, pieces, 1)
    sold = [run for i in range(100) for run in quick.claim(f"ord_{i}", 8)]
    assert sorted(number for run in sold for number in range(run.start, run.start + run.count)) == list(range(800))


def test_returned_cards_are_sold_again_and_neighbours_grow_together(given: Given) -> None:
    given.cards(32)
    runs = [given.claim(f"ord_{i}", 2)[0] for i in range(4)]
    given.bring_back(runs[0], runs[2], runs[1])
    assert [each.row[:2] for each in given.head().queue] == [[0, 6]]
    given.claim("ord_rest", 24)
    assert numbers(given.claim("ord_x", 6)) == [0, 1, 2, 3, 4, 5]


def test_a_run_that_went_back_is_not_answered_by_the_ring(given: Given) -> None:
    given.cards(32)
    runs = given.claim("ord_a", 2)
    given.bring_back(*runs)
    assert given.claim("ord_a", 2) != runs


def test_two_returns_that_met_say_so_and_the_second_takes_the_next_number(given: Given) -> None:
    given.cards(32)
    first, second = given.claim("ord_a", 2), given.claim("ord_b", 2)
    one, other = given.stock.returned(SKU, first), given.stock.returned(SKU, second)
    given.tables.commit(one)
    with pytest.raises(LogMoved):
        given.tables.commit(other)
    given.tables.commit(given.stock.returned(SKU, second))
    given.stock.settle_log(SKU, [0])
    assert given.available() == 32


def test_a_card_is_not_returned_twice_in_one_commit(given: Given) -> None:
    given.cards(32)
    (run,) = given.claim("ord_a", 4)
    with pytest.raises(Broken):
        given.stock.returned(SKU, [run, run])
    parts = [run.model_copy(update={"count": 1}), run.model_copy(update={"start": run.start + 2, "count": 2})]
    given.bring_back(*parts)
    assert given.available() == 31


def test_a_full_queue_leaves_log_rows_waiting_and_takes_them_in_as_it_drains(quick: Given) -> None:
    quick.cards(200)
    singles = [quick.claim(f"ord_{i}", 1)[0] for i in range(200)]
    odd = singles[1::2]
    for start in range(0, 100, 10):
        quick.bring_back(*odd[start : start + 10])
    counts = quick.stock.counts(SKU)
    assert len(quick.head().queue) <= QUEUE_EXTENTS_MAX
    assert (counts.available + counts.waiting, counts.waiting > 0) == (100, True)
    assert sorted(n for i in range(100) for n in numbers(quick.claim(f"again_{i}", 1))) == [run.start for run in odd]
    assert quick.short("ord_last", 1).available == 0


def test_settling_again_changes_nothing(given: Given) -> None:
    given.cards(32)
    before = given.head()
    given.stock.settle_log(SKU, [0])
    assert given.head() == before
