"""What was said of a product that ran low, so that it is said once."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError

from faka.kernel.errors import Conflict, UnknownState
from faka.kernel.ids import ProductId
from faka.kernel.model import Frozen
from faka.platform.table import Item, Key, TableName, Tables, Write, put


class LowMoved(Conflict):
    """Somebody else said it meanwhile."""


class Low(Frozen):
    product: ProductId
    is_low: bool
    """Its case is open."""
    told_at: datetime
    version: int = 1


class LowStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get_many(self, products: Sequence[ProductId]) -> dict[ProductId, Low]:
        """Those of which something was said."""
        rows = self._tables.batch_get([_key(one) for one in products])
        return {low.product: low for low in map(_read, rows.values())}

    def noted(self, before: Low | None, after: Low) -> Write:
        """Else LowMoved."""
        key, version = _key(after.product), before.version if before else 0
        row = {**after.model_copy(update={"version": version + 1}).model_dump(mode="json"), "pk": key.pk, "sk": key.sk}
        when = "#version = :seen" if before else "attribute_not_exists(pk)"
        seen = {"seen": version} if before else {}
        return put(TableName.TRADE, row, when=when, otherwise=lambda _: LowMoved(after.product), **seen)


def _key(product: ProductId) -> Key:
    return Key(TableName.TRADE, f"LOWSTOCK#{product}", "LOWSTOCK")


def _read(row: Item) -> Low:
    try:
        return Low.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk")})
    except ValidationError as error:
        raise UnknownState(row["pk"]) from error
