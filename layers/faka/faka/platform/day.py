"""The sparse index of what belongs to a day: our side of a provider's daily bill, listed without reading the history.

A row carries `day_pk` and `day_sk` when it is a movement that the provider's books should show: a receipt on the day of its
payment, a refund on the day of its request. Eight partitions a channel and day carry eight thousand movements a second.
"""

import zlib
from collections.abc import Iterator
from datetime import date, datetime

from faka.kernel.clock import business_day
from faka.platform.table import Item, TableName, Tables


DAY_SHARDS = 8
DAY_PAGE = 1_000
"""Keys of one page: about 150 KB, far below the service's megabyte."""


def of_day(channel: str, name: str, at: datetime) -> Item:
    """The two attributes that list the row called `name` under its day in Shanghai."""
    return {"day_pk": f"{channel}#{business_day(at).isoformat()}#{zlib.crc32(name.encode()) % DAY_SHARDS}", "day_sk": name}


def without_day(row: Item) -> Item:
    return {name: value for name, value in row.items() if name not in ("day_pk", "day_sk")}


def listed(tables: Tables, channel: str, day: date) -> Iterator[str]:
    """Partition keys of the rows of a channel's day, shard by shard.

    Bound: the movements of one day; a page of them is in memory.
    """
    for shard in range(DAY_SHARDS):
        after: Item | None = None
        while True:
            rows, after = tables.query(TableName.TRADE, f"{channel}#{day.isoformat()}#{shard}", index="day", limit=DAY_PAGE, after=after)
            yield from (row["pk"] for row in rows)
            if after is None:
                break
