"""What can be had of a SKU at its suppliers, as one small row, so that a page of sixty tiles asks once for all of them.

The row is a snapshot of the SKU's offers. Whoever changes an offer writes it in the same commit; the synchronisation writes it anew each
time. It decides what a page says; a checkout reads the offers themselves.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from faka.contexts.suppliers.store import OFFERS_MAX, Offer
from faka.kernel.errors import UnknownState
from faka.kernel.ids import SkuId
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.platform.table import Key, TableName, Tables, Write, put


PLENTY = 100
"""Said of goods that nobody counts."""


class Source(Frozen):
    """One open offer, as far as a page needs it."""

    cost: Money
    stock: int | None = None
    until: datetime | None = None
    """When it stops being believed, because its supplier has not been heard of; None: it needs no confirmation."""


class Supply(Frozen):
    sku: SkuId
    sources: tuple[Source, ...] = ()
    rests: bool = False
    """Suppliers have it, and all of them ask more than its floor; a person was told."""

    def available(self, now: datetime, price: Money | None = None) -> int:
        """How many can be had now, for no more than `price`."""
        return min(PLENTY, sum(PLENTY if one.stock is None else one.stock for one in self.sources if _counts(one, now, price)))


class SupplyStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get_many(self, skus: Sequence[SkuId]) -> dict[SkuId, Supply]:
        """Those that have a row; at most a moment old."""
        rows = self._tables.batch_get([_key(sku) for sku in skus], strong=False)
        return {supply.sku: supply for supply in (_read(row) for row in rows.values())}

    def noted(self, sku: SkuId, offers: Iterable[Offer]) -> Write:
        """All offers of a SKU, as they are after this commit."""
        return self.written(Supply(sku=sku, sources=tuple(source_of(one) for one in offers if one.enabled)[:OFFERS_MAX]))

    def written(self, supply: Supply) -> Write:
        key = _key(supply.sku)
        return put(TableName.CATALOG, {**supply.model_dump(mode="json"), "pk": key.pk, "sk": key.sk})


def source_of(offer: Offer) -> Source:
    return Source(cost=offer.cost)


def _counts(source: Source, now: datetime, price: Money | None) -> bool:
    if source.until is not None and now > source.until:
        return False
    return price is None or (source.cost.currency is price.currency and source.cost.minor <= price.minor)


def _key(sku: SkuId) -> Key:
    return Key(TableName.CATALOG, f"SUPPLY#{sku}", "SUPPLY")


def _read(row: dict[str, Any]) -> Supply:
    try:
        return Supply.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk")})
    except ValidationError as error:
        raise UnknownState(row["pk"]) from error
