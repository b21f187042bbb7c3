"""Settlements with suppliers: what was paid, until when, by which two persons. A row is written in the commit that books the payment.

Settlements of one account follow each other by number, so of two that were proposed at once only one can be paid.
"""

from datetime import datetime
from typing import Final

from pydantic import ValidationError

from faka.kernel.errors import Conflict, FakaError, UnknownState
from faka.kernel.ids import SupplierId
from faka.kernel.model import Frozen
from faka.kernel.money import Currency, Money
from faka.platform.table import Item, Key, TableName, Tables, Write, insert


LIST_MAX: Final = 50
"""The newest of an account; four years of months."""


class SettlementExists(Conflict):
    """This one is paid already, or another that was proposed beside it; carries it."""


class Settlement(Frozen):
    supplier_id: SupplierId
    number: int
    """From 1, by supplier and currency."""
    amount: Money
    until: datetime
    """What was recorded before it is paid by this one and those before."""
    bank: str
    proposal: str
    proposed_by: str
    approved_by: str
    paid_at: datetime

    @property
    def id(self) -> str:
        return f"{self.supplier_id}-{self.amount.currency}-{self.number}"


class SettlementStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def of(self, supplier_id: SupplierId, currency: Currency) -> list[Settlement]:
        """The newest first, at most `LIST_MAX`."""
        rows, _ = self._tables.query(TableName.TRADE, _pk(supplier_id, currency), limit=LIST_MAX, backwards=True, strong=True)
        return [_read(row) for row in rows]

    def next_number(self, supplier_id: SupplierId, currency: Currency) -> int:
        rows, _ = self._tables.query(TableName.TRADE, _pk(supplier_id, currency), limit=1, backwards=True, strong=True)
        return _read(rows[0]).number + 1 if rows else 1

    def paid(self, settlement: Settlement) -> Write:
        """Else SettlementExists."""
        key = Key(TableName.TRADE, _pk(settlement.supplier_id, settlement.amount.currency), f"{settlement.number:06}")
        return insert(TableName.TRADE, {**settlement.model_dump(mode="json"), "pk": key.pk, "sk": key.sk}, otherwise=_exists)


def _pk(supplier_id: SupplierId, currency: Currency) -> str:
    return f"SETTLEMENTS#{supplier_id}/{currency}"


def _read(row: Item) -> Settlement:
    try:
        return Settlement.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk")})
    except ValidationError as error:
        raise UnknownState(row["pk"]) from error


def _exists(row: Item | None) -> FakaError:
    return SettlementExists("settlement exists", row)
