"""The vault's rows: one read for an order, cards where their numbers say, batches that keep their bounds."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from faka.contexts.vault import (
    Batch,
    BatchFull,
    BatchMoved,
    BatchNotFound,
    BatchState,
    Lot,
    Page,
    PageBroken,
    Print,
    VaultStore,
    filled,
    key_added,
    opened,
    voided,
)
from faka.contexts.vault.rows import batch_from_item, batch_key, batch_to_item
from faka.kernel.errors import UnknownState
from faka.kernel.ids import BatchId, ProductId, SkuId
from faka.kernel.money import Currency, Money
from faka.platform.envelope import Envelope, SealBroken
from faka.platform.table import Tables
from tests.kit import partiql  # noqa: F401 - teaches moto our inserts
from tests.kit.clock import FrozenClock
from tests.unit.vault.given import Keys, some_keys


pytestmark = pytest.mark.unit

SKU = SkuId("vip-month")


class Run(NamedTuple):
    start: int
    count: int  # type: ignore[assignment]
    batch: int


def batch(ordinal: int, base: int, count: int, **more: Any) -> Batch:
    return Batch(
        id=BatchId(f"bat_{ordinal}"),
        sku=SKU,
        product=ProductId("video"),
        ordinal=ordinal,
        state=BatchState.OPEN,
        base=base,
        room=count,
        lots=(Lot(start=base, count=count),),
        by="olga",
        at=datetime(2026, 3, 2, tzinfo=UTC),
        **more,
    )


class Vault:
    """Two sealed batches of 16 cards, numbers 0 to 15 and 16 to 31."""

    def __init__(self, tables: Tables, envelope: Envelope) -> None:
        self.tables, self.envelope = tables, envelope
        self.store = VaultStore(tables)
        for ordinal, base in ((1, 0), (2, 16)):
            key = envelope.new_key(batch(ordinal, base, 16).job)
            made = batch(ordinal, base, 16, keys=(key.wrapped,))
            tables.commit([opened(made)])
            sealed = [envelope.seal(key, 0, f"n{n}\x1fs{n}", made.place(n)) for n in range(base, base + 16)]
            self.store.save_pages(SKU, [Page((base + i) // 8, ordinal, tuple(sealed[i : i + 8])) for i in (0, 8)])

    def opened(self, *runs: Run) -> list[tuple[int, str, str]]:
        cards = self.store.open(self.store.read(SKU, runs), self.envelope)
        return [(card.number, card.number_text, card.secret.reveal()) for card in cards]


@pytest.fixture
def keys(dynamodb: Any) -> Iterator[Keys]:
    with some_keys() as keys:
        yield keys


@pytest.fixture
def vault(tables: Tables, keys: Keys) -> Vault:
    return Vault(tables, keys.envelope(FrozenClock()))


def test_cards_of_several_runs_come_in_their_order_with_one_read(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = Tables.batch_get
    monkeypatch.setattr(
        Tables, "batch_get", lambda self, wanted, *, strong=True: asked.append(len(wanted)) or real(self, wanted, strong=strong)
    )
    found = vault.opened(Run(30, 2, 2), Run(6, 3, 1))
    assert found == [(n, f"n{n}", f"s{n}") for n in (30, 31, 6, 7, 8)]
    assert asked == [5], "three pages and two batches"


def test_pages_that_changed_places_do_not_open(vault: Vault) -> None:
    pages = vault.store.read(SKU, [Run(0, 32, 1)]).pages
    vault.store.save_pages(SKU, [Page(0, 1, pages[1].cards), Page(1, 1, pages[0].cards)])
    with pytest.raises(SealBroken):
        vault.opened(Run(3, 1, 1))


def test_cards_that_changed_places_within_their_page_do_not_open(vault: Vault) -> None:
    cards = vault.store.read(SKU, [Run(0, 8, 1)]).pages[0].cards
    vault.store.save_pages(SKU, [Page(0, 1, (cards[1], cards[0], *cards[2:]))])
    with pytest.raises(SealBroken):
        vault.opened(Run(0, 1, 1))
    assert vault.opened(Run(2, 1, 1)) == [(2, "n2", "s2")]


def test_a_page_of_another_batch_does_not_open_under_either_name(vault: Vault) -> None:
    foreign = vault.store.read(SKU, [Run(16, 8, 2)]).pages[2].cards
    vault.store.save_pages(SKU, [Page(0, 1, foreign)])
    with pytest.raises(SealBroken):
        vault.opened(Run(0, 1, 1))
    vault.store.save_pages(SKU, [Page(0, 2, foreign)])
    with pytest.raises(PageBroken):
        vault.opened(Run(0, 1, 1))
    with pytest.raises(SealBroken):
        vault.opened(Run(0, 1, 2))


def test_a_card_beyond_its_page_or_without_one_is_broken(vault: Vault) -> None:
    cards = vault.store.read(SKU, [Run(0, 8, 1)]).pages[0].cards
    vault.store.save_pages(SKU, [Page(0, 1, cards[:3])])
    for run in (Run(3, 1, 1), Run(400, 1, 1), Run(0, 1, 9)):
        with pytest.raises(PageBroken):
            vault.opened(run)


def test_a_batch_without_its_keys_is_shredded(vault: Vault) -> None:
    """Deleting the wrapped key of a batch ends all its cards for ever."""
    kept = batch_to_item(vault.store.batch(SKU, 1))
    vault.tables.put_many(batch_key(SKU, 1).table, [{**kept, "keys": []}])
    with pytest.raises(SealBroken):
        vault.opened(Run(0, 1, 1))
    assert vault.opened(Run(16, 1, 2)) == [(16, "n16", "s16")]


def test_batches_are_listed_in_order_over_gaps(vault: Vault) -> None:
    vault.tables.commit([opened(batch(7, 40, 8))])
    assert [one.ordinal for one in vault.store.batches(SKU)] == [1, 2, 7]
    assert vault.store.batch_of(SKU, 17).ordinal == 2
    for number in (32, 4_000):
        with pytest.raises(BatchNotFound):
            vault.store.batch_of(SKU, number)


def test_a_batch_is_what_its_row_says(vault: Vault) -> None:
    cost = Money(minor=512, currency=Currency.CNY)
    made = batch(3, 40, 8, keys=(b"k",), void=frozenset({41}), unit_cost=cost, supplier="甲", remark="乙")
    assert batch_from_item(batch_to_item(made)) == made
    for broken in ({"state": "LOST"}, {"base": "x"}, {"more": 1}):
        with pytest.raises(UnknownState):
            batch_from_item({**batch_to_item(made), **broken})


def test_an_ordinal_is_taken_once(vault: Vault) -> None:
    with pytest.raises(BatchMoved):
        vault.tables.commit([opened(batch(1, 400, 8))])


def test_keys_and_single_void_cards_have_a_bound(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    one = vault.store.batch(SKU, 1)
    vault.tables.apply(key_added(one, b"second", 2))
    with pytest.raises(BatchFull):
        vault.tables.apply(key_added(one, b"third", 2))
    monkeypatch.setattr("faka.contexts.vault.changes.VOID_MAX", 1)
    vault.tables.apply(voided(one, 4))
    vault.tables.apply(voided(one, 4))
    with pytest.raises(BatchFull):
        vault.tables.apply(voided(one, 5))
    assert vault.store.batch(SKU, 1).void == {4}


def test_lots_may_be_written_again(vault: Vault) -> None:
    one = vault.store.batch(SKU, 1)
    lots = [Lot(start=0, count=5, expires="2027-01-01")]
    vault.tables.apply(filled(one, lots))
    vault.tables.apply(filled(one, lots))
    assert vault.store.batch(SKU, 1).count == 5


def test_a_fingerprint_belongs_to_the_first_line_that_brings_it(vault: Vault) -> None:
    prints = [Print(f"{n:032x}", BatchId("bat_1"), n) for n in range(60)]
    assert vault.store.claim_prints(prints) == prints
    assert vault.store.claim_prints(prints) == prints
    later = [Print(one.hash, BatchId("bat_2"), one.line + 100) for one in prints[:30]] + [Print("f" * 32, BatchId("bat_2"), 1)]
    assert vault.store.claim_prints(later) == [*prints[:30], later[-1]]


def test_lanes_keep_the_order_of_answers(vault: Vault) -> None:
    lanes = VaultStore(vault.tables, lanes=4)
    first = [Print(f"{n:032x}", BatchId("bat_1"), n) for n in range(0, 90, 2)]
    lanes.claim_prints(first)
    both = [Print(f"{n:032x}", BatchId("bat_2"), n) for n in range(90)]
    assert [one.batch for one in lanes.claim_prints(both)] == ["bat_1", "bat_2"] * 45
