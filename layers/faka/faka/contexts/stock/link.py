"""Linking: new cards of a batch go up for sale, each once.

A batch has one row that says up to which number its cards are linked. It moves in the same transaction as the log rows
that add the cards, so an import that crashed may link again from the start.
"""

from collections.abc import Sequence
from itertools import pairwise

from faka.contexts.stock.errors import LinkMoved
from faka.contexts.stock.log import StockLog
from faka.contexts.stock.model import Extent, spread
from faka.contexts.stock.rewrite import IMPORT
from faka.kernel.errors import FakaError, InvalidRequest
from faka.platform.table import Item, Key, TableName, Tables, Write, put


def link_key(sku: str, batch: int) -> Key:
    return Key(TableName.TRADE, f"LINK#{sku}#{batch}", "LINK")


def _link_moved(row: Item | None) -> FakaError:
    return LinkMoved("linked meanwhile", row)


class Links:
    def __init__(self, tables: Tables, log: StockLog) -> None:
        self._tables = tables
        self._log = log

    def missing(self, sku: str, batch: int, extents: Sequence[Extent]) -> tuple[int, list[Extent]]:
        """Up to which number the batch is linked, and what of `extents` lies beyond it.

        Raises: InvalidRequest when the extents are not of this batch or not in ascending order.
        """
        if any(each.batch != batch for each in extents) or any(a.end > b.start for a, b in pairwise(extents)):
            raise InvalidRequest("extents to link are of one batch and ascend")
        row = self._tables.get(link_key(sku, batch))
        upto: int = row["upto"] if row is not None else 0
        beyond = [each.between(max(each.start, upto), each.end) for each in extents if each.end > upto]
        return upto, beyond

    def linked(self, sku: str, batch: int, upto: int, extents: Sequence[Extent], shards: int) -> list[Write]:
        """Move the mark from `upto` to the end of `extents` and log them. Else LinkMoved or LogMoved."""
        key = link_key(sku, batch)
        row = {"pk": key.pk, "sk": key.sk, "upto": extents[-1].end}
        mark = put(TableName.TRADE, row, when="attribute_not_exists(pk) OR #upto = :seen", otherwise=_link_moved, seen=upto)
        slices = {shard: mine for shard, mine in enumerate(spread(extents, shards)) if mine}
        return [mark, *self._log.added(sku, IMPORT, slices)]
