"""Cards that will never be sold are written off at what they have cost: each once, whoever takes them off sale in whatever order."""

from collections.abc import Iterator

import pytest

from faka.contexts.intake import ImportJob
from faka.contexts.ledger.balances import balances
from faka.contexts.stock import Run, Why
from faka.flows.withhold import expire, freeze, thaw, void_batch, void_card
from faka.platform.table import TableName
from faka.steps import stop_batch
from faka.steps import write_off as writing
from tests.integration.given_intake import SKU, Crash, Gate, Shop, a_shop
from tests.unit.ledger.given import cny


pytestmark = pytest.mark.integration

UNIT = 450
LOSS, STOCK = "expense:loss/CNY", "inventory:cards/CNY"


@pytest.fixture
def shop() -> Iterator[Shop]:
    with a_shop() as shop:
        yield shop


@pytest.fixture
def job(shop: Shop) -> ImportJob:
    """Ten cards at 4.50."""
    return brought(shop)


def brought(shop: Shop, first: int = 0, expires: str = "") -> ImportJob:
    body = "".join(f"NO-{n},secret-{n}{',' + expires if expires else ''}\n" for n in range(first, first + 10))
    made = shop.imported(body.encode(), unit_cost=cny(UNIT))
    shop.clock.advance(1)
    return made


def lost(shop: Shop) -> int:
    """How many cards the books have lost; what is left of stock is the rest."""
    found = balances(shop.deps.ledger.every())
    bought = sum(one.lines[0].amount_minor for one in shop.deps.ledger.every() if one.kind == "stock_purchased")
    assert found[STOCK] + found.get(LOSS, 0) == bought
    assert found.get(LOSS, 0) % UNIT == 0
    return found.get(LOSS, 0) // UNIT


def gives_back(shop: Shop, runs: tuple[Run, ...]) -> None:
    shop.deps.tables.commit(shop.deps.stock.returned(SKU, runs))
    shop.deps.stock.settle_log(SKU, range(1))


def test_a_void_batch_is_a_loss_but_for_the_cards_that_orders_have(shop: Shop, job: ImportJob) -> None:
    shop.deps.stock.claim(SKU, "ord_1", 3, 1)
    void_batch(shop.deps, job.id, "olga", "bad")
    assert lost(shop) == 7
    assert {one.ref for one in shop.deps.ledger.every() if one.kind == "cards_voided"} == {job.id}


def test_voiding_again_books_what_came_back_since_and_nothing_twice(shop: Shop, job: ImportJob) -> None:
    runs = shop.deps.stock.claim(SKU, "ord_1", 3, 1)
    void_batch(shop.deps, job.id, "olga", "bad")
    gives_back(shop, runs)
    assert lost(shop) == 7
    for _ in range(2):
        void_batch(shop.deps, job.id, "pia", "what came back")
        assert lost(shop) == 10


def test_a_frozen_batch_is_no_loss_until_it_is_void(shop: Shop, job: ImportJob) -> None:
    freeze(shop.deps, job.id, "olga", "check")
    assert lost(shop) == 0
    shop.clock.advance(1)
    void_batch(shop.deps, job.id, "olga", "bad")
    assert lost(shop) == 10


@pytest.mark.parametrize("is_frozen", [False, True])
def test_a_single_void_card_is_not_lost_again_with_its_batch(shop: Shop, job: ImportJob, is_frozen: bool) -> None:
    if is_frozen:
        freeze(shop.deps, job.id, "olga", "check")
        shop.clock.advance(1)
    for _ in range(2):
        assert void_card(shop.deps, SKU, 4, "olga", "complaint").was_in_stock
        assert lost(shop) == 1
        shop.clock.advance(1)
    if is_frozen:
        thaw(shop.deps, job.id, "olga", "the others are fine")
        shop.clock.advance(1)
        void_card(shop.deps, SKU, 4, "olga", "again")
        assert lost(shop) == 1
    void_batch(shop.deps, job.id, "olga", "bad")
    void_card(shop.deps, SKU, 5, "olga", "of a void batch")
    assert lost(shop) == 10


def test_twin_without_its_single_cards_an_extent_is_lost_whole(shop: Shop, job: ImportJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_singles", lambda drawn, batch: [])
    with pytest.raises(AssertionError):
        test_a_single_void_card_is_not_lost_again_with_its_batch(shop, job, False)


def test_a_card_that_an_order_has_is_no_loss_of_stock(shop: Shop, job: ImportJob) -> None:
    shop.deps.stock.claim(SKU, "ord_1", 1, 1)
    assert not void_card(shop.deps, SKU, 0, "olga", "complaint").was_in_stock
    assert lost(shop) == 0


def test_expired_cards_are_lost_once_and_not_again_with_their_batch(shop: Shop, job: ImportJob) -> None:
    second = brought(shop, 20, "2026-03-05")
    shop.deps.stock.claim(SKU, "ord_1", 2, 1)
    shop.clock.advance(days=5)
    for _ in range(2):
        assert expire(shop.deps, SKU).unsold > 0
        assert lost(shop) in (8, 10), "the two that were sold may be of either batch"
    before = lost(shop)
    void_card(shop.deps, SKU, next(drawn.extent.start for drawn in shop.deps.stock.drawn(SKU)), "olga", "expired anyway")
    void_batch(shop.deps, second.id, "olga", "over")
    assert lost(shop) == before
    assert {drawn.why for drawn in shop.deps.stock.drawn(SKU)} == {Why.EXPIRED}
    assert job.id not in {one.ref for one in shop.deps.ledger.every() if one.kind == "cards_voided"}


def test_cards_of_unknown_cost_are_no_loss(shop: Shop) -> None:
    job = shop.imported(b"NO-1,one\n")
    shop.clock.advance(1)
    void_batch(shop.deps, job.id, "olga", "bad")
    assert shop.rows(TableName.JOURNAL, "TXN#") == []


def test_who_dies_anywhere_while_voiding_calls_again_and_all_is_booked_once(shop: Shop) -> None:
    """A batch for each call to die after; the shop goes on."""
    for dies_after in range(40):
        job = brought(shop, 10 * dies_after)
        void_card(shop.deps, SKU, shop.deps.vault.batch(SKU, job.ordinal).base + 4, "olga", "complaint")
        shop.clock.advance(1)
        try:
            void_batch(shop.fresh(Gate([], dies_after)), job.id, "olga", "bad")
            has_died = False
        except Crash:
            has_died = True
        void_batch(shop.fresh(), job.id, "olga", "bad")
        assert lost(shop) == 10 * (dies_after + 1)
        if not has_died:
            assert dies_after > 5
            return
    raise AssertionError("voiding has no end")


def test_twin_without_the_last_step_void_cards_stay_stock_in_the_books(shop: Shop, job: ImportJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop_batch, "write_off", lambda *given: None)
    with pytest.raises(AssertionError):
        test_a_void_batch_is_a_loss_but_for_the_cards_that_orders_have(shop, job)
