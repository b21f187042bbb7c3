"""A small shop around the stock: orders that own runs, and the sweep that finds runs without an owner.

The order row is the arbiter, as the stock's contract asks: it is written on the version that was read, a run goes back only
in one commit with it, and it remembers what is gone. Each operation may be repeated from the start after any crash.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from faka.contexts.stock import ClaimEvent, LogMoved, OutOfStock, Run, StockBusy, StockStore, claim_events, extent
from faka.kernel.clock import business_day
from faka.kernel.errors import Conflict, FakaError
from faka.kernel.ids import SkuId
from faka.platform.table import Item, Key, TableName, Tables, Write, from_wire, insert, put
from tests.kit.clock import FrozenClock
from tests.kit.engine import Engine


SKU = SkuId("points-100")


class OrderMet(Conflict):
    """The order row is not as it was read."""


@dataclass
class Shop:
    """What one process can do, over its own connection."""

    tables: Tables
    clock: FrozenClock = field(default_factory=FrozenClock)
    shards: int = 2
    sku: SkuId = SKU

    def __post_init__(self) -> None:
        self.stock = StockStore(self.tables, self.clock)

    # -- orders ---------------------------------------------------------------------------------------------------

    def order(self, name: str) -> Item | None:
        return self.tables.get(_key(name))

    def buy(self, name: str, quantity: int) -> tuple[Run, ...]:
        """Hold cards for an order; the same name again gives the same cards. Empty when sold out."""
        row = self.order(name)
        if row is not None:
            return _runs(row)
        try:
            runs = self.stock.claim(self.sku, f"{name}+q{quantity}", quantity, self.shards)
        except (OutOfStock, StockBusy) as short:
            self.give_back(name, short.taken)
            return ()
        try:
            self.tables.apply(insert(TableName.TRADE, self._row(name, "HELD", runs, quantity=quantity), otherwise=_met))
        except OrderMet as met:
            winner = dict(met.row or {})
            self.give_back(name, [run for run in runs if not _knows(winner, run)])
            return _runs(winner)
        return runs

    def pay(self, name: str) -> None:
        row = self.order(name)
        if row is None or row["state"] == "PAID":
            return
        if row["state"] == "HELD":
            self._replace(row, {**row, "state": "PAID"})
        elif row["state"] == "ENDED":
            self._pay_late(row, name)

    def _pay_late(self, row: Item, name: str) -> None:
        try:
            runs = self.stock.claim(self.sku, f"{name}+{row['v']}", row["quantity"], self.shards)
        except (OutOfStock, StockBusy) as short:
            self.give_back(name, short.taken)
            return
        self._replace(row, {**row, "state": "PAID", "runs": _listed(runs)})

    def cancel(self, name: str) -> None:
        """Let an unpaid order go and its cards with it."""
        self._commit(lambda: self._ending(name))
        row = self.order(name)
        if row is not None:
            self.stock.settle_log(self.sku, range(self.shards))

    def _ending(self, name: str) -> list[Write]:
        row = self.order(name)
        if row is None or row["state"] != "HELD":
            return []
        runs = _runs(row)
        after = {**row, "state": "ENDED", "runs": [], "gone": [*row["gone"], *(run.event for run in runs)]}
        return [_replaced(row, after), *self.stock.returned(self.sku, runs)]

    def give_back(self, name: str, runs: Sequence[Run]) -> None:
        """Return runs that the order does not own, each once; an order number without a row becomes a fence."""
        if runs:
            self._commit(lambda: self._disowning(name, runs))
            self.stock.settle_log(self.sku, sorted({run.shard for run in runs}))

    def _disowning(self, name: str, runs: Sequence[Run]) -> list[Write]:
        row = self.order(name)
        strange = [run for run in runs if row is None or not _knows(row, run)]
        if not strange:
            return []
        events = [run.event for run in strange]
        if row is None:
            first = insert(TableName.TRADE, self._row(name, "FENCED", (), gone=events), otherwise=_met)
        else:
            first = _replaced(row, {**row, "gone": [*row["gone"], *events]})
        return [first, *self.stock.returned(self.sku, strange)]

    def _commit(self, make: Callable[[], list[Write]]) -> None:
        for _ in range(20):
            writes = make()
            if not writes:
                return
            try:
                self.tables.commit(writes)
                return
            except (LogMoved, OrderMet):
                continue
        raise AssertionError("a return met others twenty times")

    def _replace(self, row: Item, after: Item) -> None:
        try:
            self.tables.apply(_replaced(row, after))
        except OrderMet:
            return

    def _row(self, name: str, state: str, runs: Sequence[Run], *, quantity: int = 0, gone: Sequence[str] = ()) -> Item:
        told = {"sku": self.sku, "state": state, "quantity": quantity, "runs": _listed(runs), "gone": list(gone), "v": 1}
        told["on"] = business_day(self.clock.now()).isoformat()
        return {"pk": _key(name).pk, "sk": "ORDER", **told}

    # -- stock ----------------------------------------------------------------------------------------------------

    def link(self, batch: int, start: int, count: int, expires: str = "") -> None:
        self.stock.link(self.sku, batch, [extent(start, count, batch, expires)], self.shards)

    def sweep(self, engine: Engine) -> None:
        """Find claims that no order owns, from the stream of head writes, and give them back."""
        for event in journal(engine):
            row = self.order(event.order_id)
            if event.sku == self.sku and (row is None or not _knows(row, event.run)):
                self.give_back(event.order_id, [event.run])
        self.stock.settle_log(self.sku, range(self.shards))


def journal(engine: Engine) -> list[ClaimEvent]:
    """All claims that the stream tells of."""
    found = []
    for _, old, new in engine.stream:
        if new is not None and new["pk"]["S"].startswith("HEAD#") and old is not None and old["n"] != new["n"]:
            found += claim_events(from_wire(old), from_wire(new))
    return found


def _key(name: str) -> Key:
    return Key(TableName.TRADE, f"ORDER#{name}", "ORDER")


def _listed(runs: Sequence[Run]) -> list[list[object]]:
    return [list(run.model_dump().values()) for run in runs]


def _runs(row: Item) -> tuple[Run, ...]:
    return tuple(Run(**dict(zip(Run.model_fields, each, strict=True))) for each in row["runs"])


def _knows(row: Item, run: Run) -> bool:
    return run.event in row["gone"] or run in _runs(row)


def _replaced(row: Item, after: Item) -> Write:
    return put(TableName.TRADE, {**after, "v": row["v"] + 1}, when="#v = :seen", otherwise=_met, seen=row["v"])


def _met(row: Item | None) -> FakaError:
    return OrderMet("order", row)
