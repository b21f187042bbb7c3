"""Frozen and void cards are neither sold nor shown, before and after somebody has reserved them."""

from collections.abc import Iterator

import pytest

from faka.contexts.intake import ImportJob, ImportNotDone, Wish
from faka.contexts.stock import OutOfStock, Why
from faka.contexts.vault import BatchMoved, BatchNotFound, BatchState, CardWithheld, VaultStore
from faka.flows.withhold import expire, freeze, thaw, void_batch, void_card
from faka.platform.table import Tables
from tests.integration.given_intake import SKU, Crash, Gate, Shop, a_shop


pytestmark = pytest.mark.integration


@pytest.fixture
def shop() -> Iterator[Shop]:
    with a_shop() as shop:
        yield shop


@pytest.fixture
def job(shop: Shop) -> ImportJob:
    job = shop.imported("".join(f"NO-{i}----secret-{i}\n" for i in range(20)).encode())
    shop.clock.advance(1)
    return job


def opened(shop: Shop, runs: object) -> list[str]:
    read = shop.deps.vault.read(SKU, runs)  # type: ignore[arg-type]
    return [card.secret.reveal() for card in shop.deps.vault.open(read, shop.deps.envelope)]


def test_none_of_a_frozen_batch_is_sold_after_the_call_and_all_of_it_after_the_thaw(shop: Shop, job: ImportJob) -> None:
    freeze(shop.deps, job.id, "olga", "supplier says so")
    assert shop.available() == 0
    with pytest.raises(OutOfStock):
        shop.sold(1, "ord_1")
    shop.clock.advance(1)
    thaw(shop.deps, job.id, "olga", "was wrong")
    assert len(shop.sold(20, "ord_2")) == 20
    assert [entry["what"] for entry in shop.deps.batch_log.entries(job.id)] == ["imported", "frozen", "thawed"]


def test_cards_reserved_before_the_freeze_are_not_shown_until_the_thaw(shop: Shop, job: ImportJob) -> None:
    runs = shop.deps.stock.claim(SKU, "ord_1", 2, 1)
    freeze(shop.deps, job.id, "olga", "check")
    with pytest.raises(CardWithheld) as refused:
        opened(shop, runs)
    assert refused.value.numbers == (0, 1)
    thaw(shop.deps, job.id, "olga", "fine")
    assert opened(shop, runs) == ["secret-0", "secret-1"]


def test_cards_that_come_back_to_a_frozen_batch_stay_off_sale(shop: Shop, job: ImportJob) -> None:
    runs = shop.deps.stock.claim(SKU, "ord_1", 5, 1)
    freeze(shop.deps, job.id, "olga", "check")
    shop.deps.tables.commit(shop.deps.stock.returned(SKU, runs))
    shop.deps.stock.settle_log(SKU, [0])
    assert shop.available() == 0
    assert shop.deps.stock.counts(SKU).withheld == {Why.FROZEN: 20}


def test_void_is_final_for_the_batch_its_cards_and_its_fingerprints(shop: Shop, job: ImportJob) -> None:
    runs = shop.deps.stock.claim(SKU, "ord_1", 1, 1)
    void_batch(shop.deps, job.id, "olga", "stolen")
    with pytest.raises(BatchMoved):
        thaw(shop.deps, job.id, "olga", "please")
    with pytest.raises(BatchMoved):
        freeze(shop.deps, job.id, "olga", "please")
    with pytest.raises(CardWithheld):
        opened(shop, runs)
    assert shop.available() == 0
    assert shop.imported(b"NO-3----secret-3\n").counts.duplicate == 1


def test_a_single_void_card_is_passed_over_by_the_next_sale(shop: Shop, job: ImportJob) -> None:
    found = void_card(shop.deps, SKU, 1, "olga", "complaint")
    assert (found.batch, found.was_in_stock) == (job.id, True)
    assert void_card(shop.deps, SKU, 1, "olga", "complaint") == found
    assert [number for _, _, number in shop.sold(3, "ord_1")] == [0, 2, 3]
    assert [entry["what"] for entry in shop.deps.batch_log.entries(job.id)] == ["imported", "card_void"]


