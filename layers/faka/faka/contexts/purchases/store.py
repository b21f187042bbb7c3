"""Rows of purchases. The row of a SKU names the one that runs: whoever wants another looks whether it has ended."""

from pydantic import ValidationError

from faka.contexts.purchases.model import Purchase
from faka.kernel.errors import Conflict, FakaError, NotFound, UnknownState
from faka.kernel.ids import PurchaseId, SkuId
from faka.platform.table import Item, Key, TableName, Tables, Write, insert, put


class PurchaseRuns(Conflict):
    """Cards of this SKU are being bought already; carries the row."""


class PurchaseMoved(Conflict):
    """Somebody else heard of it meanwhile."""


class PurchaseMissing(NotFound):
    """No such purchase."""


class PurchaseStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get(self, name: PurchaseId) -> Purchase:
        """Raises: PurchaseMissing."""
        row = self._tables.get(_key(name))
        if row is None:
            raise PurchaseMissing(name)
        return _read(row)

    def running(self, sku: SkuId) -> PurchaseId | None:
        """The last purchase of a SKU, ended or not."""
        row = self._tables.get(_of_sku(sku))
        return PurchaseId(row["purchase"]) if row else None

    def placed(self, purchase: Purchase, seen: PurchaseId | None) -> list[Write]:
        """The purchase, and the SKU's row on it in the place of `seen`. Else PurchaseRuns."""
        key = _of_sku(purchase.sku_id)
        row = {"pk": key.pk, "sk": key.sk, "purchase": purchase.id}
        when = "#purchase = :seen" if seen else "attribute_not_exists(pk)"
        taken = put(TableName.TRADE, row, when=when, otherwise=_runs, **({"seen": str(seen)} if seen else {}))
        return [taken, insert(TableName.TRADE, _item(purchase), otherwise=_runs)]

    def replaced(self, before: Purchase, after: Purchase) -> Write:
        """Else PurchaseMoved."""
        return put(TableName.TRADE, _item(after), when="#version = :seen", otherwise=_moved, seen=before.version)


def _key(name: PurchaseId) -> Key:
    return Key(TableName.TRADE, f"PURCHASE#{name}", "PURCHASE")


def _of_sku(sku: SkuId) -> Key:
    return Key(TableName.TRADE, f"BUYING#{sku}", "BUYING")


def _item(purchase: Purchase) -> Item:
    key = _key(purchase.id)
    return {**purchase.model_dump(mode="json"), "pk": key.pk, "sk": key.sk}


def _read(row: Item) -> Purchase:
    try:
        return Purchase.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk")})
    except ValidationError as error:
        raise UnknownState(row["pk"]) from error


def _runs(row: Item | None) -> FakaError:
    return PurchaseRuns("a purchase runs", row)


def _moved(row: Item | None) -> FakaError:
    return PurchaseMoved("purchase moved", row)
