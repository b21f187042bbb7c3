"""The sparse index of what is due: a row carries `due_pk` and `due_sk` only while somebody must look at it.

It holds live work, never history, so its size and the cost of a sweep follow the work in hand. Eight partitions carry
eight thousand changes a second and are read in eight short queries.
"""

from collections.abc import Iterator
from datetime import datetime

from faka.kernel.clock import to_row
from faka.platform.table import Item, TableName, Tables


DUE_SHARDS = 8
DUE_PAGE = 100
"""Rows read of one shard in one sweep. More stay due and are taken a minute later; the alarm on their age watches."""


def due(name: str, at: datetime) -> Item:
    """The two attributes that put the row called `name` into the index until it is written without them."""
    return {"due_pk": str(sum(name.encode()) % DUE_SHARDS), "due_sk": to_row(at)}


def without_due(row: Item) -> Item:
    return {name: value for name, value in row.items() if name not in ("pk", "sk", "due_pk", "due_sk")}


def due_before(tables: Tables, now: datetime) -> Iterator[tuple[str, datetime]]:
    """Partition keys of rows that are due, oldest first within a shard, and since when."""
    for shard in range(DUE_SHARDS):
        rows, _ = tables.query(TableName.TRADE, str(shard), index="due", between=("0", to_row(now)), limit=DUE_PAGE)
        for row in rows:
            yield row["pk"], datetime.fromisoformat(row["due_sk"])
