"""What a card of a batch has cost: one row per batch, inserted before its first card is on sale, and true for ever.

It stands in the journal, where nobody can change it, and not with the batch in the vault, because those who sell talk to providers
and must not read the vault. Cost never changes, so an instance remembers what it has read: a warm sale asks nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from faka.contexts.ledger.store import AlreadyPosted
from faka.kernel.errors import FakaError
from faka.kernel.ids import BatchId, SkuId
from faka.kernel.money import Currency, Money
from faka.platform.table import Item, Key, TableName, Tables, Write, insert


REMEMBERED_MAX = 4_096
"""Batches that an instance remembers, some 600 KB; a shop sells from a few hundred at a time. The oldest is forgotten first."""


class Run(Protocol):
    """Cards that follow each other in one batch; orders' runs look like this."""

    @property
    def count(self) -> int: ...
    @property
    def batch(self) -> int: ...


class CostStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._known: dict[tuple[SkuId, int], Money | None] = {}

    def noted(self, sku: SkuId, ordinal: int, batch: BatchId, unit_cost: Money) -> Write:
        """Else AlreadyPosted, with the row that is there."""
        row: Item = {"batch": batch, "unit_minor": unit_cost.minor, "currency": unit_cost.currency.value}
        key = cost_key(sku, ordinal)
        return insert(TableName.JOURNAL, {**row, "pk": key.pk, "sk": key.sk}, otherwise=_noted)

    def of_runs(self, sku: SkuId, runs: Sequence[Run]) -> dict[Currency, int]:
        """What the cards of these runs have cost together, by currency. Batches of unknown cost add nothing."""
        units = self.units(sku, (run.batch for run in runs))
        total: dict[Currency, int] = {}
        for run in runs:
            unit = units[run.batch]
            if unit is not None and unit.minor:
                total[unit.currency] = total.get(unit.currency, 0) + unit.minor * run.count
        return total

    def units(self, sku: SkuId, ordinals: Iterable[int]) -> dict[int, Money | None]:
        """The cost of one card of each batch; None where nobody said what it has cost. One read for what is not remembered.

        That a batch has no row is remembered too: the row is older than the batch's first card on sale.
        """
        wanted = dict.fromkeys(ordinals)
        found = {ordinal: self._known[sku, ordinal] for ordinal in wanted if (sku, ordinal) in self._known}
        asked = [ordinal for ordinal in wanted if ordinal not in found]
        rows = self._tables.batch_get([cost_key(sku, ordinal) for ordinal in asked]) if asked else {}
        return found | {ordinal: self._remembered(sku, ordinal, rows.get(cost_key(sku, ordinal))) for ordinal in asked}

    def _remembered(self, sku: SkuId, ordinal: int, row: Item | None) -> Money | None:
        unit = Money(minor=row["unit_minor"], currency=Currency(row["currency"])) if row is not None else None
        while len(self._known) >= REMEMBERED_MAX:
            del self._known[next(iter(self._known))]
        self._known[sku, ordinal] = unit
        return unit


def cost_key(sku: SkuId, ordinal: int) -> Key:
    return Key(TableName.JOURNAL, f"COST#{sku}#{ordinal}", "COST")


def _noted(row: Item | None) -> FakaError:
    return AlreadyPosted("cost of a batch", row)
