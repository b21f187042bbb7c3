"""An import books what its cards have cost: once, before the first of them is on sale, whoever dies in the middle."""

from collections.abc import Iterator
from typing import Any

import pytest

from faka.contexts.intake import ImportJob, ImportMoved
from faka.contexts.ledger.balances import balances
from faka.contexts.ledger.store import transaction_from
from faka.flows.intake import finish, run, run_import
from faka.kernel.ids import BatchId
from faka.kernel.money import Money
from faka.platform.table import TableName, Write
from faka.wiring import Deps
from tests.integration.given_intake import SKU, Crash, Gate, Shop, a_shop
from tests.unit.ledger.given import cny


pytestmark = pytest.mark.integration

FILE = b"A1,one\nB2,two\nB2,two\nC3,three\n"
"""Three cards, one of them twice."""


@pytest.fixture
def shop() -> Iterator[Shop]:
    with a_shop() as made:
        yield made


def booked(shop: Shop) -> dict[str, int]:
    return balances(transaction_from(row) for row in shop.rows(TableName.JOURNAL, "TXN#"))


def costs(shop: Shop, ordinals: range = range(4)) -> list[Money | None]:
    return [unit for unit in shop.deps.costs.units(SKU, ordinals).values() if unit is not None]


def test_a_batch_comes_into_stock_at_what_its_new_cards_have_cost(shop: Shop) -> None:
    job = shop.imported(FILE, unit_cost=cny(450), supplier="上游 甲:乙")
    [row] = shop.rows(TableName.JOURNAL, "TXN#")
    assert row["id"] == f"bat:{job.id}"
    assert booked(shop) == {"inventory:cards/CNY": 1350, "supplier:上游%20甲%3A乙:payable/CNY": 1350}, "the duplicate cost nothing"
    assert costs(shop) == [cny(450)]


def test_cards_of_unknown_or_no_cost_are_not_booked(shop: Shop) -> None:
    shop.imported(FILE)
    shop.imported(b"D4,four\n", unit_cost=cny(0))
    shop.imported(b"D4,four\n", unit_cost=cny(450))
    assert booked(shop) == {}
    assert costs(shop) == []


def test_a_worker_that_comes_again_books_nothing_more(shop: Shop) -> None:
    job = shop.imported(FILE, unit_cost=cny(450))
    run_import(shop.fresh(), job.id, lambda: 900.0)
    assert booked(shop) == {"inventory:cards/CNY": 1350, "supplier:%:payable/CNY": 1350}


def test_two_workers_at_the_last_line_buy_a_batch_once(shop: Shop) -> None:
    job = shop.imported(FILE, unit_cost=cny(450))
    before = shop.deps.imports.get(job.id).model_copy(update={"state": "SEALING", "version": job.version - 2})
    with pytest.raises(ImportMoved):
        finish.close_file(shop.deps, before)
    assert booked(shop)["inventory:cards/CNY"] == 1350


def is_in_the_books(shop: Shop, batch: BatchId) -> bool:
    """Both halves: what the batch has cost together, and what one card of it has cost."""
    whole = shop.deps.ledger.find(f"bat:{batch}")
    units = [row for row in shop.rows(TableName.JOURNAL, "COST#") if row["batch"] == batch]
    assert (whole is None) == (not units), "one commit"
    return whole is not None


def test_no_card_is_on_sale_before_its_cost_is_in_the_books(shop: Shop) -> None:
    """WHEN a worker dies after any of its calls THEN what is for sale is booked; and its successor ends with one purchase."""
    died = 0
    for call in range(40):
        batch = shop.uploaded(FILE.replace(b",", b"-%d," % call), unit_cost=cny(450))
        before = shop.available()
        try:
            run_import(shop.fresh(Gate([], die_after=call)), batch, lambda: 900.0)
        except Crash:
            died += 1
        assert shop.available() == before or is_in_the_books(shop, batch)
        shop.clock.advance(minutes=5)
        run_import(shop.fresh(), batch, lambda: 900.0)
        assert is_in_the_books(shop, batch)
    assert 30 < died < 40, "the last ones live to the end"
    assert booked(shop)["inventory:cards/CNY"] == 40 * 1350


def test_twin_a_purchase_that_is_booked_when_all_is_done_leaves_cards_on_sale_without_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_the_end = finish.link_and_end
    late: list[Write] = []
    real = finish._bought

    def put_off(*given: Any) -> list[Write]:
        late[:] = real(*given)
        return []

    def then(deps: Deps, job: ImportJob) -> ImportJob:
        after = at_the_end(deps, job)
        deps.tables.commit(late)
        return after

    monkeypatch.setattr(finish, "_bought", put_off)
    monkeypatch.setattr(run, "link_and_end", then)
    with pytest.raises(AssertionError):
        test_no_card_is_on_sale_before_its_cost_is_in_the_books(shop)
