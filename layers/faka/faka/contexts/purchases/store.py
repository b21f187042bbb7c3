"""Rows of purchases. The row of a SKU names the one that runs: whoever wants another looks whether it has ended. One that is not over
stands in the due index: where its machine is gone, the sweep begins another.
"""

from datetime import date

from pydantic import ValidationError

from faka.contexts.purchases.model import Purchase
from faka.kernel.errors import Conflict, FakaError, NotFound, UnknownState
from faka.kernel.ids import PurchaseId, SkuId
from faka.kernel.model import Frozen
from faka.platform.due import due, without_due
from faka.platform.table import Item, Key, TableName, Tables, Write, insert, put


class PurchaseRuns(Conflict):
    """Cards of this SKU are being bought already; carries the row."""


class PurchaseMoved(Conflict):
    """Somebody else heard of it meanwhile."""


class PurchaseMissing(NotFound):
    """No such purchase."""


class Running(Frozen):
    """The last purchase of a SKU, ended or not, and what was bought of it that day."""

    purchase: PurchaseId
    day: date
    bought: int

    def bought_on(self, day: date) -> int:
        return self.bought if self.day == day else 0


class PurchaseStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get(self, name: PurchaseId) -> Purchase:
        """Raises: PurchaseMissing."""
        found = self.find(name)
        if found is None:
            raise PurchaseMissing(name)
        return found

    def find(self, name: PurchaseId) -> Purchase | None:
        row = self._tables.get(purchase_key(name))
        return None if row is None else _read(row)

    def running(self, sku: SkuId) -> Running | None:
        row = self._tables.get(buying_key(sku))
        return _read_running(row) if row else None

    def placed(self, purchase: Purchase, day: date, seen: Running | None) -> list[Write]:
        """The purchase, and the SKU's row on it in the place of `seen`. Else PurchaseRuns."""
        key = buying_key(purchase.sku_id)
        bought = purchase.quantity + (seen.bought_on(day) if seen else 0)
        row = {**Running(purchase=purchase.id, day=day, bought=bought).model_dump(mode="json"), "pk": key.pk, "sk": key.sk}
        when = "#purchase = :seen" if seen else "attribute_not_exists(pk)"
        taken = put(TableName.TRADE, row, when=when, otherwise=_runs, **({"seen": str(seen.purchase)} if seen else {}))
        return [taken, insert(TableName.TRADE, _item(purchase), otherwise=_runs)]

    def replaced(self, before: Purchase, after: Purchase) -> Write:
        """Else PurchaseMoved."""
        return put(TableName.TRADE, _item(after), when="#version = :seen", otherwise=_moved, seen=before.version)


def purchase_key(name: PurchaseId) -> Key:
    return Key(TableName.TRADE, f"PURCHASE#{name}", "PURCHASE")


def buying_key(sku: SkuId) -> Key:
    return Key(TableName.TRADE, f"BUYING#{sku}", "BUYING")


def _item(purchase: Purchase) -> Item:
    key = purchase_key(purchase.id)
    item: Item = {**purchase.model_dump(mode="json"), "pk": key.pk, "sk": key.sk}
    return item if purchase.due_at is None else item | due(purchase.id, purchase.due_at)


def _read(row: Item) -> Purchase:
    try:
        return Purchase.model_validate(without_due(row))
    except ValidationError as error:
        raise UnknownState(row["pk"]) from error


def _read_running(row: Item) -> Running:
    try:
        return Running.model_validate(without_due(row))
    except ValidationError as error:
        raise UnknownState(row["pk"]) from error


def _runs(row: Item | None) -> FakaError:
    return PurchaseRuns("a purchase runs", row)


def _moved(row: Item | None) -> FakaError:
    return PurchaseMoved("purchase moved", row)
