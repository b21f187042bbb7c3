"""Rows of the vault."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from faka.contexts.vault.errors import BatchNotFound, CardWithheld, PageBroken
from faka.contexts.vault.model import PAGE_CARDS, Batch, CardText, OpenCard, Print, Run, pages_of
from faka.contexts.vault.rows import batch_from_item, batch_key, page_key, print_item, print_key
from faka.kernel.ids import SkuId
from faka.kernel.limits import BATCH_GET_MAX, BATCH_WRITE_MAX
from faka.kernel.secret import Secret
from faka.platform.table import Item, Key, TableName, Tables, chunks


T = TypeVar("T")

BATCHES_MAX = 10_000
"""Batches of one SKU that a list goes through: three a day for ten years."""


class Opener(Protocol):
    """The part of the envelope that opens."""

    def open(self, wrapped: Sequence[bytes], job: Mapping[str, str], sealed: bytes, bound: Mapping[str, str]) -> Secret: ...


@dataclass(frozen=True, slots=True)
class Page:
    """Up to eight sealed cards that follow each other."""

    number: int
    batch: int
    cards: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class VaultRead:
    """The pages and batches of some runs, as they were at one strong read. Nothing is open yet."""

    runs: tuple[Run, ...]
    pages: Mapping[int, Page]
    batches: Mapping[int, Batch]

    def withheld(self) -> tuple[int, ...]:
        """Numbers among the runs that must not be shown."""
        return tuple(n for run in self.runs for n in _numbers(run) if self._batch(run).withholds(n))

    def sealed(self) -> Iterable[tuple[int, Batch, bytes]]:
        """Raises: PageBroken when a card is not where its number says."""
        for run in self.runs:
            batch = self._batch(run)
            for number in _numbers(run):
                page = self.pages.get(number // PAGE_CARDS)
                place = number % PAGE_CARDS
                if page is None or page.batch != run.batch or place >= len(page.cards):
                    raise PageBroken(f"card {number} of batch {batch.id}")
                yield number, batch, page.cards[place]

    def _batch(self, run: Run) -> Batch:
        batch = self.batches.get(run.batch)
        if batch is None:
            raise PageBroken(f"no batch {run.batch}")
        return batch


class VaultStore:
    """`lanes` requests of one bulk insert travel at once: the import waits for the network, not for the processor."""

    def __init__(self, tables: Tables, lanes: int = 1) -> None:
        self._tables = tables
        self._lanes = lanes

    # -- for those who open -----------------------------------------------------------------------------------

    def read(self, sku: SkuId, runs: Sequence[Run]) -> VaultRead:
        """Everything that opening some runs needs, in one batch read (two above about 700 cards)."""
        pages = dict.fromkeys(page for run in runs for page in pages_of(run.start, run.count))
        ordinals = dict.fromkeys(run.batch for run in runs)
        rows = self._tables.batch_get([*(page_key(sku, page) for page in pages), *(batch_key(sku, n) for n in ordinals)])
        found = {n: rows.get(page_key(sku, n)) for n in pages}
        batches = {n: rows.get(batch_key(sku, n)) for n in ordinals}
        return VaultRead(
            tuple(runs),
            {n: Page(n, row["batch"], tuple(row["cards"])) for n, row in found.items() if row is not None},
            {n: batch_from_item(row) for n, row in batches.items() if row is not None},
        )

    def open(self, read: VaultRead, envelope: Opener) -> tuple[OpenCard, ...]:
        """The cards of a read, in the order of its runs. The caller has written its audit entry before.

        Raises: CardWithheld when any of them is frozen or void (then none is opened), PageBroken, the envelope's SealBroken
        and KeyServiceDown.
        """
        withheld = read.withheld()
        if withheld:
            raise CardWithheld(f"{len(withheld)} cards", withheld)
        opened = []
        for number, batch, sealed in read.sealed():
            text = CardText.parted(envelope.open(batch.keys, batch.job, sealed, batch.place(number)).reveal())
            opened.append(OpenCard(text.number, Secret(text.secret), number))
        return tuple(opened)

    # -- for those who import ---------------------------------------------------------------------------------

    def batch(self, sku: SkuId, ordinal: int) -> Batch:
        """Raises: BatchNotFound."""
        row = self._tables.get(batch_key(sku, ordinal))
        if row is None:
            raise BatchNotFound(f"{sku} {ordinal}")
        return batch_from_item(row)

    def batch_of(self, sku: SkuId, number: int) -> Batch:
        """The batch that brought a card. Raises: BatchNotFound."""
        page = self._tables.get(page_key(sku, number // PAGE_CARDS))
        batch = self.batch(sku, page["batch"]) if page is not None else None
        if batch is None or not batch.holds(number):
            raise BatchNotFound(f"{sku} card {number}")
        return batch

    def batches(self, sku: SkuId) -> list[Batch]:
        """All batches of a SKU, oldest first.

        Ordinals follow each other, but a worker that dies leaves one out; a hundred in a row that are absent are the end.
        """
        found: list[Batch] = []
        for start in range(0, BATCHES_MAX, BATCH_GET_MAX):
            rows = self._tables.batch_get([batch_key(sku, ordinal) for ordinal in range(start, start + BATCH_GET_MAX)])
            if not rows:
                break
            found += map(batch_from_item, rows.values())
        return sorted(found, key=lambda batch: batch.ordinal)

    def save_pages(self, sku: SkuId, pages: Sequence[Page]) -> None:
        """Write sealed pages. Unconditional, because a second writing holds the same cards (under the same job's keys)."""
        items: list[Item] = []
        for page in pages:
            key = page_key(sku, page.number)
            items.append({"pk": key.pk, "sk": key.sk, "batch": page.batch, "cards": list(page.cards)})
        self._spread(lambda part: self._tables.put_many(TableName.VAULT, part), items)

    def claim_prints(self, prints: Sequence[Print]) -> list[Print]:
        """Make each fingerprint its line's, if it is nobody's; answers whose it is now, in the same order.

        A line that comes again after a crash finds itself as the owner. `prints` holds each hash once.
        """
        parts = self._spread(lambda part: self._tables.insert_many(TableName.VAULT, part), [print_item(p) for p in prints])
        is_new = [flag for part in parts for flag in part]
        met = self._tables.batch_get([print_key(p.hash) for p, new in zip(prints, is_new, strict=True) if not new])
        return [p if new else _owner(p.hash, met) for p, new in zip(prints, is_new, strict=True)]

    def _spread(self, work: Callable[[Sequence[Item]], T], items: Sequence[Item]) -> list[T]:
        parts = list(chunks(items, BATCH_WRITE_MAX))
        if self._lanes == 1 or len(parts) < 2:
            return [work(part) for part in parts]
        with ThreadPoolExecutor(self._lanes) as pool:
            return list(pool.map(work, parts))


def _owner(hash_: str, rows: Mapping[Key, Item]) -> Print:
    row = rows.get(print_key(hash_))
    if row is None:
        raise PageBroken("a fingerprint is neither new nor there")
    return Print(hash_, row["b"], row["l"])


def _numbers(run: Run) -> range:
    return range(run.start, run.start + run.count)
