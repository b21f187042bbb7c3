"""What happened to one card, or to all cards of a SKU, put together from rows that nobody may change."""

from collections.abc import Iterator

from faka.contexts.orders.model import Order, OrderState
from faka.contexts.stock.bounds import CLAIM_BUCKET
from faka.contexts.stock.journal import ClaimRecord, read_claim
from faka.contexts.stock.model import Counts, Why
from faka.contexts.vault import Batch
from faka.kernel.clock import to_row
from faka.kernel.ids import OrderId, SkuId
from faka.kernel.model import Frozen
from faka.platform.due import DUE_SHARDS
from faka.platform.table import Item, Key, TableName
from faka.wiring import Deps


class Event(Frozen):
    """One line of a card's history."""

    at: str
    what: str
    by: str
    detail: str = ""


class Tally(Frozen):
    """Where all cards of a SKU are. `total = available + waiting + locked + sold + withheld`."""

    total: int
    available: int
    waiting: int
    locked: int
    sold: int
    withheld: dict[Why, int]


def history(deps: Deps, sku: SkuId, number: int) -> list[Event]:
    """Inbound, locked, sold, shown, given back, frozen, void: with time and actor, oldest first.

    Raises: BatchNotFound.
    """
    batch = deps.vault.batch_of(sku, number)
    events = [Event(at=to_row(batch.at), what="inbound", by=batch.by, detail=f"batch {batch.id} {batch.supplier}".strip())]
    events += _of_batch(deps, batch, number)
    for claim in claims_of(deps, sku, number):
        # The stream tells the second of a claim; a card is never locked before it came in.
        events += _of_claim(deps, claim.model_copy(update={"at": max(claim.at, batch.at)}))
    return sorted(events, key=lambda event: event.at)


def _of_batch(deps: Deps, batch: Batch, number: int) -> Iterator[Event]:
    for row in deps.batch_log.entries(batch.id):
        if row["what"] != "card_void" or row["number"] == number:
            yield Event(at=row["at"], what=row["what"], by=row["by"], detail=str(row.get("reason", "")))


def _of_claim(deps: Deps, claim: ClaimRecord) -> Iterator[Event]:
    order_id = claim.order_id
    yield Event(at=to_row(claim.at), what="locked", by="buyer", detail=f"order {order_id}")
    order = deps.orders.get_many([order_id]).get(order_id)
    if order is None:
        yield Event(at=to_row(claim.at), what="given back", by="sweep", detail=f"order {order_id} was never made")
        return
    before = None
    for entry in order.log:
        what = _word(entry.state) if entry.state is not before else "noted"
        before = entry.state
        yield Event(at=to_row(entry.at), what=what, by=entry.actor, detail=f"order {order_id} {entry.reason}")
    for row in deps.audit.openings(order_id):
        yield Event(at=str(row["sk"]).partition("#")[0], what="shown", by="buyer", detail=f"order {order_id} by {row['via']}")


def _word(state: OrderState) -> str:
    return {OrderState.COMPLETED: "sold", OrderState.PENDING_PAYMENT: "ordered"}.get(state, state.value.lower())


def claims_of(deps: Deps, sku: SkuId, number: int) -> list[ClaimRecord]:
    """Every claim that ever covered a number. A run is shorter than a bucket, so two buckets hold them all."""
    lowest = max(0, number - CLAIM_BUCKET + 1)
    found = []
    for bucket in sorted({lowest // CLAIM_BUCKET, number // CLAIM_BUCKET}):
        for row in _rows(deps, f"CLAIM#{sku}#{bucket}", between=(f"{lowest:012}", f"{number:012}~")):
            claim = read_claim(row)
            if claim.run.start <= number < claim.run.start + claim.run.count:
                found.append(claim)
    return found


def _rows(deps: Deps, pk: str, between: tuple[str, str]) -> Iterator[Item]:
    after: Item | None = None
    while True:
        rows, after = deps.tables.query(TableName.JOURNAL, pk, between=between, after=after, strong=True)
        yield from rows
        if after is None:
            return


# -- a whole SKU ----------------------------------------------------------------------------------------------------


def tally(deps: Deps, sku: SkuId) -> Tally:
    """Counters of a SKU. Locked cards are those of orders that wait for their payment, which the index of due rows leads to."""
    counts: Counts = deps.stock.counts(sku)
    locked = sum(run.count for order in open_orders(deps) if order.sku_id == sku for run in order.runs)
    return Tally(
        total=counts.imported,
        available=counts.available,
        waiting=counts.waiting,
        locked=locked,
        sold=counts.out - locked,
        withheld=counts.withheld,
    )


def open_orders(deps: Deps) -> list[Order]:
    """Orders that wait for their payment: those of the payments that somebody must still look at. There are as many as there
    is live work, however old the shop is."""
    ids: set[OrderId] = set()
    for shard in range(DUE_SHARDS):
        after: Item | None = None
        while True:
            due, after = deps.tables.query(TableName.TRADE, str(shard), index="due", after=after)
            rows = deps.tables.batch_get([Key(TableName.TRADE, row["pk"], row["sk"]) for row in due]) if due else {}
            ids |= {OrderId(row["order_id"]) for row in rows.values() if row["pk"].startswith("PAYMENT#")}
            if after is None:
                break
    found = deps.orders.get_many(sorted(ids)).values() if ids else []
    return [order for order in found if order.state is OrderState.PENDING_PAYMENT]
