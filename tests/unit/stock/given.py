"""A stock to test on, with the shortest words for what tests do."""

from dataclasses import dataclass, field
from typing import Any

from faka.contexts.stock import Extent, OutOfStock, Run, StockStore, extent
from faka.contexts.stock.head import Head, read_head
from faka.kernel.ids import SkuId
from faka.platform.table import Key, TableName, Tables
from tests.kit.clock import FrozenClock


SKU = SkuId("video-month")


@dataclass
class Given:
    """`stock` over any tables, with a clock that the test moves."""

    tables: Tables
    shards: int = 1
    clock: FrozenClock = field(default_factory=FrozenClock)
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stock = StockStore(self.tables, self.clock, **self.settings)

    def cards(self, count: int, expires: str = "", *, at: int | None = None) -> Extent:
        """Put a new batch up for sale."""
        allotted = self.stock.allot(SKU, count)
        new = extent(allotted.base if at is None else at, count, allotted.batch, expires)
        self.stock.link(SKU, allotted.batch, [new], self.shards)
        return new

    def claim(self, tag: str, quantity: int) -> tuple[Run, ...]:
        return self.stock.claim(SKU, tag, quantity, self.shards)

    def short(self, tag: str, quantity: int) -> OutOfStock:
        """The refusal of a claim that cannot be had."""
        try:
            self.claim(tag, quantity)
        except OutOfStock as refusal:
            return refusal
        raise AssertionError("the claim was granted")

    def bring_back(self, *runs: Run, settle: bool = True) -> None:
        """Return runs without an order, as no flow may."""
        self.tables.commit(self.stock.returned(SKU, runs))
        if settle:
            self.stock.settle_log(SKU, range(self.shards))

    def head(self, shard: int = 0) -> Head:
        row = self.tables.get(Key(TableName.TRADE, f"HEAD#{SKU}#{shard}", "HEAD"))
        assert row is not None
        return read_head(row)

    def available(self) -> int:
        return self.stock.available({SKU: self.shards}, strong=True)[SKU]


def numbers(runs: tuple[Run, ...]) -> list[int]:
    return [number for run in runs for number in range(run.start, run.start + run.count)]
