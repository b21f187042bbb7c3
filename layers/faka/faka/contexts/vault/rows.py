"""Keys of the vault's rows, and batches to and from their rows. One writer, one reader, re-checked on read."""

from typing import Any

from pydantic import ValidationError

from faka.contexts.vault.model import Batch, Print
from faka.kernel.clock import to_row
from faka.kernel.errors import UnknownState
from faka.kernel.ids import SkuId
from faka.platform.table import Item, Key, TableName


def page_key(sku: SkuId, page: int) -> Key:
    return Key(TableName.VAULT, f"PAGE#{sku}#{page:010}", "PAGE")


def batch_key(sku: SkuId, ordinal: int) -> Key:
    return Key(TableName.VAULT, f"BATCH#{sku}#{ordinal}", "BATCH")


def print_key(hash_: str) -> Key:
    return Key(TableName.VAULT, f"FP#{hash_}", "FP")


def print_item(mark: Print) -> Item:
    return {"pk": f"FP#{mark.hash}", "sk": "FP", "b": mark.batch, "l": mark.line}


def batch_to_item(batch: Batch) -> Item:
    key = batch_key(batch.sku, batch.ordinal)
    item: dict[str, Any] = batch.model_dump(exclude={"unit_cost", "void", "lots", "at", "state"})
    item |= {"pk": key.pk, "sk": key.sk, "keys": list(batch.keys), "at": to_row(batch.at), "state": batch.state.value}
    item["lots"] = [[lot.start, lot.count, lot.expires] for lot in batch.lots]
    if batch.void:  # a set in a row is never empty
        item["void"] = set(batch.void)
    if batch.unit_cost is not None:
        item |= {"cost_minor": batch.unit_cost.minor, "currency": batch.unit_cost.currency.value}
    return item


def batch_from_item(row: Item) -> Batch:
    """Raises: UnknownState when the row does not fit the model."""
    given = {name: value for name, value in row.items() if name not in ("pk", "sk", "cost_minor", "currency")}
    given["lots"] = [dict(zip(("start", "count", "expires"), lot, strict=True)) for lot in row.get("lots", [])]
    if "cost_minor" in row:
        given["unit_cost"] = {"minor": row["cost_minor"], "currency": row["currency"]}
    try:
        return Batch.model_validate(given)
    except ValidationError as error:
        raise UnknownState(f"batch row {row.get('id')}") from error