def test_a_single_void_card_that_is_sold_withholds_its_sale_and_no_other(shop: Shop, job: ImportJob) -> None:
    mine, other = shop.deps.stock.claim(SKU, "ord_1", 2, 1), shop.deps.stock.claim(SKU, "ord_2", 2, 1)
    assert not void_card(shop.deps, SKU, 1, "olga", "complaint").was_in_stock
    with pytest.raises(CardWithheld) as refused:
        opened(shop, mine)
    assert refused.value.numbers == (1,)
    assert opened(shop, other) == ["secret-2", "secret-3"]


def test_void_cards_stay_void_through_freeze_and_thaw(shop: Shop, job: ImportJob) -> None:
    void_card(shop.deps, SKU, 4, "olga", "complaint")
    freeze(shop.deps, job.id, "olga", "check")
    thaw(shop.deps, job.id, "olga", "fine")
    assert shop.available() == 19
    assert 4 not in [number for _, _, number in shop.sold(19, "ord_1")]


def test_a_number_that_no_batch_brought_cannot_be_void(shop: Shop, job: ImportJob) -> None:
    for number in (20, 23, 24, 4_000):
        with pytest.raises(BatchNotFound):
            void_card(shop.deps, SKU, number, "olga", "complaint")


def test_a_batch_can_be_frozen_only_when_its_import_is_over(shop: Shop) -> None:
    batch = shop.uploaded(b"a----b\n")
    with pytest.raises(ImportNotDone):
        freeze(shop.deps, batch, "olga", "too early")


def test_a_freeze_that_dies_is_finished_by_its_repeat(shop: Shop, job: ImportJob) -> None:
    for position in range(30):
        try:
            freeze(shop.fresh(Gate([], die_after=position)), job.id, "olga", "check")
        except Crash:
            freeze(shop.fresh(), job.id, "olga", "check")
            assert shop.available() == 0, position
            thaw(shop.fresh(), job.id, "olga", "again")
            assert shop.available() == 20, position
        else:
            break
    assert position > 3


def test_a_thaw_that_dies_is_finished_by_its_repeat(shop: Shop, job: ImportJob) -> None:
    for position in range(60):
        freeze(shop.deps, job.id, "olga", "check")
        try:
            thaw(shop.fresh(Gate([], die_after=position)), job.id, "olga", "fine")
        except Crash:
            thaw(shop.fresh(), job.id, "olga", "fine")
            assert shop.available() == 20, position
        else:
            break
    assert position > 3


def test_expired_cards_are_counted_and_reported(shop: Shop, job: ImportJob) -> None:
    soon = shop.imported(b"a----1\nb----2\nc----3\n", Wish(expires="2026-03-10"))
    shop.sold(1, "ord_1")  # of the running extent, which never expires
    shop.clock.advance(days=7)
    assert expire(shop.deps, SKU).unsold == 0
    shop.clock.advance(days=1)
    found = expire(shop.deps, SKU)
    assert (found.unsold, [(lot.batch, lot.count) for lot in found.lots]) == (3, [(soon.id, 3)])
    assert shop.available() == 19


# -- twin -------------------------------------------------------------------------------------------------------------


def test_twin_without_the_check_at_the_opening_a_frozen_card_is_shown(shop: Shop, job: ImportJob, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = shop.deps.stock.claim(SKU, "ord_1", 1, 1)
    freeze(shop.deps, job.id, "olga", "check")
    monkeypatch.setattr("faka.contexts.vault.model.Batch.withholds", lambda self, number: False)
    assert opened(shop, runs) == ["secret-0"]


def test_the_read_is_strong_so_that_a_freeze_is_seen_at_once(shop: Shop, job: ImportJob, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    real = Tables.batch_get
    monkeypatch.setattr(Tables, "batch_get", lambda self, keys, *, strong=True: asked.append(strong) or real(self, keys, strong=strong))
    runs = shop.deps.stock.claim(SKU, "ord_1", 1, 1)
    asked.clear()
    VaultStore(shop.deps.tables).read(SKU, runs)
    assert asked == [True]
    assert shop.deps.vault.batch(SKU, job.ordinal).state is BatchState.OPEN
